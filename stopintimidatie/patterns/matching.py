"""Whether what is found now is a pattern that was known already. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from stopintimidatie.triage.similarity import distance_m

SHARED: Final = 0.3
"""From this share of the smaller one's reports in common on, it is the same pattern."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when a pattern is, and which reports show it."""

    lat: float
    lon: float
    radius_m: float
    from_hour: float | None
    to_hour: float | None
    reports: frozenset[UUID]


def same_pattern(one: Place, other: Place) -> bool:
    """The same reports for a good part, or the same place at the same hours."""
    smaller = min(len(one.reports), len(other.reports))
    if smaller and len(one.reports & other.reports) >= SHARED * smaller:
        return True
    apart = distance_m(one.lat, one.lon, other.lat, other.lon)
    return apart <= max(one.radius_m, other.radius_m) and hours_meet(one, other)


def hours_meet(one: Place, other: Place) -> bool:
    """Whether their hours overlap, also across midnight; without hours it is the whole day."""
    if one.from_hour is None or other.from_hour is None:
        return True
    if one.to_hour is None or other.to_hour is None:
        return True
    return _within(other.from_hour, one.from_hour, one.to_hour) or _within(
        one.from_hour, other.from_hour, other.to_hour
    )


def _within(hour: float, begin: float, end: float) -> bool:
    return (hour - begin) % 24 <= (end - begin) % 24
