"""Asking for an export, and looking beforehand at what its recipient would see."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.audit import Actor
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.exports.content import ContentError
from stopintimidatie.exports.forms import (
    ATTRIBUTES,
    first_values,
    read_wish,
    request_schema,
)
from stopintimidatie.exports.freezing import Prepared, prepare
from stopintimidatie.exports.preview import preview_values
from stopintimidatie.exports.profiles import INTERNAL, PROFILES
from stopintimidatie.exports.services import check_request, draft, request_export
from stopintimidatie.exports.wish import ExportError, ExportWish
from stopintimidatie.municipalities.services import profile_of
from stopintimidatie.reports.vocabulary import LegalBasis
from stopintimidatie.security import Permission
from stopintimidatie.security.trail import note_read
from stopintimidatie.storage.types import utc_now
from stopintimidatie.web.filters import day_of
from stopintimidatie.web.forms import Button, Form, FormError, handle_form
from stopintimidatie.web.navigation import NavItem
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import query_pairs

ASK: Final = "uitvoer-aanvragen"
PREVIEW: Final = "uitvoer-voorbeeld"


def actor_of(request: Request) -> Actor:
    assert request.identity is not None  # noqa: S101 - every view here asks a permission
    return request.identity.actor


@view_config(
    context=DossierResource,
    name=ASK,
    request_method="GET",
    permission=Permission.REQUEST_EXPORT,
    renderer="stopintimidatie.exports:templates/request.jinja2",
)
@view_config(
    context=DossierResource,
    name=ASK,
    request_method="POST",
    permission=Permission.REQUEST_EXPORT,
    renderer="stopintimidatie.exports:templates/request.jinja2",
)
def request_view(context: DossierResource, request: Request) -> Any:
    """The form. The button *voorbeeld* shows what goes out, without asking for anything."""
    dossier = context.dossier
    phone = profile_of(request.db, context.holder).telephone
    whole = look_at(request, dossier, INTERNAL.name)
    form = Form(
        request_schema(minors=whole.minors),
        request,
        buttons=[
            Button("aanvragen", "Uitvoer aanvragen"),
            Button("voorbeeld", "Eerst voorbeeld bekijken", kind="secondary"),
        ],
        appstruct=first_values(dossier, phone),
        cancel_url=request.resource_path(context),
    )
    page = {
        "dossier": dossier,
        "preview": None,
        "empty": not whole.content.reports,
        "profiles": [
            (profile.label, f"{request.resource_path(context, PREVIEW)}?voor={profile.name}")
            for profile in PROFILES.values()
        ],
    }

    def on_valid(values: dict[str, Any]) -> Any:
        return _submitted(context, request, form, values, page)

    return handle_form(request, form, on_valid, page)


def _submitted(
    context: DossierResource, request: Request, form: Form, values: dict[str, Any], page: Any
) -> Any:
    wish, actor = read_wish(values), actor_of(request)
    settings = request.app_settings
    try:
        if form.pressed() == "voorbeeld":
            seen = check_request(request.db, settings, context.dossier, wish, actor)
            note_preview(request, context, seen)
            return {**page, "form": form, "preview": preview_values(seen)}
        export = request_export(request.db, settings, context.dossier, wish, actor)
    except ExportError as problem:
        raise FormError(problem.message, ATTRIBUTES.get(problem.field or "")) from problem
    request.flash("De uitvoer is aangevraagd. Een collega moet hem goedkeuren.")
    return HTTPSeeOther(request.resource_path(context, export.reference))


def note_preview(request: Request, context: Any, seen: Prepared) -> None:
    """The page shows personal data of these reports."""
    note_read(request, context.holder, "melding", seen.read_ids, task="uitvoer voorbereiden")


def look_at(request: Request, dossier: Dossier, profile: str) -> Prepared:
    """What a kind of recipient would see of the dossier now, whatever will be asked of them."""
    today = day_of(utc_now())
    wish = ExportWish(
        profile=profile,
        recipient=PROFILES[profile].label,
        question="Nog niet ingevuld.",
        answer_by=today,
        purpose=dossier.purpose or "Nog niet ingevuld.",
        legal_basis=dossier.legal_basis or LegalBasis.PUBLIC_ORDER.value,
        destroy_by=today,
    )
    export = draft(dossier, wish, actor_of(request), "voorbeeld")
    return prepare(request.db, request.app_settings, dossier, export, utc_now())


@view_config(
    context=DossierResource,
    name=PREVIEW,
    request_method="GET",
    permission=Permission.REQUEST_EXPORT,
    renderer="stopintimidatie.exports:templates/preview_page.jinja2",
)
def preview_view(context: DossierResource, request: Request) -> dict[str, Any]:
    """Per kind of recipient: what it would see, and what is hidden by which rule."""
    asked = dict(query_pairs(request)).get("voor", "")
    chosen = asked if asked in PROFILES else next(iter(PROFILES))
    address = request.resource_path(context, PREVIEW)
    page: dict[str, Any] = {
        "dossier": context.dossier,
        "profile": PROFILES[chosen],
        "tabs": [
            NavItem(profile.label, f"{address}?voor={profile.name}", profile.name == chosen)
            for profile in PROFILES.values()
        ],
        "request_href": request.resource_path(context, ASK),
        "preview": None,
        "problem": "",
    }
    try:
        seen = look_at(request, context.dossier, chosen)
    except ContentError as error:
        return {**page, "problem": f"Dit kan zo niet in het document: {error}."}
    note_preview(request, context, seen)
    return {**page, "preview": preview_values(seen)}
