"""The docs say what the programme does: commands, log, roles, links."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from pkgutil import resolve_name

import click
import pytest
import start

from stopintimidatie.cli.commands import cli
from stopintimidatie.core import limits
from stopintimidatie.core.sandbox import process
from stopintimidatie.core.security import permissions
from stopintimidatie.core.text import file_size
from stopintimidatie.core.web.limits import LOGO_UPLOAD, PORTAL_UPLOAD, PUBLIC_UPLOAD
from stopintimidatie.dossiers import queries
from stopintimidatie.dossiers.actions import services as actions
from stopintimidatie.exports.request import asking
from stopintimidatie.municipalities.settings import services as logos
from stopintimidatie.privacy.log import views as log_views
from stopintimidatie.privacy.log.queries import ACTIONS
from stopintimidatie.reports.attachments import services as attachments
from stopintimidatie.reports.conversation import services as conversation
from stopintimidatie.rooms import ROOMS
from stopintimidatie.settings import Settings, setting_keys
from tests.support import system_picture

ROOT = Path(__file__).parent.parent.parent
DECISIONS = sorted((ROOT / "docs" / "dev" / "adr").glob("*.md"))
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
# `core/web/request.py`, `tests/support/town.py`: from the root or the package.
PATH = re.compile(r"[\w./-]*\w\.py\b")
DOTTED = re.compile(r"\bstopintimidatie(?:\.[A-Za-z_]\w*)+")
# Names of files and units that begin like a module.
NO_MODULES = re.compile(r"stopintimidatie\.(?:ini|conf|sysusers|service|socket|target|dossier)\b")
# `core.web.errors`: from the package on; a part of core is never named without `core`, but for
# `registry` and `forms`, which are variables as well.
FIRST = "|".join({*ROOMS, *ROOMS["core"]} - {"registry", "forms"})
NAMED = re.compile(rf"`((?:{FIRST})(?:\.[A-Za-z_]\w*)+)")
# `tests/core/test_x.py::test_that_it_works`
TEST = re.compile(r"(tests/[\w/]+\.py)::(test_\w+)")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
# A rule of the ASVS, its level and what we make of it.
RULE = re.compile(
    r"^\| (\d+\.\d+\.\d+) \| ([123]) \|[^|]*\| (met|deels|niet|n\.v\.t\.) \|([^|]*)\|$", re.M
)
OUTCOMES = ("met", "deels", "niet", "n.v.t.")
ANSWERS = ("ja", "deels", "niet", "gemeente")
# The number of rules in each section of ASVS 5.0.0, by page and chapter: of V6, V7 and V10 at all
# levels, of the other chapters at levels 1 and 2, which come first in every section.
ASVS = {
    "asvs-web.md": {
        "1": (2, 9, 11, 3, 2),
        "2": (3, 3, 4, 1),
        "3": (0, 2, 4, 6, 5, 0, 2),
        "4": (3, 1, 2, 4),
        "5": (1, 3, 2, 3),
    },
    "asvs-aanmelden.md": {
        "6": (3, 12, 8, 6, 8, 4, 2, 4),
        "7": (3, 4, 2, 5, 3, 2),
        "10": (2, 3, 5, 16, 5, 2, 3),
    },
    "asvs-gegevens.md": {
        "8": (2, 3, 1, 1),
        "9": (3, 4),
        "11": (2, 3, 3, 4, 1, 1),
        "12": (3, 2, 4),
        "13": (1, 5, 2, 5),
        "14": (2, 4, 3),
    },
    "asvs-bouw.md": {
        "15": (3, 3, 7),
        "16": (1, 5, 4, 3, 3),
        "17": (1, 4, 2),
    },
}
# A control of ISO 27002:2022, with what the product does for it; and how many there are by group.
CONTROL = re.compile(
    r"^\| (\d)\.(\d+) \|[^|]*\| (ja|deels|niet|gemeente) \|([^|]*)\|([^|]*)\|$", re.M
)
CONTROLS = {"5": 37, "6": 8, "7": 14, "8": 34}
# A file of the tables: `deploy/nginx.conf`, `core/web/body.py`, or `docs/melden.md`.
FILE = re.compile(r"`((?:[\w.-]+/)+[\w-][\w.-]*\.\w+)`")
# Written with brackets around a letter, so that this file isn't found itself.
MACHINE = re.compile(r"/wor[k]/|/roo[t]/|(?<!stopintimidatie)/hom[e]/\w+/|/User[s]/\w+/")
REGISTRY = re.compile(r"registry\.npmj[s]|pyp[i]\.org/(?:simple|pypi)|files\.pythonhoste[d]")


def text_of(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def commands(group: click.Group = cli, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Every command with the groups before it: `gebruiker maken`."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name))


def documented_commands() -> set[str]:
    """The first column of the table; after `·` the group may be left out, as in the table."""
    found: set[str] = set()
    for cell in re.findall(r"^\| (`[^|]+`) \|", text_of("commands.md"), flags=re.MULTILINE):
        group = ""
        for written in re.findall(r"`([^`]+)`", cell):
            words = re.match(r"[a-z ]*[a-z]", written)
            assert words, cell
            name = words[0].strip()
            if " " in name:
                group = name.partition(" ")[0]
            elif isinstance(cli.commands.get(group), click.Group):
                name = f"{group} {name}"
            found.add(name)
    return found


def test_the_docs_list_exactly_the_commands_that_exist() -> None:
    assert documented_commands() == set(commands())


def test_the_docs_name_every_option_of_a_command() -> None:
    text = text_of("commands.md")
    for name in commands():
        command: click.Command = cli
        for word in name.split():
            assert isinstance(command, click.Group)
            command = command.commands[word]
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert any(option in text for option in parameter.opts), (name, parameter.opts)


def test_the_docs_explain_every_action_of_the_log() -> None:
    listed = re.findall(r"^\| (`[^|]+`) \|", text_of("audit.md"), flags=re.MULTILINE)
    documented = {code for cell in listed for code in re.findall(r"`([^`]+)`", cell)}
    assert documented == set(ACTIONS)


def test_the_page_about_roles_is_the_permission_table() -> None:
    assert text_of("roles.md") == permissions.page()


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    links = LINK.findall(path.read_text(encoding="utf-8"))
    assert not [link for link in links if not (path.parent / link).exists()]


def stands(name: str, beside: Path) -> bool:
    """Tell whether there is such a file, from the root, the package, or the page that names it."""
    return any((start / name).is_file() for start in (ROOT, ROOT / "stopintimidatie", beside))


def importable(name: str) -> bool:
    """Tell whether a dotted name is a module, or something that a module has."""
    try:
        resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True


# The changelog tells of the past.
@pytest.mark.parametrize("path", DOCS[1:], ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_that_is_named_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    dotted = [name for name in DOTTED.findall(text) if not NO_MODULES.match(name)]
    assert not [name for name in PATH.findall(text) if not stands(name, path.parent)]
    assert not [name for name in dotted if not importable(name)]


def test_every_test_that_the_docs_name_exists() -> None:
    named = {name for path in DOCS[1:] for name in TEST.findall(path.read_text(encoding="utf-8"))}
    assert len(named) > 5
    missing = [
        f"{path}::{name}"
        for path, name in sorted(named)
        if f"\ndef {name}(" not in (ROOT / path).read_text(encoding="utf-8")
    ]
    assert not missing


def rules_of(page: str) -> list[tuple[str, str, str, str]]:
    """Rules of a page: number, level, outcome, and where it is shown or why it isn't met."""
    return RULE.findall(text_of(page))


