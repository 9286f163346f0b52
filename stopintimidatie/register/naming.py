"""Keeping names and addresses in step with what CBS calls the areas."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.register.kinds import NeighbourhoodKind
from stopintimidatie.register.models import Municipality, Neighbourhood
from stopintimidatie.register.names import (
    NamedArea,
    municipality_slugs,
    neighbourhood_slugs,
    plain_name,
)


@dataclass(frozen=True)
class Moved:
    """An area whose address changed: the old one must lead to the new one."""

    code: str
    old_slug: str
    new_slug: str


def rename_municipalities(session: Session, reserved: Collection[str]) -> list[Moved]:
    """Give every municipality the slug that follows from all names together."""
    session.flush()
    rows = session.scalars(select(Municipality)).all()
    slugs = municipality_slugs([NamedArea(row.code, row.name) for row in rows], reserved)
    return _apply(session, rows, slugs)


def rename_neighbourhoods(
    session: Session, municipalities: Collection[str], reserved: Collection[str]
) -> list[Moved]:
    """Give the wijken of these municipalities the plain names and slugs that follow."""
    session.flush()
    moved = []
    for code in sorted(municipalities):
        rows = session.scalars(
            select(Neighbourhood).where(
                Neighbourhood.municipality_code == code,
                Neighbourhood.kind == NeighbourhoodKind.WIJK,
            )
        ).all()
        for row in rows:
            row.name = plain_name(row.official_name).name
        areas = [NamedArea(row.code, row.official_name) for row in rows]
        moved += _apply(session, rows, neighbourhood_slugs(areas, reserved))
    return moved


def _apply(
    session: Session,
    rows: Collection[Municipality] | Collection[Neighbourhood],
    slugs: dict[str, str],
) -> list[Moved]:
    """Set the slugs in two steps: two areas that swap addresses would collide in one."""
    changing = [row for row in rows if row.slug != slugs[row.code]]
    moved = [
        Moved(row.code, row.slug, slugs[row.code])
        for row in changing
        if row.slug != row.code.lower()
    ]
    for row in changing:
        row.slug = row.code.lower()
    session.flush()
    for row in changing:
        row.slug = slugs[row.code]
    session.flush()
    return moved
