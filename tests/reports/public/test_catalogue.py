"""The catalogue of English has each sentence of the public pages, once, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from jinja2 import Environment, nodes

from stopintimidatie.core.web.translation import LOCALES, catalogues, gettext, install, speaking
from tests.support.catalogue import ENGLISH, ROOT, english, extracted

PACKAGE = ROOT / "stopintimidatie"
# Folders of templates that a reporter or somebody else without an account reads, and single ones.
FOLDERS = ("reports/public", "reports/follow", "core/forms")
PAGES = (
    "disclosures/templates/pickup.jinja2",
    "disclosures/templates/verification.jinja2",
    "exports/release/templates/correction.jinja2",
    "exports/release/templates/document.jinja2",
    "home/templates/accessibility.jinja2",
    "home/templates/privacy.jinja2",
    "home/templates/privacy_young.jinja2",
    "municipalities/accountability/templates/controller.jinja2",
    "privacy/breaches/templates/lost.jinja2",
    "privacy/breaches/templates/lost_button.jinja2",
    "privacy/copies/templates/fetch.jinja2",
    "privacy/copies/templates/follow_panel.jinja2",
    "privacy/destruction/templates/own_report.jinja2",
    "privacy/requests/templates/follow_ask.jinja2",
    "privacy/requests/templates/follow_panel.jinja2",
    "reports/conversation/templates/mail/bericht_voor_melder.txt.jinja2",
)
# Words that are read after signing in only, so in Dutch.
UNMARKED = {
    "form.jinja2": "Dit Door Nu gewijzigd ingevuld intussen is opgeslagen u",
    "textarea.jinja2": "Sjabloon invullen kiezen voor",
}
MARKED = re.compile(
    r"\{#.*?#\}|\{% trans.*?%\}.*?\{% endtrans %\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL
)
TAG = re.compile(r"<[^>]*>|&\w+;|[\w-]+=\"[^\"]*\"")
MARKS = ("_", "gettext", "ngettext")
WORD = re.compile(r"[^\W\d_]{2,}")
NAMED = re.compile(r"%\((\w+)\)s|\{(\w+)\}")


def templates() -> list[Path]:
    found = [path for folder in FOLDERS for path in (PACKAGE / folder).rglob("*.jinja2")]
    return [*sorted(found), *(PACKAGE / name for name in PAGES)]


def unmarked(source: str) -> set[str]:
    """The words between the tags, and of strings with a capital, that nothing marks."""
    environment = Environment()  # noqa: S701 - only read
    install(environment)
    tree = environment.parse(source)
    calls = [c for c in tree.find_all(nodes.Call) if getattr(c.node, "name", "") in MARKS]
    marked = [const for call in calls for const in call.find_all(nodes.Const)]
    strings = [const.value for const in tree.find_all(nodes.Const) if const not in marked]
    texts = [text for text in strings if isinstance(text, str) and re.match("[A-Z‘][a-z]", text)]
    return set(WORD.findall(" ".join([*texts, TAG.sub(" ", MARKED.sub(" ", source))])))


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.name)
def test_no_public_template_says_what_is_not_marked(path: Path) -> None:
    found = unmarked(path.read_text(encoding="utf-8"))
    assert found <= set(UNMARKED.get(path.name, "").split()), path


def forms(message: Message) -> list[tuple[str, str]]:
    """The pairs of Dutch and English of a message: one, or each form of its plural."""
    if isinstance(message.id, str):
        return [(message.id, str(message.string))]
    return list(zip(message.id, message.string or (), strict=True))


def test_the_catalogue_has_what_templates_and_code_mark_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    marked = {message.id for message in extracted(tmp_path) if message.id}
    known = english()
    assert marked == {message.id for message in known if message.id}, (
        "Bring the catalogue up to date: docs/dev/pages-and-forms.md, *In another language*."
    )
    assert not known.obsolete


def test_each_sentence_is_translated_with_the_same_named_values() -> None:
    for message in english():
        if not message.id:
            continue
        assert not message.fuzzy, message.id
        for dutch, other in forms(message):
            assert other.strip(), dutch
            assert sorted(NAMED.findall(dutch)) == sorted(NAMED.findall(other)), dutch


def test_every_catalogue_is_read(tmp_path: Path) -> None:
    assert set(catalogues()) == {"nl", *(path.name for path in LOCALES.iterdir())}
    assert ENGLISH.parts[-3] == "en"
    with speaking("en"):
        assert gettext("Dit kan nu niet") == "This can't be done now"
    with speaking("pap"):
        assert gettext("Dit kan nu niet") == "Dit kan nu niet"