@pytest.mark.parametrize("page", ASVS)
def test_every_rule_of_the_asvs_stands_once_in_its_place(page: str) -> None:
    asked = [
        f"{chapter}.{section}.{rule}"
        for chapter, numbers in ASVS[page].items()
        for section, number in enumerate(numbers, 1)
        for rule in range(1, number + 1)
    ]
    assert [number for number, *_ in rules_of(page)] == asked


def test_the_tables_of_the_asvs_count_what_stands_in_them() -> None:
    start, signing_in = text_of("asvs.md"), text_of("asvs-aanmelden.md")
    all_counts = Counter[str]()
    for page, chapters in ASVS.items():
        for chapter in chapters:
            mine = [row for row in rules_of(page) if row[0].startswith(f"{chapter}.")]
            lower = Counter(outcome for _, level, outcome, _ in mine if level != "3")
            all_counts += lower
            assert re.search(
                rf"^\| V{chapter} \| \[[^|]+\]\({page}\) {counted(lower)}", start, re.M
            )
            if page == "asvs-aanmelden.md":
                whole = Counter(outcome for _, _, outcome, _ in mine)
                assert re.search(rf"^\| V{chapter} [^|]+ {counted(whole)}", signing_in, re.M)
    assert re.search(rf"^\| \| samen {counted(all_counts)}", start, re.M)


