"""Every regular expression of the package: what it meets, and what its worst input costs.

`test_patterns.py` finds them in the syntax trees and asks for each one here. Run as a module this
is the child of that test: it runs each on its worst texts and writes a line of JSON about it.

A text of `SIZE` signs is made of pieces that the expression takes: one repeated, two by turns, half
of one and half of the other, and each with a sign at its end that nothing takes.
"""

from __future__ import annotations

import ast
import gc
import json
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from itertools import permutations
from pathlib import Path
from typing import Any, Final

from colander import Invalid, SchemaNode, String

import stopintimidatie
from stopintimidatie.core.forms.messages import JsonError
from tests.support.source import nodes_of, tree_of

# How the standard library parses an expression; typeshed has no types for these two modules.
_constants, _parser = import_module("re._constants"), import_module("re._parser")
PACKAGE: Final = Path(stopintimidatie.__file__).parent
SIZE: Final = 5_000
# Seconds of processor: for a text of `SIZE`, and until a child is stopped that hangs.
MOST_SECONDS: Final = 1.0
HANGS_SECONDS: Final = 20
# Four times the text costs some four times as much, or it is too short a time to tell; what looks
# again from each place at all that follows costs sixteen times as much.
LONGER: Final = 4
MOST_GROWTH: Final = 8.0
SURELY_SHORT: Final = 0.2

# In a file without such a word there is none.
MENTION: Final = re.compile(r"\b(?:re|[rR]egex|pattern)\b")
USES: Final = frozenset(
    {"compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"}
)


def find_patterns(path: Path) -> Iterator[str]:
    """Yield `file:name` for each use of a regular expression in a file.

    The name is that of the constant, or of the function that it stands in.
    """
    if not MENTION.search(path.read_text(encoding="utf-8")):
        return
    tree = tree_of(path)
    modules = {"re", "regex"}
    names = {"Regex"}
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            modules |= {a.asname or a.name for a in node.names if a.name in ("re", "regex")}
        elif isinstance(node, ast.ImportFrom) and node.module in ("re", "regex"):
            names |= {alias.asname or alias.name for alias in node.names}
    for where in sorted(set(_uses(tree, (), modules, names))):
        yield f"{path.relative_to(PACKAGE).as_posix()}:{where}"


def _uses(
    node: ast.AST, where: tuple[str, ...], modules: set[str], names: set[str]
) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        inside = where
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inside = (*where, child.name)
        elif isinstance(child, ast.Assign | ast.AnnAssign) and child.value is not None:
            target = child.targets[0] if isinstance(child, ast.Assign) else child.target
            if not where:
                inside = (ast.unparse(target),)
            given = isinstance(child.value, ast.Constant) and child.value.value
            # A text that a type of a form or of JSON is held against.
            if given and ast.unparse(target) == "pattern":
                yield ".".join(where)
        if isinstance(child, ast.Call):
            called = child.func
            if isinstance(called, ast.Attribute):
                base = called.value
                of_module = isinstance(base, ast.Name) and base.id in modules
                if (of_module and called.attr in USES) or called.attr == "Regex":
                    yield ".".join(inside)
            elif isinstance(called, ast.Name) and called.id in names:
                yield ".".join(inside)
        yield from _uses(child, inside, modules, names)


# What each of them meets

