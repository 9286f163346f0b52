"""When a reporter can be called, out of their own words: doubt is never a yes."""

from __future__ import annotations

from datetime import datetime

import pytest

from stopintimidatie.core.clock import AMSTERDAM
from stopintimidatie.reports.handling.services import callable_at, proposed_attempt

# Wednesday 2 and Saturday 5 December 2026.
WEDNESDAY, SATURDAY = 2, 5


def at(day: int, clock: str) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 12, day, hour, minute, tzinfo=AMSTERDAM)


@pytest.mark.parametrize(
    ("words", "day", "clock", "can"),
    [
        (None, WEDNESDAY, "10:00", True),
        ("", SATURDAY, "19:59", True),
        ("", WEDNESDAY, "20:00", False),
        ("altijd", WEDNESDAY, "07:59", False),
        ("na 18 uur", WEDNESDAY, "18:00", True),
        ("Na 18.30 uur graag", WEDNESDAY, "18:29", False),
        ("na 18 uur", WEDNESDAY, "22:00", False),
        ("vanaf 9:00", WEDNESDAY, "09:00", True),
        ("voor 10 uur", WEDNESDAY, "09:30", True),
        ("voor 10 uur", WEDNESDAY, "10:00", False),
        ("niet voor 10 uur", WEDNESDAY, "09:30", False),
        ("niet voor 10 uur", WEDNESDAY, "11:00", True),
        ("tussen 9 en 17 uur", WEDNESDAY, "12:00", True),
        ("van 9 tot 17 uur", WEDNESDAY, "17:00", False),
        ("na 10 en voor 12 uur", WEDNESDAY, "14:00", False),
        ("overdag", WEDNESDAY, "10:00", True),
        ("'s avonds of in het weekend", WEDNESDAY, "10:00", False),
        ("'s avonds of in het weekend", WEDNESDAY, "19:00", None),
        ("in de ochtend, voicemail mag", WEDNESDAY, "10:00", True),
        ("alleen in het weekend", SATURDAY, "10:00", True),
        ("alleen in het weekend", WEDNESDAY, "10:00", False),
        ("niet in het weekend", SATURDAY, "10:00", False),
        ("op werkdagen na 17 uur", WEDNESDAY, "17:30", True),
        ("op werkdagen na 17 uur", WEDNESDAY, "10:00", False),
        ("op werkdagen tussen 9 en 17 uur", SATURDAY, "10:00", False),
        ("geen voicemail", WEDNESDAY, "10:00", True),
        # Six in the evening, or in the morning? After which work? Not at all?
        ("na 6 uur", WEDNESDAY, "19:00", None),
        ("tussen 2 en 4", WEDNESDAY, "15:00", None),
        ("na mijn werk", WEDNESDAY, "19:00", None),
        ("niet bellen", WEDNESDAY, "10:00", None),
        ("liever niet op mijn werk", WEDNESDAY, "10:00", None),
        ("na 18 uur en voicemail mag", WEDNESDAY, "19:00", None),
    ],
)
def test_hours_are_read_and_doubt_is_no_yes(
    words: str | None, day: int, clock: str, can: bool | None
) -> None:
    assert callable_at(words, at(day, clock)) is can


@pytest.mark.parametrize(
    ("words", "day", "clock", "again"),
    [
        (None, WEDNESDAY, "14:20", at(3, "14:00")),
        (None, WEDNESDAY, "22:20", at(3, "09:00")),
        ("na 18 uur", WEDNESDAY, "14:20", at(3, "18:00")),
        ("alleen in het weekend", WEDNESDAY, "14:20", at(5, "14:00")),
        ("na mijn werk", WEDNESDAY, "14:20", at(3, "14:00")),
        # After a Friday comes Monday.
        ("", 4, "11:00", at(7, "11:00")),
    ],
)
def test_the_next_attempt_is_the_next_working_day_at_an_hour_that_suits(
    words: str | None, day: int, clock: str, again: datetime
) -> None:
    assert proposed_attempt(words, at(day, clock)) == again
