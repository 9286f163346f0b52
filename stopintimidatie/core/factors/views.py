"""The second step of signing in: showing a factor, or setting up the first; and passkeys alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from math import ceil
from typing import Any, Final

import segno
from pyotp import TOTP
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render_to_response
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.guesses import sign_in_gate
from stopintimidatie.core.accounts.models import PendingSignIn, User
from stopintimidatie.core.accounts.services import record_failure
from stopintimidatie.core.accounts.sessions import device_of, pending_of, pending_token, token_of
from stopintimidatie.core.accounts.views import (
    FACTOR_PATH,
    set_signed_in,
    sign_in_page,
    signed_in,
    visit_of,
)
from stopintimidatie.core.factors.passkeys import (
    LONGEST,
    add_passkey,
    ceremony_of,
    creation_options,
    request_options,
    sign_in_by_passkey,
    sign_in_with_passkey,
    why_not,
)
from stopintimidatie.core.factors.services import (
    NO_FACTORS,
    Door,
    Factors,
    factors_of,
    finish,
    make_codes,
    new_secret,
    set_up_app,
    sign_in_with_code,
    take_pending,
)
from stopintimidatie.core.forms import (
    Button,
    Form,
    FormError,
    Hidden,
    Schema,
    Text,
    TextInput,
    field,
    handle_form,
)
from stopintimidatie.core.storage import transaction
from stopintimidatie.core.text import plural
from stopintimidatie.core.tree import Root
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import Request, form_view, post_view

_TEMPLATES: Final = "stopintimidatie.core.factors:templates"
SETUP_PATH: Final = "/aanmelden-instellen"
PASSKEY_PATH: Final = "/aanmelden-passkey"
WRONG_CODE: Final = (
    "Deze code klopt niet, of hij is al gebruikt. Wacht op de volgende code in uw app, of gebruik"
    " een herstelcode."
)
NO_CODE: Final = "Vul de code in."
WRONG_SETUP_CODE: Final = (
    "Deze code klopt niet. Kijk of de klok van uw telefoon goed staat, en vul de code in die uw app"
    " nu toont."
)
WRONG_PASSKEY: Final = (
    "Deze passkey is niet herkend. Er is niets gewijzigd. Probeer het nog een keer, of kies een"
    " andere manier."
)


def code_schema(
    title: str = "Code", about: str = "Zes cijfers uit uw app. Een herstelcode mag ook."
) -> Any:
    """Return the form of a code; or of the answer of the browser about a passkey."""
    code = field(
        Text(20),
        title,
        name="code",
        missing="",
        needed_sometimes=True,
        description=about,
        widget=TextInput(autocomplete="one-time-code"),
    )
    # A script puts the answer of the browser here.
    passkey = field(Text(LONGEST), "Passkey", name="passkey", missing="", widget=Hidden())
    return Schema(code, passkey)


def door_of(request: Any) -> Door:
    """Return what signing in needs."""
    registry = request.registry
    return Door(registry.engine, registry.key_ring, registry.app_settings.demo)


def waiting_words(wait: timedelta) -> str:
    """Say how long codes are refused."""
    minutes = plural(ceil(wait.total_seconds() / 60), "minuut", "minuten")
    return f"Er is te vaak een verkeerde code ingevuld. Probeer het over {minutes}."


def _waiting(request: Any) -> tuple[PendingSignIn | None, Factors]:
    """Return the sign-in that waits in this browser, and the factors of its person.

    Not in the transaction of the request: that would hold a lock while codes are counted.
    """
    with transaction(request.registry.engine, write=False) as session:
        pending = pending_of(session, pending_token(request))
        if pending is None:
            return None, NO_FACTORS
        return pending, factors_of(session, pending.user.id)


# /aanmelden-factor


@form_view(Root, FACTOR_PATH[1:], NO_PERMISSION_REQUIRED, f"{_TEMPLATES}/ask.jinja2")
def factor_view(request: Request) -> Any:
    """Ask for the second factor of who gave the right password; then let them in."""
    pending, factors = _waiting(request)
    if pending is None:
        return HTTPSeeOther("/aanmelden")
    if not factors.any:
        return HTTPSeeOther(SETUP_PATH)
    form = Form(code_schema(), request, buttons=[Button("aanmelden", "Aanmelden")])
    next_path = pending.next_path

    def page() -> Mapping[str, Any]:
        ceremony = ceremony_of(request)
        options = request_options(ceremony, factors.passkeys)
        return {"factors": factors, "options": options, "problem": why_not(request)}

    def on_valid(values: dict[str, Any]) -> Any:
        visit, token = visit_of(request, next_path), pending_token(request)
        if not values["passkey"] and not values["code"].strip():
            raise FormError(NO_CODE, "code")
        if values["passkey"]:
            result = sign_in_with_passkey(
                door_of(request), token, ceremony_of(request), values["passkey"], visit
            )
        else:
            result = sign_in_with_code(door_of(request), token, values["code"], visit)
        if result.wait > timedelta(0):
            raise FormError(waiting_words(result.wait), "code")
        if result.token is None:
            wrong = (WRONG_PASSKEY, None) if values["passkey"] else (WRONG_CODE, "code")
            raise FormError(*wrong)
        return signed_in(request, result, next_path)

    return handle_form(request, form, on_valid, page)


# /aanmelden-passkey: without a password


@post_view(Root, PASSKEY_PATH[1:], NO_PERMISSION_REQUIRED)
def passkey_view(request: Request) -> Any:
    """Let in whoever shows a passkey that its device asked its owner for."""
    visit = visit_of(request, str(request.POST.get("volgende", "/")))
    answer = str(request.POST.get("passkey", ""))
    result = sign_in_by_passkey(door_of(request), ceremony_of(request), answer, visit)
    if result.token is None:
        _note_stranger(request)
        return sign_in_page(request, "", WRONG_PASSKEY, kind="error")
    return signed_in(request, result, visit.next_path)


def _note_stranger(request: Request) -> None:
    """Record a passkey that isn't known; a network that shows many fills no log with them."""
    gate = sign_in_gate(request)
    if not gate.closed():
        gate.guessed()
        with transaction(request.registry.engine) as session:
            record_failure(session, None, "passkey")


