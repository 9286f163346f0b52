"""Dates, numbers, references and their labels, as Dutch people read them. Pure.

A reference is `M-4F7K-2QXJ` for a report, `U-…` for an export: seven random characters of
Crockford's base 32 (no I, L, O or U) and one check character, so that a typing error is noticed.
What was typed is read kindly: lower case, no hyphens, O for 0.

Moments are aware; they are shown in the time of Amsterdam, written out without the system's locale,
which differs from machine to machine.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from stopintimidatie.core.clock import utc_now

# Libraries that the child which draws documents doesn't need are imported where they are used.
if TYPE_CHECKING:
    from email_validator import ValidatedEmail


def _(text: str) -> str:
    """Mark a Dutch sentence for the catalogues; the page that shows it translates it."""
    return text


class Term(StrEnum):
    """A code with its labels; the base of every vocabulary here."""

    nl: str
    en: str
    public: str

    def __new__(cls, code: str, nl: str, en: str, public: str = "") -> Self:
        """Make a term; the public sees `public` where that is given, else `nl`."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.nl = nl
        member.en = en
        member.public = public or nl
        return member

    @classmethod
    def of(cls, code: str) -> Self:
        """Return the term with this code.

        Raises:
            ValueError: when there is none.
        """
        for term in cls:
            if term.value == code:
                return term
        raise ValueError(f"{code!r} is no {cls.__name__}")

    def label(self, language: str = "nl") -> str:
        """Return the word for a reporter who reads this language; Dutch where we have no other."""
        return self.en if language == "en" else self.public

    @classmethod
    def word(cls, code: str | None) -> str:
        """Return the officer's word for a stored code.

        Empty for none, the code itself if unknown.
        """
        term = cls._value2member_map_.get(code)
        return term.nl if isinstance(term, Term) else code or ""

    @classmethod
    def choices(cls, language: str | None = None) -> list[tuple[str, str]]:
        """Return (code, label) pairs for a form.

        Officers' words, or a reporter's in their language.
        """
        return [(t.value, t.nl if language is None else t.label(language)) for t in cls]


ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_CHARACTERS: Final = 7
SEPARATORS: Final = str.maketrans("", "", " -\u00a0\u2010\u2011\u2012\u2013\u2014")
LONGEST_INPUT: Final = 40
_LOOK_ALIKES: Final = str.maketrans("OIL", "011")


