"""The clock of requests, by the calendar, and who may be answered when."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stopintimidatie.privacy.requests.models import AskedBy, ChildOutcome
from stopintimidatie.privacy.requests.rules import (
    due_of,
    extended_due_of,
    extension_refused,
    first_answer_on,
    forget_from,
    gone_from,
    grant_refused,
    objection_until,
    reminds_on,
)

DAYS = st.dates(date(2026, 1, 1), date(2040, 1, 1))


@pytest.mark.parametrize(
    ("received", "due", "extended"),
    [
        (date(2027, 1, 31), date(2027, 2, 28), date(2027, 4, 30)),
        (date(2028, 1, 31), date(2028, 2, 29), date(2028, 4, 30)),
        (date(2026, 11, 30), date(2026, 12, 30), date(2027, 2, 28)),
        (date(2026, 11, 28), date(2026, 12, 28), date(2027, 2, 28)),
    ],
)
def test_a_month_is_a_month_of_the_calendar(received: date, due: date, extended: date) -> None:
    assert (due_of(received), extended_due_of(received)) == (due, extended)


@given(DAYS)
def test_a_term_lasts_a_month_and_an_extended_one_three(received: date) -> None:
    due, extended = due_of(received), extended_due_of(received)
    assert 28 <= (due - received).days <= 31
    assert 89 <= (extended - received).days <= 92
    assert due.day <= received.day


@given(DAYS, DAYS)
def test_who_asks_later_is_never_answered_earlier(first: date, second: date) -> None:
    first, second = sorted((first, second))
    assert due_of(first) <= due_of(second)
    assert extended_due_of(first) <= extended_due_of(second)


@given(DAYS)
def test_an_objection_can_be_made_for_six_weeks_and_data_goes_three_months_later(
    answered: date,
) -> None:
    until = objection_until(answered)
    assert until == answered + timedelta(days=42)
    assert until < forget_from(answered, until) < gone_from(answered)
    assert forget_from(answered, None) < forget_from(answered, until)


@given(DAYS, st.integers(-40, 90))
def test_a_term_is_extended_once_and_only_in_its_first_month(received: date, after: int) -> None:
    today = received + timedelta(days=after)
    may = extension_refused(received, None, today, for_child=False) is None
    assert may == (today <= due_of(received))
    assert extension_refused(received, received, today, for_child=False) is not None
    assert extension_refused(received, None, today, for_child=True) is not None


@given(DAYS)
def test_reminders_go_a_week_before_on_the_day_and_each_working_day_after(due: date) -> None:
    sent = [days for days in range(-30, 15) if reminds_on(due, due + timedelta(days=days))]
    assert sent[:2] == [-7, 0]
    assert sent[2] > 0
    assert 5 <= len(sent[2:]) <= 10


@pytest.mark.parametrize(
    ("asked_by", "child", "outcome", "granted"),
    [
        (AskedBy.SELF, False, None, True),
        (AskedBy.PROXY, False, None, True),
        (AskedBy.SELF, True, None, False),
        (AskedBy.PARENT, True, None, False),
        (AskedBy.PARENT, True, ChildOutcome.REFUSES, False),
        (AskedBy.PARENT, True, ChildOutcome.UNREACHED, False),
        (AskedBy.PARENT, True, ChildOutcome.AGREES, True),
        (AskedBy.PROXY, True, None, False),
        (AskedBy.PROXY, True, ChildOutcome.AGREES, True),
        (AskedBy.PARENT, False, ChildOutcome.AGREES, False),
    ],
)
def test_nobody_is_given_data_on_a_child_that_was_not_heard(
    asked_by: AskedBy, child: bool, outcome: ChildOutcome | None, granted: bool
) -> None:
    assert (grant_refused(asked_by, outcome, child=child) is None) is granted


@given(DAYS)
def test_who_asks_for_a_child_is_not_answered_at_once(received: date) -> None:
    assert first_answer_on(received, for_child=False) == received
    assert received < first_answer_on(received, for_child=True) < due_of(received)
