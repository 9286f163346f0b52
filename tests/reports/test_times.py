"""When it happened, in words: the same on every page, no more precise than the reporter was."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from stopintimidatie.core.text import AMSTERDAM
from stopintimidatie.reports.rules import known_part_of_day, time_text

DAY = "woensdag 25 november 2026"


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-25T{clock}").replace(tzinfo=AMSTERDAM)


@pytest.mark.parametrize(
    ("clock", "hour"),
    [
        ("17:59", 18),
        ("17:29", 17),
        ("17:30", 18),
        ("00:50", 1),
        ("00:10", 0),
        ("09:00", 9),
        ("23:40", 24),
    ],
)
def test_an_hour_is_the_nearest_and_stays_on_its_day(clock: str, hour: int) -> None:
    assert time_text(at(clock), "uur", None) == f"{DAY}, rond {hour} uur"
    assert time_text(at(clock), "uur", None, short=True) == f"25-11-2026, rond {hour} uur"


@pytest.mark.parametrize(
    ("precision", "part", "long", "short"),
    [
        ("exact", None, f"{DAY}, 22.50 uur", "25-11-2026, 22.50 uur"),
        (None, None, f"{DAY}, 22.50 uur", "25-11-2026, 22.50 uur"),
        ("dagdeel", "nacht", f"{DAY}, nacht (0 tot 6 uur)", "25-11-2026, nacht"),
        ("dagdeel", None, f"{DAY}, avond (18 tot 24 uur)", "25-11-2026, avond"),
        ("dag", None, DAY, "25-11-2026"),
        ("dag", "avond", f"{DAY}, avond (18 tot 24 uur)", "25-11-2026, avond"),
        ("onbekend", "avond", "rond 25 november 2026", "rond 25-11-2026"),
    ],
)
def test_a_time_is_as_precise_as_it_is_known(
    precision: str | None, part: str | None, long: str, short: str
) -> None:
    assert time_text(at("22:50"), precision, part) == long
    assert time_text(at("22:50"), precision, part, short=True) == short


def test_only_an_exact_time_has_an_end() -> None:
    start, soon, next_day = at("22:50"), at("23:10"), at("22:50") + timedelta(hours=3)
    assert time_text(start, "exact", None, soon) == f"{DAY}, 22.50 uur tot 23.10 uur"
    later = "donderdag 26 november 2026, 01.50 uur"
    assert time_text(start, "exact", None, next_day) == f"{DAY}, 22.50 uur tot {later}"
    assert time_text(start, "exact", None, start) == f"{DAY}, 22.50 uur"
    assert time_text(start, "uur", None, soon) == f"{DAY}, rond 23 uur"
    assert time_text(start, "exact", None, soon, short=True) == "25-11-2026, 22.50 uur"


def test_a_part_of_day_is_what_was_given_before_what_the_clock_says() -> None:
    assert known_part_of_day(at("22:50"), "exact", None) == "avond"
    assert known_part_of_day(at("12:00"), "dagdeel", "avond") == "avond"
    assert known_part_of_day(at("22:50"), "dag", None) is None
