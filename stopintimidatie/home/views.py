"""The start page, the municipalities, one municipality, one neighbourhood."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select

from stopintimidatie.core.accounts.models import BlockedColleague
from stopintimidatie.core.accounts.services import is_offered_anything
from stopintimidatie.core.accounts.sessions import provider_of
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.session import COUNTED, count_at_most
from stopintimidatie.core.text import date_text, datetime_short, days_until, local
from stopintimidatie.core.tree import Root
from stopintimidatie.core.web.components import ListItem, Tile, Tone, panels
from stopintimidatie.core.web.request import NavItem, Paging, page_view, wanted_page, worth_counting
from stopintimidatie.dossiers.consultations.services import badge_of
from stopintimidatie.dossiers.patterns.resources import waiting
from stopintimidatie.dossiers.resources import dossier_path
from stopintimidatie.dossiers.workflow import ConsultationKind
from stopintimidatie.exports.release.panels import (
    copies_to_chase,
    to_decide,
    unread_answers,
    urgent_to_judge,
)
from stopintimidatie.exports.request.pages import DEPUTIZE
from stopintimidatie.home.queries import (
    agreements_due,
    attention,
    consultations_soon,
    neighbourhood_rows,
    urgent_reports,
)
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.resources import (
    Municipalities,
    MunicipalityResource,
    NeighbourhoodResource,
)
from stopintimidatie.municipalities.people.review import reviews_to_do
from stopintimidatie.municipalities.people.views import roles_to_confirm
from stopintimidatie.municipalities.sso.door import door_path
from stopintimidatie.municipalities.sso.entry import closed_to_own_sessions
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import report_path
from stopintimidatie.reports.vocabulary import Form

ATTENTION_LIMIT = 10


@page_view(Root, "", Permission.SIGNED_IN, "templates/municipalities.jinja2")
def start(request: Any) -> Any:
    """Send the user to their offers, else to their only place of work, else show the choice."""
    if is_offered_anything(request.db, request.identity.username, provider_of(request)):
        return HTTPSeeOther("/uitnodigingen")
    holders = request.identity.holders
    if len(holders) == 1:
        return HTTPSeeOther(_address_of(request, holders[0]))
    return _places(request)


@page_view(Municipalities, "", Permission.SIGNED_IN, "templates/municipalities.jinja2")
def municipalities(request: Any) -> Any:
    """Show the municipalities of the user, each with its neighbourhoods."""
    return _places(request)


def _places(request: Any) -> dict[str, Any]:
    own = [holder for holder in request.identity.holders if holder != NATIONAL]
    rows = request.db.scalars(
        select(Municipality).where(Municipality.code.in_(own)).order_by(Municipality.name)
    )
    places = [ListItem(row.name, _page_of(request, row.code, row.slug)) for row in rows]
    if NATIONAL in request.identity.holders:
        places.insert(0, ListItem("Landelijk meldpunt", f"/{NATIONAL}"))
    closed = closed_to_own_sessions(request.db, request.identity, provider_of(request))
    doors = [ListItem(row.name, door_path(row)) for row in closed]
    return {"places": places, "doors": doors, "blocked": _blocked_at(request)}


def _blocked_at(request: Any) -> list[tuple[str, datetime]]:
    """Return where the access of this user was stopped, and when, as the session may show it."""
    rows = request.db.scalars(
        select(BlockedColleague)
        .where(BlockedColleague.user_id == request.identity.user_id)
        .order_by(BlockedColleague.holder)
    ).all()
    provider = provider_of(request)
    return [
        (
            "het landelijk meldpunt"
            if row.holder == NATIONAL
            else str(request.municipality_name(row.holder)),
            row.blocked_at,
        )
        for row in rows
        if provider in (None, row.holder)
    ]


def _address_of(request: Any, holder: str) -> str:
    if holder == NATIONAL:
        return f"/{NATIONAL}"
    slug = request.db.scalar(select(Municipality.slug).where(Municipality.code == holder))
    return _page_of(request, holder, slug)


def _page_of(request: Any, holder: str, slug: str) -> str:
    """Return where somebody begins at a municipality; its own page isn't for a deputy."""
    path = f"/gemeenten/{slug}"
    return f"{path}/{DEPUTIZE}" if request.identity.only_deputizes(holder) else path


@page_view(MunicipalityResource, "", Permission.VIEW_MUNICIPALITY, "templates/municipality.jinja2")
def municipality(context: MunicipalityResource, request: Any) -> dict[str, Any]:
    """Show what needs me now, then the neighbourhoods with their trend."""
    now = utc_now()
    may_read = bool(request.has_permission(Permission.VIEW_REPORT, context))
    rows = neighbourhood_rows(request.db, context.holder, now)
    page: dict[str, Any] = {
        "may_read": may_read,
        "rows": rows,
        "urgent": [],
        "tiles": [],
        "agreements": [],
        "consultations": [],
        "partners": [],
        "proposals": [],
        "settings": _settings(context, request),
    }
    if may_read:
        slugs = {row.neighbourhood.code: row.neighbourhood.slug for row in rows}
        urgent = urgent_reports(request.db, request.identity.user_id, now, ATTENTION_LIMIT)
        note_read(request, context.holder, "melding", [r.id for r in urgent], task="startpagina")
        page["tiles"] = _tiles(context, request, now)
        page["agreements"] = _agreements(context, request, now)
        page["consultations"] = _consultations(context, request, now)
        page["partners"] = _partners(context, request)
        page["proposals"] = _proposals(context, request)
        page["urgent"] = [
            report_item(
                report, context.municipality.slug, slugs.get(report.neighbourhood_code or "")
            )
            for report in urgent
        ]
    return page


