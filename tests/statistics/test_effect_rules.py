"""Before and after: the ratio against published and independent figures, periods, and peaks."""

from __future__ import annotations

import math
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stopintimidatie.dossiers.rules import ENOUGH
from stopintimidatie.statistics.effect.rules import (
    LONGEST,
    TAIL,
    days_of,
    follows_peak,
    pieces_of,
    rate_ratio,
    ratio_in_words,
)

TODAY = date(2026, 12, 2)
small = st.integers(0, 60)


# Breast cancer after fluoroscopy (Boice and Monson 1977), as in Stata's manual of `ir`; and the
# example of `poisson.test` in R.
@pytest.mark.parametrize(
    ("before", "after", "days_before", "days_after", "expected"),
    [
        (15, 41, 19_017, 28_010, (1.855759, 1.005684, 3.609300)),
        (21, 11, 3_011, 800, (1.971488, 0.8584264, 4.2772659)),
    ],
)
def test_the_ratio_is_that_of_published_examples(
    before: int, after: int, days_before: int, days_after: int, expected: tuple[float, ...]
) -> None:
    assert rate_ratio(before, after, days_before, days_after) == pytest.approx(expected, rel=1e-6)


# Calculated apart, with sums of whole fractions.
@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (40, 22, (0.55, 0.3113279913, 0.9479258276)),
        (60, 45, (0.75, 0.4979513127, 1.1224917543)),
        (30, 0, (0.0, 0.0, 0.1308421815)),
        (0, 30, (math.inf, 7.6427952266, math.inf)),
    ],
)
def test_the_ratio_is_that_of_an_exact_calculation(
    before: int, after: int, expected: tuple[float, ...]
) -> None:
    assert rate_ratio(before, after) == pytest.approx(expected, rel=1e-9)


def chance(number: int, total: int, share: Fraction) -> Fraction:
    """The chance of so many or more, without rounding."""
    parts = (
        math.comb(total, n) * share**n * (1 - share) ** (total - n)
        for n in range(number, total + 1)
    )
    return sum(parts, Fraction(0))


@given(small, st.integers(1, 60))
def test_the_lower_limit_leaves_two_and_a_half_percent_above_it(before: int, after: int) -> None:
    _, low, _ = rate_ratio(before, after)
    share = Fraction(low) / (1 + Fraction(low))
    assert float(chance(after, before + after, share)) == pytest.approx(TAIL, rel=1e-6)


@given(st.integers(1, 400), st.integers(1, 400))
def test_a_turned_question_has_the_turned_answer(before: int, after: int) -> None:
    value, low, high = rate_ratio(before, after)
    assert low < value < high
    assert rate_ratio(after, before) == pytest.approx((1 / value, 1 / high, 1 / low), rel=1e-6)


@given(st.integers(1, 400), st.integers(1, 400), st.floats(0.1, 10), st.floats(0.1, 10))
def test_longer_periods_only_scale_the_ratio(
    before: int, after: int, earlier: float, later: float
) -> None:
    scaled = [part * earlier / later for part in rate_ratio(before, after)]
    assert rate_ratio(before, after, earlier, later) == pytest.approx(scaled, rel=1e-9)


@given(st.integers(1, 60), st.integers(1, 60))
def test_more_of_the_same_makes_the_interval_smaller(before: int, after: int) -> None:
    _, low, high = rate_ratio(before, after)
    _, nearer, less = rate_ratio(4 * before, 4 * after)
    assert low < nearer < less < high


def test_the_reports_of_a_large_town_are_counted_as_well() -> None:
    value, low, high = rate_ratio(50_000, 25_000)
    assert (value, low, high) == pytest.approx((0.5, 0.492465, 0.507647), rel=1e-4)


@given(small, small)
def test_below_twenty_there_is_no_ratio(before: int, after: int) -> None:
    words, verdict = ratio_in_words(before, after)
    few = before + after < ENOUGH
    assert (words == "te weinig om iets te zeggen") is few
    assert (verdict == "") is few


def test_the_words_say_what_can_be_chance() -> None:
    assert ratio_in_words(40, 22) == (
        "0,55 keer zoveel (tussen 0,31 en 0,95)",
        "minder dan ervoor",
    )
    assert ratio_in_words(60, 45)[1] == "het verschil kan toeval zijn"
    assert ratio_in_words(22, 40)[1] == "meer dan ervoor"
    assert ratio_in_words(0, 30) == (
        "ervoor geen, dus minstens 7,64 keer zoveel",
        "meer dan ervoor",
    )
    assert ratio_in_words(30, 0)[0] == "0,00 keer zoveel (tussen 0,00 en 0,13)"


def test_the_periods_end_with_the_measure_today_or_after_180_days() -> None:
    start = date(2026, 9, 1)
    assert days_of(start, date(2026, 9, 10), TODAY) == 10
    assert days_of(start, None, TODAY) == 92
    assert days_of(date(2025, 1, 1), None, TODAY) == LONGEST
    assert days_of(start, TODAY, TODAY) == 92
    assert days_of(TODAY + timedelta(days=9), None, TODAY) == 0


@given(st.integers(0, LONGEST))
def test_pieces_are_thirty_days_and_one_begins_with_the_measure(days: int) -> None:
    pieces = pieces_of(TODAY, days)
    assert TODAY in pieces
    assert {later - first for first, later in pairwise(pieces)} == {timedelta(days=30)}
    assert timedelta(0) <= TODAY + timedelta(days=days) - pieces[-1] < timedelta(days=30)


def test_a_peak_is_clearly_more_than_the_year_before_it() -> None:
    assert follows_peak([10] * 12 + [16])
    # One and a half times is no peak yet, nor is more of very few.
    assert not follows_peak([10] * 12 + [15])
    assert not follows_peak([2] * 12 + [6])
    assert follows_peak([2] * 12 + [7])


def test_months_before_the_first_report_say_nothing_of_a_peak() -> None:
    assert not follows_peak([0] * 10 + [12, 12, 14])
    assert not follows_peak([0] * 12 + [40])
    assert not follows_peak([0] * 13)