# The whole text must fit, from its first sign.
WHOLE: Final = """
core/forms/quantities.py: _DATE_TIME _DECIMAL _DUTCH_DATE _INTEGER _ISO_DATE _TIME
core/mail/message.py: _ENVELOPE_ID _SENDER
core/mail/services.py: _CODE
core/scanner.py: _SIGNATURE
core/search/query.py: _DATE _DOSSIER _FIELD _ISO_DATE _MONTH _UNKNOWN_FIELD _YEAR
core/telemetry.py: WELL_FORMED
core/web/theme.py: _HEX
desk/onboarding/people.py: _DOMAIN
disclosures/resources.py: PATTERN PICKED_UP
dossiers/patterns/resources.py: PATTERN
dossiers/resources.py: NUMBER
exports/document/rendering.py: _IMAGE
exports/review/rules.py: _ORGANISATION
home/search.py: _CODE
municipalities/areas/geocoder.py: _HOUSE _POINT _POSTCODE
municipalities/areas/resources.py: SLUG
municipalities/partners/resources.py: PATTERN
municipalities/settings/forms.py: _CODED _PHONE
municipalities/settings/services.py: _SAFE_VALUE
municipalities/sso/door.py: CODE
privacy/breaches/views.py: PATTERN
privacy/destruction/resources.py: GONE LIST STATEMENT
privacy/requests/resources.py: REFERENCE
reports/api/queries.py: _NAME
reports/api/requests.py: COORDINATE MUNICIPALITY UUID_TEXT _BOUNDARY
reports/campaigns/rules.py: _SHAPE
reports/inbox/bulk.py: _CHOICE
reports/public/forms.py: _WRITTEN
reports/resources.py: LEVELS REFERENCE
"""
# It is searched for, everywhere in the text.
PARTS: Final = """
core/accounts/passwords.py: _NO_LETTERS
core/forms/messages.py: _TOKENS
core/forms/types.py: UNUSABLE _FORBIDDEN
core/mail/message.py: _BLANKS _FOLD _MESSAGE_ID
core/sandbox/pictures.py: _MARKER
core/search/analysis.py: _APOSTROPHES _POSSESSIVE _WORD
core/text.py: _TURNING
desk/agreements/register.py: _CLOCK
dossiers/filing/services.py: _BETWEEN
dossiers/patterns/queries.py: _NAME
dossiers/rules.py: _ADDRESSED _INITIALS _TWO
dossiers/services.py: _WORDS
exports/redaction/summary.py: _LABELLED
exports/review/rules.py: _AFTER_FUNCTION _AFTER_WORD _CAPITAL _CIRCUMSTANCES _CONTACT _INITIALS
exports/review/rules.py: _ONE _WHOLE _WORD
exports/vocabulary.py: _REFUSED
municipalities/areas/queries.py: _POSTCODE
municipalities/settings/rules.py: _BLANK
municipalities/settings/services.py: _REFERENCE
privacy/copies/rules.py: _NAME _REFERENCE _SEVERAL
privacy/holds/services.py: _BETWEEN
privacy/log/queries.py: _REFERENCE
privacy/subjects/rules.py: _END
programme/rules.py: BLANK _SIGNS
reports/attachments/cleaner.py: _STREAM
reports/campaigns/rules.py: _HOUSE
reports/handling/services.py: _ABOUT _CLAUSE _MAY _MAY_NOT _SENTENCE _WHEN _WORD
reports/rules.py: _EMAIL _NINE_DIGITS _PHONE _PLATE
"""
# Why no stranger's text gets there.
OURS: Final[Mapping[str, str]] = {
    "the operator's own settings": """
settings.py: AGE_RECIPIENT BACKGROUND CONTACT _secure_url _sender
""",
    "typed at the command line": """
cli/words.py: explain
""",
    "names of files, and answers of programs, of this machine": """
backup/copies.py: NAME
backup/postgresql.py: VERSION
core/health/services.py: _checked
core/search/whoosh/files.py: _HOLDER
""",
    "style sheets of the package": """
core/web/responses.py: CSS_COMMENT
exports/document/assets.py: _FACE _FAMILY _RANGE _RANGES _URL _WEIGHT
""",
    "the register of areas, loaded by the operator": """
municipalities/areas/names.py: _BARE_NUMBER _DOSSIER_NUMBER _NUMBERED _NUMBER_BEHIND _REFERENCE
municipalities/areas/names.py: natural_key
municipalities/areas/sources.py: _CODES _YEAR
""",
    "the manual of the package": """
core/web/handbook.py: _POINTER _WORD
""",
    "names in our own code": """
municipalities/areas/resources.py: holder_levels
privacy/retention/forms.py: SHORT
reports/api/reference.py: _CODE
""",
    "our own references and colours, made by us": """
exports/redaction/content.py: Delivery.__post_init__ House.__post_init__
""",
    "at most five signs of the text, cut out before": """
privacy/subjects/rules.py: _LAST
""",
}


