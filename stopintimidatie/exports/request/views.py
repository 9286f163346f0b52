"""Pages of exports: the list of a municipality, one export, its file, and asking for one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import colander
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, Form, FormError, handle_form, read_controls
from stopintimidatie.core.security import Identity, Permission
from stopintimidatie.core.security.policy import note, note_read
from stopintimidatie.core.storage.encryption import DecryptionError
from stopintimidatie.core.text import day_of
from stopintimidatie.core.web.components import FacetValue, badge_for, panels
from stopintimidatie.core.web.request import (
    NavItem,
    Paging,
    Request,
    form_view,
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
from stopintimidatie.exports.extract.queries import LoadedDossier, load_dossier
from stopintimidatie.exports.extract.rules import restricted, unwilling
from stopintimidatie.exports.models import MAKING, Export, ExportState
from stopintimidatie.exports.profiles.defaults import LABELS, PROFILES, offered
from stopintimidatie.exports.request import queries as request_queries
from stopintimidatie.exports.request.forms import (
    choices_in_full,
    control_of,
    first_values,
    mistakes,
    read_request,
    request_schema,
)
from stopintimidatie.exports.request.pages import (
    PREVIEW,
    look,
    note_choices,
    note_preview,
    only_going_out,
    preview_of,
    previews_by_kind,
    refusal_of,
    shown,
    stories_of,
    together_href,
    way_back,
)
from stopintimidatie.exports.request.queries import (
    Shut,
    ShutError,
    bases_for,
    covenant_warning,
    words_of,
)
from stopintimidatie.exports.request.routes import make_at_once
from stopintimidatie.exports.request.services import (
    EXAMPLE,
    check_request,
    draft,
    empowered_today,
    is_stuck,
    note_opened,
    read_file,
    request_export,
)
from stopintimidatie.exports.resources import ExportResource
from stopintimidatie.exports.vocabulary import ExportRequest
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.municipalities.partners.models import PartnerOrganisation
from stopintimidatie.municipalities.partners.services import (
    covenant_on,
    find_running,
    running_partners,
)
from stopintimidatie.municipalities.partners.vocabulary import LegalBasis
from stopintimidatie.municipalities.settings.queries import published_for


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


# Asking for an export, and looking beforehand at what its recipient would see.

ASK: Final = "uitvoer-aanvragen"
CHOOSE: Final = "kiezen"
ASKED: Final = "De uitvoer is aangevraagd. Een collega moet hem goedkeuren."
URGENT: Final = (
    "Het document wordt meteen gemaakt. Een collega moet het binnen één werkdag beoordelen."
)


@form_view(
    DossierResource,
    ASK,
    Permission.REQUEST_EXPORT,
    "templates/request.jinja2",
    guards=(hidden_reports, only_going_out),
)
def request_view(context: DossierResource, request: Request) -> Any:
    """Show the form to ask for an export; preview it, or ask for it."""
    dossier = context.dossier
    phone = published_for(request.db, context.holder).telephone
    loaded = load_dossier(request.db, dossier, request.registry)
    empowered = empowered_today(request.db, context.holder)
    partner = _partner(request)
    terms = form_terms(context, request, loaded, empowered=empowered)
    terms["ground"] = loaded.minors_for([request.POST.get("soort_ontvanger", "")])
    form = Form(
        request_schema(partner=partner, **terms),
        request,
        buttons=[
            Button("aanvragen", "Uitvoer aanvragen"),
            Button("voorbeeld", "Eerst voorbeeld bekijken", kind="secondary"),
        ],
        action=_address(context, request, partner),
        appstruct=first_values(dossier, phone, partner, proposed_in_full(terms)),
        cancel_url=request.resource_path(context),
    )
    page = {
        "dossier": dossier,
        "preview": None,
        "empty": not loaded.known.reports,
        "restricted": [words for _, words in restricted(loaded)],
        "stories": stories_of(context, request, loaded),
        "profiles": previews_by_kind(context, request, empowered=empowered),
        **_partners(context, request, partner),
    }

    if _is_choosing(request):
        _keep(request, form, partner)
        return {**page, "form": form}

    def on_valid(values: dict[str, Any]) -> Any:
        return _submitted(context, request, form, loaded, read_request(values, partner), page)

    return handle_form(request, form, on_valid, page)


def form_terms(
    context: DossierResource, request: Request, loaded: LoadedDossier, *, empowered: bool
) -> dict[str, Any]:
    """Return the terms of `request_schema`; note that the form tells of reports to choose from."""
    most = request.app_settings.pdf_full_reports
    choosable = choices_in_full(loaded.known.reports, most)
    if choosable:
        note_choices(request, context, loaded)
    return {
        "minors": loaded.minors,
        "empowered": empowered,
        "unwilling": unwilling(loaded.known.reports),
        "restricted": restricted(loaded),
        "choosable": choosable,
        "most": most,
    }


def proposed_in_full(terms: Mapping[str, Any]) -> list[str]:
    """Return the numbers of the newest reports, which are proposed to be told in full."""
    return [code for code, _ in terms["choosable"][: terms["most"]]]


def _partner(request: Request) -> PartnerOrganisation | None:
    """Return the partner that was chosen (`partner=K-…`), or None for another recipient.

    Raises:
        HTTPNotFound: there is no such partner.
    """
    reference = request.POST.get("partner", _partner_before(request))
    if not reference:
        return None
    partner = find_running(request.db, reference[:20])
    if partner is None:
        raise HTTPNotFound()
    return partner


def _partner_before(request: Request) -> str:
    """Return the reference of the partner in the address, for whom the form was drawn."""
    return str(dict(query_pairs(request)).get("partner", ""))


def _is_choosing(request: Request) -> bool:
    """Tell whether another recipient was chosen: the form is then drawn anew, nothing is sent."""
    before = _partner_before(request)
    return CHOOSE in request.POST or request.POST.get("partner", before) != before


def _keep(request: Request, form: Form, partner: PartnerOrganisation | None) -> None:
    """Put the answers typed so far back in the form, but the kind of recipient of a partner."""
    sent = read_controls(form, request.POST.items())
    kind = "soort_ontvanger"
    if sent[kind] is colander.null or (partner is not None and partner.profile):
        sent[kind] = form[kind].cstruct
    form.cstruct = form.deserialize(sent)


def _address(
    context: DossierResource, request: Request, partner: PartnerOrganisation | None
) -> str:
    query = {} if partner is None else {"query": {"partner": partner.reference}}
    return str(request.resource_path(context, ASK, **query))


def _partners(
    context: DossierResource, request: Request, chosen: PartnerOrganisation | None
) -> dict[str, Any]:
    """Return the values of the page about partners: those to choose from, and the chosen one."""
    day = day_of(utc_now())
    return {
        "partners": [(row.reference, row.name) for row in running_partners(request.db)],
        "partner": chosen,
        "covenant": None if chosen is None else covenant_on(chosen, day),
        "covenant_warning": None if chosen is None else covenant_warning(chosen, day),
        "no_basis": chosen is not None and not bases_for(chosen),
        "here": request.resource_path(context, ASK),
        "choose": CHOOSE,
    }


def _submitted(
    context: DossierResource,
    request: Request,
    form: Form,
    loaded: LoadedDossier,
    wish: ExportRequest,
    page: Any,
) -> Any:
    settings, actor = request.app_settings, request.actor
    try:
        if form.pressed() == "voorbeeld":
            seen = check_request(request.db, settings, loaded, wish, actor)
            note_preview(request, context, seen)
            return {**page, "form": form, "preview": shown(request, context, seen)}
        prepared = request_export(request.db, settings, loaded, wish, actor)
        if wish.urgent:
            make_at_once(request.db, request.registry.key_ring, prepared, actor)
    except FormError as problem:
        first, *also = ((words, control_of(field)) for words, field in mistakes(problem))
        raise FormError(*first, also) from problem
    request.flash(URGENT if wish.urgent else ASKED)
    return HTTPSeeOther(request.resource_path(context, prepared.export.reference))


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
