"""References (kenmerk), follow codes, times in words, and personal data in texts. Pure.

A reference is public within the house: `M-4F7K-2QXJ`, seven random characters of Crockford's
base 32 (no I, L, O or U) and one check character, so that a typing error is noticed. A follow code
is the reporter's only key, sixteen digits; it is never stored. For the app it is derived, so that
a repeated request can be answered the same; only a keyed hash is kept to compare with.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

import phonenumbers
from markupsafe import Markup, escape
from stdnum.nl import bsn

from stopintimidatie.core import text as codes
from stopintimidatie.core.clock import AMSTERDAM, local_date, working_days_after
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import (
    clock,
    date_long,
    date_short,
    date_text,
    datetime_long,
    day_of,
    local,
)
from stopintimidatie.reports.vocabulary import (
    FORMS_BY_GROUP,
    AgeGroup,
    ContactWish,
    Form,
    FormGroup,
    OffenderKnown,
    PartOfDay,
    Recurrence,
    TimePrecision,
)

PREFIX = "M"
ALPHABET = codes.ALPHABET
RANDOM_CHARACTERS = codes.RANDOM_CHARACTERS
CODE_DIGITS = 16
FOLLOW_PURPOSE: Final = "follow-code"


_PHYSICAL: Final = frozenset(form.value for form in FORMS_BY_GROUP[FormGroup.PHYSICAL])
_KNOWN: Final = frozenset(
    {OffenderKnown.BY_SIGHT, OffenderKnown.ACQUAINTANCE, OffenderKnown.PROFESSIONAL}
)
_MINORS: Final = frozenset(group.value for group in AgeGroup if group.minor)


def is_physical(forms: Iterable[str]) -> bool:
    """Tell whether one of the forms of harassment is physical; following somebody is."""
    return not _PHYSICAL.isdisjoint(forms)


def needs_second_look(forms: Iterable[str], age_group: str | None) -> bool:
    """Tell whether one person alone may not decide that nothing is done with a report."""
    return age_group in _MINORS or is_physical(forms)


def signals(
    forms: Iterable[str],
    *,
    age_group: str | None,
    known: str | None,
    recurrence: str | None,
    wants_support: bool | None,
) -> list[str]:
    """Return the signals of danger in a report, in the words in which an officer reads them."""
    codes = set(forms)
    marks = (
        ("volgen", Form.FOLLOWING.value in codes),
        ("lichamelijk", is_physical(codes - {Form.FOLLOWING.value})),
        ("bedreigen", Form.THREATENING.value in codes),
        ("minderjarig", age_group in _MINORS),
        ("een bekende van de melder", known in _KNOWN),
        ("vaker door dezelfde persoon", recurrence == Recurrence.SAME_PERSON.value),
        ("de melder wil hulp", bool(wants_support)),
    )
    return [word for word, given in marks if given]


def new_reference() -> str:
    """Return a fresh reference; the caller tries again should it exist already."""
    return codes.new_code(PREFIX)


def normalise_reference(text: str) -> str | None:
    """Return the reference somebody meant (lower case, no hyphens, O for 0, I for 1), or None."""
    return codes.normalise_code(PREFIX, text)


def derive_follow_code(secret: bytes, app_key_id: uuid.UUID, idempotency_key: uuid.UUID) -> str:
    """Return the follow code of the report that this app sent with this key: always the same."""
    message = b"volgcode\x00" + app_key_id.bytes + idempotency_key.bytes
    digest = hmac.new(secret, message, hashlib.sha256).digest()
    return _grouped(int.from_bytes(digest, "big") % 10**CODE_DIGITS)


def random_follow_code() -> str:
    """Return a follow code for a report that didn't come from an app."""
    return _grouped(secrets.randbelow(10**CODE_DIGITS))


def _grouped(number: int) -> str:
    digits = f"{number:0{CODE_DIGITS}d}"
    return " ".join(digits[i : i + 4] for i in range(0, CODE_DIGITS, 4))


def normalise_follow_code(text: str) -> str | None:
    """Return the code as we write it, from what somebody typed, or None if it can't be one."""
    if len(text) > codes.LONGEST_INPUT:
        return None
    digits = text.translate(codes.SEPARATORS).strip()
    if len(digits) != CODE_DIGITS or not digits.isascii() or not digits.isdigit():
        return None
    return _grouped(int(digits))


