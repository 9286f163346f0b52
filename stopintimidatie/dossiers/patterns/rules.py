"""Where and when reports lie closer together than chance explains. Pure: numbers in, groups out.

1. HDBSCAN (scikit-learn) looks for groups in place and time of day. It finds some in any data.
2. Of each group: how many reports lie in its circle and hours, and how many would, going by the
   density of its surroundings and by how busy those hours are in the whole municipality?
3. What chance makes of it: the same reports are shaken (place by a few hundred metres, hours dealt
   anew), so that the city centre stays busy and evenings stay busy but no small spot remains; the
   same search is made in each. Only a group that stands out more than nearly all of those is kept.

Nothing of a person goes in: a place, a moment, an id.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from stopintimidatie.core.text import DAYS, date_text, number, plural
from stopintimidatie.reports.triage.rules import distance_m
from stopintimidatie.reports.vocabulary import Form, OffenderCount, PlaceType, Transport

Array = NDArray[np.float64]
CLOCK_HOURS: Final = 3.0
"""So many hours apart weighs as much as one radius apart."""
SHAKEN_M: Final = 350.0
ROUNDS: Final = 39
SURROUNDINGS: Final = 4.0
"""How many radii the surroundings reach, and at least `NEIGHBOURHOOD_M`."""
NEIGHBOURHOOD_M: Final = 600.0
SMALLEST_M: Final = 50.0
SHORTEST_HOURS: Final = 1.5
WHOLE_DAY_HOURS: Final = 5.0
MOST_POINTS: Final = 4_000
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
    """Where its hours begin and end; None when it is of all hours."""
    to_hour: float | None
    expected: float
    strength: float
    """How far it stands out, against what chance just reaches (1.0)."""


@dataclass(frozen=True, slots=True)
class _Region:
    x: float
    y: float
    radius: float
    middle: float
    half: float | None
    inside: NDArray[np.bool_]
    expected: float
    score: float


def find_groups(points: Sequence[Point], tuning: Tuning, *, seed: int = 1) -> list[Group]:
    """Return the groups that chance doesn't explain, strongest first. Same points, same groups."""
    ordered = sorted(points, key=lambda point: point.id)[:MOST_POINTS]
    if len(ordered) < 2 * tuning.least:
        return []
    where = np.array([(point.x, point.y) for point in ordered], dtype=np.float64)
    hours = np.array([point.hour % 24 for point in ordered], dtype=np.float64)
    regions = _regions(where, hours, tuning)
    if not regions:
        return []
    bar = _chance(where, hours, tuning, np.random.default_rng(seed))
    kept = [region for region in _apart(regions) if region.score > bar]
    return [_group(region, ordered, bar) for region in kept]


def _group(region: _Region, points: Sequence[Point], bar: float) -> Group:
    ids = tuple(point.id for point, inside in zip(points, region.inside, strict=True) if inside)
    half = region.half
    return Group(
        ids=ids,
        x=region.x,
        y=region.y,
        radius_m=region.radius,
        from_hour=None if half is None else (region.middle - half) % 24,
        to_hour=None if half is None else (region.middle + half) % 24,
        expected=region.expected,
        strength=region.score / max(bar, 1e-9),
    )


def _regions(where: Array, hours: Array, tuning: Tuning) -> list[_Region]:
    """Return every group that the library sees, with how much it stands out."""
    found = []
    for label_members in _clusters(where, hours, tuning):
        region = _region(where, hours, label_members, tuning)
        if region is not None:
            found.append(region)
    return sorted(found, key=lambda region: -region.score)


