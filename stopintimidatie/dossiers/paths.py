"""The address of a dossier."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.register.models import Municipality, Neighbourhood


def dossier_path(municipality_slug: str, neighbourhood_slug: str, number: str) -> str:
    """The path from what a list query already knows."""
    return f"/gemeenten/{municipality_slug}/{neighbourhood_slug}/{number}"


def path_of_dossier(session: Session, dossier_id: UUID) -> str | None:
    """The path of one dossier, or None when it isn't there."""
    row = session.execute(
        select(Municipality.slug, Neighbourhood.slug, Dossier.number)
        .join(Neighbourhood, Neighbourhood.code == Dossier.neighbourhood_code)
        .join(Municipality, Municipality.code == Dossier.holder)
        .where(Dossier.id == dossier_id)
    ).first()
    return None if row is None else dossier_path(*row)
