"""Groups of reports closer in place and time than chance explains. Pure: numbers in, groups out.

1. Circles of fixed radii and spans of hours are laid round every report.
2. Of each circle: how many reports lie in it, and how many would, going by the density of its
   surroundings and by how busy those hours are in the whole municipality?
3. What chance makes of it: the same reports are shaken (place by a few hundred metres, hours dealt
   anew), so that the city centre stays busy and evenings stay busy but no small spot remains; the
   same search is made in each. Only a circle that stands out more than nearly all of those is kept.

Nothing of a person goes in: a place, a moment, an id.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from shapely import STRtree, points

from stopintimidatie.reports.triage.rules import distance_m

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
RADII: Final = (1 / 3, 2 / 3, 1.0)
"""Radii of the circles that are tried, as shares of the radius that the municipality chose."""
SPANS: Final = (1.5, 3.0, None)
"""Hours before and after the report in the middle; None: all hours of the day."""
SHAKEN_M: Final = 350.0
ROUNDS: Final = 39
SURROUNDINGS: Final = 4.0
"""Reach of the surroundings, in radii of the circle; at least `NEIGHBOURHOOD_M`."""
NEIGHBOURHOOD_M: Final = 600.0
SMALLEST_M: Final = 50.0
MOST_POINTS: Final = 4_000
BLOCK: Final = 500
"""Number of reports compared with all others at once, to bound memory."""
_EULER: Final = 0.5772156649


@dataclass(frozen=True, slots=True)
class Point:
    """A report as the search sees it: metres east and north, and the hour (local, 0 to 24)."""

    id: str
    x: float
    y: float
    hour: float


@dataclass(frozen=True, slots=True)
class Tuning:
    """The settings that a municipality can change."""

    radius_m: int = 150
    least: int = 6
    certainty: int = 99
    """In percent; an aim: the false alarms that were measured are more (docs/benchmarks.md)."""


@dataclass(frozen=True, slots=True)
class Group:
    """Reports that lie together, with what was to be expected there and then."""

    ids: tuple[str, ...]
    x: float
    y: float
    radius_m: float
    from_hour: float | None
    """Start of its hours, as `to_hour` is the end (local, 0 to 24); None: all hours."""
    to_hour: float | None
    expected: float
    strength: float
    """Its score divided by the score that chance just reaches."""


@dataclass(frozen=True, slots=True)
class _Circle:
    """A circle round a report, with a span of hours, and the reports in both."""

    x: float
    y: float
    radius: float
    hour: float
    span: float | None
    inside: Flags
    expected: float
    score: float


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Reports that lie near a centre: the number of the centre, and how far apart they are."""

    centre: NDArray[np.intp]
    metres: Array
    hours: Array

    def count(self, chosen: Flags, centres: int) -> NDArray[np.intp]:
        """Count the chosen pairs by centre."""
        return np.bincount(self.centre[chosen], minlength=centres)


def find_groups(reports: Sequence[Point], tuning: Tuning, *, seed: int = 1) -> list[Group]:
    """Return the groups that chance doesn't explain, strongest first. Same points, same groups."""
    ordered = sorted(reports, key=lambda point: point.id)[:MOST_POINTS]
    if len(ordered) < 2 * tuning.least:
        return []
    where = np.array([(point.x, point.y) for point in ordered], dtype=np.float64)
    hours = np.array([point.hour % 24 for point in ordered], dtype=np.float64)
    expected, scores = _scan(where, hours, tuning)
    if not scores.any():
        return []
    bar = _chance(where, hours, tuning, np.random.default_rng(seed))
    standing_out = [
        _circle(where, hours, tuning, (int(kind), int(centre)), expected, scores)
        for kind, centre in np.argwhere(scores > bar)
    ]
    standing_out.sort(key=lambda circle: -circle.score)
    return [_group(circle, ordered, bar) for circle in _apart(standing_out)]


def _group(circle: _Circle, points: Sequence[Point], bar: float) -> Group:
    """Return the group that a circle shows, its strength measured against the bar of chance."""
    span = circle.span
    return Group(
        ids=tuple(point.id for point, inside in zip(points, circle.inside, strict=True) if inside),
        x=circle.x,
        y=circle.y,
        radius_m=circle.radius,
        from_hour=None if span is None else (circle.hour - span) % 24,
        to_hour=None if span is None else (circle.hour + span) % 24,
        expected=circle.expected,
        strength=circle.score / max(bar, 1e-9),
    )