def hash_follow_code(secret: bytes, reference: str, code: str) -> str:
    """Return the keyed hash that is stored of a code, bound to its report."""
    message = f"volgcode-hash\x00{reference}\x00{code}".encode()
    return hmac.new(secret, message, hashlib.sha256).hexdigest()


def follow_code_matches(secret: bytes, reference: str, typed: str, stored: str | None) -> bool:
    """Tell whether a code opens a report; a wrong one costs what a wrong report costs."""
    code = normalise_follow_code(typed)
    made = hash_follow_code(secret, reference, code or "")
    same = hmac.compare_digest(made, stored or "0" * 64)
    return same and code is not None and stored is not None


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
    """Find what looks like a BSN, phone number, e-mail address or plate; nothing overlaps."""
    findings: list[Finding] = []
    taken = bytearray(len(text or ""))
    for kind, search in _SEARCHES:
        for start, end in search(text or ""):
            if taken.find(1, start, end) < 0:
                findings.append(Finding(kind, start, end))
                taken[start:end] = b"\1" * (end - start)
    return tuple(sorted(findings, key=lambda finding: finding.start))


def kinds_found(*texts: str | None) -> list[str]:
    """Return the kinds of personal data in these texts, in words, each once."""
    kinds = {finding.kind for text in texts for finding in find_personal_data(text)}
    return [word for kind, word in WORDS.items() if kind in kinds]


def marked(text: str) -> Markup:
    """Return the text with the personal data in it within `<mark>`."""
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


# The order matters: text that looks like two kinds is taken as the first.
_SEARCHES: Final[tuple[tuple[str, Callable[[str], Spans]], ...]] = (
    ("email", _emails),
    ("telefoon", _phones),
    ("bsn", _citizen_numbers),
    ("kenteken", _plates),
)


# Time of the incident in words: no more precise than the reporter knew it.

PARTS_OF_DAY: Final = ("nacht", "ochtend", "middag", "avond")


def known_part_of_day(start: datetime, precision: str | None, part: str | None) -> str | None:
    """Return the part of the day: as it was given, else by the clock; None when it isn't known."""
    if part is None and precision not in (TimePrecision.DAY, TimePrecision.UNKNOWN):
        return PARTS_OF_DAY[local(start).hour // 6]
    return part


def time_text(
    start: datetime,
    precision: str | None,
    part: str | None,
    end: datetime | None = None,
    *,
    short: bool = False,
) -> str:
    """Write when it happened, as dinsdag 24 november 2026, rond 23 uur. Short: 24-11-2026, avond.

    A time without a precision is written as it was sent.
    """
    if precision == TimePrecision.UNKNOWN:
        return f"rond {date_short(start) if short else date_text(start)}"
    day = date_short(start) if short else date_long(start)
    if precision == TimePrecision.HOUR:
        here = local(start)
        # 23.40 uur is rond 24 uur: it stays on its own day.
        return f"{day}, rond {here.hour + (here.minute >= 30)} uur"
    if precision in (TimePrecision.PART_OF_DAY, TimePrecision.DAY):
        code = known_part_of_day(start, precision, part)
        return ", ".join(filter(None, (day, code if short else PartOfDay.word(code))))
    words = f"{day}, {clock(start)}"
    if short or end is None or end == start:
        return words
    return f"{words} tot {clock(end) if day_of(end) == day_of(start) else datetime_long(end)}"


_WANTS_CONTACT: Final = frozenset({ContactWish.CALL, ContactWish.MAIL, ContactWish.VIA_APP})


def deadline(holder: str, wish: str, here_since: datetime, days: int) -> datetime | None:
    """Return when the reporter must have been called or written to; None when that wasn't asked.

    `here_since`: when it came to this holder. A municipality can't be late with what lay elsewhere.
    """
    if holder == NATIONAL or wish not in _WANTS_CONTACT:
        return None
    return here_since + timedelta(days=days)


def reading_term(holder: str, here_since: datetime, working_days: int) -> datetime | None:
    """Return the last minute in which a new report is read in time; None for the desk."""
    day = working_days_after(local_date(here_since), working_days)
    return None if holder == NATIONAL else datetime.combine(day, time(23, 59), AMSTERDAM)