def _settings(context: MunicipalityResource, request: Any) -> list[ListItem]:
    """Return the pages where the admin sets things up; empty for other roles."""
    if not request.has_permission(Permission.MANAGE_MUNICIPALITY, context):
        return []
    pages = {
        "beheer": ("Beheer", "wat melders van uw gemeente zien"),
        "gebruikers": ("Gebruikers", "wie er werkt, en collega’s uitnodigen"),
        "aanmelden-instellen": ("Aanmelden via de gemeente", "met het account van de gemeente"),
        "berichten": ("Berichten", "waar u hoort dat er iets wacht"),
    }
    here, me = request.resource_path(context).rstrip("/"), request.identity.user_id
    return reviews_to_do(request.db, context.holder, me, here) + [
        ListItem(label, f"{here}/{name}", meta=[about]) for name, (label, about) in pages.items()
    ]


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
        for due in agreements_due(request.db, roles, today, ATTENTION_LIMIT)
    ]


def _consultations(context: MunicipalityResource, request: Any, now: Any) -> list[ListItem]:
    if not request.has_permission(Permission.VIEW_DOSSIER, context):
        return []
    slug, roles = context.municipality.slug, request.identity.roles_for(context.holder)
    return [
        ListItem(
            title=f"{ConsultationKind.word(soon.kind).capitalize()} over dossier {soon.number}",
            href=f"{dossier_path(slug, soon.neighbourhood_slug, soon.number)}/overleg-bekijken"
            f"?nr={soon.serial}",
            badges=[badge_of(soon.state, soon.planned_at)],
            meta=[datetime_short(soon.planned_at), *([soon.place] if soon.place else [])],
        )
        for soon in consultations_soon(request.db, roles, now, ATTENTION_LIMIT)
    ]


def _proposals(context: MunicipalityResource, request: Any) -> list[ListItem]:
    if not request.has_permission(Permission.CONFIRM_ROLE, context):
        return []
    return roles_to_confirm(request.db, context.holder, request.resource_path(context).rstrip("/"))


def _partners(context: MunicipalityResource, request: Any) -> list[ListItem]:
    if not request.has_permission(Permission.VIEW_EXPORT, context):
        return []
    roles = request.identity.roles_for(context.holder)
    session, slug = request.db, context.municipality.slug
    waits = []
    if request.has_permission(Permission.APPROVE_EXPORT, context):
        waits = to_decide(session, slug, roles, request.identity.user_id)
    kinds = (urgent_to_judge, unread_answers, copies_to_chase)
    return [*waits, *(item for kind in kinds for item in kind(session, slug, roles))]


def _tiles(context: MunicipalityResource, request: Any, now: Any) -> list[Tile]:
    counts = attention(request.db, request.identity.user_id, now)
    slug, patterns = context.municipality.slug, waiting(request.db, context.holder)
    inbox = f"/gemeenten/{slug}/postvak"
    late: Tone = "danger" if counts.contact_late else "neutral"
    return [
        Tile(str(counts.urgent), "Spoed", f"{inbox}?spoed=ja", tone="danger"),
        Tile(str(counts.new), "Nieuw", f"{inbox}?toestand=nieuw", tone="info"),
        Tile(str(counts.contact_late), "Contact te laat", f"{inbox}?termijn=te_laat", tone=late),
        Tile(str(counts.contact_soon), "Contact binnen een dag", f"{inbox}?termijn=dag"),
        Tile(str(counts.waited_long_enough), "Antwoord blijft uit", f"{inbox}?termijn=wachten"),
        Tile(str(counts.mine), "Van mij", f"{inbox}?behandelaar=ik"),
        Tile(str(counts.quarantine), "Quarantaine", f"{inbox}?toestand=quarantaine"),
        Tile(str(patterns), "Opvallende patronen", f"/gemeenten/{slug}/patronen"),
    ]


def report_item(report: Report, municipality: str, neighbourhood: str | None) -> ListItem:
    """Return a report as one entry of a list."""
    forms = ", ".join(Form.word(code) for code in report.forms)
    badges = (["spoed"] if report.urgent else []) + [report.state]
    meta = [f"ontvangen {datetime_short(report.received_at)}"]
    if report.contact_deadline is not None:
        meta.append(f"contact {days_until(report.contact_deadline)}")
    return ListItem(
        title=f"{report.reference}: {forms}",
        href=report_path(report, municipality, neighbourhood),
        badges=badges,
        meta=meta,
    )


@page_view(NeighbourhoodResource, "", Permission.VIEW_REPORT, "templates/neighbourhood.jinja2")
def neighbourhood(context: NeighbourhoodResource, request: Any) -> dict[str, Any]:
    """Show the reports that live directly under a neighbourhood, newest first."""
    here = (
        Report.neighbourhood_code == context.neighbourhood.code,
        Report.dossier_number.is_(None),
    )
    wanted = wanted_page(request)
    most = worth_counting(wanted, COUNTED)
    newest = select(Report.id).where(*here).order_by(Report.received_at.desc())
    total = count_at_most(request.db, newest, most)
    paging = Paging.counted(wanted, total, most)
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


# Menu


def start_item(request: Any) -> NavItem:
    """Return the item of the start page."""
    return NavItem("Start", "/")


def areas_item(request: Any) -> NavItem | None:
    """Return the item for who works for several municipalities; others land on their own."""
    municipalities = [holder for holder in request.identity.holders if holder != NATIONAL]
    return NavItem("Gemeenten", "/gemeenten") if len(municipalities) > 1 else None