def _radii(tuning: Tuning) -> list[float]:
    """Return the radii of the circles round every report, in metres."""
    return sorted({max(share * tuning.radius_m, SMALLEST_M) for share in RADII})


def _kinds(tuning: Tuning) -> list[tuple[float, float | None]]:
    """List the circles that are laid round every report: radius in metres, span in hours."""
    return [(radius, span) for radius in _radii(tuning) for span in SPANS]


def _scan(where: Array, hours: Array, tuning: Tuning) -> tuple[Array, Array]:
    """Weigh all circles round all reports.

    Returns:
        Two tables, with a row for each of `_kinds` and a column for each report: how many reports
        were to be expected in the circle, and how far it stands out (0 when it doesn't).
    """
    spots = cast("NDArray[np.object_]", points(where))
    tree = STRtree(spots)
    expected = np.empty((len(_kinds(tuning)), len(where)))
    counts = np.empty_like(expected)
    for first in range(0, len(where), BLOCK):
        block = slice(first, first + BLOCK)
        centre, other = tree.query(spots[block], predicate="dwithin", distance=_reach(tuning))
        pairs = _Pairs(
            centre=centre,
            metres=np.hypot(*(where[block][centre] - where[other]).T),
            hours=_apart_hours(hours[block][centre], hours[other]),
        )
        expected[:, block], counts[:, block] = _weigh(pairs, hours, hours[block], tuning)
    surprise = counts * np.log(np.maximum(counts, 1) / expected) - (counts - expected)
    return expected, np.where((counts >= tuning.least) & (counts > expected), surprise, 0.0)


def _weigh(pairs: _Pairs, hours: Array, centres: Array, tuning: Tuning) -> tuple[Array, Array]:
    """Return for the circles round some reports how many were to be expected, and how many are."""
    expected, counts = [], []
    for radius in _radii(tuning):
        outer = _surroundings(radius)
        around = pairs.count((pairs.metres > 1.3 * radius) & (pairs.metres <= outer), centres.size)
        area = radius**2 / (outer**2 - (1.3 * radius) ** 2)
        inside = pairs.metres <= radius
        for span in SPANS:
            expected.append((around + 1) * area * _share_of_day(hours, centres, span))
            counts.append(pairs.count(inside & _within_span(pairs.hours, span), centres.size))
    return np.array(expected), np.array(counts)


def _surroundings(radius: float) -> float:
    """Return how far from its middle a circle is held against its surroundings, in metres."""
    return max(SURROUNDINGS * radius, NEIGHBOURHOOD_M)


def _reach(tuning: Tuning) -> float:
    """Return how far apart two reports can lie and still count for each other, in metres."""
    return max(map(_surroundings, _radii(tuning)))


def _share_of_day(hours: Array, centres: Array, span: float | None) -> Array:
    """Return for the hour of each centre which share of all reports is within the span of it."""
    if span is None:
        return np.ones(centres.shape)
    clock = np.sort(np.concatenate([hours - 24, hours, hours + 24]))
    until = np.searchsorted(clock, centres + span, side="right")
    share: Array = (until - np.searchsorted(clock, centres - span) + 1) / (len(hours) + 1)
    return share


def _circle(
    where: Array,
    hours: Array,
    tuning: Tuning,
    index: tuple[int, int],
    expected: Array,
    scores: Array,
) -> _Circle:
    """Return the circle at this place in the tables of `_scan`, with the reports in it."""
    kind, centre = index
    radius, span = _kinds(tuning)[kind]
    x, y = where[centre]
    inside = np.hypot(*(where - where[centre]).T) <= radius
    inside &= _within_span(_apart_hours(hours, hours[centre]), span)
    hour = float(hours[centre])
    weighed = float(expected[index]), float(scores[index])
    return _Circle(float(x), float(y), radius, hour, span, inside, *weighed)


def _within_span(apart: Array, span: float | None) -> Flags:
    """Return for each number of hours apart whether it is in the span."""
    return np.ones(apart.shape, dtype=bool) if span is None else apart <= span


