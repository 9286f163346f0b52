"""Lists of exports: of a dossier for its page, of a municipality for who decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from stopintimidatie.dossiers.access import visible_to
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.paths import dossier_path
from stopintimidatie.exports.models import Export
from stopintimidatie.exports.profiles import PROFILES
from stopintimidatie.register.models import Neighbourhood
from stopintimidatie.security import Role
from stopintimidatie.web.components import ListItem
from stopintimidatie.web.filters import date_text


def of_dossier(session: Session, dossier_id: UUID, limit: int) -> tuple[Sequence[Export], int]:
    """The newest exports of a dossier, and how many there are."""
    total = session.scalar(
        select(func.count()).select_from(Export).where(Export.dossier_id == dossier_id)
    )
    newest = (
        select(Export)
        .where(Export.dossier_id == dossier_id)
        .order_by(Export.requested_at.desc(), Export.id)
        .limit(limit)
    )
    return session.scalars(newest).all(), total or 0


def _seen(roles: Iterable[Role], state: str | None) -> list[ColumnElement[bool]]:
    chosen = [] if state is None else [Export.state == state]
    return [visible_to(roles), *chosen]


def states(session: Session, roles: Iterable[Role]) -> Sequence[tuple[str, int]]:
    """The states that occur, with their numbers."""
    rows = session.execute(
        select(Export.state, func.count())
        .join(Dossier, Dossier.id == Export.dossier_id)
        .where(*_seen(roles, None))
        .group_by(Export.state)
        .order_by(Export.state)
    )
    return [(row[0], row[1]) for row in rows]


def page(
    session: Session, roles: Iterable[Role], state: str | None, offset: int, limit: int
) -> Sequence[tuple[Export, Dossier, str]]:
    """Exports of a municipality, newest request first, with dossier and slug of its area."""
    rows = session.execute(
        select(Export, Dossier, Neighbourhood.slug)
        .join(Dossier, Dossier.id == Export.dossier_id)
        .join(Neighbourhood, Neighbourhood.code == Dossier.neighbourhood_code)
        .where(*_seen(roles, state))
        .order_by(Export.requested_at.desc(), Export.id)
        .offset(offset)
        .limit(limit)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def item(export: Export, href: str, *, dossier: str = "") -> ListItem:
    """An export as one entry of a list."""
    meta = [
        *([f"dossier {dossier}"] if dossier else []),
        PROFILES[export.profile].label,
        f"aangevraagd {date_text(export.requested_at)} door {export.requested_by}",
    ]
    return ListItem(f"{export.reference}: {export.recipient}", href, [export.state], meta)


def item_in_municipality(slug: str, export: Export, dossier: Dossier, area: str) -> ListItem:
    href = f"{dossier_path(slug, area, dossier.number)}/{export.reference}"
    return item(export, href, dossier=dossier.number)
