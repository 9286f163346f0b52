"""The address of the map as a selection of reports; how dark an area is; points near each other.

Pure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final
from uuid import UUID

from stopintimidatie.core.clock import AMSTERDAM
from stopintimidatie.municipalities.areas.names import natural_key
from stopintimidatie.reports.inbox.rules import Filters, filters_from
from stopintimidatie.reports.rules import PARTS_OF_DAY

# The parameter that names a list, other than all of the town.
BASES: Final = ("postvak", "dossier", "patroon", "rond")
# As `van`: from the first report on.
BEGIN: Final = "begin"
# Months that are shown of the town unless others are asked for, and those to choose from.
USUAL: Final = 12
OFFERED: Final = 36
# Levels of colour; 0 is for an area without reports.
LEVELS: Final = 5
# With a smaller part of the mean number of inhabitants, such as a business park, a few reports
# would make an area the darkest of all.
INHABITED: Final = 0.1
# Pixels of the world at zoom 0, and of the square in which points are drawn as one.
TILE, CELL = 256, 40
MOST_FEATURES: Final = 300


@dataclass(frozen=True, slots=True)
class Selection:
    """The reports that an address asks for.

    `base`: the parameter that names a list, with its `value`; empty for all of the town. `since`
    and `until`: the first days of the first and the last month in which it happened.
    """

    base: str
    value: str
    filters: Filters
    wijk: str
    since: date | None
    until: date | None
    part: str

    @property
    def listed(self) -> bool:
        """Tell whether the reports themselves are shown, and not their numbers alone."""
        return bool(self.base or self.wijk)

    @property
    def moments(self) -> tuple[datetime | None, datetime | None]:
        """The first moment of the period, and the first one after it."""
        ends = self.since, self.until and months_after(self.until, 1)
        since, until = (day and datetime.combine(day, time.min, AMSTERDAM) for day in ends)
        return since and since.astimezone(UTC), until and until.astimezone(UTC)


def selection_of(pairs: Iterable[tuple[str, str]], today: date) -> Selection:
    """Return the selection of an address; a value that isn't one counts as none."""
    given = dict(pairs)
    base = next((name for name in BASES if given.get(name)), "")
    since, until = month_of(given.get("van", "")), month_of(given.get("tot", ""))
    if since is None and base in ("", "rond") and given.get("van") != BEGIN:
        since = months_after(until or today.replace(day=1), 1 - USUAL)
    return Selection(
        base=base,
        value=given.get(base, "")[:20],
        filters=filters_from(given.items()) if base == "postvak" else {},
        wijk=given.get("wijk", "")[:9],
        since=since,
        until=until,
        part=given.get("dagdeel", "") if given.get("dagdeel") in PARTS_OF_DAY else "",
    )


def month_of(text: str) -> date | None:
    """Return the first day of a month such as 2026-11; None for what isn't one."""
    year, _, month = text.partition("-")
    if len(text) != 7 or not (year + month).isascii() or not (year + month).isdigit():
        return None
    return (
        date(int(year), int(month), 1) if int(year) > 1900 and int(month) in range(1, 13) else None
    )


def months_after(day: date, number: int) -> date:
    """Return the first day of the month that is so many later; below zero, earlier."""
    year, month = divmod(day.year * 12 + day.month - 1 + number, 12)
    return date(year, month + 1, 1)


@dataclass(frozen=True, slots=True)
class Area:
    """A wijk or buurt with the number of its reports; `rate` is per thousand inhabitants."""

    code: str
    name: str
    water: bool = False
    inhabitants: int | None = None
    number: int = 0
    rate: float | None = None
    level: int = 0


def by_rate(areas: Iterable[Area]) -> bool:
    """Tell whether the numbers are compared by inhabitants: only where those of all are known."""
    land = [area.inhabitants for area in areas if not area.water]
    return len(land) > 1 and None not in land and any(land)


def shaded(
    areas: Sequence[Area], numbers: Mapping[str | None, int], rest: str, *, rated: bool
) -> list[Area]:
    """Return the areas with their numbers, rates and levels; where most is first.

    Args:
        areas: those that a map could draw.
        numbers: of reports, by the code of an area; other codes are told together.
        rest: the name for those.
        rated: compare by inhabitants.
    """
    known = [area.inhabitants for area in areas if area.inhabitants]
    least = INHABITED * sum(known) / max(len(known), 1) if rated else None
    values = {area.code: _value(area, numbers.get(area.code, 0), least) for area in areas}
    highest = max((value or 0 for value in values.values()), default=0)
    made = [
        Area(
            area.code,
            area.name,
            area.water,
            area.inhabitants,
            number=numbers.get(area.code, 0),
            rate=value if rated else None,
            level=math.ceil(LEVELS * value / highest) if value else 0,
        )
        for area, value in zip(areas, values.values(), strict=True)
    ]
    made.sort(key=lambda area: (-area.number, area.water, natural_key(area.name)))
    elsewhere = sum(numbers.values()) - sum(area.number for area in made)
    return [*made, *([Area("", rest, number=elsewhere)] if elsewhere else [])]


def _value(area: Area, number: int, least: float | None) -> float | None:
    """Return the value to compare areas by; None where a rate would mean nothing.

    `least`: the inhabitants that an area must have; None to compare numbers.
    """
    if least is None:
        return number
    people = area.inhabitants or 0
    return number / people * 1000 if people > least else None


@dataclass(frozen=True, slots=True)
class Point:
    """A report on the map, or several that lie near each other: those have no reference."""

    lat: float
    lon: float
    number: int = 1
    reference: str = ""
    id: UUID | None = None


Window = tuple[float, float, float, float]


def window_of(text: str) -> Window | None:
    """Return west, south, east and north of a window, in degrees; None for what isn't one."""
    try:
        west, south, east, north = (float(edge) for edge in text[:80].split(","))
    except ValueError:
        return None
    fits = -180 <= west <= east <= 180 and -85 <= south <= north <= 85
    return (west, south, east, north) if fits else None


def cells_of(points: Sequence[Point], zoom: int) -> list[Point]:
    """Return the points, those that would touch at this zoom as one; never more than fit a page."""
    size = float(CELL)
    while True:
        cells: dict[tuple[int, int], list[Point]] = {}
        for point in points:
            cells.setdefault(_cell(point, TILE * 2**zoom / size), []).append(point)
        if len(cells) <= MOST_FEATURES:
            return [_joined(inside) for inside in cells.values()]
        size *= 2


def _cell(point: Point, across: float) -> tuple[int, int]:
    """Return the column and row of a point, where so many cells go round the earth."""
    north = math.asinh(math.tan(math.radians(point.lat)))
    return int((point.lon / 360 + 0.5) * across), int((0.5 - north / math.tau) * across)


def _joined(points: Sequence[Point]) -> Point:
    if len(points) == 1:
        return points[0]
    number = len(points)
    lat, lon = (sum(point.lat for point in points), sum(point.lon for point in points))
    return Point(lat / number, lon / number, number)
