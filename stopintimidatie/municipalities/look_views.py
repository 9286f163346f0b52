"""Logo and colour: checked on saving, with a preview as the app and the portal show them."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Any

from pyramid.view import view_config

from stopintimidatie.municipalities.editing import (
    PREVIEW,
    SAVE,
    name_of,
    published_here,
    save,
    seen_version,
    waiting_plan,
)
from stopintimidatie.municipalities.forms import look_schema
from stopintimidatie.municipalities.logos import LogoError, clean_logo
from stopintimidatie.municipalities.models import MunicipalityLogo
from stopintimidatie.municipalities.overview_views import logo_address
from stopintimidatie.municipalities.previewing import answer_preview, with_part
from stopintimidatie.municipalities.published import FROM_PROFILE, Part
from stopintimidatie.municipalities.publishing import keep_logo
from stopintimidatie.municipalities.reading import logo_of
from stopintimidatie.municipalities.resources import MunicipalityAdministration
from stopintimidatie.sandbox.places import NoPlaceError
from stopintimidatie.security import Permission
from stopintimidatie.web.contrast import parse_colour
from stopintimidatie.web.forms import BusyError, Form, FormError, handle_form
from stopintimidatie.web.heavy_work import TOO_BUSY, heavy_work
from stopintimidatie.web.request import Request
from stopintimidatie.web.theme import DEFAULT_COLOUR

SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


@view_config(
    context=MunicipalityAdministration,
    name="uiterlijk",
    request_method=("GET", "POST"),
    permission=Permission.EDIT_SETTINGS,
    renderer="templates/look.jinja2",
)
def look(context: MunicipalityAdministration, request: Request) -> Any:
    """Choose, look at it, save it."""
    published = published_here(context, request)
    form = Form(
        look_schema(has_logo=published.logo is not None),
        request,
        buttons=[SAVE, PREVIEW],
        appstruct={
            "kleur": published.colour or DEFAULT_COLOUR,
            **seen_version(request.db, context, Part.LOOK),
        },
        cancel_url=request.resource_path(context),
    )
    shown = logo_address(context, published)
    page = {
        "plan": waiting_plan(request.db, context, Part.LOOK),
        "preview": answer_preview(published, name_of(context), logo=shown),
        "logo": shown,
        "tried": False,
        "chosen": None,
    }

    def on_valid(values: dict[str, Any]) -> Any:
        logo = _wanted_logo(context, request, values, published.logo)
        content = {"kleur": parse_colour(values["kleur"]).hex, "logo": logo}
        if form.pressed() == PREVIEW.name:
            tried = with_part(published, Part.LOOK, content, national=False)
            address = _inline(request, context.holder, logo)
            preview = answer_preview(tried, name_of(context), logo=address)
            _remember(form, logo if values["logo"] or values["gekozen"] else None)
            return {**page, "form": form, "preview": preview, "tried": True, "logo": address}
        return save(context, request, Part.LOOK, content, values)

    return handle_form(request, form, on_valid, page)


def _wanted_logo(
    context: MunicipalityAdministration,
    request: Request,
    values: dict[str, Any],
    present: str | None,
) -> str | None:
    """The hash of the logo that is meant; a new file is made harmless and kept first.

    :raises FormError: the file can't be a logo.
    """
    if values.get("logo_weg"):
        return None
    if values["logo"] is not None:
        try:
            return _kept(context, request, values["logo"].content)
        except LogoError as problem:
            raise FormError(str(problem), "logo") from None
    chosen = values["gekozen"]
    if chosen:
        known = SHA256.fullmatch(chosen) is not None
        row = request.db.get(MunicipalityLogo, (context.holder, chosen)) if known else None
        if row is None:
            raise FormError(
                "Het logo dat u koos is er niet meer. Kies het bestand nog eens.", "logo"
            )
        return row.sha256
    if present == FROM_PROFILE:
        return _from_profile(context, request)
    return present


def _from_profile(context: MunicipalityAdministration, request: Request) -> str | None:
    """A logo from before there were versions becomes one that a version can name."""
    logo = logo_of(request.db, context.holder)
    if logo is None:
        return None
    try:
        return _kept(context, request, logo.content)
    except LogoError as problem:
        raise FormError(f"Het logo van nu kan niet mee: {problem}", "logo") from None


def _kept(context: MunicipalityAdministration, request: Request, content: bytes) -> str:
    """Clean and store the logo; return its hash.

    :raises LogoError: this file can't be a logo.
    :raises BusyError: too many files are being cleaned.
    """
    try:
        with heavy_work(request):
            clean = clean_logo(content)
    except NoPlaceError:
        raise BusyError(TOO_BUSY, "logo") from None
    return keep_logo(request.db, context.holder, clean)


def _inline(request: Request, owner: str, sha256: str | None) -> str | None:
    """The picture itself as its address: it isn't served before it is published."""
    row = request.db.get(MunicipalityLogo, (owner, sha256)) if sha256 else None
    if row is None:
        return None
    return f"data:{row.media_type};base64,{b64encode(row.content).decode()}"


def _remember(form: Form, sha256: str | None) -> None:
    """A browser doesn't send a file twice: the next time its name is sent instead."""
    if sha256 is not None:
        form["gekozen"].cstruct = sha256
