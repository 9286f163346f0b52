"""Dossiers in lists: the page of all, and the section on the page of a neighbourhood."""

from __future__ import annotations

from typing import Any, Final

from stopintimidatie.dossiers.handling import roles_at, today
from stopintimidatie.dossiers.listing import Filters, Row, count_dossiers, list_dossiers
from stopintimidatie.dossiers.paths import dossier_path
from stopintimidatie.dossiers.vocabulary import DossierKind
from stopintimidatie.municipalities.resources import NeighbourhoodResource
from stopintimidatie.security import Permission
from stopintimidatie.security.trail import note_read
from stopintimidatie.web.components import ListItem
from stopintimidatie.web.filters import date_text, plural
from stopintimidatie.web.paging import Paging
from stopintimidatie.web.panels import Panel

SHOWN: Final = 10
PANEL: Final = "stopintimidatie.dossiers:templates/neighbourhood.jinja2"


def dossier_item(municipality: str, row: Row) -> ListItem:
    """A dossier as one entry of a list."""
    dossier = row.dossier
    meta = [
        DossierKind.of(dossier.kind).short,
        row.neighbourhood,
        row.owner or "nog geen dossierhouder",
        plural(row.reports, "melding", "meldingen"),
    ]
    if row.open_agreements:
        meta.append(plural(row.open_agreements, "open afspraak", "open afspraken"))
    meta.append(f"gewijzigd {date_text(dossier.changed_at)}")
    badges = [dossier.state, *(["spoed"] if dossier.urgent else [])]
    return ListItem(
        f"{dossier.number}: {dossier.title}",
        dossier_path(municipality, row.slug, dossier.number),
        [*badges, *(["te_laat"] if row.late_agreements else [])],
        meta,
    )


def neighbourhood_panel(context: NeighbourhoodResource, request: Any) -> Panel | None:
    """The dossiers of a neighbourhood, those that run first; more by the link."""
    if not request.has_permission(Permission.VIEW_DOSSIER, context):
        return None
    code, slug = context.neighbourhood.code, context.municipality.slug
    roles, filters = roles_at(request, context.holder), Filters({"wijk": (code,)})
    total = count_dossiers(request.db, roles, filters)
    rows = list_dossiers(request.db, roles, filters, Paging(1, total, SHOWN), today())
    ids = [row.dossier.id for row in rows]
    note_read(request, context.holder, "dossier", ids, task="wijk bekijken")
    values = {
        "items": [dossier_item(slug, row) for row in rows],
        "more": total > SHOWN,
        "total": total,
        "href": f"/gemeenten/{slug}/dossiers?wijk={code}",
    }
    return Panel("Dossiers", PANEL, values)