# /aanmelden-instellen: the first factor


@form_view(Root, SETUP_PATH[1:], NO_PERMISSION_REQUIRED, f"{_TEMPLATES}/setup.jinja2")
def setup_view(request: Request) -> Any:
    """Have somebody without a factor set up the first one; then let them in."""
    pending, factors = _waiting(request)
    if pending is None or factors.any:
        return HTTPSeeOther(FACTOR_PATH if pending else "/aanmelden")
    setup = Setup(request, pending.user, factors, "Beveilig uw account", SETUP_PATH)

    def on_valid(values: dict[str, Any]) -> Any:
        door, visit = door_of(request), visit_of(request, pending.next_path)
        with transaction(door.engine) as session:
            waiting = take_pending(session, pending_token(request), demo=door.demo)
            if waiting is None or factors_of(session, waiting.user_id).any:
                raise FormError(
                    "Het duurde te lang, of u stelde in een ander venster al iets in. Er is niets"
                    " gewijzigd. Ga naar de aanmeldpagina en meld u opnieuw aan."
                )
            codes = setup.keep(session, waiting.user, values)
            way = "passkey" if values.get("passkey") else "app"
            result = finish(session, door.keys, waiting, visit, way)
        response = codes_page(request, codes, visit.next_path)
        set_signed_in(request, response, result)
        return response

    return handle_form(request, setup.form, on_valid, setup.page)


def codes_page(request: Request, codes: list[str], next_path: str) -> Response:
    """Show recovery codes, once: they stand in no other answer."""
    page = {"codes": codes, "next_path": next_path}
    return render_to_response(f"{_TEMPLATES}/codes.jinja2", page, request=request)


class Setup:
    """The page on which a person sets up an app or a passkey.

    Args:
        request: The request.
        user: The person.
        factors: What the person has already.
        heading: Title of the page.
        action: Path that the page posts to.
        parts: Ways that the page offers.
    """

    def __init__(
        self,
        request: Request,
        user: User,
        factors: Factors,
        heading: str,
        action: str,
        parts: frozenset[str] = frozenset({"passkey", "app"}),
    ) -> None:
        self._request, self._user, self._heading = request, user, heading
        self._present = factors.passkeys
        self._action, self._parts = action, parts
        token = token_of(request) if request.identity is not None else pending_token(request)
        self._secret = new_secret(request.registry.key_ring, user.id, token or "", factors.app)
        self.form = Form(
            code_schema("Code uit uw app", "De zes cijfers die uw app nu toont."),
            request,
            buttons=[Button("instellen", "App instellen")],
            action=action,
            cancel_url=None if action == SETUP_PATH else "/account",
        )

    def page(self) -> Mapping[str, Any]:
        """Return the values of the page, with a QR code that only this page has."""
        request, user, secret = self._request, self._user, self._secret
        uri = TOTP(secret).provisioning_uri(name=user.username, issuer_name="Stopintimidatie")
        return {
            "heading": self._heading,
            "first": self._action == SETUP_PATH,
            "action": self._action,
            "with_passkey": "passkey" in self._parts,
            "with_app": "app" in self._parts,
            "options": creation_options(ceremony_of(request), user, self._present),
            "problem": why_not(request),
            "qr": segno.make(uri, error="m").svg_data_uri(scale=5, border=2),
            "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        }

    def keep(self, session: Session, user: User, values: Mapping[str, Any]) -> list[str]:
        """Keep the factor that was set up; return recovery codes that must be shown once.

        Raises:
            FormError: The code, or the answer about the passkey, isn't right.
        """
        keys = self._request.registry.key_ring
        if values["passkey"]:
            ceremony = ceremony_of(self._request)
            name = str(self._request.POST.get("naam", "")).strip() or device_of(self._request)
            if add_passkey(session, ceremony, user, values["passkey"], name) is None:
                raise FormError(WRONG_PASSKEY)
        elif not values["code"].strip():
            raise FormError(NO_CODE, "code")
        elif not set_up_app(session, keys, user, self._secret, values["code"]):
            raise FormError(WRONG_SETUP_CODE, "code")
        left = factors_of(session, user.id).recovery_left
        return [] if left else make_codes(session, keys, user)


def passkey_panel(next_path: str, request: Any) -> Panel:
    """Return the button on the page to sign in that needs no password."""
    values = {
        "action": PASSKEY_PATH,
        "options": request_options(ceremony_of(request)),
        "problem": why_not(request),
        "next_path": next_path,
    }
    return Panel("Zonder wachtwoord", f"{_TEMPLATES}/passkey_panel.jinja2", values)
