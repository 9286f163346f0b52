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

from stopintimidatie.reports.vocabulary import (
    OffenderAge,
    OffenderCount,
)

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


def cell_of(lat: float, lon: float) -> tuple[int, int]:
    """Return the cell of a point: doubles lie in the same cell or a neighbouring one.

    At 54° north, beyond the Netherlands, a cell is as wide as doubles may lie apart.
    """
    degrees = DOUBLE_M / 110_574
    return math.floor(lat / degrees), math.floor(lon * math.cos(math.radians(54)) / degrees)


def compare(here: Traits, there: Traits) -> Likeness:
    """Return the likeness of two reports; the same both ways round."""
    apart = distance(here, there)
    parts = {
        "plek": _place(here, there, apart),
        "tijdstip": _clock(here, there),
        "dag": _weekday(here, there),
        "periode": _period(here, there),
        "vormen": _overlap(here.forms, there.forms),
        "daders": _offenders(here, there),
        "woorden": _overlap(here.words, there.words),
    }
    return Likeness(_score(parts), parts, apart, is_double(here, there, apart))


def _score(parts: Mapping[str, float | None]) -> float:
    shown = total = 0.0
    for name, weight in WEIGHTS.items():
        part = parts[name]
        shown += weight * (part or 0.0)
        total += weight if part is not None else weight * UNKNOWN_WEIGHS
    return shown / total


def is_double(here: Traits, there: Traits, distance: float | None) -> bool:
    """Tell whether two reports have place, moment and a form in common, and nothing against it."""
    if distance is None or distance > DOUBLE_M or not here.forms & there.forms:
        return False
    if {here.precision, there.precision} & _VAGUE_CLOCK:
        return False
    apart = abs((here.moment - there.moment).total_seconds()) / 3600
    known = [(here.count, there.count), (here.transport, there.transport), (here.age, there.age)]
    against = any(a != b for a, b in known if a not in _UNKNOWN and b not in _UNKNOWN)
    return apart <= DOUBLE_HOURS and not against


def distance(here: Traits, there: Traits) -> float | None:
    """Return the metres between two reports; None where one has no point."""
    if here.lat is None or here.lon is None or there.lat is None or there.lon is None:
        return None
    return distance_m(here.lat, here.lon, there.lat, there.lon)


def _place(here: Traits, there: Traits, distance: float | None) -> float | None:
    if distance is not None:
        return 0.0 if distance >= FAR_M else 0.5 ** (distance / HALF_M)
    if here.subneighbourhood and here.subneighbourhood == there.subneighbourhood:
        return 0.4
    if not here.neighbourhood or not there.neighbourhood:
        return None
    return 0.2 if here.neighbourhood == there.neighbourhood else 0.0


def clock_apart(here: datetime, there: datetime) -> float:
    """Return the hours between two times of the day, the short way round midnight."""
    apart = abs((here.hour + here.minute / 60) - (there.hour + there.minute / 60))
    return min(apart, 24 - apart)


def _clock(here: Traits, there: Traits) -> float | None:
    vague = [traits.precision in _VAGUE_CLOCK for traits in (here, there)]
    if {here.precision, there.precision} & {"dag", "onbekend"}:
        return None
    if any(vague):
        return 1.0 if here.moment.hour // 6 == there.moment.hour // 6 else 0.0
    return max(0.0, 1 - clock_apart(here.moment, there.moment) / CLOCK_HOURS)


def _weekday(here: Traits, there: Traits) -> float | None:
    if {here.precision, there.precision} & _VAGUE_DAY:
        return None
    a, b = here.moment.weekday(), there.moment.weekday()
    if a == b:
        return 1.0
    return 0.4 if (a >= 5) == (b >= 5) else 0.0


def _period(here: Traits, there: Traits) -> float | None:
    days = abs((here.moment - there.moment).total_seconds()) / 86_400
    return float(0.5 ** (days / HALF_DAYS))


def _overlap(here: frozenset[str], there: frozenset[str]) -> float | None:
    """Return twice what they share over what they have: 1 when equal, None when one has nothing."""
    if not here or not there:
        return None
    return 2 * len(here & there) / (len(here) + len(there))


def _offenders(here: Traits, there: Traits) -> float | None:
    parts = [
        _near(here.count, there.count, _COUNTS),
        _near(here.age, there.age, _AGES),
        _same(here.transport, there.transport),
        _same(here.group, there.group),
    ]
    known = [part for part in parts if part is not None]
    return sum(known) / len(known) if known else None


def _same(here: object, there: object) -> float | None:
    if here in _UNKNOWN or there in _UNKNOWN:
        return None
    return 1.0 if here == there else 0.0


def _near(here: str | None, there: str | None, order: tuple[str, ...]) -> float | None:
    """Return 1 when equal, half for the next band: people estimate; None when one is unknown."""
    if here not in order or there not in order:
        return None
    return (1.0, 0.5)[apart] if (apart := abs(order.index(here) - order.index(there))) < 2 else 0.0
