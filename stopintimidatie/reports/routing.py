"""Who holds a report: it follows from the place and from how far that municipality takes part."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from stopintimidatie.municipalities.models import ParticipationLevel
from stopintimidatie.municipalities.services import level_of
from stopintimidatie.register.locating import NOWHERE, LocatorCache, Place, locate
from stopintimidatie.register.queries import unknown_neighbourhood_code
from stopintimidatie.reports.submission import Location
from stopintimidatie.storage.tenancy import NATIONAL


@dataclass(frozen=True)
class Routing:
    """Where a report goes: holder, area, and the state of delivery (None: it is there)."""

    holder: str
    place: Place
    delivery: str | None

    @property
    def neighbourhood_code(self) -> str | None:
        """The wijk; *onbekend* when a municipality holds it and nobody knows where it lies."""
        if self.place.neighbourhood_code is None and self.holder != NATIONAL:
            return unknown_neighbourhood_code(self.holder)
        return self.place.neighbourhood_code


def route(session: Session, cache: LocatorCache, location: Location) -> Routing:
    """Find the holder for a place, before any holder is known."""
    place = NOWHERE
    if location.lat is not None and location.lon is not None:
        place = locate(session, cache, location.lat, location.lon)
    if place.municipality_code is None:
        return Routing(NATIONAL, place, "te_routeren")
    if level_of(session, place.municipality_code) is ParticipationLevel.PROGRAMME:
        return Routing(place.municipality_code, place, None)
    return Routing(NATIONAL, place, "wacht_op_afspraak")