def counted(outcomes: Counter[str], names: tuple[str, ...] = OUTCOMES) -> str:
    """End of a row, as a pattern: how many rules, then how many of each outcome."""
    numbers = [outcomes.total(), *(outcomes[name] for name in names)]
    return re.escape(f"| {' | '.join(map(str, numbers))} |")


def test_what_is_not_met_of_the_asvs_is_explained_and_what_is_met_is_shown() -> None:
    lacking = text_of("asvs.md").partition("## Wat niet gehaald wordt")[2]
    rows = re.findall(r"^\| ([\d., ]+) \|", lacking, re.M)
    explained = {number for row in rows for number in row.split(", ")}
    outcomes = [row for page in ASVS for row in rules_of(page)]
    wanted = {number for number, _, outcome, _ in outcomes if outcome in ("deels", "niet")}
    assert explained == wanted
    basic = [row[0] for row in outcomes if row[1] == "1" and row[0] in wanted]
    basic.sort(key=lambda number: [int(part) for part in number.split(".")])
    assert f"Begin bij niveau 1: {', '.join(basic)}.\n" in lacking
    shown = re.compile(r"`[^`]+`|\]\(")
    assert not [row[0] for row in outcomes if row[2] == "met" and not shown.search(row[3])]


def test_the_limits_that_the_docs_name_are_those_of_the_code() -> None:
    text = text_of("asvs-web.md")
    numbers = (
        f"| {Settings.flood_reports_per_sender} in een uur (`flood.reports_per_sender`) |",
        f"| {thousands(Settings.flood_reports_per_app)} in een minuut (`flood.reports_per_app`) |",
        f"| {Settings.flood_reads_per_sender} in tien minuten (`flood.reads_per_sender`);"
        f" {thousands(limits.READS_OF_APP.most)} in tien minuten |",
        f"| {limits.GUESSES.most}, of {limits.GUESSES_OF_ALL.most}, in een kwartier |",
        f"| {attachments.MOST}; {conversation.MOST_MESSAGES} |",
        f"| {actions.MOST_FILES}; {queries.MOST_MEASURES} |",
        f"| {Settings.pdf_full_reports} (`pdf.full_reports`); {asking.MOST} |",
        f"| {thousands(log_views.MOST_IN_FILE)} |",
        f"| {file_size(PUBLIC_UPLOAD)}; JPEG en HEIC"
        f" {process.MOST_PIXELS['JPEG'] // 1_000_000} miljoen punten, PNG en WebP"
        f" {process.MOST_PIXELS_OTHERWISE // 1_000_000} miljoen; hoogstens {process.MOST_SCANS} ",
        f"| {file_size(PORTAL_UPLOAD)};",
        f"| {file_size(LOGO_UPLOAD)}; SVG hoogstens"
        f" {thousands(logos.MOST_ELEMENTS)} vormen,"
        f" PNG {thousands(process.LOGO_PIXELS)} bij {thousands(process.LOGO_PIXELS)};"
        f" daarna hoogstens {process.LOGO_BYTES // 1_000} kB |",
    )
    assert [number for number in numbers if number not in text] == []


def test_the_docs_name_every_other_system_that_a_setting_leads_to() -> None:
    own = {"public_address", "web.host", "metrics.host"}
    other = [key for key in setting_keys() if re.search(r"\b(address|host|socket|url)$|_url$", key)]
    text = text_of("asvs-gegevens.md")
    named = [key for key in other if key not in own and "database" not in key]
    assert len(named) > 3
    assert [key for key in named if key != "sqlalchemy.url" and f"`{key}`" not in text] == []


def thousands(number: int) -> str:
    return f"{number:,}".replace(",", ".")


