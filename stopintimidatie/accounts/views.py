"""Signing in and out."""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import Any, Final

from pyramid.csrf import new_csrf_token
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render_to_response
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config

from stopintimidatie.accounts.devices import keep_proof, proof_in
from stopintimidatie.accounts.forms import SignInSchema
from stopintimidatie.accounts.services import SignInResult, sign_in, sign_out
from stopintimidatie.accounts.sessions import end_session, note_leaving, set_cookie, token_of
from stopintimidatie.security import Permission
from stopintimidatie.tree import Root
from stopintimidatie.web.forms import BusyError, Button, Form, FormError, handle_form
from stopintimidatie.web.urls import safe_path
from stopintimidatie.web.waiting_room import is_turned_away

PAGE: Final = "stopintimidatie.accounts:templates/sign_in.jinja2"
BUSY: Final = (
    "Er melden zich nu heel veel mensen tegelijk aan. Uw wachtwoord is niet bekeken en telt niet"
    " als poging. Wacht tien seconden, vul uw wachtwoord nog een keer in en kies Aanmelden."
)


def _refusal(result: SignInResult) -> str:
    if result.wait > timedelta(0):
        minutes = ceil(result.wait.total_seconds() / 60)
        unit = "minuut" if minutes == 1 else "minuten"
        return f"Er is te vaak een verkeerd wachtwoord ingevuld. Probeer het over {minutes} {unit}."
    return (
        "De gebruikersnaam of het wachtwoord klopt niet. Controleer beide. Lukt het niet, vraag"
        " dan uw functioneel beheerder om hulp."
    )


@view_config(
    context=Root,
    name="aanmelden",
    request_method=("GET", "POST"),
    permission=NO_PERMISSION_REQUIRED,
    renderer=PAGE,
)
def sign_in_view(request: Any) -> Any:
    wanted = {"volgende": safe_path(request.GET.get("volgende"))}
    form = Form(
        SignInSchema(), request, buttons=[Button("aanmelden", "Aanmelden")], appstruct=wanted
    )

    # The locked name for which the page offers to send a mail.
    locked: list[str] = []

    def on_valid(values: dict[str, Any]) -> Any:
        if is_turned_away(request):
            raise BusyError(BUSY)
        registry = request.registry
        # In other transactions: the request's own would hold a lock during the password check.
        result = sign_in(
            registry.engine,
            registry.key_ring,
            values["gebruikersnaam"],
            values["wachtwoord"],
            demo=registry.app_settings.demo,
            proof=proof_in(request),
            old_token=token_of(request) or "",
        )
        if result.token is None:
            locked.extend([values["gebruikersnaam"]] if result.wait > timedelta(0) else [])
            raise FormError(_refusal(result))
        response = _signed_in(request, safe_path(values["volgende"]), result.token)
        keep_proof(response, registry.app_settings, result.proof)
        return response

    return handle_form(request, form, on_valid, {"locked": locked, "told": ""})


def sign_in_page(request: Any, username: str, told: str) -> Response:
    """Return the page to sign in, with what was just done, and the name of who proved it is theirs.

    Not a redirect: a name doesn't stand in an address, and a visitor has no session to keep it in.
    """
    form = Form(
        SignInSchema(),
        request,
        buttons=[Button("aanmelden", "Aanmelden")],
        appstruct={"gebruikersnaam": username},
        action="/aanmelden",
    )
    return render_to_response(PAGE, {"form": form, "locked": [], "told": told}, request=request)


def _signed_in(request: Any, address: str, token: str) -> Any:
    response = HTTPSeeOther(location=address)
    set_cookie(response, request.registry.app_settings, token)
    new_csrf_token(request)
    return response


@view_config(context=Root, name="afmelden", request_method="POST", permission=Permission.SIGNED_IN)
def sign_out_view(request: Any) -> Any:
    sign_out(request.db, request.actor)
    note_leaving(request)
    end_session(request.db, token_of(request) or "")
    response = HTTPSeeOther(location="/aanmelden")
    set_cookie(response, request.registry.app_settings, None)
    return response
