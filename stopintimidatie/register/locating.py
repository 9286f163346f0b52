"""Which municipality, wijk and buurt a place lies in. From outlines, in memory.

The answer never depends on the order of the rows: on a border the smallest code has it. A point
in a crack between outlines (simplified files have them) goes to the nearest within 250 m. Where
no outline is loaded, a demo may guess by the middle of the wijk and says so; production doesn't.
"""

import math
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stopintimidatie.register.facts import NeighbourhoodFact, neighbourhood_facts
from stopintimidatie.register.kinds import AreaKind
from stopintimidatie.register.models import AreaLoad, AreaOutline, Neighbourhood

NEAREST_WITHIN_M = 250.0
CENTRE_WITHIN_M = 5_000.0
# Mean radius of the earth (IUGG): one degree of latitude in metres.
_METRES_PER_DEGREE = math.pi * 6_371_008.8 / 180


class Method(StrEnum):
    """How a place was matched; `CENTRE` is a guess that the page must own up to.

    `CHOSEN`: not by us; somebody who looked said so.
    """

    OUTLINE = "grens"
    NEAREST = "dichtstbij"
    CENTRE = "wijkmidden"
    CHOSEN = "gekozen"
    NONE = "geen"


@dataclass(frozen=True)
class Place:
    """Where a point lies, as far as is known."""

    municipality_code: str | None
    neighbourhood_code: str | None
    subneighbourhood_code: str | None
    method: Method

    @property
    def by_centre(self) -> bool:
        """Matched by the middle of a wijk: rough, demo only."""
        return self.method is Method.CENTRE


NOWHERE = Place(None, None, None, Method.NONE)


@dataclass(frozen=True)
class Outline:
    """An outline in memory."""

    code: str
    parent_code: str | None
    geometry: BaseGeometry


class _Layer:
    """All outlines of one kind in a tree."""

    def __init__(self, outlines: Iterable[Outline]) -> None:
        # In order of code, so that the lowest index is the smallest code.
        self.outlines = sorted(outlines, key=lambda outline: outline.code)
        self._tree = shapely.STRtree([outline.geometry for outline in self.outlines])
        # The tree is built at its first question: asked here, before threads share it.
        self._tree.query(shapely.Point(0, 0))

    def at(
        self, lat: float, lon: float, parent: str | None = None
    ) -> tuple[Outline, Method] | None:
        """The outline that holds the point, or else the nearest within 250 m.

        :param parent: only look at the areas of this one.
        """
        inside = self._within(self._tree.query(shapely.Point(lon, lat), "intersects"), parent)
        if inside:
            return inside[0], Method.OUTLINE
        distances = [
            (_distance_m(outline.geometry, lat, lon), outline.code, outline)
            for outline in self._within(self._tree.query(_square(lat, lon)), parent)
        ]
        near = min(distances, key=lambda item: item[:2], default=None)
        if near is None or near[0] > NEAREST_WITHIN_M:
            return None
        return near[2], Method.NEAREST

    def _within(self, found: NDArray[Any], parent: str | None) -> Sequence[Outline]:
        hits = (self.outlines[index] for index in sorted(found.tolist()))
        return [hit for hit in hits if parent is None or hit.parent_code == parent]