def test_every_control_of_the_bio2_stands_once_and_what_lacks_is_said() -> None:
    text = text_of("bio2.md")
    rows = CONTROL.findall(text)
    asked = [(group, str(n)) for group, most in CONTROLS.items() for n in range(1, most + 1)]
    assert [(group, number) for group, number, *_ in rows] == asked
    all_counts = Counter[str]()
    for group in CONTROLS:
        counts = Counter(outcome for first, _, outcome, *_ in rows if first == group)
        all_counts += counts
        assert re.search(rf"^\| {group} [^|]+ {counted(counts, ANSWERS)}$", text, re.M)
    assert re.search(rf"^\| samen {counted(all_counts, ANSWERS)}$", text, re.M)
    for group, number, outcome, does, lacks in rows:
        assert does.strip() or outcome not in ("ja", "deels"), (group, number)
        assert lacks.strip() or outcome not in ("deels", "niet"), (group, number)


@pytest.mark.parametrize("page", ["asvs.md", *ASVS, "bio2.md"])
def test_every_file_that_the_tables_name_exists(page: str) -> None:
    named = set(FILE.findall(text_of(page)))
    assert not [name for name in named if not stands(name, ROOT / "docs")]


def test_every_module_that_a_comment_names_exists() -> None:
    settings = set(re.findall(r"^\| `([\w.]+)` \|", text_of("settings.md"), re.MULTILINE))
    paths = [*(ROOT / "stopintimidatie").rglob("*.py"), *(ROOT / "docs" / "dev").rglob("*.md")]
    named = {
        name: path for path in paths for name in NAMED.findall(path.read_text(encoding="utf-8"))
    }
    assert len(named) > 20
    assert not {
        name: path
        for name, path in named.items()
        if name not in settings and not importable(f"stopintimidatie.{name}")
    }


def test_every_page_of_the_docs_is_linked_from_the_signpost() -> None:
    signpost = ROOT / "docs" / "README.md"
    pages = {path.name for path in [*ROOT.glob("docs/*.md"), *ROOT.glob("docs/dev/*.md")]}
    links = {Path(link).name for link in LINK.findall(text_of("README.md"))}
    assert pages - {signpost.name} <= links


def test_the_readme_is_short_and_begins_in_english_with_a_picture() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    introduction, _, rest = readme.partition("\n![")
    assert len(introduction.strip().splitlines()[2:]) == 12
    assert "(docs/beelden/systeem.svg)" in rest.splitlines()[0]
    # It was a thousand words, and nobody read to the end.
    assert len(readme.split()) <= 370
    assert all(f"\n{command} " in readme for command in ("scripts/run", "scripts/test"))
    assert len(re.findall(r"^\| `[^`]+@", readme, re.M)) == 3
    assert "(docs/demo.md)" in readme
    assert "(docs/README.md)" in readme


def test_the_picture_of_the_system_is_what_its_command_draws() -> None:
    drawn = system_picture.TARGET.read_text(encoding="utf-8")
    assert drawn == system_picture.picture(), "python -m tests.support.system_picture"


def test_the_demos_page_names_every_account_that_a_start_names() -> None:
    page = text_of("demo.md")
    told = set(re.findall(r"[a-z]+@[a-z]+\.example", start.READY))
    assert len(told) > 10
    assert [name for name in told if name.partition("@")[0] not in page] == []


def test_every_figure_says_by_which_command_and_when_it_was_measured() -> None:
    for section in text_of("benchmarks.md").split("\n## ")[1:]:
        assert re.search(r"`(?:python -m bench\.\w+|scripts/\w+)", section), section[:40]
        assert re.search(r"\b\d\d-\d\d-20\d\d\b", section), section[:40]


def test_no_two_decisions_have_one_number() -> None:
    numbers = Counter(path.name.split("-")[0] for path in DECISIONS)
    assert all(re.fullmatch(r"\d{4}", number) for number in numbers)
    assert sorted(map(int, numbers)) == list(range(1, len(numbers) + 1))
    assert set(numbers.values()) == {1}


def test_no_file_tells_about_one_machine_or_one_registry() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout
    names = [name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    guilty = []
    for name in names:
        text = (ROOT / name).read_text(encoding="utf-8", errors="ignore")
        if MACHINE.search(text) or REGISTRY.search(text):
            guilty.append(name)
    assert not guilty
