"""Looking areas up by code or address."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.register.kinds import NeighbourhoodKind
from stopintimidatie.register.models import (
    FormerArea,
    Municipality,
    Neighbourhood,
)
from stopintimidatie.register.names import natural_key
from stopintimidatie.register.practice import CODE as PRACTICE

_ENDED: Final = select(FormerArea.code)


def municipality_by_code(session: Session, code: str) -> Municipality | None:
    """The municipality with this CBS code (`GM0505`)."""
    return session.get(Municipality, code)


def municipality_name(request: Any, code: str) -> str:
    """Request method: return the name of the municipality with this code, for rooms below."""
    found = municipality_by_code(request.db, code)
    return found.name if found is not None else code


def municipality_by_slug(session: Session, slug: str) -> Municipality | None:
    """The municipality at this address (`dordrecht`)."""
    return session.scalar(select(Municipality).where(Municipality.slug == slug))


def all_municipalities(session: Session) -> Sequence[Municipality]:
    """Every real municipality, by name as a person would look it up ('s-Gravenhage under s).

    One that went into another is in the register still, but in no list.
    """
    rows = session.scalars(
        select(Municipality).where(Municipality.code != PRACTICE, Municipality.code.not_in(_ENDED))
    )
    return sorted(rows, key=lambda row: natural_key(row.name))


def neighbourhood_by_code(session: Session, code: str) -> Neighbourhood | None:
    """The neighbourhood with this code: a wijk, or one of the two every municipality has."""
    return session.get(Neighbourhood, code)


def unknown_neighbourhood_code(municipality_code: str) -> str:
    """Code of *onbekend*: in this municipality, but nobody knows where."""
    return f"{municipality_code}-ON"


_ORDER = {NeighbourhoodKind.WIJK: 0, NeighbourhoodKind.WHOLE: 1, NeighbourhoodKind.UNKNOWN: 2}


def neighbourhoods_of(session: Session, municipality_code: str) -> Sequence[Neighbourhood]:
    """Wijken by name (water after land), then *gemeentebreed* and *onbekend*."""
    rows = session.scalars(
        select(Neighbourhood).where(Neighbourhood.municipality_code == municipality_code)
    )
    return sorted(
        rows,
        key=lambda row: (_ORDER[NeighbourhoodKind(row.kind)], row.water, natural_key(row.name)),
    )


def present_neighbourhoods_of(
    session: Session, municipality_code: str, keep: str | None = None
) -> Sequence[Neighbourhood]:
    """The same without those that ended: what something new can be filed under.

    :param keep: what something was filed under before it ended.
    """
    ended = set(
        session.scalars(
            select(FormerArea.code).where(FormerArea.municipality_code == municipality_code)
        )
    )
    rows = neighbourhoods_of(session, municipality_code)
    return [row for row in rows if row.code not in ended or row.code == keep]
