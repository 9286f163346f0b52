"""The likeness of two reports, as a score from 0 to 1. Pure.

The parts of the score stand in `WEIGHTS`: location, time, forms, offenders (number, group, age
band, vehicle: closed lists), and the words of `circumstances`. Never a person's appearance. A part
that isn't known of one of the two counts neither for nor against, but lowers the score.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from stopintimidatie.reports.vocabulary import OffenderAge, OffenderCount

WEIGHTS: Final[Mapping[str, float]] = MappingProxyType(
    {
        "plek": 0.34,
        "tijdstip": 0.12,
        "dag": 0.08,
        "periode": 0.10,
        "vormen": 0.16,
        "daders": 0.12,
        "woorden": 0.08,
    }
)
# The share of its weight that counts against a pair when a part isn't known.
UNKNOWN_WEIGHS: Final = 0.5
# From this score on a report is shown as similar.
SIMILAR: Final = 0.45
HALF_M: Final = 150.0
FAR_M: Final = 1_000.0
HALF_DAYS: Final = 30.0
CLOCK_HOURS: Final = 4.0
DOUBLE_M: Final = 75.0
DOUBLE_HOURS: Final = 0.5
_VAGUE_CLOCK: Final = frozenset({"dagdeel", "dag", "onbekend"})
_VAGUE_DAY: Final = frozenset({"onbekend"})
_UNKNOWN: Final = frozenset({None, "", "onbekend"})
_COUNTS: Final = tuple(c.value for c in OffenderCount if c is not OffenderCount.UNKNOWN)
_AGES: Final = tuple(a.value for a in OffenderAge if a is not OffenderAge.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """The traits of a report that are compared. None is about how somebody looks."""

    moment: datetime
    """In the time of the Netherlands."""
    precision: str | None = None
    lat: float | None = None
    lon: float | None = None
    subneighbourhood: str | None = None
    neighbourhood: str | None = None
    forms: frozenset[str] = frozenset()
    count: str | None = None
    group: bool | None = None
    age: str | None = None
    transport: str | None = None
    words: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Likeness:
    """The likeness of two reports: in all, and per part (None: not known of both)."""

    score: float
    parts: Mapping[str, float | None]
    distance_m: float | None
    double: bool
    """Perhaps one event, told twice."""


def distance_m(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Return the metres between two points of one municipality; the same both ways."""
    middle = math.radians((lat + other_lat) / 2)
    east = (other_lon - lon) * 111_320 * math.cos(middle)
    return math.hypot(east, (other_lat - lat) * 110_574)


def compare(one: Traits, other: Traits) -> Likeness:
    """Return how much two reports are alike; the same both ways round."""
    distance = _distance(one, other)
    parts = {
        "plek": _place(one, other, distance),
        "tijdstip": _clock(one, other),
        "dag": _weekday(one, other),
        "periode": _period(one, other),
        "vormen": _overlap(one.forms, other.forms),
        "daders": _offenders(one, other),
        "woorden": _overlap(one.words, other.words),
    }
    return Likeness(_score(parts), parts, distance, is_double(one, other, distance, parts))


def _score(parts: Mapping[str, float | None]) -> float:
    shown = total = 0.0
    for name, weight in WEIGHTS.items():
        part = parts[name]
        shown += weight * (part or 0.0)
        total += weight if part is not None else weight * UNKNOWN_WEIGHS
    return shown / total


def is_double(
    one: Traits, other: Traits, distance: float | None, parts: Mapping[str, float | None]
) -> bool:
    """Tell whether two reports have place, moment and a form in common, and nothing against it."""
    if distance is None or distance > DOUBLE_M or not one.forms & other.forms:
        return False
    if {one.precision, other.precision} & _VAGUE_CLOCK:
        return False
    apart = abs((one.moment - other.moment).total_seconds()) / 3600
    known = [(one.count, other.count), (one.transport, other.transport), (one.age, other.age)]
    against = any(a != b for a, b in known if a not in _UNKNOWN and b not in _UNKNOWN)
    return apart <= DOUBLE_HOURS and not against


def _distance(one: Traits, other: Traits) -> float | None:
    if one.lat is None or one.lon is None or other.lat is None or other.lon is None:
        return None
    return distance_m(one.lat, one.lon, other.lat, other.lon)


def _place(one: Traits, other: Traits, distance: float | None) -> float | None:
    if distance is not None:
        return 0.0 if distance >= FAR_M else 0.5 ** (distance / HALF_M)
    if one.subneighbourhood and one.subneighbourhood == other.subneighbourhood:
        return 0.4
    if not one.neighbourhood or not other.neighbourhood:
        return None
    return 0.2 if one.neighbourhood == other.neighbourhood else 0.0


def clock_apart(one: datetime, other: datetime) -> float:
    """Return the hours between two times of the day, the short way round midnight."""
    apart = abs((one.hour + one.minute / 60) - (other.hour + other.minute / 60))
    return min(apart, 24 - apart)


def _clock(one: Traits, other: Traits) -> float | None:
    vague = [traits.precision in _VAGUE_CLOCK for traits in (one, other)]
    if {one.precision, other.precision} & {"dag", "onbekend"}:
        return None
    if any(vague):
        return 1.0 if one.moment.hour // 6 == other.moment.hour // 6 else 0.0
    return max(0.0, 1 - clock_apart(one.moment, other.moment) / CLOCK_HOURS)


def _weekday(one: Traits, other: Traits) -> float | None:
    if {one.precision, other.precision} & _VAGUE_DAY:
        return None
    a, b = one.moment.weekday(), other.moment.weekday()
    if a == b:
        return 1.0
    return 0.4 if (a >= 5) == (b >= 5) else 0.0


def _period(one: Traits, other: Traits) -> float | None:
    days = abs((one.moment - other.moment).total_seconds()) / 86_400
    return float(0.5 ** (days / HALF_DAYS))


def _overlap(one: frozenset[str], other: frozenset[str]) -> float | None:
    """Return twice what they share over what they have: 1 when equal, None when one has nothing."""
    if not one or not other:
        return None
    return 2 * len(one & other) / (len(one) + len(other))


def _offenders(one: Traits, other: Traits) -> float | None:
    found = [
        _near(one.count, other.count, _COUNTS),
        _near(one.age, other.age, _AGES),
        _same(one.transport, other.transport),
        _same(one.group, other.group),
    ]
    known = [part for part in found if part is not None]
    return sum(known) / len(known) if known else None


def _same(one: object, other: object) -> float | None:
    if one in _UNKNOWN or other in _UNKNOWN:
        return None
    return 1.0 if one == other else 0.0


def _near(one: str | None, other: str | None, order: tuple[str, ...]) -> float | None:
    """Return 1 when equal, half for the next band: people estimate; None when one is unknown."""
    if one not in order or other not in order:
        return None
    return (1.0, 0.5)[apart] if (apart := abs(order.index(one) - order.index(other))) < 2 else 0.0
