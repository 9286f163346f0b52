"""The day on which a document goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stopintimidatie.core.storage.retention import Term, Unit, days, months, term_of, years
from stopintimidatie.privacy.retention.rules import (
    HANDLED,
    NOT_HANDLED,
    OPEN,
    WITHDRAWN,
    Choice,
    Due,
    Outcome,
    Schedule,
    Timeline,
    class_of_report,
    due,
    due_as_double,
    schedule_of,
)

SCHEDULE = Schedule(
    {HANDLED: Choice("8.1", years(5)), NOT_HANDLED: Choice("8.2", years(1))}, maximum=years(10)
)
START = date(2026, 11, 30)
DAYS = st.dates(date(2024, 1, 1), date(2036, 12, 31))
TERMS = st.builds(Term, st.integers(0, 40), st.sampled_from(Unit))


def test_a_term_of_months_ends_on_the_last_day_of_a_shorter_month() -> None:
    assert months(3).after(START) == date(2027, 2, 28)
    assert years(1).after(date(2028, 2, 29)) == date(2029, 2, 28)
    assert days(30).after(START) == date(2026, 12, 30)


@given(TERMS, DAYS, DAYS)
def test_what_is_over_by_a_day_started_before_the_bound_of_that_day(
    term: Term, start: date, end: date
) -> None:
    if term.after(start) <= end:
        assert start <= term.before(end)


@given(TERMS)
def test_a_stored_term_is_the_same_term(term: Term) -> None:
    assert term_of(term.as_json()) == term


def test_a_stored_schedule_is_the_same_schedule() -> None:
    schedule = Schedule({HANDLED: Choice("8.1", years(5), Outcome.TRANSFER, "besluit")}, years(12))
    assert schedule_of(schedule.as_json()) == schedule


def test_terms_in_words_know_one_from_many() -> None:
    assert [str(term) for term in (days(1), months(1), years(1), months(3))] == [
        "1 dag",
        "1 maand",
        "1 jaar",
        "3 maanden",
    ]


def test_a_handled_report_goes_its_term_after_it_was_handled() -> None:
    timeline = Timeline(HANDLED, START, ended=START + timedelta(days=9))
    assert due(timeline, SCHEDULE) == Due(date(2031, 12, 9), date(2026, 12, 9))


def test_a_report_in_a_live_dossier_waits_until_the_absolute_maximum() -> None:
    timeline = Timeline(HANDLED, START, ended=START, live=True)
    assert due(timeline, SCHEDULE) == Due(date(2036, 11, 30), START, at_maximum=True)


def test_leaving_a_dossier_starts_the_term_again() -> None:
    timeline = Timeline(NOT_HANDLED, START, ended=START, left=date(2028, 1, 1))
    assert due(timeline, SCHEDULE) == Due(date(2029, 1, 1), date(2028, 1, 1))


def test_a_report_goes_no_earlier_than_its_term_after_its_dossier_was_closed() -> None:
    timeline = Timeline(NOT_HANDLED, START, ended=START, closed=date(2027, 6, 1))
    assert due(timeline, SCHEDULE) == Due(date(2028, 6, 1), date(2027, 6, 1))


def test_what_never_ended_goes_at_the_absolute_maximum() -> None:
    assert due(Timeline(OPEN, START), SCHEDULE) == Due(date(2036, 11, 30), START, at_maximum=True)


def test_without_a_term_for_its_class_nothing_is_due() -> None:
    assert due(Timeline("melding_ingetrokken", START, ended=START), SCHEDULE) is None


@given(DAYS, st.none() | DAYS, st.none() | DAYS, st.none() | DAYS, st.booleans())
def test_no_document_outlives_the_absolute_maximum(
    received: date, ended: date | None, left: date | None, closed: date | None, live: bool
) -> None:
    day = due(Timeline(HANDLED, received, ended, left, closed, live), SCHEDULE)
    assert day is not None
    assert day.on <= SCHEDULE.maximum.after(received)


def test_the_controller_alone_lets_a_document_outlive_the_maximum() -> None:
    until, closed = date(2038, 5, 1), date(2027, 1, 1)
    kept = Due(until, START, at_maximum=True)
    assert due(Timeline(OPEN, START, kept_until=until), SCHEDULE) == kept
    assert due(Timeline(HANDLED, START, closed, kept_until=until), SCHEDULE) == replace(
        kept, starts=closed
    )
    # A decision never makes the day earlier.
    early = due(Timeline(OPEN, START, kept_until=date(2030, 1, 1)), SCHEDULE)
    assert early == Due(date(2036, 11, 30), START, at_maximum=True)
    double = Timeline("melding_dubbel", START, closed, kept_until=until)
    for original in (Due(date(2031, 1, 1), START), None):
        day = due_as_double(double, original, closed)
        assert day is not None
        assert day.on == until


def test_a_withdrawn_report_stays_while_its_reporter_may_think_again() -> None:
    short = Schedule({WITHDRAWN: Choice("8.4", days(1))})
    day = due(Timeline(WITHDRAWN, START, ended=START), short)
    assert day is not None
    assert day.on == START + timedelta(days=15)


def test_a_double_goes_with_its_original_and_at_once_without_one() -> None:
    timeline = Timeline("melding_dubbel", START, ended=START)
    original = Due(date(2031, 1, 1), date(2026, 1, 1))
    assert due_as_double(timeline, original, START) == original
    assert due_as_double(timeline, None, START) == Due(START, START)
    assert due_as_double(timeline, None, None) is None


def test_the_class_of_a_report_follows_from_its_state() -> None:
    assert class_of_report("afgehandeld", None) == HANDLED
    assert class_of_report("niet_in_behandeling", "test") == NOT_HANDLED
    assert class_of_report("niet_in_behandeling", "dubbel") == "melding_dubbel"
    assert class_of_report("in_dossier", None) == OPEN
