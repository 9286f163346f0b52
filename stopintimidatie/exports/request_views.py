"""Asking for an export, and looking beforehand at what its recipient would see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import colander
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.audit import Actor
from stopintimidatie.clock import utc_now
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.naming_views import hidden_reports
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.exports.asked import ExportRequest
from stopintimidatie.exports.content import ContentError
from stopintimidatie.exports.deviations import unwilling
from stopintimidatie.exports.forms import (
    control_of,
    first_values,
    read_request,
    request_schema,
)
from stopintimidatie.exports.freezing import Prepared, prepare
from stopintimidatie.exports.loading import LoadedDossier, load_dossier
from stopintimidatie.exports.models import Export
from stopintimidatie.exports.partnership import bases_for, covenant_warning
from stopintimidatie.exports.preview import preview_values
from stopintimidatie.exports.profiles import PROFILES, offered
from stopintimidatie.exports.review_views import NAME as REVIEW
from stopintimidatie.exports.services import (
    EXAMPLE,
    check_request,
    draft,
    empowered_today,
    request_export,
)
from stopintimidatie.exports.urgency import make_at_once
from stopintimidatie.exports.wish import ExportError
from stopintimidatie.municipalities.reading import published_for
from stopintimidatie.partners.models import PartnerOrganisation
from stopintimidatie.partners.services import covenant_on, find_running, running_partners
from stopintimidatie.reports.paths import paths_of_reports
from stopintimidatie.reports.vocabulary import LegalBasis
from stopintimidatie.security import Permission
from stopintimidatie.security.permissions import may
from stopintimidatie.security.trail import note_read
from stopintimidatie.web.filters import day_of
from stopintimidatie.web.forms import Button, Form, FormError, handle_form, read_controls
from stopintimidatie.web.navigation import NavItem
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import query_pairs

ASK: Final = "uitvoer-aanvragen"
CHOOSE: Final = "kiezen"
PREVIEW: Final = "uitvoer-voorbeeld"
ASKED: Final = "De uitvoer is aangevraagd. Een collega moet hem goedkeuren."
URGENT: Final = (
    "Het document wordt meteen gemaakt. Een collega moet het binnen één werkdag beoordelen."
)


@view_config(
    context=DossierResource,
    name=ASK,
    request_method=("GET", "POST"),
    permission=Permission.REQUEST_EXPORT,
    renderer="stopintimidatie.exports:templates/request.jinja2",
    guards=(hidden_reports,),
)
def request_view(context: DossierResource, request: Request) -> Any:
    """The form. The button *voorbeeld* shows what goes out, without asking for anything."""
    dossier = context.dossier
    phone = published_for(request.db, context.holder).telephone
    loaded = load_dossier(request.db, dossier)
    empowered = empowered_today(request.db, context.holder)
    partner = _partner(request)
    form = Form(
        request_schema(
            minors=loaded.minors,
            empowered=empowered,
            partner=partner,
            unwilling=unwilling(loaded.known.reports),
        ),
        request,
        buttons=[
            Button("aanvragen", "Uitvoer aanvragen"),
            Button("voorbeeld", "Eerst voorbeeld bekijken", kind="secondary"),
        ],
        action=_address(context, request, partner),
        appstruct=first_values(dossier, phone, partner),
        cancel_url=request.resource_path(context),
    )
    page = {
        "dossier": dossier,
        "preview": None,
        "empty": not loaded.known.reports,
        "profiles": [
            (profile.label, f"{request.resource_path(context, PREVIEW)}?voor={profile.name}")
            for profile in offered(empowered=empowered)
        ],
        **_partners(context, request, partner),
    }

    if _is_choosing(request):
        _keep(request, form, partner)
        return {**page, "form": form}

    def on_valid(values: dict[str, Any]) -> Any:
        return _submitted(context, request, form, loaded, read_request(values, partner), page)

    return handle_form(request, form, on_valid, page)


def _partner(request: Request) -> PartnerOrganisation | None:
    """The partner that was chosen, `partner=K-…`; nothing or empty means another recipient."""
    asked = request.POST.get("partner", _partner_before(request))
    if not asked:
        return None
    found = find_running(request.db, asked[:20])
    if found is None:
        raise HTTPNotFound()
    return found


def _partner_before(request: Request) -> str:
    """The partner for whom the form was drawn: it stands in the address."""
    return str(dict(query_pairs(request)).get("partner", ""))


def _is_choosing(request: Request) -> bool:
    """Tell whether another recipient was chosen: the form is then drawn anew, nothing is sent."""
    before = _partner_before(request)
    return CHOOSE in request.POST or request.POST.get("partner", before) != before


def _keep(request: Request, form: Form, partner: PartnerOrganisation | None) -> None:
    """Put what was typed so far back in the form; what kind of recipient it is, a partner says."""
    sent = read_controls(form, request.POST.items())
    kind = "soort_ontvanger"
    if sent[kind] is colander.null or (partner is not None and partner.profile):
        sent[kind] = form[kind].cstruct
    form.cstruct = form.deserialize(sent)


def _address(
    context: DossierResource, request: Request, partner: PartnerOrganisation | None
) -> str:
    asked = {} if partner is None else {"query": {"partner": partner.reference}}
    return str(request.resource_path(context, ASK, **asked))


def _partners(
    context: DossierResource, request: Request, chosen: PartnerOrganisation | None
) -> dict[str, Any]:
    """What the page shows of the partners: the list to choose from, and the one that was chosen."""
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
        asked = request_export(request.db, settings, loaded, wish, actor)
        if wish.urgent:
            make_at_once(request.db, request.registry.key_ring, asked, actor)
    except ExportError as problem:
        also = [(one.message, control_of(one)) for one in problem.also]
        raise FormError(problem.message, control_of(problem), also) from problem
    request.flash(URGENT if wish.urgent else ASKED)
    return HTTPSeeOther(request.resource_path(context, asked.export.reference))


def note_preview(request: Request, context: Any, seen: Prepared) -> None:
    """The page shows personal data of these reports."""
    note_read(request, context.holder, "melding", seen.read_ids, task="uitvoer voorbereiden")


def shown(request: Request, context: Any, seen: Prepared) -> dict[str, Any]:
    """The preview, with the way to each text that nobody looked at yet, for who may do that."""
    roles = request.identity.roles_for(context.holder) if request.identity else frozenset()
    if not seen.unread or not may(roles, Permission.REDACT):
        return preview_values(seen)
    paths = paths_of_reports(request.db, list(seen.unread.values()))
    review = {n: f"{paths[number]}/{REVIEW}" for n, number in seen.unread.items()}
    return preview_values(seen, review)


@dataclass(frozen=True, slots=True)
class Looked:
    """What somebody sees of an export beforehand, or why there is nothing to see."""

    export: Export
    prepared: Prepared | None
    problem: str = ""

    @property
    def fingerprint(self) -> str:
        return self.prepared.fingerprint if self.prepared else ""


def look(request: Request, loaded: LoadedDossier, export: Export) -> Looked:
    """Prepare an export as it would go out now, to be looked at or decided about."""
    try:
        seen = prepare(request.db, request.app_settings, loaded, export, utc_now())
    except ContentError as error:
        return Looked(export, None, problem=f"Dit kan zo niet in het document: {error}.")
    return Looked(export, seen)


def preview_of(request: Request, context: Any, looked: Looked) -> dict[str, Any] | None:
    """Make the preview for a page that shows it, and note that it was read."""
    if looked.prepared is None:
        return None
    note_preview(request, context, looked.prepared)
    return shown(request, context, looked.prepared)


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


@view_config(
    context=DossierResource,
    name=PREVIEW,
    request_method="GET",
    permission=Permission.REQUEST_EXPORT,
    renderer="stopintimidatie.exports:templates/preview_page.jinja2",
    guards=(hidden_reports,),
)
def preview_view(context: DossierResource, request: Request) -> Any:
    """Per kind of recipient: what it would see, and what is hidden by which rule."""
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
    loaded = load_dossier(request.db, context.dossier)
    looked = look(request, loaded, example(loaded.row, chosen, request.actor))
    preview = preview_of(request, context, looked)
    return {**page, "preview": preview, "problem": looked.problem}