def _apart_hours(hours: Array, middle: float | Array) -> Array:
    """Return how many hours each lies from the middle, round the clock the short way."""
    apart = np.abs(hours - middle) % 24
    shortest: Array = np.minimum(apart, 24 - apart)
    return shortest


def _chance(where: Array, hours: Array, tuning: Tuning, dice: np.random.Generator) -> float:
    """Return what the best group scores that chance makes, at the certainty that was asked.

    A Gumbel curve through the best scores of the shaken rounds: fewer rounds suffice than when
    the rounds themselves were counted.
    """
    best = []
    for _ in range(ROUNDS):
        shaken = where + dice.normal(0, SHAKEN_M, where.shape)
        dealt = dice.permutation(hours)
        _, scores = _scan(shaken, dealt, tuning)
        best.append(float(np.max(scores)))
    spread = max(float(np.std(best)) * math.sqrt(6) / math.pi, 0.2)
    middle = float(np.mean(best)) - _EULER * spread
    share = min(max(tuning.certainty / 100, 0.5), 0.999)
    return middle - spread * math.log(-math.log(share))


def _apart(circles: Sequence[_Circle]) -> list[_Circle]:
    """Return the strongest of the circles that are about the same spot and hours."""
    kept: list[_Circle] = []
    for circle in circles:
        if not any(_same_spot(circle, other) for other in kept):
            kept.append(circle)
    return kept


def _same_spot(circle: _Circle, other: _Circle) -> bool:
    """Tell whether two share reports, or one lies in the other: one proposal is enough."""
    both = int((circle.inside & other.inside).sum())
    if both >= 0.3 * min(int(circle.inside.sum()), int(other.inside.sum())):
        return True
    near = math.hypot(circle.x - other.x, circle.y - other.y) <= max(circle.radius, other.radius)
    return near and _spans_meet(circle, other)


def _spans_meet(circle: _Circle, other: _Circle) -> bool:
    """Tell whether the hours of two circles overlap."""
    if circle.span is None or other.span is None:
        return True
    apart = abs(circle.hour - other.hour) % 24
    return min(apart, 24 - apart) <= circle.span + other.span


@dataclass(frozen=True, slots=True)
class Cluster:
    """A group of reports, with latitude and longitude of its middle."""

    group: Group
    lat: float
    lon: float

    @property
    def reports(self) -> frozenset[UUID]:
        """Return the ids of its reports."""
        return frozenset(UUID(id_) for id_ in self.group.ids)


def hours_text(from_minute: int | None, to_minute: int | None) -> str:
    """Return between which hours; rounded to whole ones, outward."""
    if from_minute is None or to_minute is None:
        return "op alle uren van de dag"
    return f"tussen {from_minute // 60 % 24} en {-(-to_minute // 60) % 24 or 24} uur"


# Recognition of a pattern that was known already. Pure.


SHARED: Final = 0.3
"""From this share of the smaller one's reports in common on, it is the same pattern."""


@dataclass(frozen=True, slots=True)
class Place:
    """The place and time of a pattern, and the reports that show it."""

    lat: float
    lon: float
    radius_m: float
    from_hour: float | None
    to_hour: float | None
    reports: frozenset[UUID]


def same_pattern(known: Place, other: Place) -> bool:
    """Tell whether most reports are the same, or the place and the hours."""
    smaller = min(len(known.reports), len(other.reports))
    if smaller and len(known.reports & other.reports) >= SHARED * smaller:
        return True
    apart = distance_m(known.lat, known.lon, other.lat, other.lon)
    return apart <= max(known.radius_m, other.radius_m) and hours_meet(known, other)


def hours_meet(known: Place, other: Place) -> bool:
    """Return whether their hours overlap, also across midnight; without hours it is all day."""
    if known.from_hour is None or other.from_hour is None:
        return True
    if known.to_hour is None or other.to_hour is None:
        return True
    return _within(other.from_hour, known.from_hour, known.to_hour) or _within(
        known.from_hour, other.from_hour, other.to_hour
    )


def _within(hour: float, begin: float, end: float) -> bool:
    return (hour - begin) % 24 <= (end - begin) % 24
