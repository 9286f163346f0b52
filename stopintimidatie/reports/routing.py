"""Who holds a report: it follows from the place and from how far that municipality takes part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from stopintimidatie.municipalities.models import ParticipationLevel
from stopintimidatie.municipalities.services import level_of
from stopintimidatie.register.locating import Locator, LocatorCache, Place
from stopintimidatie.register.queries import unknown_neighbourhood_code
from stopintimidatie.register.stops import Point, place_of, points_named
from stopintimidatie.reports.fields import Location
from stopintimidatie.storage.tenancy import NATIONAL


@dataclass(frozen=True)
class Routing:
    """Where a report goes: holder, area, and the state of delivery (None: it is there)."""

    holder: str
    place: Place
    delivery: str | None
    # Whether a job may look for the address that was given.
    geocoding: bool = False

    @property
    def neighbourhood_code(self) -> str | None:
        """The wijk; *onbekend* when a municipality holds it and nobody knows where it lies."""
        if self.place.neighbourhood_code is None and self.holder != NATIONAL:
            return unknown_neighbourhood_code(self.holder)
        return self.place.neighbourhood_code


def route(session: Session, cache: LocatorCache, location: Location) -> Routing:
    """Find the holder for a place, before any holder is known."""
    points = points_named(session, stop_to_find(location))
    place = place_at(cache.current(session), location, points)
    code = place.municipality_code
    level = None if code is None else level_of(session, code)
    return routing_for(place, level, geocoding=cache.geocoding)


def stop_to_find(location: Location) -> str | None:
    """The stop by which a place must be found, because there is no point."""
    if location.lat is not None and location.lon is not None:
        return None
    return location.transit.stop if location.transit else None


def place_at(locator: Locator, location: Location, stops: Sequence[Point]) -> Place:
    """Where it happened: by the point, else by the stop that was named. Pure.

    :param stops: where stops with the name of `stop_to_find` lie.
    """
    if location.lat is not None and location.lon is not None:
        return locator.locate(location.lat, location.lon)
    return place_of(locator, stops)


def routing_for(place: Place, level: str | None, *, geocoding: bool = False) -> Routing:
    """Who holds a report of this place, where the municipality takes part this far. Pure.

    :param geocoding: what isn't placed may be found by its address, afterwards.
    """
    if place.municipality_code is None:
        return Routing(NATIONAL, place, "te_routeren", geocoding)
    if level == ParticipationLevel.PROGRAMME:
        return Routing(place.municipality_code, place, None)
    return Routing(NATIONAL, place, "wacht_op_afspraak")
