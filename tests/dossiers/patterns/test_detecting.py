"""Finding groups that chance doesn't explain: the search itself, on made-up towns."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.planted import Town, town
from stopintimidatie.dossiers.patterns.models import LIMITS, Choice, Pattern
from stopintimidatie.dossiers.patterns.queries import evidence_map, why_of
from stopintimidatie.dossiers.patterns.rules import (
    Group,
    Place,
    Point,
    Tuning,
    find_groups,
    hours_meet,
    hours_text,
    same_pattern,
)
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import TimePrecision

TUNING = Tuning()


def points_of(made: Town) -> list[Point]:
    return [Point(row["id"], row["x"], row["y"], row["hour"]) for row in made.reports]


def hit(made: Town, groups: list[Group]) -> set[str]:
    """The planted spots that a group is mostly made of."""
    return {
        number
        for number, members in made.truth["members"].items()
        if any(2 * len(set(group.ids) & set(members)) >= len(group.ids) for group in groups)
    }


def test_planted_spots_are_found_and_nothing_else() -> None:
    made = town(3)
    groups = find_groups(points_of(made), TUNING)
    assert len(groups) == len(made.truth["spots"])
    assert hit(made, groups) == set(made.truth["members"])


def test_the_order_of_the_reports_changes_nothing() -> None:
    points = points_of(town(4))
    shuffled = random.Random(1).sample(points, len(points))
    assert find_groups(shuffled, TUNING) == find_groups(points, TUNING)


def test_noise_alone_gives_no_pattern() -> None:
    assert find_groups(points_of(town(9001, empty=True)), TUNING) == []


def test_a_few_reports_are_no_pattern_whatever_they_are() -> None:
    same = [Point(str(number), 0.0, 0.0, 22.0) for number in range(2 * TUNING.least - 1)]
    assert find_groups(same, TUNING) == []
    assert find_groups([], TUNING) == []


def test_all_reports_on_one_spot_break_nothing() -> None:
    same = [Point(f"{number:03d}", 0.0, 0.0, 22.0) for number in range(40)]
    assert len(find_groups(same, TUNING)) <= 1


def test_groups_have_enough_reports_and_stand_out() -> None:
    for group in find_groups(points_of(town(5)), TUNING):
        assert len(group.ids) >= TUNING.least
        assert len(group.ids) > group.expected
        assert group.strength > 1
        assert group.radius_m <= 2 * TUNING.radius_m


def test_a_group_is_the_circle_and_the_hours_round_one_of_its_reports() -> None:
    """Check on few reports of which the best circle can be told by hand."""
    dice = random.Random(5)
    noise = [
        Point(f"n{number}", dice.uniform(-4000, 4000), dice.uniform(-4000, 4000), hour=number % 24)
        for number in range(200)
    ]
    spot = [Point(f"s{number}", 3000 + 4 * number, 3000, 21.5 + number / 10) for number in range(9)]
    (group,) = find_groups([*noise, *spot], TUNING)
    assert set(group.ids) >= {point.id for point in spot}
    assert (group.x, group.y) in {(point.x, point.y) for point in spot}
    assert group.radius_m == TUNING.radius_m / 3
    assert (group.to_hour or 0) - (group.from_hour or 0) in (3.0, 3.0 - 24)


HERE = Place(51.81, 4.67, 100.0, 22.0, 1.0, frozenset({UUID(int=1), UUID(int=2)}))


def test_the_same_place_at_the_same_hours_is_one_pattern_with_other_reports() -> None:
    other = replace(HERE, reports=frozenset({UUID(int=9)}), from_hour=0.0, to_hour=3.0)
    assert same_pattern(HERE, other)
    assert not same_pattern(HERE, replace(other, from_hour=8.0, to_hour=10.0))
    assert not same_pattern(HERE, replace(other, lat=51.83))
    assert same_pattern(HERE, replace(HERE, lat=51.83))


_HOUR = st.none() | st.floats(0, 24, exclude_max=True)


@settings(max_examples=80, deadline=None)
@given(_HOUR, _HOUR, _HOUR, _HOUR)
def test_hours_meet_both_ways(a: float | None, b: float | None, c: float | None, d: float) -> None:
    one, other = replace(HERE, from_hour=a, to_hour=b), replace(HERE, from_hour=c, to_hour=d)
    assert hours_meet(one, other) == hours_meet(other, one)
    assert hours_meet(one, one)


def test_hours_are_said_outward_and_across_midnight() -> None:
    assert hours_text(22 * 60 + 30, 61) == "tussen 22 en 2 uur"
    assert hours_text(None, None) == "op alle uren van de dag"
    assert hours_text(20 * 60, 24 * 60) == "tussen 20 en 24 uur"


def explained(**changes: Any) -> list[str]:
    """Say why a pattern of fourteen reports is proposed; of three only the part of day is known."""
    values = {"window_days": 180, "radius_m": 90, "certainty": 95, "expected": 1.26}
    hours = {"from_minute": 18 * 60, "to_minute": 24 * 60}
    parts = [TimePrecision.PART_OF_DAY] * 3 + [TimePrecision.EXACT] * 11
    reports = [Report(time_precision=part) for part in parts]
    return why_of(Pattern(**values | hours | changes), reports)


def test_the_explanation_names_what_was_seen_and_what_was_expected() -> None:
    said = explained(from_minute=None)
    assert "14 meldingen gedaan, binnen 90 meter en op alle uren van de dag." in said[0]
    assert "waren er ongeveer 1,3 te verwachten." in said[1]
    assert "ingestelde zekerheid: 95%" in said[2]
    assert "minder dan één" in explained(expected=0.08)[2]


def test_the_explanation_says_of_how_many_reports_the_hour_is_not_known() -> None:
    said = explained()
    assert said[1].startswith("Van 3 meldingen is alleen het dagdeel bekend. Het systeem rekent")


def test_the_map_draws_what_fits_and_escapes_the_name() -> None:
    svg = evidence_map([(0, 0)], [(9e9, 0)], radius_m=50, colour="#123456", place="A<b>&")
    assert svg.count("<circle") == 2
    assert "A&lt;b&gt;&amp;" in svg


def test_what_the_product_does_by_itself_can_be_set() -> None:
    for name, (low, high) in LIMITS.items():
        assert low <= getattr(Choice(), name) <= high
