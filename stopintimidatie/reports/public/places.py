"""Finding the municipality by the words of a reporter, and the wijken and map of each."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import shapely
import shapely.ops
from shapely.geometry.base import BaseGeometry
from sqlalchemy import func, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from stopintimidatie.core.web import charts
from stopintimidatie.municipalities.areas.facts import AreaKind, NeighbourhoodKind
from stopintimidatie.municipalities.areas.locator import outlines_in_force
from stopintimidatie.municipalities.areas.models import (
    AreaOutline,
    Municipality,
    Neighbourhood,
    Subneighbourhood,
)
from stopintimidatie.municipalities.areas.names import slugify
from stopintimidatie.municipalities.areas.queries import (
    all_municipalities,
    find_municipalities,
    municipalities_named_in,
    present_neighbourhoods_of,
    without_postcode,
)
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel

# A small map of a municipality with its wijken, drawn here and asked of nobody else. Pure.
#
# One size, whatever the screen, for a click on an image that sends comes in as a number of
# pixels. What a reporter taps is the wijk and a point in it, as exact as the picture is; the
# streets they say in words.


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

    def point(self, code: str, x: float, y: float) -> tuple[float, float, int]:
        """Return latitude, longitude and accuracy in metres of a tap; beside the wijk: its edge."""
        shape = next(shape.exact for shape in self.shapes if shape.code == code)
        inside, _ = shapely.ops.nearest_points(shape, shapely.Point(x, y))
        lat, lon = self.frame.degrees(inside.x, inside.y)
        return lat, lon, max(round(TAP_PX * self.frame.metres), FINEST_M)

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


MOST_FOUND: Final = 20
MOST_KEPT: Final = 400
# Shorter words beside the name of a town name no wijk.
SHORTEST_PART: Final = 4


@dataclass(frozen=True)
class FoundPlace:
    """A place that fits the words: the municipality, and perhaps the wijk in it."""

    municipality: Municipality
    neighbourhood: Neighbourhood | None = None
    also_called: str | None = None

    @property
    def name(self) -> str:
        """Name for the reporter: the other name or the wijk, if any, with the municipality."""
        inner = self.also_called or (self.neighbourhood and self.neighbourhood.name)
        return f"{inner} (gemeente {self.municipality.name})" if inner else self.municipality.name


def find_places(session: Session, typed: str) -> list[FoundPlace]:
    """Return municipalities, wijken and buurten with these words in their name, the best first.

    Where none has, the municipalities that the words name besides a street, a postcode or a stop,
    or with a typing error; before them their wijken that the other words name.
    """
    wanted = slugify(typed)
    if not wanted:
        return []
    whole = find_municipalities(session, typed)
    places = [FoundPlace(row.municipality, also_called=row.also) for row in whole]
    places += [FoundPlace(row.municipality, row) for row in _wijken(session, wanted)]
    places += _buurten(session, typed.strip())
    by_name = {place.name: place for place in places or _named(session, typed)}
    return list(by_name.values())[:MOST_FOUND]


def _named(session: Session, typed: str) -> Iterator[FoundPlace]:
    """Yield the municipalities that the words name, each with its wijken that they name first."""
    for town in municipalities_named_in(session, typed):
        row = town.named.municipality
        for word in town.others.split():
            if len(word) >= SHORTEST_PART:
                yield from (FoundPlace(row, wijk) for wijk in _wijken(session, word, row.code))
        yield FoundPlace(row, also_called=town.named.also)


def only_postcode(typed: str) -> bool:
    """Tell whether nothing but a postcode was typed: no area here has one."""
    return bool(slugify(typed)) and not slugify(without_postcode(typed))


def _wijken(session: Session, wanted: str, code: str | None = None) -> Sequence[Neighbourhood]:
    """Return the wijken with this in their name; with a `code` those of one municipality."""
    inside = [] if code is None else [Neighbourhood.municipality_code == code]
    rows = session.scalars(
        select(Neighbourhood)
        .join(Neighbourhood.municipality)
        .options(contains_eager(Neighbourhood.municipality))
        .where(
            Neighbourhood.slug.contains(wanted, autoescape=True),
            Neighbourhood.kind == NeighbourhoodKind.WIJK,
            *inside,
        )
        .order_by(func.length(Neighbourhood.slug), Municipality.slug, Neighbourhood.slug)
        .limit(MOST_FOUND)
    )
    return rows.all()


def _buurten(session: Session, typed: str) -> list[FoundPlace]:
    rows = session.execute(
        select(Subneighbourhood.name, Neighbourhood)
        .join(Neighbourhood, Neighbourhood.code == Subneighbourhood.neighbourhood_code)
        .options(joinedload(Neighbourhood.municipality))
        .where(func.lower(Subneighbourhood.name).contains(typed.lower(), autoescape=True))
        .order_by(func.length(Subneighbourhood.name), Subneighbourhood.code)
        .limit(MOST_FOUND)
    )
    return [FoundPlace(wijk.municipality, wijk, name) for name, wijk in rows]


def wijken_of(session: Session, code: str) -> list[Neighbourhood]:
    """Return the wijken that a reporter can choose: on land; on water where there is no land."""
    present = present_neighbourhoods_of(session, code)
    rows = [row for row in present if row.kind == NeighbourhoodKind.WIJK]
    return [row for row in rows if not row.water] or rows


def not_connected(session: Session) -> list[Municipality]:
    """Return the municipalities that may still ask to join, by name."""
    connected = set(
        session.scalars(
            select(MunicipalityProfile.code).where(
                MunicipalityProfile.level == ParticipationLevel.PROGRAMME
            )
        )
    )
    return [row for row in all_municipalities(session) if row.code not in connected]


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
