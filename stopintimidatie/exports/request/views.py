"""Pages of exports: the list of a municipality, one export, its file, and a look beforehand."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.security import Identity, Permission
from stopintimidatie.core.security.policy import note, note_read
from stopintimidatie.core.storage.encryption import DecryptionError
from stopintimidatie.core.text import day_of
from stopintimidatie.core.web.components import FacetValue, badge_for, panels
from stopintimidatie.core.web.request import (
    NavItem,
    Paging,
    Request,
    page_view,
    query_pairs,
    toggled,
    wanted_page,
)
from stopintimidatie.disclosures.resources import KIND
from stopintimidatie.disclosures.services import CODES
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.pages import HIDDEN, hidden_reports, sees_reports
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.exports.extract.queries import load_dossier
from stopintimidatie.exports.models import MAKING, Export, ExportState
from stopintimidatie.exports.profiles.defaults import LABELS, PROFILES, offered
from stopintimidatie.exports.request import queries as request_queries
from stopintimidatie.exports.request.pages import (
    ASK,
    PREVIEW,
    look,
    preview_of,
    refusal_of,
    together_href,
    way_back,
)
from stopintimidatie.exports.request.queries import Shut, ShutError, words_of
from stopintimidatie.exports.request.services import (
    EXAMPLE,
    draft,
    empowered_today,
    is_stuck,
    note_opened,
    read_file,
)
from stopintimidatie.exports.resources import ExportResource
from stopintimidatie.exports.vocabulary import ExportRequest
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.municipalities.partners.vocabulary import LegalBasis


@page_view(MunicipalityResource, "uitvoer", Permission.VIEW_EXPORT, "templates/exports.jinja2")
def exports_view(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Show the exports of a municipality, with a filter by state."""
    roles = request.identity.roles_for(context.holder) if request.identity else frozenset()
    states = request_queries.states(request.db, roles)
    chosen = dict(query_pairs(request)).get("staat")
    total = sum(number for state, number in states if chosen in (None, state))
    paging = Paging(wanted_page(request), total)
    known = {state for state, _ in states}
    rows = (
        request_queries.page(request.db, roles, chosen, paging.offset, paging.size)
        if chosen is None or chosen in known
        else []
    )
    note_read(request, context.holder, KIND, [row[0].id for row in rows], task="lijst")
    slug = context.municipality.slug
    return {
        "rows": rows,
        "kinds": LABELS,
        "here": f"/gemeenten/{slug}",
        "facet": [
            FacetValue(
                badge_for(state).word, toggled(request, "staat", state), number, state == chosen
            )
            for state, number in states
        ],
        "paging": paging,
        "all_href": f"/gemeenten/{slug}/uitvoer",
    }


@page_view(ExportResource, "", Permission.VIEW_EXPORT, "templates/export.jinja2")
def export_view(context: ExportResource, request: Request) -> dict[str, Any]:
    """Show an export: how far it is, the request, and the file when it is there."""
    export = context.export
    note_read(request, context.holder, KIND, [export.id], task="uitvoer bekijken")
    sees = sees_reports(context.__parent__, request)
    shut = request_queries.shut_by(request.db, request.registry, export) if sees else None
    return {
        "export": export,
        "dossier": context.dossier,
        "making": export.state in MAKING,
        "hidden": None if sees else HIDDEN,
        "shut": shut,
        "words": words_of(export),
        "codes": CODES,
        "panels": panels(request, "uitvoer", context),
        **_possible(context, request, export, sees=sees, shut=shut),
    }


def _possible(
    context: ExportResource, request: Request, export: Export, *, sees: bool, shut: Shut | None
) -> dict[str, Any]:
    """Return what this person can do with an export now."""
    decides = sees and bool(request.has_permission(Permission.APPROVE_EXPORT, context))
    why = refusal_of(request, export) if decides else None
    ended = export.state in (ExportState.FAILED, ExportState.CANCELLED)
    return {
        "here": request.resource_path(context).rstrip("/"),
        "own": why,
        "decides": decides,
        "together_href": together_href(context, request) if decides else None,
        "frees": decides and shut is not None and not (shut.withdrawn or shut.public or why),
        "asks": sees and bool(request.has_permission(Permission.REQUEST_EXPORT, context)),
        "mine": export.proposed_by_id == request.actor.id,
        "failed": ended or is_stuck(export, request.app_settings),
    }


@view_config(
    context=ExportResource,
    name="pdf",
    request_method="GET",
    permission=Permission.FETCH_EXPORT,
    guards=(hidden_reports,),
)
def file_view(context: ExportResource, request: Request) -> Response:
    """Return the file, whose name holds only numbers, and log its reports as read."""
    export = context.export
    try:
        pdf = read_file(request.db, request.registry, export)
    except ShutError as shut:
        request.flash(shut.message, "warning")
        raise HTTPSeeOther(way_back(context, request)) from None
    except (FormError, DecryptionError):
        raise HTTPNotFound() from None
    _note_file(context, request)
    name = f"{context.dossier.number}-{export.reference}.pdf"
    response = Response(pdf, content_type="application/pdf")
    response.content_disposition = f'attachment; filename="{name}"'
    return response


def _note_file(context: ExportResource, request: Request) -> None:
    given = context.export.id

    def write(session: Session, identity: Identity) -> None:
        note_opened(session, session.get_one(Export, given), identity.actor)

    note(request, context.holder, write)
    task, ids = "uitvoer downloaden", request_queries.reports_in(request.db, given)
    note_read(request, context.holder, KIND, [given], task=task)
    note_read(request, context.holder, "melding", ids, task=task)


# Looking beforehand at what a kind of recipient would see.


def example(dossier: Dossier, profile: str, actor: Actor) -> Export:
    """Make an export for a kind of recipient, to look at: whatever will be asked of them."""
    today = day_of(utc_now())
    wish = ExportRequest(
        profile=profile,
        recipient=PROFILES[profile].label,
        question="Nog niet ingevuld.",
        answer_by=today,
        purpose=dossier.purpose or "Nog niet ingevuld.",
        legal_basis=dossier.legal_basis or LegalBasis.PUBLIC_ORDER.value,
        destroy_by=today,
    )
    return draft(dossier, wish, actor, EXAMPLE)


@page_view(
    DossierResource,
    PREVIEW,
    Permission.REQUEST_EXPORT,
    "templates/preview_page.jinja2",
    guards=(hidden_reports,),
)
def preview_view(context: DossierResource, request: Request) -> Any:
    """Show what a kind of recipient would see, and what is hidden by which rule."""
    asked = dict(query_pairs(request)).get("voor", "")
    kinds = offered(empowered=empowered_today(request.db, context.holder))
    chosen = asked if asked in {kind.name for kind in kinds} else kinds[0].name
    address = request.resource_path(context, PREVIEW)
    page: dict[str, Any] = {
        "dossier": context.dossier,
        "profile": PROFILES[chosen],
        "tabs": [
            NavItem(profile.label, f"{address}?voor={profile.name}", profile.name == chosen)
            for profile in kinds
        ],
        "request_href": request.resource_path(context, ASK),
    }
    loaded = load_dossier(request.db, context.dossier, request.registry)
    looked = look(request, loaded, example(loaded.row, chosen, request.actor))
    return {**page, "preview": preview_of(request, context, looked), "problem": looked.problem}
