"""The list of exports of a municipality, the page of one, and its file."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy.orm import Session

from stopintimidatie.disclosures.references import KIND
from stopintimidatie.disclosures.services import find_disclosure, subjects_of
from stopintimidatie.dossiers.naming_views import HIDDEN, hidden_reports, sees_reports
from stopintimidatie.exports import listing
from stopintimidatie.exports.decision_views import DECIDE, is_own
from stopintimidatie.exports.models import MAKING, Export, ExportState
from stopintimidatie.exports.resources import ExportResource
from stopintimidatie.exports.services import is_stuck, note_fetched, read_file
from stopintimidatie.exports.standards import FileForm
from stopintimidatie.exports.summary import history, proof_rows, request_rows
from stopintimidatie.exports.together_views import together_href
from stopintimidatie.exports.urgency import waits_for_second
from stopintimidatie.exports.urgency_views import AFTER
from stopintimidatie.exports.wish import ExportError
from stopintimidatie.municipalities.resources import MunicipalityResource
from stopintimidatie.security import Identity, Permission
from stopintimidatie.security.trail import note, note_read
from stopintimidatie.storage.encryption import DecryptionError
from stopintimidatie.web.badges import badge_for
from stopintimidatie.web.components import FacetValue
from stopintimidatie.web.paging import Paging, wanted_page
from stopintimidatie.web.panels import panels
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import query_pairs, toggled


@view_config(
    context=MunicipalityResource,
    name="uitvoer",
    request_method="GET",
    permission=Permission.VIEW_EXPORT,
    renderer="stopintimidatie.exports:templates/exports.jinja2",
)
def exports_view(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """All exports, by state: what waits for a decision is one click away."""
    roles = request.identity.roles_for(context.holder) if request.identity else frozenset()
    found = listing.states(request.db, roles)
    chosen = dict(query_pairs(request)).get("staat")
    total = sum(number for state, number in found if chosen in (None, state))
    paging = Paging(wanted_page(request), total)
    known = {state for state, _ in found}
    rows = (
        listing.page(request.db, roles, chosen, paging.offset, paging.size)
        if chosen is None or chosen in known
        else []
    )
    note_read(request, context.holder, KIND, [row[0].id for row in rows], task="lijst")
    slug = context.municipality.slug
    return {
        "items": [listing.item_in_municipality(slug, *row) for row in rows],
        "facet": [
            FacetValue(
                badge_for(state).word, toggled(request, "staat", state), number, state == chosen
            )
            for state, number in found
        ],
        "paging": paging,
        "all_href": f"/gemeenten/{slug}/uitvoer",
    }


@view_config(
    context=ExportResource,
    request_method="GET",
    permission=Permission.VIEW_EXPORT,
    renderer="stopintimidatie.exports:templates/export.jinja2",
)
def export_view(context: ExportResource, request: Request) -> dict[str, Any]:
    """How far it is, what was asked, and the file when it is there."""
    export = context.export
    note_read(request, context.holder, KIND, [export.id], task="uitvoer bekijken")
    sees = sees_reports(context.__parent__, request)
    return {
        "export": export,
        "dossier": context.dossier,
        "making": export.state in MAKING,
        "hidden": None if sees else HIDDEN,
        "rows": request_rows(export, reports_too=sees),
        "proof": proof_rows(export) if export.state == ExportState.READY else None,
        "history": history(export),
        "disclosure_href": _disclosure_href(context, request),
        "panels": panels(request, "uitvoer", context),
        **_possible(context, request, export, sees=sees),
    }


def _possible(
    context: ExportResource, request: Request, export: Export, *, sees: bool
) -> dict[str, Any]:
    """What this person can do here now: the addresses, or None."""
    waits = export.state == ExportState.REQUESTED
    may_decide = sees and request.has_permission(Permission.APPROVE_EXPORT, context)
    ended = export.state in (ExportState.FAILED, ExportState.CANCELLED)
    failed = ended or is_stuck(export, request.app_settings)
    may_ask = sees and request.has_permission(Permission.REQUEST_EXPORT, context)
    sealed = export.file_form == FileForm.LOCKED and export.password_shown_at is None
    ready = export.state == ExportState.READY

    def address(name: str, *, when: bool) -> str | None:
        return request.resource_path(context, name) if when else None

    return {
        "own": waits and is_own(request, export),
        "together_href": together_href(context, request) if may_decide else None,
        "decide_href": address(DECIDE, when=waits and bool(may_decide)),
        "again_href": address("opnieuw", when=failed and bool(may_ask)),
        "cancel_href": address("afbreken", when=export.state in MAKING and bool(may_ask)),
        "back_href": address("afbreken", when=waits and is_own(request, export) and bool(may_ask)),
        "password_href": address("wachtwoord", when=ready and sealed and bool(may_ask)),
        "file_href": address("pdf", when=ready and sees),
        "after": waits_for_second(export),
        "own_urgent": is_own(request, export),
        "after_href": address(AFTER, when=waits_for_second(export) and bool(may_decide)),
    }


def _disclosure_href(context: ExportResource, request: Request) -> str | None:
    if context.export.state != ExportState.READY:
        return None
    return f"/gemeenten/{context.municipality.slug}/verstrekkingen/{context.export.reference}"


@view_config(
    context=ExportResource,
    name="pdf",
    request_method="GET",
    permission=Permission.VIEW_EXPORT,
    guards=(hidden_reports,),
)
def file_view(context: ExportResource, request: Request) -> Response:
    """The file. Its name tells numbers only; what is in it is noted as read."""
    export = context.export
    try:
        pdf = read_file(request.db, request.registry.key_ring, export)
    except (ExportError, DecryptionError):
        raise HTTPNotFound() from None
    _note_file(context, request)
    name = f"{context.dossier.number}-{export.reference}.pdf"
    response = Response(pdf, content_type="application/pdf")
    response.content_disposition = f'attachment; filename="{name}"'
    return response


def _note_file(context: ExportResource, request: Request) -> None:
    given = context.export.id

    def write(session: Session, identity: Identity) -> None:
        note_fetched(session, session.get_one(Export, given), identity.actor)

    note(request, context.holder, write)
    entry = find_disclosure(request.db, context.export.reference)
    subjects = subjects_of(request.db, entry.id) if entry else ()
    task = "uitvoer downloaden"
    note_read(request, context.holder, KIND, [context.export.id], task=task)
    ids = [subject.subject_id for subject in subjects]
    note_read(request, context.holder, "melding", ids, task=task)
