"""Finding the municipality by the words of a reporter, and the wijken of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from stopintimidatie.municipalities.areas.facts import NeighbourhoodKind
from stopintimidatie.municipalities.areas.models import (
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

MOST_FOUND: Final = 20
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