def new_code(prefix: str) -> str:
    """Draw a fresh reference; the caller tries again should it exist already."""
    return with_check(prefix, "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_CHARACTERS)))


def with_check(prefix: str, body: str) -> str:
    """Return the reference that belongs to seven characters of the alphabet."""
    if len(body) != RANDOM_CHARACTERS or not set(body) <= set(ALPHABET):
        raise ValueError("a reference is made of seven characters of the alphabet")
    from stdnum import luhn

    check: str = luhn.calc_check_digit(body, ALPHABET)
    return f"{prefix}-{body[:4]}-{body[4:]}{check}"


def normalise_code(prefix: str, text: str) -> str | None:
    """Return the reference somebody meant, or None when it can't be one."""
    if len(text) > LONGEST_INPUT:
        return None
    characters = text.translate(SEPARATORS).upper().strip()
    if len(characters) == RANDOM_CHARACTERS + 2 and characters[0] == prefix:
        characters = characters[1:]
    characters = characters.translate(_LOOK_ALIKES)
    if len(characters) != RANDOM_CHARACTERS + 1 or not set(characters) <= set(ALPHABET):
        return None
    from stdnum import luhn

    if not luhn.is_valid(characters, ALPHABET):
        return None
    return f"{prefix}-{characters[:4]}-{characters[4:]}"


# Typed text, as it is stored.


# They turn the direction of writing: “gnirts” would be read as “string”.
_TURNING: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")


def uuid_of(text: str) -> UUID | None:
    """Return the id that a text is, or None."""
    try:
        return UUID(text)
    except ValueError:
        return None


def composed(text: str) -> str:
    """Normalise text to the form that is stored: NFC, plain line ends, no bidi control characters.

    Text that a page sends back is normalised too, so that the two can be compared.
    """
    plain = _TURNING.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return unicodedata.normalize("NFC", plain)


def checked_address(text: str) -> ValidatedEmail:
    """Read an e-mail address that every mail server takes; nothing is looked up.

    Letters outside ASCII before the @ need a mail server that few have, so they are refused.
    `test_environment` lets the reserved domain .test through, as .example does.

    Raises:
        ValueError: it isn't one.
    """
    from email_validator import validate_email

    return validate_email(
        text, check_deliverability=False, allow_smtputf8=False, test_environment=True
    )


# Dates, times and numbers

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
DAYS = ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag")
MONTHS = (
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
)
# As the Taalunie shortens them.
SHORT_MONTHS = ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec")


def local(moment: datetime) -> datetime:
    """Return this moment on the clock of Amsterdam; a moment without a zone is a mistake."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone can't be shown")
    return moment.astimezone(AMSTERDAM)


def day_of(value: date | datetime) -> date:
    """Return the local day of a moment; a date is its own day."""
    return local(value).date() if isinstance(value, datetime) else value


def date_long(value: date | datetime | None) -> str:
    """Write a date as dinsdag 24 november 2026."""
    if value is None:
        return ""
    day = day_of(value)
    return f"{DAYS[day.weekday()]} {date_text(day)}"


def date_text(value: date | datetime | None) -> str:
    """Write a date as 24 november 2026."""
    if value is None:
        return ""
    day = day_of(value)
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def date_short(value: date | datetime | None) -> str:
    """Write a date as 24-11-2026."""
    return "" if value is None else f"{day_of(value):%d-%m-%Y}"


def clock(moment: datetime | None) -> str:
    """Write a time as 22.40 uur."""
    return "" if moment is None else f"{local(moment):%H.%M} uur"


def datetime_long(moment: datetime | None) -> str:
    """Write a moment as dinsdag 24 november 2026, 22.40 uur."""
    return "" if moment is None else f"{date_long(moment)}, {clock(moment)}"


def datetime_short(moment: datetime | None) -> str:
    """Write a moment as 24-11-2026, 22.40 uur."""
    return "" if moment is None else f"{date_short(moment)}, {clock(moment)}"


def machine_time(value: date | datetime | None) -> str:
    """Write a moment for the ``datetime`` attribute of ``<time>``."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return local(value).isoformat(timespec="seconds")
    return value.isoformat()


def _count(number: int, singular: str, more: str) -> str:
    return f"{number} {singular if number == 1 else more}"


def _span(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    if minutes < 60:
        return _count(minutes, "minuut", "minuten")
    if minutes < 24 * 60:
        return f"{minutes // 60} uur"
    days = minutes // (24 * 60)
    if days < 14:
        return _count(days, "dag", "dagen")
    if days < 60:
        return _count(days // 7, "week", "weken")
    if days < 730:
        return _count(days // 30, "maand", "maanden")
    return f"{days // 365} jaar"


def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """Say how long ago: 3 dagen geleden · zojuist · over 2 uur."""
    if moment is None:
        return ""
    length = (now or utc_now()) - moment
    if abs(length) < timedelta(minutes=1):
        return "zojuist"
    if length > timedelta(0):
        return f"{_span(length)} geleden"
    return f"over {_span(-length)}"


def days_until(value: date | datetime | None, today: date | None = None) -> str:
    """Say how far a deadline is: vandaag · morgen · over 3 dagen · 2 dagen te laat."""
    if value is None:
        return ""
    left = (day_of(value) - (today or utc_now().astimezone(AMSTERDAM).date())).days
    if left < 0:
        return f"{_count(-left, 'dag', 'dagen')} te laat"
    return {0: "vandaag", 1: "morgen"}.get(left, f"over {left} dagen")


def number(value: float | None, decimals: int = 0) -> str:
    """Write a number as 12.345,6: dot for thousands, comma for decimals."""
    if value is None:
        return ""
    return f"{value:,.{decimals}f}".translate(str.maketrans(",.", ".,"))


def percent(share: float | None, decimals: int = 0) -> str:
    """Write a part of one as a percentage: 0.123 becomes 12%."""
    return "" if share is None else f"{number(share * 100, decimals)}%"


def plural(count: int, singular: str, more: str) -> str:
    """Count a thing in words: 1 melding · 1.204 meldingen."""
    return f"{number(count)} {singular if count == 1 else more}"


def file_size(size: int | None) -> str:
    """Write a size in bytes as 850 bytes · 12 kB · 3,4 MB · 25 MB."""
    if size is None:
        return ""
    if size < 1000:
        return _count(size, "byte", "bytes")
    if size < 1_000_000:
        return f"{number(size / 1000)} kB"
    return f"{number(size / 1_000_000, 1).removesuffix(',0')} MB"


FILTERS = {
    "ago": ago,
    "clock": clock,
    "date_long": date_long,
    "date_short": date_short,
    "date_text": date_text,
    "datetime_long": datetime_long,
    "datetime_short": datetime_short,
    "days_until": days_until,
    "file_size": file_size,
    "machine_time": machine_time,
    "number": number,
    "percent": percent,
}
