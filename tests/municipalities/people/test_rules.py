"""Tests of the rules about silence, reviews, who must stay, and who resets a factor."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.municipalities.people.rules import (
    WARNED_DAYS,
    days_left,
    last_use,
    leaves_nobody,
    months_earlier,
    review_due,
    silent_days,
    stewards_at,
    why_no_reset,
)
from tests.support.factories import DORDRECHT, EINDHOVEN

DAYS = st.dates(date(2024, 1, 1), date(2030, 12, 31))
ENDS = st.lists(st.none() | DAYS, max_size=6)
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


@given(ENDS, ENDS)
def test_an_added_colleague_never_makes_a_change_one_that_leaves_nobody(
    before: list[date | None], after: list[date | None]
) -> None:
    if not leaves_nobody(before, after):
        assert not leaves_nobody(before, [*after, None])
        assert not leaves_nobody(before, [*after, date(2027, 1, 1)])


@given(ENDS)
def test_to_take_all_away_leaves_nobody_and_to_change_nothing_does_not(
    before: list[date | None],
) -> None:
    assert leaves_nobody(before, []) == bool(before)
    assert not leaves_nobody(before, before)


@given(st.lists(DAYS, min_size=1), ENDS)
def test_where_somebody_stayed_without_an_end_somebody_still_does(
    ends: list[date], before: list[date | None]
) -> None:
    assert leaves_nobody([*before, None], list(ends))
    assert not leaves_nobody([*before, None], [*ends, None])


@given(st.integers(0, 400), st.integers(1, 400))
def test_a_role_is_announced_two_weeks_before_silence_ends_it(silent: int, longest: int) -> None:
    since = NOW - timedelta(days=silent)
    left = days_left(since, NOW, longest)
    assert (left is None) == (longest - silent > WARNED_DAYS)
    if left is not None:
        assert left == max(0, longest - silent)
    assert silent_days(since, NOW) == silent


def test_silence_counts_from_the_last_sign_in_then_the_gift_then_the_account() -> None:
    signed, given_at, made = (NOW - timedelta(days=days) for days in (1, 2, 3))
    assert last_use(signed, given_at, made) == signed
    assert last_use(None, given_at, made) == given_at
    assert last_use(None, None, made) == made


@given(DAYS, st.integers(0, 30))
def test_months_earlier_is_that_many_calendar_months(day: date, months: int) -> None:
    earlier = months_earlier(day, months)
    assert (day.year - earlier.year) * 12 + day.month - earlier.month == months
    assert earlier.day <= day.day


def test_a_review_is_due_three_months_after_the_last_or_after_the_gift() -> None:
    today = date(2026, 11, 24)
    assert review_due(None, None, today)
    assert review_due(None, date(2026, 8, 24), today)
    assert not review_due(None, date(2026, 8, 25), today)
    assert not review_due(date(2026, 8, 25), date(2020, 1, 1), today)
    assert not review_due(date(2020, 1, 1), date(2026, 11, 1), today)
    assert review_due(date(2026, 8, 24), date(2020, 1, 1), today)
    assert months_earlier(date(2026, 5, 31), 3) == date(2026, 2, 28)


HOLDERS = st.sets(st.sampled_from([DORDRECHT, EINDHOVEN, NATIONAL]))


@given(st.sampled_from([DORDRECHT, NATIONAL]), HOLDERS, st.booleans(), st.booleans())
def test_a_factor_is_reset_by_whoever_looks_after_the_whole_account_and_never_by_oneself(
    at: str, holders: set[str], oneself: bool, last: bool
) -> None:
    refusal = why_no_reset(at, holders, oneself=oneself, last_steward=last)
    if refusal is None:
        assert not oneself
        assert at == NATIONAL or (holders <= {at} and not last)
    elif at == NATIONAL:
        assert oneself


def test_who_must_stay_is_the_admin_and_at_the_desk_somebody_of_the_desk() -> None:
    assert stewards_at(DORDRECHT) == {Role.ADMIN}
    assert stewards_at(NATIONAL) == {Role.NATIONAL_DESK}
