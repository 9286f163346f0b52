"""An address asks for reports; areas get a level, and points that lie together are one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stopintimidatie.core.clock import months_after
from stopintimidatie.map.rules import (
    MOST_FEATURES,
    Area,
    cells_of,
    selection_of,
    shaded,
    window_of,
)

TODAY = date(2026, 12, 2)
WIJKEN = [Area("WK1", "Noord", inhabitants=1000), Area("WK2", "Zuid", inhabitants=9000)]


ODD = ["2026-13", "2026", "x", "0000-01", "9999-12", "2026-1-1", "²026-01", "-"]


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_month_counts_as_none(odd: str) -> None:
    asked = selection_of([("van", odd), ("tot", odd), ("dagdeel", odd)], TODAY)
    assert asked == selection_of([], TODAY)
    assert asked.since == date(2026, 1, 1)


def test_a_period_is_of_months_in_the_netherlands() -> None:
    asked = selection_of([("van", "2026-03"), ("tot", "2026-04")], TODAY)
    assert asked.moments == [
        datetime(2026, 2, 28, 23, tzinfo=UTC),
        datetime(2026, 4, 30, 22, tzinfo=UTC),
    ]


def test_a_list_is_of_all_years_unless_months_are_asked_for() -> None:
    assert selection_of([("dossier", "2026-0001")], TODAY).since is None
    assert selection_of([("van", "begin")], TODAY).since is None
    assert months_after(date(2026, 1, 31), -1) == date(2025, 12, 1)


def test_areas_are_compared_by_inhabitants() -> None:
    made = shaded(WIJKEN, {"WK1": 10, "WK2": 20}, "rest")
    assert [(area.code, area.number, area.level) for area in made] == [
        ("WK2", 20, 2),
        ("WK1", 10, 5),
    ]
    assert made[1].rate == 10


def test_without_all_inhabitants_they_are_compared_by_number() -> None:
    areas = [*WIJKEN, Area("WK3", "Oost")]
    made = shaded(areas, {"WK1": 10, "WK2": 20, "elsewhere": 3, None: 1}, "Niet bekend")
    assert [(area.name, area.number, area.level) for area in made] == [
        ("Zuid", 20, 5),
        ("Noord", 10, 3),
        ("Oost", 0, 0),
        ("Niet bekend", 4, 0),
    ]
    assert all(area.rate is None for area in made)


def test_where_hardly_anybody_lives_there_is_no_colour() -> None:
    few = Area("WK3", "Bedrijven", inhabitants=20)
    made = {area.code: area for area in shaded([*WIJKEN, few], {"WK3": 9, "WK2": 1}, "rest")}
    assert (made["WK3"].number, made["WK3"].level, made["WK3"].rate) == (9, 0, None)
    assert made["WK2"].level == 5


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=30))
def test_a_level_is_nought_only_without_reports(numbers: list[int]) -> None:
    areas = [Area(str(place), "x") for place in range(len(numbers))]
    made = shaded(areas, {str(place): number for place, number in enumerate(numbers)}, "rest")
    assert all((area.level == 0) == (area.number == 0) and area.level <= 5 for area in made)


def points(places: list[tuple[float, float]]) -> list[Any]:
    return [SimpleNamespace(lat=lat, lon=lon) for lat, lon in places]


@given(st.lists(st.tuples(st.floats(50, 54), st.floats(3, 8)), max_size=400), st.integers(0, 20))
def test_cells_keep_every_report(places: list[tuple[float, float]], zoom: int) -> None:
    cells = cells_of(points(places), zoom)
    assert sum(map(len, cells)) == len(places)
    assert len(cells) <= MOST_FEATURES


@pytest.mark.parametrize("odd", ["", "1,2,3", "a,b,c,d", "nan,nan,nan,nan", "9,1,2,3", "1,2,3,99"])
def test_an_odd_window_is_none(odd: str) -> None:
    assert window_of(odd) is None
    assert window_of("4,51,5,52") == (4, 51, 5, 52)