def keys_of(listed: str) -> list[str]:
    """Return the keys of a list above."""
    lines = [line.partition(": ") for line in listed.split("\n") if line]
    return [f"{path}:{name}" for path, _, names in lines for name in names.split()]


def _functions() -> dict[str, tuple[Callable[[str], object], tuple[str, ...]]]:
    """Return the functions that are run whole, each with pieces that are bad for it.

    Those of the first part make or use an expression inside; the others use some of those above.
    """
    from stopintimidatie.core.accounts.passwords import weakness_of
    from stopintimidatie.core.clock import utc_now
    from stopintimidatie.core.forms import Phone
    from stopintimidatie.core.forms.messages import loads
    from stopintimidatie.core.mail.addresses import is_code
    from stopintimidatie.core.search.query import Vocabulary, parse
    from stopintimidatie.core.storage.personal import Fragment
    from stopintimidatie.core.text import composed
    from stopintimidatie.demo.mailbox import linked
    from stopintimidatie.desk.onboarding.people import read_domains
    from stopintimidatie.dossiers.rules import concerns
    from stopintimidatie.exports.document.assets import displayable
    from stopintimidatie.exports.review.rules import _any_of, names_person, suggest, whole
    from stopintimidatie.exports.vocabulary import clean, clean_line
    from stopintimidatie.home.search import areas_meant
    from stopintimidatie.municipalities.areas.geocoder import WantedAddress
    from stopintimidatie.municipalities.areas.names import slugify
    from stopintimidatie.privacy.copies.rules import Names, Part, _says, proposed
    from stopintimidatie.privacy.subjects.rules import (
        Wanted,
        email_term,
        name_term,
        phone_term,
        plain,
        sentences_with,
    )
    from stopintimidatie.reports.arrival.schema import OwnAnswer
    from stopintimidatie.reports.handling.services import callable_at, voicemail_allowed
    from stopintimidatie.reports.rules import find_personal_data

    def of_term(term: Any) -> Callable[[str], object]:
        return lambda text: list(term.pattern.finditer(plain(text)))

    blank = ("\n", " ", "a", "Aa ", ".")
    people = (*blank, "\t", "Aa,", "Aa\n", "J. ", "’a", "el al bin ben ", "mijn vriendin ")
    names = [f"Noor {chr(97 + number)}berg" for number in range(20)]
    others = Names.of([*names, "Fatima el Amrani"])
    person = Wanted(names=("Noor el al Berg",), phones=("0612345678",))
    words = Fragment("noor berg")
    return {
        "core/accounts/passwords.py:weakness_of": (
            lambda text: weakness_of("Een lang wachtwoord", [text]),
            blank,
        ),
        "core/forms/types.py:Phone": (_refused(Phone(SIZE * LONGER).from_text), ("1", "(", " ")),
        "core/forms/types.py:Text.from_json": (
            _refused(Phone(SIZE * LONGER, json=True).from_json),
            ("1", "(", " ", "a"),
        ),
        "core/mail/addresses.py:is_code": (lambda text: is_code(text, "123456"), (*blank, "-")),
        "core/storage/personal.py:Fragment._pattern": (words.taken_out_of, (*people, "noor ")),
        "demo/mailbox.py:linked": (partial(linked, origin="http://a"), (*blank, "http://a/", "<")),
        "desk/onboarding/people.py:read_domains": (read_domains, (*blank, "a.", "@", ",")),
        "dossiers/rules.py:concerns": (concerns, people),
        "exports/document/assets.py:displayable": (
            lambda text: displayable(text, frozenset(map(ord, "[]a \n"))),
            ("[a]", "[", "\n", " ", "a", "\u4e00", "\U0001f600"),
        ),
        "exports/redaction/rules.py:_without_references": (
            re.compile("M-4F7K-2QXJ|M-4F7K-2QXK", re.IGNORECASE).findall,
            ("M-4F7K-2QX", "m-", *blank),
        ),
        "exports/vocabulary.py:clean": (clean, (*blank, "\u0301\u0316")),
        "exports/vocabulary.py:clean_line": (clean_line, (*blank, "\u2028", "\r")),
        "home/search.py:areas_meant": (lambda text: areas_meant(None, text, {}), blank),
        "municipalities/areas/geocoder.py:WantedAddress._postcode": (
            lambda text: WantedAddress("a", text, text, "b").question,
            (*blank, "1", "3311AB"),
        ),
        "municipalities/areas/names.py:slugify": (slugify, (*blank, "-", "'", "\u0301\u0316")),
        "privacy/copies/rules.py:Names.of": (Names.of(names).spans, people),
        "privacy/copies/rules.py:_says": (
            lambda text: _says(Part("a", "b", "c", text=text)),
            (*blank, "[zwartgemaakt]"),
        ),
        "privacy/subjects/rules.py:email_term": (
            of_term(email_term("a.b@c.nl")),
            ("a.b@c.n", "a.", "@"),
        ),
        "privacy/subjects/rules.py:name_term": (of_term(name_term("Noor el al bin Berg")), people),
        "privacy/subjects/rules.py:phone_term": (
            of_term(phone_term("0612345678")),
            ("6", "1", " ", "6 1-", "."),
        ),
        "reports/arrival/schema.py:OwnAnswer.deserialize": (
            _refused(lambda name: OwnAnswer().deserialize(SchemaNode(String(), name=name), None)),
            ("vraag", "a", "0"),
        ),
        "reports/rules.py:_citizen_numbers": (
            find_personal_data,
            ("1", "1 ", "111222333 ", "1.", "+"),
        ),
        "exports/review/rules.py:_any_of": (
            _any_of(["Binnenstad", "De Staart", "Noord-Oost"]).findall,
            ("Binnenstad ", "De ", "Noord-", *blank),
        ),
        # Around several of them.
        "exports/review/rules.py:names_person": (
            lambda text: names_person(text, ["Binnenstad"], ["Sam de Bruin"]),
            (*people, "agent ", "Politie, ", "J ", "06 ", "team"),
        ),
        "exports/review/rules.py:suggest": (
            suggest,
            (*people, "half ", "van 13, ", "Prinsenstraat ", "A.", "om 1", "a@b.cd "),
        ),
        "exports/review/rules.py:whole": (
            lambda text: whole(text, [(0, len(text))]),
            ("0", "06 ", "(0", "1.", "a-", "+("),
        ),
        "exports/review/rules.py:names elsewhere": (
            lambda text: suggest(text, (), [_different_names(len(text)), text]),
            ("Aa,", "\n"),
        ),
        "privacy/copies/rules.py:proposed": (
            lambda text: proposed(text, person, others, (), own_report=True),
            (*people, "Noor el al Berg, ", "om 12 uur. "),
        ),
        "privacy/subjects/rules.py:sentences_with": (
            lambda text: sentences_with(text, person.spans(text)),
            (*people, "a.", "!", "mr. "),
        ),
        "reports/rules.py:find_personal_data": (
            find_personal_data,
            ("a@b.cd ", "06", "1-", "AB-", " "),
        ),
        "reports/handling/services.py:voicemail_allowed": (
            voicemail_allowed,
            ("mag voicemail", "maar ", "."),
        ),
        "reports/handling/services.py:callable_at": (
            partial(callable_at, moment=utc_now()),
            ("na 18 uur en 20 ", "in de ", "niet ", "1", "voicemail ", ". "),
        ),
        "core/forms/messages.py:loads": (
            _refused(lambda text: loads(text.encode())),
            ("[", '"', "{", '\\"', ",", "1"),
        ),
        "core/search/query.py:parse": (
            partial(parse, vocabulary=Vocabulary({})),
            ("van:", '"', "-", "aa ", ":"),
        ),
        "core/text.py:composed": (composed, (*blank, "\u0301\u0316", "\ufdfa", "\u1100\u1161")),
    }


