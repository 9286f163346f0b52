"""Opening hours of municipalities, and the lines of a file for the town register. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Final

from stopintimidatie.core.clock import AMSTERDAM, is_holiday
from stopintimidatie.core.text import DAYS as WEEKDAYS
from stopintimidatie.core.text import date_short
from stopintimidatie.core.web.responses import as_text

DAYS: Final = ("ma", "di", "wo", "do", "vr", "za", "zo")
HOW: Final = "Schrijf de openingstijden als ma-do 09:00-17:00; vr 09:00-12:30."
UNKNOWN: Final = "openingstijden onbekend"
# Days ahead that are searched for the next opening: past Christmas and New Year.
AHEAD: Final = 15
Span = tuple[int, time, time]


def read_hours(text: str) -> list[Span]:
    """Return the opening hours as weekday (Monday is 0), opening and closing time, in order.

    Hours without a day are those of working days, or of the days named before.

    Raises:
        ValueError: It can't be read.
    """
    text = " ".join(text.lower().split())
    for written, plain in _SPELLED:
        text = text.replace(written, plain)
    *pieces, rest = _CLOCK.split(text)
    if rest.strip():
        raise ValueError(text)
    spans, days = [], list(range(5))
    for names, opens, dash, closes in zip(*[iter(pieces)] * 4, strict=True):
        days = _days(names) or days
        start, end = (
            datetime.strptime(at, "%H:%M" if ":" in at else "%H").time() for at in (opens, closes)
        )
        if dash != "-" or start >= end:
            raise ValueError(text)
        spans += [(day, start, end) for day in days]
    return sorted(spans)


_CLOCK: Final = re.compile(r"(\d+(?::\d+)?)", re.ASCII)
# Spellings of people, and what is read; the last ones leave no blank beside a dash.
_SPELLED: Final = (
    *((name, day) for name, day in zip(WEEKDAYS, DAYS, strict=True)),
    *((sign, "-") for sign in ("\u2013", "t/m", "tot")),
    *((sign, " ") for sign in (";", ",", " en ", "uur", ": ")),
    (".", ":"),
    ("  ", " "),
    (" -", "-"),
    ("- ", "-"),
)


def _days(names: str) -> list[int]:
    days: list[int] = []
    for name in names.split():
        first, _, last = name.partition("-")
        span = range(DAYS.index(first), DAYS.index(last or first) + 1)
        if not span:
            raise ValueError(names)
        days += span
    return days


def opening(hours: str | None, now: datetime) -> str:
    """Say until when a municipality is open now, or when it opens; it is closed on holidays."""
    local, spans = now.astimezone(AMSTERDAM), read_hours(hours or "")
    for ahead in range(AHEAD):
        day = local.date() + timedelta(days=ahead)
        for weekday, opens, closes in () if is_holiday(day) else spans:
            if weekday != day.weekday() or (ahead == 0 and closes <= local.time()):
                continue
            if ahead == 0 and opens <= local.time():
                return f"nu open tot {closes:%H:%M}"
            far = f" {date_short(day)}" if ahead > 6 else ""
            return f"opent {DAYS[weekday]}{far} {opens:%H:%M}"
    return UNKNOWN


# A file for the register

# The columns of the table by the heads of the file, which are the names of the form's controls too.
COLUMNS: Final = {
    "telefoon": "telephone",
    "afdeling": "department",
    "postvak": "mailbox",
    "openingstijden": "hours",
    "bron": "source",
    "datum": "checked_on",
}
HEADS: Final = ("gemeente", *COLUMNS)
# There are some 340 municipalities.
MOST_LINES: Final = 500
NOT_UTF8: Final = "Dit bestand is niet te lezen. Sla het op als ‘CSV UTF-8’."


def read_lines(content: bytes) -> list[Mapping[str, str]]:
    """Return the lines of a file by its heads, as this program exported them or anybody made them.

    A line with more or fewer columns than the first one is empty.

    Raises:
        ValueError: It isn't such a file; the message says why, in Dutch.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(NOT_UTF8) from None
    if "\0" in text:
        raise ValueError(NOT_UTF8)
    comma = ";" if ";" in text.partition("\n")[0] else ","
    try:
        heads, *rows = list(csv.reader(io.StringIO(text), delimiter=comma, strict=True)) or [[]]
    except csv.Error:
        raise ValueError("In dit bestand staat een aanhalingsteken los.") from None
    if sorted(heads) != sorted(HEADS):
        raise ValueError(f"De eerste regel moet deze kolommen noemen: {', '.join(HEADS)}.")
    if len(rows) > MOST_LINES:
        raise ValueError(f"Kies een bestand van hoogstens {MOST_LINES} regels.")
    return [
        dict(zip(heads, map(_plain, row), strict=False)) if len(row) == len(heads) else {}
        for row in rows
        if any(row)
    ]


def _plain(cell: str) -> str:
    """Return a cell without the sign that an export puts before what looks like a formula."""
    escaped = cell[:1] == "'" and as_text(cell[1:]) == cell
    return (cell[1:] if escaped else cell).strip()