def _clusters(where: Array, hours: Array, tuning: Tuning) -> list[NDArray[np.intp]]:
    # Imported here: it takes a second, and only the worker's job needs it.
    from sklearn.cluster import HDBSCAN

    turn = 2 * math.pi * hours / 24
    # A chord of one unit for CLOCK_HOURS apart.
    reach = 1 / (2 * math.sin(math.pi * CLOCK_HOURS / 24))
    clock = reach * np.column_stack([np.cos(turn), np.sin(turn)])
    with_hours = np.hstack([where / tuning.radius_m, clock])
    members: list[NDArray[np.intp]] = []
    for features in (with_hours, where / tuning.radius_m):
        labels: Any = HDBSCAN(
            min_cluster_size=max(tuning.least - 1, 3),
            min_samples=max(tuning.least // 2, 2),
            cluster_selection_method="leaf",
            copy=True,
        ).fit_predict(features)
        members.extend(np.flatnonzero(labels == label) for label in range(int(labels.max()) + 1))
    return members


def _region(
    where: Array, hours: Array, members: NDArray[np.intp], tuning: Tuning
) -> _Region | None:
    middle = np.median(where[members], axis=0)
    distances = np.hypot(*(where - middle).T)
    radius = float(np.clip(np.quantile(distances[members], 0.8), SMALLEST_M, 2 * tuning.radius_m))
    hour, half = _hours_of(hours[members])
    in_hours = (
        np.ones(len(hours), dtype=bool) if half is None else _apart_hours(hours, hour) <= half
    )
    inside = (distances <= radius) & in_hours
    count = int(inside.sum())
    if count < tuning.least:
        return None
    outer = max(SURROUNDINGS * radius, NEIGHBOURHOOD_M)
    around = int(((distances > 1.3 * radius) & (distances <= outer)).sum())
    area = radius**2 / (outer**2 - (1.3 * radius) ** 2)
    expected = (around + 1) * area * float((in_hours.sum() + 1) / (len(hours) + 1))
    score = count * math.log(count / expected) - (count - expected) if count > expected else 0.0
    return _Region(float(middle[0]), float(middle[1]), radius, hour, half, inside, expected, score)


def _hours_of(hours: Array) -> tuple[float, float | None]:
    """Return the middle of these hours, and how far most lie to both sides; None: all day."""
    turn = 2 * math.pi * hours / 24
    middle = float(np.arctan2(np.sin(turn).mean(), np.cos(turn).mean()) * 24 / (2 * math.pi) % 24)
    half = float(np.quantile(_apart_hours(hours, middle), 0.85))
    return middle, None if half > WHOLE_DAY_HOURS else max(half, SHORTEST_HOURS)


def _apart_hours(hours: Array, middle: float) -> Array:
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
        best.append(max((region.score for region in _regions(shaken, dealt, tuning)), default=0.0))
    spread = max(float(np.std(best)) * math.sqrt(6) / math.pi, 0.2)
    middle = float(np.mean(best)) - _EULER * spread
    share = min(max(tuning.certainty / 100, 0.5), 0.999)
    return middle - spread * math.log(-math.log(share))


def _apart(regions: Sequence[_Region]) -> list[_Region]:
    """Return the strongest of those that are about one place and time."""
    kept: list[_Region] = []
    for region in regions:
        if not any(_one(region, other) for other in kept):
            kept.append(region)
    return kept


def _one(one: _Region, other: _Region) -> bool:
    """Tell whether two share reports, or one lies in the other: one proposal is enough."""
    both = int((one.inside & other.inside).sum())
    if both >= 0.3 * min(int(one.inside.sum()), int(other.inside.sum())):
        return True
    near = math.hypot(one.x - other.x, one.y - other.y) <= max(one.radius, other.radius)
    return near and _meet(one, other)


def _meet(one: _Region, other: _Region) -> bool:
    if one.half is None or other.half is None:
        return True
    apart = abs(one.middle - other.middle) % 24
    return min(apart, 24 - apart) <= one.half + other.half


@dataclass(frozen=True, slots=True)
class Found:
    """A group on the map of the world, with its reports."""

    group: Group
    lat: float
    lon: float

    @property
    def reports(self) -> frozenset[UUID]:
        return frozenset(UUID(id_) for id_ in self.group.ids)


# A pattern in words and figures. Pure: counts of closed lists, never how somebody looks.


PARTS: Final = ("nacht", "ochtend", "middag", "avond")
Table = list[tuple[str, list[int]]]


@dataclass(frozen=True, slots=True)
class Seen:
    """Of a report, what the figures of a pattern are made of."""

    moment: datetime
    forms: tuple[str, ...]
    place_type: str
    count: str | None
    transport: str | None


def heading(place: str, count: int) -> str:
    return f"{plural(count, 'melding', 'meldingen')} dicht bij elkaar in {place}"


def hours_text(from_minute: int | None, to_minute: int | None) -> str:
    """Return between which hours; rounded to whole ones, outward."""
    if from_minute is None or to_minute is None:
        return "op alle uren van de dag"
    return f"tussen {from_minute // 60 % 24} en {-(-to_minute // 60) % 24} uur"


def explanation(
    *, count: int, expected: float, radius_m: int, hours: str, days: int, certainty: int
) -> list[str]:
    """Return why this is proposed, in three sentences."""
    return [
        f"In {days} dagen {'is' if count == 1 else 'zijn'} hier"
        f" {plural(count, 'melding', 'meldingen')} gedaan, binnen {radius_m} meter en {hours}.",
        f"Gezien de omgeving en hoe druk die uren zijn, waren er {expected_text(expected)}"
        " te verwachten.",
        "Dat is duidelijker dan wat toeval maakt als dezelfde meldingen door elkaar worden geschud"
        f" (ingestelde zekerheid: {certainty}%).",
    ]


def expected_text(expected: float) -> str:
    """Return how many there would be; a part of a report says nothing to anybody."""
    if expected < 1:
        return "minder dan één"
    return f"ongeveer {number(expected, 1)}"


def common(reports: Sequence[Seen]) -> list[tuple[str, str]]:
    """Return what comes up most in these reports, with how often."""
    forms = Counter(form for seen in reports for form in seen.forms)
    places = Counter(seen.place_type for seen in reports)
    counts = Counter(seen.count for seen in reports if seen.count not in (None, "onbekend"))
    ways = Counter(seen.transport for seen in reports if seen.transport not in (None, "anders"))
    found = [
        ("Vormen", [(Form.word(code), times) for code, times in forms.most_common(4)]),
        ("Soort plek", [(PlaceType.word(code), times) for code, times in places.most_common(2)]),
        ("Aantal daders", [(OffenderCount.word(c), times) for c, times in counts.most_common(2)]),
        ("Vervoer van daders", [(Transport.word(c), times) for c, times in ways.most_common(2)]),
    ]
    rows = [(name, _listed(items)) for name, items in found if items]
    if reports:
        first, last = (pick(seen.moment for seen in reports) for pick in (min, max))
        rows.append(("Eerste en laatste", f"{date_text(first)} tot en met {date_text(last)}"))
    return rows


def _listed(items: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{word} ({times})" for word, times in items)


def week(reports: Sequence[Seen]) -> Table:
    """Count by weekday and part of day. The moments are in the time of the Netherlands."""
    cells = Counter((seen.moment.weekday(), seen.moment.hour // 6) for seen in reports)
    return [
        (day, [cells[(row, part)] for part in range(len(PARTS))]) for row, day in enumerate(DAYS)
    ]


# Whether what is found now is a pattern that was known already. Pure.


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


def same_pattern(one: Place, other: Place) -> bool:
    """Tell whether most reports are the same, or the place and the hours."""
    smaller = min(len(one.reports), len(other.reports))
    if smaller and len(one.reports & other.reports) >= SHARED * smaller:
        return True
    apart = distance_m(one.lat, one.lon, other.lat, other.lon)
    return apart <= max(one.radius_m, other.radius_m) and hours_meet(one, other)


def hours_meet(one: Place, other: Place) -> bool:
    """Return whether their hours overlap, also across midnight; without hours it is all day."""
    if one.from_hour is None or other.from_hour is None:
        return True
    if one.to_hour is None or other.to_hour is None:
        return True
    return _within(other.from_hour, one.from_hour, one.to_hour) or _within(
        one.from_hour, other.from_hour, other.to_hour
    )


def _within(hour: float, begin: float, end: float) -> bool:
    return (hour - begin) % 24 <= (end - begin) % 24