def _refused(function: Callable[[str], object]) -> Callable[[str], object]:
    """Return a function that may refuse a text."""

    def run(text: str) -> None:
        with suppress(ValueError, Invalid, JsonError):
            function(text)

    return run


def _different_names(length: int) -> str:
    letters = "abcdefghij"
    return "".join(
        f"x {a.upper()}{b}{c}{d} "
        for a in letters
        for b in letters
        for c in letters
        for d in letters
    )[:length]


# The child

Run = Callable[[str], object]


def listed() -> dict[str, str]:
    """Return every key that is listed, with `whole`, `parts`, `function` or why it is ours."""
    kinds = dict.fromkeys(keys_of(WHOLE), "whole") | dict.fromkeys(keys_of(PARTS), "parts")
    ours = {key: reason for reason, keys in OURS.items() for key in keys_of(keys)}
    functions = dict.fromkeys(_functions(), "function")
    several = [*kinds, *ours, *functions]
    assert len(several) == len(set(several)), "listed twice"
    return kinds | ours | functions


def _patterns(thing: Any) -> Iterator[re.Pattern[Any]]:
    if isinstance(thing, re.Pattern):
        yield thing
    elif isinstance(getattr(thing, "pattern", None), re.Pattern):
        yield thing.pattern
    elif isinstance(thing, Mapping | tuple | list):
        for part in thing.values() if isinstance(thing, Mapping) else thing:
            yield from _patterns(part)


