"""The locator: finds the municipality, wijk and buurt of a point, by outlines in memory.

The answer never depends on the order of the rows: on a border the area with the smallest code has
the point. A point in a crack between outlines (simplified files have them) goes to the nearest
within 250 m. Where no outline is loaded, a demo may guess by the middle of the wijk and says so;
production doesn't.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import Session

from stopintimidatie.municipalities.areas.facts import (
    AreaKind,
    NeighbourhoodFact,
    neighbourhood_facts,
)
from stopintimidatie.municipalities.areas.models import AreaLoad, AreaOutline, Neighbourhood

NEAREST_WITHIN_M = 250.0
BORDER_WITHIN_M = 50.0
CENTRE_WITHIN_M = 5_000.0
# Mean radius of the earth (IUGG): one degree of latitude in metres.
_METRES_PER_DEGREE = math.pi * 6_371_008.8 / 180


class Method(StrEnum):
    """Way in which a point or report got its area; `CENTRE` is a guess, and pages say so.

    `CHOSEN`: the reporter, or who entered the report, said so. `OFFICER`: an officer said
    otherwise since. `STOP` and `ADDRESS`: by the stop or the address that was named, for there
    was no point.
    """

    OUTLINE = "grens"
    NEAREST = "dichtstbij"
    CENTRE = "wijkmidden"
    CHOSEN = "gekozen"
    OFFICER = "medewerker"
    STOP = "halte"
    ADDRESS = "adres"
    NONE = "geen"


@dataclass(frozen=True)
class Place:
    """Place of a point, as far as is known."""

    municipality_code: str | None
    neighbourhood_code: str | None
    subneighbourhood_code: str | None
    method: Method
    # Another municipality within 50 m: on a border the point alone doesn't tell whose it is.
    near_municipality_code: str | None = None


NOWHERE = Place(None, None, None, Method.NONE)


@dataclass(frozen=True)
class Outline:
    """An outline in memory."""

    code: str
    parent_code: str | None
    geometry: BaseGeometry


class Spot:
    """A point, with the forms of it that several questions need."""

    __slots__ = ("east", "lat", "lon", "point", "points")

    def __init__(self, lat: float, lon: float) -> None:
        self.lat, self.lon = lat, lon
        self.point = shapely.Point(lon, lat)
        # The tree answers an array twice as fast as a single geometry.
        self.points = _alone(self.point)
        # Metres in one degree of longitude, here.
        self.east = _METRES_PER_DEGREE * math.cos(math.radians(lat))

    def square(self, metres: float) -> NDArray[Any]:
        """Return the square that reaches so many metres each way, as an array of one geometry."""
        east, north = metres / self.east, metres / _METRES_PER_DEGREE
        lat, lon = self.lat, self.lon
        return _alone(shapely.box(lon - east, lat - north, lon + east, lat + north))

    def distance_m(self, geometry: BaseGeometry) -> float:
        """Return metres to the geometry, on a flat earth: exact enough for some kilometres."""
        return float(self.distances_m(geometry))

    def distances_m(self, geometries: Any) -> Any:
        """Return metres to each geometry of an array."""
        scale = np.array([self.east, _METRES_PER_DEGREE])
        origin = np.array([self.lon, self.lat])
        flat = shapely.transform(geometries, lambda xy: (xy - origin) * scale)
        return shapely.distance(flat, shapely.Point(0, 0))


def _alone(geometry: BaseGeometry) -> NDArray[Any]:
    array = np.empty(1, dtype=object)
    array[0] = geometry
    return array


class _Layer:
    """All outlines of one kind in a tree.

    Prepared: whether a point lies in an outline, or near it, then hardly depends on how finely it
    is drawn. All that is built at a first question is asked for here, before threads share it.
    """

    def __init__(self, outlines: Iterable[Outline]) -> None:
        # In order of code, so that the lowest index is the smallest code.
        self.outlines = sorted(outlines, key=lambda outline: outline.code)
        self._geometries = np.array([outline.geometry for outline in self.outlines], dtype=object)
        self._tree = shapely.STRtree(self._geometries)
        self._tree.query(shapely.Point(0, 0))
        shapely.prepare(self._geometries)
        corners = shapely.bounds(self._geometries).reshape(-1, 4)
        shapely.intersects_xy(self._geometries, corners[:, 0], corners[:, 1])
        shapely.dwithin(self._geometries, shapely.points(corners[:, :2]), 0.0)

    def at(self, spot: Spot, parent: str | None = None) -> tuple[Outline, Method] | None:
        """Return the outline that holds the point, or else the nearest within 250 m.

        With a `parent` only the areas within that one count.
        """
        if not self.outlines:
            return None
        near_by = self._tree.query(spot.points)[1]
        if near_by.size:
            inside = shapely.intersects_xy(self._geometries[near_by], spot.lon, spot.lat)
            hits = self._outlines(near_by[inside], parent)
            if hits:
                return hits[0], Method.OUTLINE
        near = self.nearest(spot, NEAREST_WITHIN_M, parent=parent)
        return None if near is None else (near, Method.NEAREST)

    def nearest(
        self, spot: Spot, metres: float, *, parent: str | None = None, but: str = ""
    ) -> Outline | None:
        """Return the nearest outline that isn't farther than this, whose code isn't `but`."""
        candidates = self._outlines(self._tree.query(spot.square(metres))[1], parent)
        # Degrees of longitude are the shorter: a first look that misses nothing.
        degrees = metres / spot.east
        distances = [
            (spot.distance_m(outline.geometry), outline.code, outline)
            for outline in candidates
            if outline.code != but and shapely.dwithin(outline.geometry, spot.point, degrees)
        ]
        near = min(distances, key=lambda item: item[:2], default=None)
        return None if near is None or near[0] > metres else near[2]

    def metres_to(self, spot: Spot, code: str) -> float | None:
        """Return the metres from a point to an outline, 0 within it; None without that outline."""
        outline = next((outline for outline in self.outlines if outline.code == code), None)
        return None if outline is None else spot.distance_m(outline.geometry)

    def within(self, west: float, south: float, east: float, north: float) -> Sequence[Outline]:
        """Return the outlines that show in a window, by their code; its edges are in degrees."""
        window = shapely.box(west, south, east, north)
        return self._outlines(self._tree.query(window, predicate="intersects"), None)

    def _outlines(self, indices: NDArray[Any], parent: str | None) -> Sequence[Outline]:
        hits = [self.outlines[index] for index in sorted(indices.tolist())]
        return hits if parent is None else [hit for hit in hits if hit.parent_code == parent]


class Locator:
    """A locator of points, built once from the outlines in force; it never changes."""

    def __init__(
        self,
        outlines: Mapping[AreaKind, Sequence[Outline]],
        centres: Sequence[NeighbourhoodFact] = (),
    ) -> None:
        """Make a locator.

        Args:
            outlines: the outlines of each kind; a kind may be missing.
            centres: middles to guess by when there are no outlines at all; give them only
                with `demo = true`.
        """
        self._layers = {kind: _Layer(outlines.get(kind, ())) for kind in AreaKind}
        self._centres = [centre for centre in centres if not centre.water]

    def locate(self, lat: float, lon: float) -> Place:
        """Return in which municipality, wijk and buurt this point (WGS84) lies."""
        if not (math.isfinite(lat) and math.isfinite(lon)):
            return NOWHERE
        if not any(layer.outlines for layer in self._layers.values()):
            return self._by_centre(lat, lon)
        spot = Spot(lat, lon)
        towns = self._layers[AreaKind.MUNICIPALITY]
        municipality = towns.at(spot)
        if municipality is None:
            return self._by_wijk(spot)
        other = towns.nearest(spot, BORDER_WITHIN_M, but=municipality[0].code)
        place = self._below(spot, *municipality)
        return place if other is None else replace(place, near_municipality_code=other.code)

    def wijk_of(self, lat: float, lon: float) -> Outline | None:
        """Return the outline of the wijk that a point lies in or near; None without outlines."""
        wijk = self._layers[AreaKind.NEIGHBOURHOOD].at(Spot(lat, lon))
        return None if wijk is None else wijk[0]

    def wijken_in(self, west: float, south: float, east: float, north: float) -> Sequence[Outline]:
        """Return the outlines of the wijken that show in a window, whose edges are in degrees."""
        return self._layers[AreaKind.NEIGHBOURHOOD].within(west, south, east, north)

    def outlines_of(self, codes: Collection[str]) -> dict[str, BaseGeometry]:
        """Return the outlines of these areas that are loaded, by code."""
        outlines = (outline for layer in self._layers.values() for outline in layer.outlines)
        return {outline.code: outline.geometry for outline in outlines if outline.code in codes}

    def metres_to(self, lat: float, lon: float, code: str) -> float | None:
        """Return about how many metres a point lies from a municipality; None when not known."""
        spot = Spot(lat, lon)
        metres = self._layers[AreaKind.MUNICIPALITY].metres_to(spot, code)
        if metres is not None:
            return metres
        middles = (fact for fact in self._centres if fact.municipality_code == code)
        return min((spot.distance_m(shapely.Point(m.lon, m.lat)) for m in middles), default=None)

    def _below(self, spot: Spot, municipality: Outline, method: Method) -> Place:
        """Find the wijk and buurt within this municipality, so that levels never contradict."""
        wijk = self._layers[AreaKind.NEIGHBOURHOOD].at(spot, municipality.code)
        if wijk is None:
            return Place(municipality.code, None, None, method)
        rough = Method.NEAREST in (method, wijk[1])
        return self._in_wijk(spot, municipality.code, wijk[0], Method.NEAREST if rough else method)

    def _by_wijk(self, spot: Spot) -> Place:
        """Find the municipality by its wijk, for an installation that loaded wijken alone."""
        wijk = self._layers[AreaKind.NEIGHBOURHOOD].at(spot)
        if wijk is None or wijk[0].parent_code is None:
            return NOWHERE
        return self._in_wijk(spot, wijk[0].parent_code, *wijk)

    def _in_wijk(self, spot: Spot, municipality: str, wijk: Outline, method: Method) -> Place:
        buurt = self._layers[AreaKind.SUBNEIGHBOURHOOD].at(spot, wijk.code)
        return Place(municipality, wijk.code, buurt[0].code if buurt else None, method)

    def _by_centre(self, lat: float, lon: float) -> Place:
        """Guess the wijk by its middle."""
        east, north = _METRES_PER_DEGREE * math.cos(math.radians(lat)), _METRES_PER_DEGREE
        distances = [
            (math.hypot((centre.lon - lon) * east, (centre.lat - lat) * north), centre.code, centre)
            for centre in self._centres
        ]
        near = min(distances, key=lambda item: item[:2], default=None)
        if near is None or near[0] > CENTRE_WITHIN_M:
            return NOWHERE
        return Place(near[2].municipality_code, near[2].code, None, Method.CENTRE)


def read_outlines(session: Session) -> dict[AreaKind, list[Outline]]:
    """Read all outlines in force from the database."""
    result: dict[AreaKind, list[Outline]] = {kind: [] for kind in AreaKind}
    rows = session.execute(
        select(AreaOutline.kind, AreaOutline.area_code, AreaOutline.parent_code, AreaOutline.wkb)
    )
    for kind, code, parent, wkb in rows:
        result[AreaKind(kind)].append(Outline(code, parent, shapely.from_wkb(wkb)))
    return result


def outlines_in_force() -> tuple[ScalarSelect[int], ScalarSelect[datetime]]:
    """Build two SQL expressions that together tell one load of outlines from the next."""
    return (
        select(func.max(AreaLoad.number)).scalar_subquery(),
        select(func.max(AreaLoad.loaded_at)).scalar_subquery(),
    )


class LocatorCache:
    """One locator per process, made anew when outlines were loaded since.

    Looking whether that is so costs one small query, each time a place is asked for.
    """

    def __init__(self, demo: bool, geocoding: bool = False) -> None:
        """Make a cache; `geocoding` tells whether addresses may be looked up elsewhere."""
        self._demo = demo
        self.geocoding = geocoding
        self._lock = threading.Lock()
        self._current: tuple[object, Locator] | None = None

    def current(self, session: Session) -> Locator:
        """Return the locator for the outlines in force now."""
        version = self._version(session)
        present = self._current
        if present is not None and present[0] == version:
            return present[1]
        with self._lock:
            if self._current is None or self._current[0] != version:
                self._current = (version, self._build(session))
            return self._current[1]

    def at_hand(self) -> tuple[object, Locator]:
        """Return the version of the outlines that were read last, and their locator.

        A caller that queries the database anyway can ask `outlines_in_force` along with it: when
        that is this version, the locator is right; else `current` reads the new outlines. The
        version is None when nothing was read yet.
        """
        return self._current or (None, Locator({}))

    def known(self, session: Session) -> Locator:
        """Return the locator that was read last, for what needn't follow a load at once.

        Only the first look of a process asks the database.
        """
        return self._current[1] if self._current is not None else self.current(session)

    def _version(self, session: Session) -> tuple[object, ...]:
        return tuple(session.execute(select(*outlines_in_force())).one())

    def _build(self, session: Session) -> Locator:
        return Locator(read_outlines(session), self._known_centres(session) if self._demo else ())

    def _known_centres(self, session: Session) -> list[NeighbourhoodFact]:
        known = set(session.scalars(select(Neighbourhood.code)))
        return [fact for fact in neighbourhood_facts() if fact.code in known]


def locate(session: Session, cache: LocatorCache, lat: float, lon: float) -> Place:
    """Return where a point lies by the outlines in force; a demo without outlines guesses."""
    return cache.current(session).locate(lat, lon)
