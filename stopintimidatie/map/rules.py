"""The address of the map as a selection of reports; how dark an area is; points near each other.

Pure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from stopintimidatie.core.clock import midnight, month_of, months_after
from stopintimidatie.municipalities.areas.names import natural_key
from stopintimidatie.reports.rules import PARTS_OF_DAY

# The parameter that names a list, other than all of the town.
BASES: Final = ("postvak", "dossier", "patroon")
# As `van`: from the first report on.
BEGIN: Final = "begin"
# Months that are shown of the town unless others are asked for.
USUAL: Final = 12
# Levels of colour; 0 is for an area without reports.
LEVELS: Final = 5
# With a smaller part of the mean number of inhabitants, such as a business park, a few reports
# would make an area the darkest of all.
INHABITED: Final = 0.1
# Pixels of the world at zoom 0, and of the square in which points are drawn as one.
TILE, CELL = 256, 40
MOST_FEATURES: Final = 300
# West, south, east and north, in degrees.
Window = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Selection:
    """The reports that an address asks for.

    `base`: the parameter that names a list, with its `value`; empty for all of the town. `since`
    and `until`: the first days of the first and the last month in which it happened.
    """

    base: str
    value: str
    wijk: str
    since: date | None
    until: date | None
    part: str

    @property
    def listed(self) -> bool:
        """Tell whether the reports themselves are shown, and not their numbers alone."""
        return bool(self.base or self.wijk)

    @property
    def moments(self) -> list[datetime | None]:
        """The first moment of the period, and the first one after it."""
        ends = self.since, self.until and months_after(self.until, 1)
        return [midnight(day) if day else None for day in ends]


def selection_of(pairs: Iterable[tuple[str, str]], today: date) -> Selection:
    """Return the selection of an address; a value that isn't one counts as none."""
    given = dict(pairs)
    base = next((name for name in BASES if given.get(name)), "")
    since, until = (month_of(given.get(name, "")) for name in ("van", "tot"))
    if since is None and not base and given.get("van") != BEGIN:
        since = months_after(until or today, 1 - USUAL)
    part = given.get("dagdeel", "")
    value, wijk = given.get(base, "")[:20], given.get("wijk", "")[:9]
    return Selection(base, value, wijk, since, until, part if part in PARTS_OF_DAY else "")


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


def shaded(areas: Sequence[Area], numbers: Mapping[str | None, int], rest: str) -> list[Area]:
    """Return the areas with their numbers, rates and levels; where most is comes first.

    They are compared by inhabitants where those of all are known, else by number.

    Args:
        areas: those that a map could draw.
        numbers: of reports, by the code of an area; other codes are told together.
        rest: the name for those.
    """
    land = [area.inhabitants for area in areas if not area.water]
    people = [number for number in land if number is not None]
    rated = len(people) == len(land) > 1
    least = INHABITED * sum(people) / len(people) if rated else 0
    made = []
    for area in areas:
        number, here = numbers.get(area.code, 0), area.inhabitants or 0
        rate = number / here * 1000 if rated and here > least else None
        made.append(replace(area, number=number, rate=rate))
    values = [(area.rate if rated else area.number) or 0 for area in made]
    highest = max(values, default=0) or 1
    made = [
        replace(area, level=math.ceil(LEVELS * value / highest))
        for area, value in zip(made, values, strict=True)
    ]
    made.sort(key=lambda area: (-area.number, area.water, natural_key(area.name)))
    elsewhere = sum(numbers.values()) - sum(area.number for area in made)
    return [*made, Area("", rest, number=elsewhere)] if elsewhere else made


def window_of(text: str) -> Window | None:
    """Return the window that an address names; None for what isn't one."""
    try:
        west, south, east, north = (float(edge) for edge in text[:80].split(","))
    except ValueError:
        return None
    fits = -180 <= west <= east <= 180 and -85 <= south <= north <= 85
    return (west, south, east, north) if fits else None


def cells_of(points: Sequence[Any], zoom: int) -> list[list[Any]]:
    """Return the points that would touch at this zoom together; never more than fit an answer."""
    size = 360 * CELL / TILE / 2**zoom
    while True:
        cells: dict[tuple[int, int], list[Any]] = {}
        for point in points:
            # A degree of latitude is longer on the map, as it is in the Netherlands on the ground.
            cells.setdefault((int(point.lon / size), int(point.lat * 1.6 / size)), []).append(point)
        if len(cells) <= MOST_FEATURES:
            return list(cells.values())
        size *= 2