def runs() -> Iterator[tuple[str, Run, Sequence[str]]]:
    """Yield for each key what is run, and the pieces of its texts."""
    for key, kind in listed().items():
        path, _, name = key.partition(":")
        if kind in ("whole", "parts"):
            module = import_module(f"stopintimidatie.{path.removesuffix('.py').replace('/', '.')}")
            for pattern in _patterns(getattr(module, name)):
                yield key, _run(pattern, whole=kind == "whole"), pieces_of(pattern)
    for key, (function, pieces) in _functions().items():
        yield key, function, pieces


def _run(pattern: re.Pattern[Any], *, whole: bool) -> Run:
    def run(text: str) -> None:
        read: Any = text.encode() if isinstance(pattern.pattern, bytes) else text
        if whole:
            pattern.match(read)
            pattern.fullmatch(read)
        else:
            for _ in pattern.finditer(read):
                pass

    return run


MOST_PIECES: Final = 7
# So many of the texts that cost most at half their size are tried whole.
MOST_TRIED: Final = 4
ALWAYS: Final = ("a", " ", "\n")


def pieces_of(pattern: re.Pattern[Any]) -> list[str]:
    """Return texts that parts of an expression take: its words, and some of each class of signs."""
    found = list(dict.fromkeys(_pieces(_parser.parse(pattern.pattern, pattern.flags))))
    step = max(1.0, len(found) / MOST_PIECES)
    chosen = [found[int(number * step)] for number in range(min(MOST_PIECES, len(found)))]
    return list(dict.fromkeys([*chosen, *ALWAYS]))


def _pieces(parsed: Any) -> Iterator[str]:
    word = ""
    for operation, value in parsed:
        name = str(operation)
        if name == "LITERAL":
            word += chr(value)
            continue
        if word:
            yield word
            word = ""
        if name == "IN":
            yield from _class(value)
        elif name in ("NOT_LITERAL", "ANY"):
            yield from ("x", " ")
        elif name.endswith("REPEAT"):
            yield from _pieces(value[2])
        elif name == "SUBPATTERN":
            yield from _pieces(value[3])
        elif name in ("ASSERT", "ASSERT_NOT"):
            yield from _pieces(value[1])
        elif name == "ATOMIC_GROUP":
            yield from _pieces(value)
        elif name == "BRANCH":
            for branch in value[1]:
                yield from _pieces(branch)
    if word:
        yield word


