"""The clock of 72 hours: weekends count, and the hour that comes twice changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stopintimidatie.core.clock import AMSTERDAM
from stopintimidatie.desk.forwarding.pickup import CATEGORIES, WITH_CONTACT
from stopintimidatie.exports.profiles.rules import Field
from stopintimidatie.privacy.breaches.clock import (
    COUNTS,
    countdown,
    due_at,
    is_late,
    stands,
    state_of,
    why_not_closed,
)
from stopintimidatie.privacy.breaches.vocabulary import Category, State, categories_of

MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


@given(aware=MOMENTS, after=st.timedeltas(timedelta(0), timedelta(days=9)))
def test_it_is_late_after_72_real_hours_whatever_the_calendar_says(
    aware: datetime, after: timedelta
) -> None:
    # As on the wall in Amsterdam: hours of the clock itself, over weekends and summer time.
    here = aware.astimezone(AMSTERDAM)
    due = due_at(here)
    passed = due.astimezone(UTC) - aware
    assert passed == timedelta(hours=72)
    assert is_late(due, aware + after) == (after > timedelta(hours=72))
    assert ("te laat" in countdown(due, aware + after)) == (after > timedelta(hours=72))


def test_friday_evening_is_due_on_monday_evening_and_clock_changes_move_the_hour() -> None:
    friday = datetime(2026, 11, 27, 18, 30, tzinfo=AMSTERDAM)
    assert due_at(friday) == datetime(2026, 11, 30, 18, 30, tzinfo=AMSTERDAM)
    # In the night of 25 October an hour comes twice; on 28 March 2027 one is skipped.
    autumn = datetime(2026, 10, 24, 12, 0, tzinfo=AMSTERDAM)
    assert due_at(autumn).astimezone(AMSTERDAM).strftime("%d %H:%M") == "27 11:00"
    spring = datetime(2027, 3, 27, 12, 0, tzinfo=AMSTERDAM)
    assert due_at(spring).astimezone(AMSTERDAM).strftime("%d %H:%M") == "30 13:00"


def test_the_countdown_is_in_words() -> None:
    due = datetime(2026, 11, 30, 18, 30, tzinfo=UTC)
    for before, words in (
        (timedelta(days=2, hours=3, minutes=50), "nog 2 dagen en 3 uur"),
        (timedelta(days=1), "nog 1 dag"),
        (timedelta(hours=5), "nog 5 uur"),
        (timedelta(minutes=1), "nog 1 minuut"),
        (timedelta(hours=-80), "3 dagen en 8 uur te laat"),
    ):
        assert countdown(due, due - before) == words


@pytest.mark.parametrize(
    ("risk", "complete", "notices", "words"),
    [
        (None, True, [], "risico"),
        (None, True, ["eerste"], "risico"),
        ("risico", True, [], "bij de AP"),
        ("risico", False, ["eerste"], "welke gegevens"),
        ("hoog", True, ["eerste"], "hoog risico"),
        ("hoog", True, ["eerste", "betrokkenen"], None),
        ("hoog", True, ["eerste", "niet_verteld"], None),
        ("hoog", True, ["eerste", "ingetrokken", "niet_verteld"], "bij de AP"),
        ("geen", True, [], None),
    ],
)
def test_it_closes_when_everything_is_documented(
    risk: str | None, complete: bool, notices: list[str], words: str | None
) -> None:
    problem = why_not_closed(risk, notices, complete=complete)
    assert problem is None if words is None else words in (problem or "")


@pytest.mark.parametrize(
    ("risk", "notices", "state"),
    [
        (None, [], State.INVESTIGATED),
        ("risico", [], State.JUDGED),
        ("hoog", [], State.JUDGED),
        ("geen", [], State.NOT_REPORTED),
        (None, ["eerste"], State.REPORTED),
        ("geen", ["eerste", "laatste"], State.REPORTED),
        ("geen", ["eerste", "ingetrokken"], State.WITHDRAWN),
        ("risico", ["eerste", "ingetrokken"], State.JUDGED),
        ("risico", ["eerste", "ingetrokken", "eerste"], State.REPORTED),
    ],
)
def test_the_clock_counts_until_the_ap_knows_or_there_is_no_risk(
    risk: str | None, notices: list[str], state: str
) -> None:
    assert state_of(risk, notices) == state
    assert (state in COUNTS) == (risk != "geen" and not stands(notices))


@pytest.mark.parametrize("field", [*Field, *CATEGORIES, WITH_CONTACT])
def test_each_kind_of_data_in_a_document_has_one_in_the_register_of_breaches(field: str) -> None:
    assert len(categories_of([field])) == 1


def test_a_breach_names_no_kind_of_data_that_the_lost_document_does_not_have() -> None:
    ticked = [Field.FORMS, Field.FEELING, Field.OFFENDERS, "gedeeld tegen de deelvoorkeur: gevaar"]
    assert categories_of(ticked) == [Category.CHOICES.value]
    assert categories_of([*ticked, Field.ACCOUNT]) == ["vaste_keuzes", "verhaal"]
