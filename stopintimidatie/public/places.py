"""Finding the municipality by the words of a reporter, and the wijken and map of each."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import shapely
from sqlalchemy import func, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from stopintimidatie.municipalities.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.public.drawing import Sketch, sketch
from stopintimidatie.register.called import municipalities_named
from stopintimidatie.register.kinds import AreaKind, NeighbourhoodKind
from stopintimidatie.register.locating import outlines_in_force
from stopintimidatie.register.models import (
    AreaOutline,
    Municipality,
    Neighbourhood,
    Subneighbourhood,
)
from stopintimidatie.register.names import slugify
from stopintimidatie.register.queries import all_municipalities, present_neighbourhoods_of

MOST_FOUND: Final = 20
MOST_KEPT: Final = 400


@dataclass(frozen=True)
class FoundPlace:
    """A place that fits the words: the municipality, and perhaps the wijk in it."""

    municipality: Municipality
    neighbourhood: Neighbourhood | None = None
    also_called: str | None = None

    @property
    def name(self) -> str:
        """What the reporter may know it by."""
        inner = self.also_called or (self.neighbourhood and self.neighbourhood.name)
        return f"{inner} (gemeente {self.municipality.name})" if inner else self.municipality.name


def find_places(session: Session, typed: str) -> list[FoundPlace]:
    """Municipalities, wijken and buurten that have these words in their name, the best first."""
    wanted = slugify(typed)
    if not wanted:
        return []
    whole = municipalities_named(session, typed)
    found = [FoundPlace(row.municipality, also_called=row.also) for row in whole]
    found += [FoundPlace(row.municipality, row) for row in _wijken(session, wanted)]
    found += _buurten(session, typed.strip())
    return _once_each(found)[:MOST_FOUND]


def _wijken(session: Session, wanted: str) -> Sequence[Neighbourhood]:
    rows = session.scalars(
        select(Neighbourhood)
        .join(Neighbourhood.municipality)
        .options(contains_eager(Neighbourhood.municipality))
        .where(
            Neighbourhood.slug.contains(wanted, autoescape=True),
            Neighbourhood.kind == NeighbourhoodKind.WIJK,
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


def _once_each(found: Sequence[FoundPlace]) -> list[FoundPlace]:
    return list({place.name: place for place in found}.values())


def wijken_of(session: Session, code: str) -> list[Neighbourhood]:
    """What a reporter can choose from: the wijken on land; on water only where there is no land."""
    present = present_neighbourhoods_of(session, code)
    rows = [row for row in present if row.kind == NeighbourhoodKind.WIJK]
    return [row for row in rows if not row.water] or rows


def not_connected(session: Session) -> list[Municipality]:
    """The municipalities that may still ask to join, by name."""
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
        """The map of a municipality; None where no outlines of its wijken are loaded."""
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
