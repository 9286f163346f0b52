"""A small map of a municipality with its wijken, drawn here and asked of nobody else.

One size, whatever the screen, for a click on an image that sends comes in as a number of pixels.
What is tapped is the wijk and a point in it, as exact as the picture is; the streets people say in
words.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import shapely
import shapely.ops
from shapely.geometry.base import BaseGeometry
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.web import charts
from stopintimidatie.municipalities.areas.facts import AreaKind
from stopintimidatie.municipalities.areas.locator import outlines_in_force
from stopintimidatie.municipalities.areas.models import AreaOutline, Neighbourhood

SIZE: Final = 280
MARGIN: Final = 6
# Finer than a pixel isn't drawn; what was tapped is looked up in the outlines as they are. A tap
# this near a border counts for the nearest wijk.
SIMPLIFIED_PX: Final = 0.6
NEAR_PX: Final = 12.0
# Inaccuracy of a tap by fingertip or mouse: in pixels, and at least this many metres.
TAP_PX: Final = 4
FINEST_M: Final = 25
LABELS_WITH_AT_MOST: Final = 20
LABEL_PX: Final = 10
MOST_KEPT: Final = 400


@dataclass(frozen=True)
class Shape:
    """A wijk on the map, in pixels: as it is drawn, and as it is, for what was tapped."""

    code: str
    name: str
    geometry: BaseGeometry
    exact: BaseGeometry


@dataclass(frozen=True)
class Frame:
    """The place of the picture on the earth: pixels of a degree, and the degrees of its corner."""

    west: float
    north: float
    left: float
    top: float
    across: float
    down: float

    def degrees(self, x: float, y: float) -> tuple[float, float]:
        """Return latitude and longitude of a pixel."""
        return self.north - (y - self.top) / self.down, self.west + (x - self.left) / self.across

    @property
    def metres(self) -> float:
        """Metres from one pixel to the next."""
        return charts.METRES_OF_DEGREE / self.down


@dataclass(frozen=True)
class Sketch:
    """The wijken of one municipality, drawn to fit."""

    shapes: Sequence[Shape]
    frame: Frame

    def at(self, x: float, y: float) -> str | None:
        """Return the wijk that was tapped, or the nearest close by; None beside the map."""
        point = shapely.Point(x, y)
        distances = [(shape.exact.distance(point), shape.code) for shape in self.shapes]
        nearest = min(distances, default=(math.inf, ""))
        return nearest[1] if nearest[0] <= NEAR_PX else None

    def tap(self, posted: Any, control: str) -> tuple[str, float, float, int] | None:
        """Return where a form was tapped, by the name of its `MapSelect`; None beside the map.

        That is the wijk, and latitude, longitude and accuracy in metres of a point in it: at its
        edge for a tap just beside it.
        """
        x, y = (_pixel(posted.get(f"{control}.kaart.{axis}")) for axis in "xy")
        code = self.at(x, y)
        if code is None:
            return None
        shape = next(shape.exact for shape in self.shapes if shape.code == code)
        inside, _ = shapely.ops.nearest_points(shape, shapely.Point(x, y))
        lat, lon = self.frame.degrees(inside.x, inside.y)
        return code, lat, lon, max(round(TAP_PX * self.frame.metres), FINEST_M)

    def svg(self, chosen: str | None = None) -> str:
        """Return the picture; the chosen wijk stands out by its colour and a thick line."""
        paths = [_path(shape, chosen=shape.code == chosen) for shape in self.shapes]
        return charts.picture(SIZE, SIZE, [*paths, *self._labels(chosen)])

    def _labels(self, chosen: str | None) -> Iterable[str]:
        few = len(self.shapes) <= LABELS_WITH_AT_MOST
        for shape in self.shapes:
            wide = shape.geometry.bounds[2] - shape.geometry.bounds[0]
            fits = len(shape.name) * LABEL_PX * 0.55 <= wide + 20
            if shape.code == chosen or (few and fits):
                yield _label(shape)


def _pixel(text: object) -> float:
    plain = str(text)
    return float(plain) if plain.isascii() and plain.isdigit() and len(plain) < 6 else -1000.0


def sketch(areas: Iterable[tuple[str, str, BaseGeometry]]) -> Sketch | None:
    """Return the map of these areas (code, name, outline in degrees); None when there are none."""
    known = [(code, name, outline) for code, name, outline in areas if not outline.is_empty]
    if not known:
        return None
    west, south, east, north = shapely.total_bounds([outline for _, _, outline in known])
    squeeze = math.cos(math.radians((south + north) / 2))
    wide, high = max((east - west) * squeeze, 1e-9), max(north - south, 1e-9)
    scale = (SIZE - 2 * MARGIN) / max(wide, high)
    left, top = (SIZE - wide * scale) / 2, (SIZE - high * scale) / 2

    def placed(code: str, name: str, outline: BaseGeometry) -> Shape:
        exact: BaseGeometry = shapely.transform(
            outline,
            lambda xy: (xy - (west, north)) * (squeeze * scale, -scale) + (left, top),
        )
        return Shape(code, name, exact.simplify(SIMPLIFIED_PX), exact)

    frame = Frame(west, north, left, top, squeeze * scale, scale)
    return Sketch([placed(*area) for area in known], frame)


def _path(shape: Shape, *, chosen: bool) -> str:
    rings = [
        ring
        for part in shapely.get_parts(shape.geometry)
        if part.geom_type == "Polygon"
        for ring in (part.exterior, *part.interiors)
    ]
    drawn = " ".join(charts.ring(ring.coords) for ring in rings)
    look = 'fill="#154273" stroke="#000" stroke-width="2"' if chosen else _PLAIN
    return f'<path d="{drawn}" fill-rule="evenodd" {look}/>'


_PLAIN: Final = f'fill="{charts.LAND}" stroke="{charts.BORDER}" stroke-width="1"'


def _label(shape: Shape) -> str:
    middle = shape.geometry.representative_point()
    return charts.words_at(middle.x, middle.y, shape.name, size=LABEL_PX, weight=600)


class SketchCache:
    """The maps that were drawn by this process; drawn anew when outlines were loaded since."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._version: object = None
        self._known: dict[str, Sketch | None] = {}

    def sketch_of(self, session: Session, code: str) -> Sketch | None:
        """Return the map of a municipality; None where no outlines of its wijken are loaded."""
        version = tuple(session.execute(select(*outlines_in_force())).one())
        with self._lock:
            if version != self._version or len(self._known) > MOST_KEPT:
                self._version, self._known = version, {}
            if code in self._known:
                return self._known[code]
        made = sketch(
            (row.area_code, row.name, shapely.from_wkb(row.wkb))
            for row in session.execute(
                select(AreaOutline.area_code, AreaOutline.wkb, Neighbourhood.name)
                .join(Neighbourhood, Neighbourhood.code == AreaOutline.area_code)
                .where(
                    AreaOutline.municipality_code == code,
                    AreaOutline.kind == AreaKind.NEIGHBOURHOOD,
                    Neighbourhood.water.is_(False),
                )
                .order_by(AreaOutline.area_code)
            )
        )
        with self._lock:
            if version == self._version:
                self._known[code] = made
        return made