def _class(items: Any) -> Iterator[str]:
    if items[0][0] is _constants.NEGATE:
        yield from ("x", "\n", ".")
        return
    for operation, value in items:
        name = str(operation)
        if name == "LITERAL":
            yield chr(value)
        elif name == "RANGE":
            yield chr(value[0])
        else:
            signs = {"DIGIT": "1", "SPACE": "\n", "WORD": "a"}
            yield next(sign for kind, sign in signs.items() if kind in str(value))


Layout = tuple[str, str, str]


def layouts(pieces: Sequence[str]) -> Iterator[Layout]:
    """Yield how texts are made: a piece, another one, and *beurt*, *helft* or *mis*.

    Of many pieces only those pairs that begin with white space or a letter.
    """
    for piece in pieces:
        yield piece, piece, "beurt"
        yield piece, piece, "mis"
    for first, second in permutations(pieces, 2):
        if first in ALWAYS or len(pieces) <= MOST_PIECES + len(ALWAYS):
            yield first, second, "beurt"
            yield first, second, "helft"


def text_of(layout: Layout, size: int) -> str:
    """Return the text of a layout, of about this size."""
    first, second, kind = layout
    if kind == "helft":
        half = size // 2
        return first * (half // len(first)) + second * (half // len(second))
    text = (first + second) * (size // len(first + second))
    return text + "\x01" if kind == "mis" else text


def seconds(run: Run, text: str) -> float:
    """Return the processor time of a run."""
    began = time.process_time()
    run(text)
    return time.process_time() - began


def measure(key: str, run: Run, pieces: Sequence[str], most: int = HANGS_SECONDS) -> dict[str, Any]:
    """Return what the worst text costs, and what four times as much of it costs.

    After `most` seconds of processor the process is killed.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + most
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    half = {layout: seconds(run, text_of(layout, SIZE // 2)) for layout in layouts(pieces)}
    dear = sorted(half, key=lambda layout: half[layout])[-MOST_TRIED:]
    whole = {layout: seconds(run, text_of(layout, SIZE)) for layout in dear}
    worst = max(whole, key=lambda layout: whole[layout])
    short = min(whole[worst], seconds(run, text_of(worst, SIZE)))
    longer = seconds(run, text_of(worst, SIZE * LONGER))
    return {"key": key, "worst": worst, "seconds": short, "longer": longer}


def fault_of(line: Mapping[str, Any]) -> str | None:
    """Return why a measurement is too much; None when it isn't."""
    short, longer = line["seconds"], line["longer"]
    if short <= MOST_SECONDS and longer <= max(SURELY_SHORT, MOST_GROWTH * short):
        return None
    much = f"{short:.3f} s, and {longer:.2f} s for {LONGER} times as much"
    return f"{line['key']} takes for {line['worst']} {much}"


def main(all_runs: Iterator[tuple[str, Run, Sequence[str]]], most: int = HANGS_SECONDS) -> None:
    """Write the name of each, and then what it costs."""
    # A search through all that was imported takes longer than most of these.
    gc.disable()
    for key, run, pieces in all_runs:
        _tell(key)
        _tell(json.dumps(measure(key, run, pieces, most)))


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def ask_child(*given: str) -> tuple[list[dict[str, Any]], str | None]:
    """Return the measurements of a child, and what it hung on; None when it came to its end.

    `given`: an expression to measure instead of all that are listed, and seconds until it hangs.
    """
    asked = [sys.executable, "-m", "tests.support.patterns", *given]
    child = subprocess.run(asked, cwd=PACKAGE.parent, capture_output=True, text=True, check=False)
    lines = child.stdout.splitlines()
    measured = [json.loads(line) for line in lines if line.startswith("{")]
    return measured, None if not child.returncode else f"{lines[-1:]}: {child.stderr[-2000:]}"


if __name__ == "__main__":
    if sys.argv[1:]:
        pattern = re.compile(sys.argv[1])
        one = "given", _run(pattern, whole=False), ALWAYS
        main(iter([one]), *map(int, sys.argv[2:]))
    else:
        main(runs())
