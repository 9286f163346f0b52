"""Pages to unlock a locked name: the form to ask for a mail, and the page of the link in it.

Opening the link doesn't use it up; the button on its page does.
"""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config

from stopintimidatie.accounts.devices import keep_proof, proof_in, proof_of
from stopintimidatie.accounts.forms import AskUnlockSchema, UnlockSchema
from stopintimidatie.accounts.unlocks import ask_unlock, open_unlock, use_unlock
from stopintimidatie.accounts.views import sign_in_page
from stopintimidatie.tree import Root
from stopintimidatie.web.forms import Button, Form, FormError, handle_form
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import query_pairs

ASK: Final = "aanmelden-link"
OPEN: Final = "aanmelden-openen"
SPENT: Final = (
    "Deze link werkt niet meer. Hij is al gebruikt, of ouder dan een half uur. Probeer u aan te"
    " melden; lukt dat niet, vraag dan een nieuwe mail."
)

DONE: Final = "In deze browser kunt u het nu weer proberen. Vul uw wachtwoord in."


@view_config(
    context=Root,
    name=ASK,
    request_method=("GET", "POST"),
    permission=NO_PERMISSION_REQUIRED,
    renderer="templates/ask_unlock.jinja2",
)
def ask_view(request: Request) -> Any:
    """Ask for the unlock mail. The answer is the same for every name."""
    form = Form(AskUnlockSchema(), request, buttons=[Button("sturen", "Stuur mij een mail")])

    def on_valid(values: dict[str, Any]) -> HTTPSeeOther:
        keys = request.registry.key_ring
        ask_unlock(request.db, keys, values["gebruikersnaam"], proof_in(request))
        return HTTPSeeOther(location=f"/{ASK}?gevraagd=ja")

    asked = "gevraagd" in dict(query_pairs(request))
    return handle_form(request, form, on_valid, {"asked": asked})


@view_config(
    context=Root,
    name=OPEN,
    request_method=("GET", "POST"),
    permission=NO_PERMISSION_REQUIRED,
    renderer="templates/unlock.jinja2",
)
def unlock_view(request: Request) -> Any:
    """Show the page of the link; its button uses the link up and lets this browser sign in.

    Signing in still needs the password.
    """
    sent = request.POST if request.method == "POST" else dict(query_pairs(request))
    key = str(sent.get("sleutel", ""))[:200]
    keys = request.registry.key_ring
    form = Form(
        UnlockSchema(),
        request,
        buttons=[Button("openen", "Aanmelden in deze browser")],
        appstruct={"sleutel": key},
        action=f"/{OPEN}",
    )

    def on_valid(values: dict[str, Any]) -> Response:
        username = use_unlock(request.db, keys, values["sleutel"])
        if username is None:
            raise FormError(SPENT)
        response = sign_in_page(request, username, DONE)
        keep_proof(response, request.app_settings, proof_of(keys, username))
        return response

    works = open_unlock(request.db, keys, key) is not None
    return handle_form(request, form, on_valid, {"works": works, "spent": SPENT})
