"""What an officer should notice in a report: text shaped like personal data, and flags. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import phonenumbers
from markupsafe import Markup, escape
from stdnum.nl import bsn

_EMAIL: Final = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_NINE_DIGITS: Final = re.compile(r"(?<![\d+])\d(?:[ .-]?\d){8}(?!\d)")
_PHONE: Final = re.compile(
    r"(?<!\d)(?:\+\d{1,3}|00\d{1,3}|0)[ ()./-]{0,3}\d(?:[ ()./-]{0,2}\d){6,11}(?!\d)"
)
_PLATE: Final = re.compile(
    r"(?<![A-Za-z0-9-])[A-Za-z0-9]{1,3}([- ]?)[A-Za-z0-9]{2,3}\1[A-Za-z0-9]{1,3}(?![A-Za-z0-9-])"
)
# The shapes of Dutch number plates (sidecodes): A a letter, 9 a digit.
_SIDE_CODES: Final = frozenset(
    {"AA9999", "9999AA", "99AA99", "AA99AA", "AAAA99", "99AAAA", "99AAA9"}
    | {"9AAA99", "AA999A", "A999AA", "AAA99A", "A99AAA", "9AA999", "999AA9"}
)

WORDS: Final = {
    "bsn": "een burgerservicenummer",
    "telefoon": "een telefoonnummer",
    "email": "een e-mailadres",
    "kenteken": "een kenteken",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Text of a shape that doesn't belong in a free account."""

    kind: str
    start: int
    end: int


def find_personal_data(text: str | None) -> tuple[Finding, ...]:
    """Everything shaped like a BSN, phone number, e-mail address or plate; nothing overlaps."""
    found: list[Finding] = []
    for kind, hits in _SEARCHES:
        for start, end in hits(text or ""):
            if all(end <= other.start or other.end <= start for other in found):
                found.append(Finding(kind, start, end))
    return tuple(sorted(found, key=lambda finding: finding.start))


def kinds_found(*texts: str | None) -> list[str]:
    """What these texts hold, in words, each once."""
    kinds = {finding.kind for text in texts for finding in find_personal_data(text)}
    return [word for kind, word in WORDS.items() if kind in kinds]


def marked(text: str) -> Markup:
    """The text with what was found in `<mark>`."""
    parts: list[Markup] = []
    position = 0
    for finding in find_personal_data(text):
        parts.append(escape(text[position : finding.start]))
        parts.append(Markup("<mark>{}</mark>").format(text[finding.start : finding.end]))
        position = finding.end
    parts.append(escape(text[position:]))
    return Markup("").join(parts)


Spans = Iterable[tuple[int, int]]


def _emails(text: str) -> Iterator[tuple[int, int]]:
    yield from (match.span() for match in _EMAIL.finditer(text))


def _citizen_numbers(text: str) -> Iterator[tuple[int, int]]:
    for match in _NINE_DIGITS.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        if bsn.is_valid(digits):
            yield match.span()


def _phones(text: str) -> Iterator[tuple[int, int]]:
    for match in _PHONE.finditer(text):
        try:
            number = phonenumbers.parse(match.group(), "NL")
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            yield match.span()


def _plates(text: str) -> Iterator[tuple[int, int]]:
    for match in _PLATE.finditer(text):
        written, separator = match.group(), match.group(1)
        # Without hyphens only capitals are read as a plate: words would fit otherwise.
        if separator != "-" and written != written.upper():
            continue
        if _shape(written) in _SIDE_CODES:
            yield match.span()


def _shape(plate: str) -> str:
    signs = plate.replace("-", "").replace(" ", "")
    return "".join("9" if sign.isdigit() else "A" for sign in signs)


# In this order: what looks like two things is taken as the first.
_SEARCHES: Final[tuple[tuple[str, Callable[[str], Spans]], ...]] = (
    ("email", _emails),
    ("telefoon", _phones),
    ("bsn", _citizen_numbers),
    ("kenteken", _plates),
)
