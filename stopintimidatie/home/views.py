"""The start page, the municipalities, one municipality, one neighbourhood."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config
from sqlalchemy import func, select

from stopintimidatie.dossiers.paths import dossier_path
from stopintimidatie.home import overview
from stopintimidatie.municipalities.resources import (
    Municipalities,
    MunicipalityResource,
    NeighbourhoodResource,
)
from stopintimidatie.register.models import Municipality
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.paths import report_path
from stopintimidatie.reports.vocabulary import Form
from stopintimidatie.security import Permission
from stopintimidatie.security.trail import note_read
from stopintimidatie.storage import NATIONAL
from stopintimidatie.storage.types import utc_now
from stopintimidatie.tree import Root
from stopintimidatie.web.components import ListItem, Tile
from stopintimidatie.web.filters import date_text, datetime_short, local
from stopintimidatie.web.paging import Paging, wanted_page
from stopintimidatie.web.panels import panels

ATTENTION_LIMIT = 10


@view_config(
    context=Root,
    name="",
    request_method="GET",
    permission=Permission.SIGNED_IN,
    renderer="templates/municipalities.jinja2",
)
def start(request: Any) -> Any:
    """One place of work: go there. Several: choose."""
    holders = request.identity.holders
    if len(holders) == 1:
        return HTTPSeeOther(_address_of(request, holders[0]))
    return _places(request)


@view_config(
    context=Municipalities,
    request_method="GET",
    permission=Permission.SIGNED_IN,
    renderer="templates/municipalities.jinja2",
)
def municipalities(request: Any) -> Any:
    return _places(request)


def _places(request: Any) -> dict[str, Any]:
    own = [holder for holder in request.identity.holders if holder != NATIONAL]
    rows = request.db.scalars(
        select(Municipality).where(Municipality.code.in_(own)).order_by(Municipality.name)
    )
    places = [ListItem(row.name, f"/gemeenten/{row.slug}") for row in rows]
    if NATIONAL in request.identity.holders:
        places.insert(0, ListItem("Landelijk meldpunt", f"/{NATIONAL}"))
    return {"places": places}


def _address_of(request: Any, holder: str) -> str:
    if holder == NATIONAL:
        return f"/{NATIONAL}"
    slug = request.db.scalar(select(Municipality.slug).where(Municipality.code == holder))
    return f"/gemeenten/{slug}"


@view_config(
    context=MunicipalityResource,
    request_method="GET",
    permission=Permission.VIEW_MUNICIPALITY,
    renderer="templates/municipality.jinja2",
)
def municipality(context: MunicipalityResource, request: Any) -> dict[str, Any]:
    """What needs me now, then the neighbourhoods with their trend."""
    now = utc_now()
    may_read = bool(request.has_permission(Permission.VIEW_REPORT, context))
    rows = overview.neighbourhood_rows(request.db, context.holder, now)
    page: dict[str, Any] = {
        "may_read": may_read,
        "rows": rows,
        "urgent": [],
        "tiles": [],
        "agreements": [],
    }
    if may_read:
        slugs = {row.neighbourhood.code: row.neighbourhood.slug for row in rows}
        urgent = overview.urgent_reports(request.db, request.identity.user_id, now, ATTENTION_LIMIT)
        note_read(request, context.holder, "melding", [r.id for r in urgent], task="startpagina")
        page["tiles"] = _tiles(context, request, now)
        page["agreements"] = _agreements(context, request, now)
        page["urgent"] = [
            report_item(
                report, context.municipality.slug, slugs.get(report.neighbourhood_code or "")
            )
            for report in urgent
        ]
    return page


def _agreements(context: MunicipalityResource, request: Any, now: Any) -> list[ListItem]:
    if not request.has_permission(Permission.VIEW_DOSSIER, context):
        return []
    today, slug = local(now).date(), context.municipality.slug
    roles = request.identity.roles_for(context.holder)
    return [
        ListItem(
            title=due.what,
            href=f"{dossier_path(slug, due.neighbourhood_slug, due.number)}?deel=afspraken",
            badges=["te_laat"] if due.due_on < today else [],
            meta=[f"dossier {due.number}", due.who, f"uiterlijk {date_text(due.due_on)}"],
        )
        for due in overview.agreements_due(request.db, roles, today, ATTENTION_LIMIT)
    ]


def _tiles(context: MunicipalityResource, request: Any, now: Any) -> list[Tile]:
    counts = overview.attention(request.db, request.identity.user_id, now)
    inbox = f"/gemeenten/{context.municipality.slug}/postvak"
    return [
        Tile(str(counts.urgent), "Spoed", f"{inbox}?spoed=ja", tone="danger"),
        Tile(str(counts.new), "Nieuw", f"{inbox}?toestand=nieuw", tone="info"),
        Tile(str(counts.contact_soon), "Contact binnen een dag", f"{inbox}?termijn=dag"),
        Tile(str(counts.waited_long_enough), "Antwoord blijft uit", f"{inbox}?termijn=wachten"),
        Tile(str(counts.mine), "Van mij", f"{inbox}?behandelaar=ik"),
        Tile(str(counts.quarantine), "Quarantaine", f"{inbox}?toestand=quarantaine"),
    ]


def report_item(report: Report, municipality: str, neighbourhood: str | None) -> ListItem:
    """A report as one entry of a list."""
    forms = ", ".join(Form.word(code) for code in report.forms)
    badges = (["spoed"] if report.urgent else []) + [report.state]
    return ListItem(
        title=f"{report.reference}: {forms}",
        href=report_path(report, municipality, neighbourhood),
        badges=badges,
        meta=[f"ontvangen {datetime_short(report.received_at)}"],
    )


@view_config(
    context=NeighbourhoodResource,
    request_method="GET",
    permission=Permission.VIEW_REPORT,
    renderer="templates/neighbourhood.jinja2",
)
def neighbourhood(context: NeighbourhoodResource, request: Any) -> dict[str, Any]:
    """The reports that live directly under a neighbourhood, newest first."""
    here = (
        Report.neighbourhood_code == context.neighbourhood.code,
        Report.dossier_number.is_(None),
    )
    total = request.db.scalar(select(func.count()).select_from(Report).where(*here)) or 0
    paging = Paging(wanted_page(request), total)
    reports = request.db.scalars(
        select(Report)
        .where(*here)
        .order_by(Report.received_at.desc(), Report.id)
        .offset(paging.offset)
        .limit(paging.size)
    ).all()
    note_read(request, context.holder, "melding", [r.id for r in reports], task="wijk bekijken")
    slugs = (context.municipality.slug, context.neighbourhood.slug)
    return {
        "items": [report_item(report, *slugs) for report in reports],
        "paging": paging,
        "panels": panels(request, "wijk", context),
    }
