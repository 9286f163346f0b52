"""Tests that reports are grouped by event as if each were compared with every other one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stopintimidatie.reports.inbox.panels import incidents
from stopintimidatie.reports.triage.rules import DOUBLE_HOURS, DOUBLE_M, distance_m

BEGIN = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)


@st.composite
def reports(draw: st.DrawFn) -> list[Any]:
    """Draw some reports of one evening, within 250 metres of each other, some without a point."""
    point = st.tuples(st.integers(0, 250), st.integers(0, 250))
    drawn = draw(st.lists(st.tuples(st.none() | point, st.integers(0, 90)), max_size=12))
    return [row(number, place, minute) for number, (place, minute) in enumerate(drawn)]


def row(number: int, place: tuple[int, int] | None, minute: int) -> Any:
    north, east = place or (0, 0)
    return SimpleNamespace(
        id=number,
        incident_start=BEGIN + timedelta(minutes=minute),
        lat=None if place is None else 51.8 + north / 110_574,
        lon=None if place is None else 4.67 + east / 68_800,
        time_precision="exact",
        forms="naroepen",
        offender_count=None,
        offender_age=None,
        offender_transport=None,
    )


@given(reports())
def test_who_is_near_in_place_and_time_stands_in_one_group(rows: list[Any]) -> None:
    group_of = {each.id: {each.id} for each in rows}
    for here in rows:
        for there in rows:
            if is_near(here, there):
                together = group_of[here.id] | group_of[there.id]
                group_of |= dict.fromkeys(together, together)
    found = [{each.id for each in group} for group in incidents(rows)]
    assert sorted(found, key=min) == sorted(
        {frozenset(group) for group in group_of.values()}, key=min
    )
    assert [len(group) for group in found] == sorted(map(len, found), reverse=True)


def is_near(here: Any, there: Any) -> bool:
    if here.lat is None or there.lat is None:
        return False
    apart = abs(here.incident_start - there.incident_start)
    near = distance_m(here.lat, here.lon, there.lat, there.lon) <= DOUBLE_M
    return near and apart <= timedelta(hours=DOUBLE_HOURS)