class Locator:
    """Answers where a place lies. Built once from the outlines in force; never changes."""

    def __init__(
        self,
        outlines: Mapping[AreaKind, Sequence[Outline]],
        centres: Sequence[NeighbourhoodFact] = (),
    ) -> None:
        """Make a locator.

        :param outlines: per kind; a kind may be missing.
        :param centres: middles to guess by when there are no outlines at all; give them only
            with `demo = true`.
        """
        self._layers = {kind: _Layer(outlines.get(kind, ())) for kind in AreaKind}
        self._centres = [centre for centre in centres if not centre.water]

    def outlines_loaded(self) -> bool:
        """Whether places can be matched by outline: municipalities and wijken are both there."""
        return all(
            self._layers[kind].outlines for kind in (AreaKind.MUNICIPALITY, AreaKind.NEIGHBOURHOOD)
        )

    def locate(self, lat: float, lon: float) -> Place:
        """Where this point (WGS84) lies."""
        if not (math.isfinite(lat) and math.isfinite(lon)):
            return NOWHERE
        if not any(layer.outlines for layer in self._layers.values()):
            return self._by_centre(lat, lon)
        municipality = self._layers[AreaKind.MUNICIPALITY].at(lat, lon)
        if municipality is not None:
            return self._below(lat, lon, *municipality)
        return self._by_wijk(lat, lon)

    def _below(self, lat: float, lon: float, municipality: Outline, method: Method) -> Place:
        """The wijk and buurt, within the municipality that was found: levels never contradict."""
        wijk = self._layers[AreaKind.NEIGHBOURHOOD].at(lat, lon, municipality.code)
        if wijk is None:
            return Place(municipality.code, None, None, method)
        rough = Method.NEAREST in (method, wijk[1])
        return self._in_wijk(
            lat, lon, municipality.code, wijk[0], Method.NEAREST if rough else method
        )

    def _by_wijk(self, lat: float, lon: float) -> Place:
        """For an installation that loaded wijken alone: a wijk knows its municipality."""
        wijk = self._layers[AreaKind.NEIGHBOURHOOD].at(lat, lon)
        if wijk is None or wijk[0].parent_code is None:
            return NOWHERE
        return self._in_wijk(lat, lon, wijk[0].parent_code, *wijk)

    def _in_wijk(
        self, lat: float, lon: float, municipality: str, wijk: Outline, method: Method
    ) -> Place:
        buurt = self._layers[AreaKind.SUBNEIGHBOURHOOD].at(lat, lon, wijk.code)
        return Place(municipality, wijk.code, buurt[0].code if buurt else None, method)

    def _by_centre(self, lat: float, lon: float) -> Place:
        distances = [
            (_between_m(centre, lat, lon), centre.code, centre) for centre in self._centres
        ]
        near = min(distances, key=lambda item: item[:2], default=None)
        if near is None or near[0] > CENTRE_WITHIN_M:
            return NOWHERE
        return Place(near[2].municipality_code, near[2].code, None, Method.CENTRE)


def _degrees(lat: float) -> NDArray[np.float64]:
    """Metres in one degree of longitude and of latitude, here."""
    east = _METRES_PER_DEGREE * math.cos(math.radians(lat))
    return np.array([east, _METRES_PER_DEGREE])


def _square(lat: float, lon: float) -> BaseGeometry:
    """A square of 250 m each way: what lies outside it is too far."""
    east, north = NEAREST_WITHIN_M / _degrees(lat)
    square: BaseGeometry = shapely.box(lon - east, lat - north, lon + east, lat + north)
    return square


def _between_m(centre: NeighbourhoodFact, lat: float, lon: float) -> float:
    """Metres from the middle of a wijk to the point."""
    east, north = _degrees(lat)
    return math.hypot((centre.lon - lon) * east, (centre.lat - lat) * north)


def _distance_m(geometry: BaseGeometry, lat: float, lon: float) -> float:
    """Metres from the point to the geometry, on a flat earth: exact enough for some kilometres."""
    scale, origin = _degrees(lat), np.array([lon, lat])
    flat = shapely.transform(geometry, lambda xy: (xy - origin) * scale)
    return float(shapely.distance(flat, shapely.Point(0, 0)))


def read_outlines(session: Session) -> dict[AreaKind, list[Outline]]:
    """All outlines in force, from the database."""
    result: dict[AreaKind, list[Outline]] = {kind: [] for kind in AreaKind}
    rows = session.execute(
        select(AreaOutline.kind, AreaOutline.area_code, AreaOutline.parent_code, AreaOutline.wkb)
    )
    for kind, code, parent, wkb in rows:
        result[AreaKind(kind)].append(Outline(code, parent, shapely.from_wkb(wkb)))
    return result


class LocatorCache:
    """One locator per process, made anew when outlines were loaded since.

    Looking whether that is so costs one small query, each time a place is asked for.
    """

    def __init__(self, demo: bool) -> None:
        self._demo = demo
        self._lock = threading.Lock()
        self._current: tuple[object, Locator] | None = None

    def current(self, session: Session) -> Locator:
        """The locator for the outlines in force now."""
        version = self._version(session)
        present = self._current
        if present is not None and present[0] == version:
            return present[1]
        with self._lock:
            if self._current is None or self._current[0] != version:
                self._current = (version, self._build(session))
            return self._current[1]

    def _version(self, session: Session) -> tuple[object, ...]:
        newest = select(func.max(AreaLoad.number), func.max(AreaLoad.loaded_at))
        return tuple(session.execute(newest).one())

    def _build(self, session: Session) -> Locator:
        return Locator(read_outlines(session), self._known_centres(session) if self._demo else ())

    def _known_centres(self, session: Session) -> list[NeighbourhoodFact]:
        known = set(session.scalars(select(Neighbourhood.code)))
        return [fact for fact in neighbourhood_facts() if fact.code in known]


def locate(session: Session, cache: LocatorCache, lat: float, lon: float) -> Place:
    """Where a point lies, by the outlines in force; a demo without outlines guesses."""
    return cache.current(session).locate(lat, lon)
