"""The page of a deputy: what waits at a municipality for a second person, and nothing else."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import RoleAssignment
from stopintimidatie.core.security import Permission, Role
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.web.components import ListItem
from stopintimidatie.core.web.request import Crumb, Request, page_view
from stopintimidatie.disclosures.resources import KIND
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.resources import dossier_path, visible_to
from stopintimidatie.exports.models import Export, ExportState
from stopintimidatie.exports.request import queries
from stopintimidatie.exports.request.pages import DECIDE, DEPUTIZE
from stopintimidatie.municipalities.areas.resources import MunicipalityResource

SHOWN: Final = 100
_ROLES: Final = frozenset({Role.DEPUTY})


@page_view(MunicipalityResource, DEPUTIZE, Permission.DEPUTIZE, "templates/deputy.jinja2")
def deputy_view(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Show the exports that wait for a second person, the oldest first."""
    rows = queries.page(request.db, _ROLES, ExportState.REQUESTED.value, 0, SHOWN)
    note_read(request, context.holder, KIND, [row[0].id for row in rows], task="waarnemen")
    slug = context.municipality.slug
    person = request.identity.user_id if request.identity else None
    return {
        "items": [_item(slug, *row) for row in reversed(rows)],
        "until": _last_day(request.db, context.holder, person),
        "crumbs": [Crumb("Start", "/"), Crumb("Waarnemen", request.path)],
    }


def _item(slug: str, export: Export, dossier: Dossier, area: str) -> ListItem:
    href = f"{dossier_path(slug, area, dossier.number)}/{export.reference}/{DECIDE}"
    return queries.item(export, href, dossier=dossier.number)


def _last_day(session: Session, holder: str, person: UUID | None) -> date | None:
    row = session.get(RoleAssignment, (person, holder, Role.DEPUTY.value))
    return row.until if row is not None else None


def waiting(session: Session, holder: str) -> int:
    """Count what waits for a second person and a deputy may see, for the menu."""
    number = session.scalar(
        select(func.count())
        .select_from(Export)
        .join(Dossier, Dossier.id == Export.dossier_id)
        .where(Export.state == ExportState.REQUESTED.value, visible_to(_ROLES))
    )
    return number or 0
