"""The pages of accounts: signing in and out, invitations, unlocking a name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from math import ceil
from typing import Any, Final

from pyramid.csrf import new_csrf_token
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render_to_response
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from stopintimidatie.core.accounts.guesses import (
    count_link,
    is_locked_out,
    keep_proof,
    known_browser,
    normal_username,
    proof_in,
    proof_of,
    sign_in_gate,
)
from stopintimidatie.core.accounts.links import (
    accept,
    open_invitation,
)
from stopintimidatie.core.accounts.models import LinkPurpose, User
from stopintimidatie.core.accounts.passwords import MINIMUM_LENGTH, AccountError, hash_chosen
from stopintimidatie.core.accounts.recovery import ask_link, open_link, use_link
from stopintimidatie.core.accounts.services import (
    SignInResult,
    offers_to,
    sign_in,
    sign_out,
)
from stopintimidatie.core.accounts.sessions import (
    PENDING_COOKIE,
    SIGNED_OUT,
    Visit,
    device_of,
    end_session,
    note_leaving,
    pending_token,
    provider_of,
    set_cookie,
    token_of,
)
from stopintimidatie.core.forms import (
    BusyError,
    Button,
    EmailInput,
    Form,
    FormError,
    Hidden,
    Password,
    PasswordInput,
    Schema,
    Text,
    field,
    handle_form,
)
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage import transaction
from stopintimidatie.core.text import plural
from stopintimidatie.core.tree import Root
from stopintimidatie.core.web.components import panels
from stopintimidatie.core.web.limits import is_turned_away
from stopintimidatie.core.web.request import (
    Request,
    form_view,
    post_view,
    query_pairs,
    safe_path,
)


class SignInSchema(Schema):
    """Name and password; `volgende` is the address the visitor came for."""

    gebruikersnaam = field(
        Text(200),
        "Gebruikersnaam",
        description="Het e-mailadres van uw account.",
        widget=EmailInput(autocomplete="username"),
    )
    wachtwoord = field(Password(200), "Wachtwoord")
    volgende = field(Text(2000), "Volgende pagina", missing="/", widget=Hidden())


class NewPasswordSchema(Schema):
    """A new password, twice; `sleutel` is what stood in the link, where there was one."""

    wachtwoord = field(
        Password(200),
        "Nieuw wachtwoord",
        description=f"Minstens {MINIMUM_LENGTH} tekens, zoals een paar woorden die niets met u te"
        " maken hebben.",
        widget=PasswordInput(autocomplete="new-password"),
    )
    nog_eens = field(
        Password(200),
        "Nieuw wachtwoord nog een keer",
        widget=PasswordInput(autocomplete="new-password"),
    )
    sleutel = field(Text(200), "Link", missing="", widget=Hidden())


class AskLinkSchema(Schema):
    """The address of an account that is locked, or of which the password is forgotten."""

    gebruikersnaam = field(
        Text(200),
        "Gebruikersnaam",
        description="Het e-mailadres van uw account. Daarheen gaat de mail.",
        widget=EmailInput(autocomplete="username"),
    )


class UnlockSchema(Schema):
    """The code from the unlock link."""

    sleutel = field(Text(200), "Link", missing="", widget=Hidden())


PAGE: Final = "stopintimidatie.core.accounts:templates/sign_in.jinja2"
# The page of `core/factors` that asks for the second factor.
FACTOR_PATH: Final = "/aanmelden-factor"
BUSY: Final = (
    "Er melden zich nu heel veel mensen tegelijk aan. Uw wachtwoord is niet bekeken en telt niet"
    " als poging. Wacht tien seconden, vul uw wachtwoord nog een keer in en kies Aanmelden."
)


def refusal_of(wait: timedelta, wrong: str) -> str:
    """Return how long to wait after too many wrong passwords; `wrong` when there is no wait."""
    if wait > timedelta(0):
        minutes = plural(ceil(wait.total_seconds() / 60), "minuut", "minuten")
        return f"Er is te vaak een verkeerd wachtwoord ingevuld. Probeer het over {minutes}."
    return wrong


WRONG: Final = (
    "De gebruikersnaam of het wachtwoord klopt niet. Controleer beide. Weet u uw wachtwoord niet"
    " meer? Kies dan ‘Wachtwoord vergeten’."
)


@form_view(Root, "aanmelden", NO_PERMISSION_REQUIRED, PAGE)
def sign_in_view(request: Any) -> Any:
    """Show the form to sign in, and sign in."""
    wanted = {"volgende": safe_path(request.GET.get("volgende"))}
    form = Form(
        SignInSchema(), request, buttons=[Button("aanmelden", "Aanmelden")], appstruct=wanted
    )

    # The locked name for which the page offers to send a mail.
    locked: list[str] = []

    def on_valid(values: dict[str, Any]) -> Any:
        if is_turned_away(request):
            raise BusyError(BUSY)
        registry, name = request.registry, normal_username(values["gebruikersnaam"])
        gate = sign_in_gate(request)
        known = known_browser(registry.key_ring, name, proof_in(request)) is not None
        if not known and gate.closed():
            locked.append(values["gebruikersnaam"])
            raise FormError(CROWDED)
        # In other transactions: the request's own would hold a lock during the password check.
        result = sign_in(
            registry.engine,
            registry.key_ring,
            values["gebruikersnaam"],
            values["wachtwoord"],
            visit_of(request, values["volgende"]),
            demo=registry.app_settings.demo,
        )
        if result.pending:
            response = HTTPSeeOther(location=FACTOR_PATH)
            set_cookie(response, registry.app_settings, result.pending, PENDING_COOKIE)
            return response
        if result.token is None:
            if not known:
                gate.guessed()
            locked.extend([values["gebruikersnaam"]] if result.wait > timedelta(0) else [])
            raise FormError(refusal_of(result.wait, WRONG))
        return signed_in(request, result, values["volgende"])

    return handle_form(request, form, on_valid, lambda: _sign_in_values(request, locked))


CROWDED: Final = (
    "Vanaf uw netwerk is heel vaak een verkeerd wachtwoord ingevuld. Daarom kan aanmelden hier even"
    " niet in een browser waarin u zich nog nooit aanmeldde. Uw wachtwoord is niet bekeken. Wacht"
    " een kwartier, of laat u hieronder een mail sturen: daarmee kunt u meteen verder."
)


def visit_of(request: Any, next_path: str) -> Visit:
    """Return the browser of this request, which came for a path."""
    token = token_of(request) or ""
    return Visit(proof_in(request), token, device_of(request), safe_path(next_path))


def signed_in(request: Any, result: SignInResult, next_path: str) -> HTTPSeeOther:
    """Lead somebody who has just signed in to the page they came for, with the cookies for it."""
    response = HTTPSeeOther(location=safe_path(next_path))
    set_signed_in(request, response, result)
    return response


def set_signed_in(request: Any, response: Response, result: SignInResult) -> None:
    """Set the cookies of a session that has just begun, and remove that of the way to it."""
    settings = request.registry.app_settings
    set_cookie(response, settings, result.token)
    if pending_token(request):
        set_cookie(response, settings, None, PENDING_COOKIE)
    new_csrf_token(request)
    keep_proof(response, settings, result.proof)


def sign_in_page(request: Any, username: str, news: str, *, kind: str = "ok") -> Response:
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
    page = {**_sign_in_values(request, []), "form": form, "notice": news, "kind": kind}
    return render_to_response(PAGE, page, request=request)


def _sign_in_values(request: Any, locked: list[str]) -> dict[str, Any]:
    """Return the values of the page to sign in; other rooms add ways to do so as panels."""
    asked = dict(query_pairs(request))
    ways = panels(request, "aanmelden", safe_path(asked.get("volgende")))
    left = SIGNED_OUT in asked and request.method == "GET" and request.identity is None
    notice = "U bent afgemeld." if left else ""
    return {"locked": locked, "notice": notice, "kind": "ok", "ways": ways}


SIGNED_OUT_HERE: Final = f"/aanmelden?{SIGNED_OUT}=ja"


@post_view(Root, "afmelden", Permission.SIGNED_IN)
def sign_out_view(request: Any) -> Any:
    """Sign out, and go to the page to sign in, or on to the provider that opened the session."""
    provider = provider_of(request)
    sign_out(request.db, request.actor)
    note_leaving(request)
    end_session(request.db, token_of(request) or "")
    response = HTTPSeeOther(f"/{SIGNED_OUT}?gemeente={provider}" if provider else SIGNED_OUT_HERE)
    set_cookie(response, request.registry.app_settings, None)
    return response


# Pages that a link in a mail opens. Opening one uses nothing up.


def key_in(request: Request) -> str:
    """Return what stood in the link, from the address or the form of its page."""
    sent = request.POST if request.method == "POST" else dict(query_pairs(request))
    return str(sent.get("sleutel", ""))[:200]


def check_twice(request: Request, values: dict[str, Any], *, by_link: bool = False) -> None:
    """Refuse a new password that was typed in two ways, and one that can't be hashed now."""
    if values["wachtwoord"] != values["nog_eens"]:
        raise FormError(
            "De twee wachtwoorden zijn niet gelijk. Vul twee keer hetzelfde in.", "nog_eens"
        )
    if is_turned_away(request):
        raise BusyError(
            "Het is nu te druk om uw wachtwoord in te stellen. Er is niets opgeslagen"
            f"{' en de link blijft werken' if by_link else ''}. Wacht tien seconden, vul alles nog"
            " een keer in en probeer het opnieuw."
        )


def chosen(password: str, user: User) -> str:
    """Hash a password that somebody chose; a weak one is a mistake in the form."""
    try:
        return hash_chosen(password, username=user.username, name=user.name)
    except AccountError as problem:
        raise FormError(str(problem), "wachtwoord") from None


def take_password(
    request: Request,
    values: dict[str, Any],
    user: User | None,
    spent: str,
    keep: Callable[[str], bool],
    *,
    anew: bool,
) -> Response:
    """Set the password that was chosen on the page of a link; return the page to sign in.

    Args:
        request: Of the form.
        values: What was filled in.
        user: Whose link it is; None where it works no more.
        spent: Says that it works no more.
        keep: Keeps the hash of the password; returns False if the link was used already.
        anew: Whether there was a password before; then the first sign-in is told of by mail.
    """
    if user is None:
        raise FormError(spent)
    check_twice(request, values, by_link=True)
    if not keep(chosen(values["wachtwoord"], user)):
        raise FormError(spent)
    done = f"Uw {'nieuwe ' if anew else ''}wachtwoord is ingesteld. Meld u nu aan."
    return proved(request, user.username, done, by_mail=anew)


def proved(request: Request, username: str, news: str, *, by_mail: bool) -> Response:
    """Return the page to sign in to whoever opened a mail, and remember it in this browser."""
    response = sign_in_page(request, username, news)
    proof = proof_of(request.registry.key_ring, username, by_mail=by_mail)
    keep_proof(response, request.app_settings, proof)
    return response


def ask_by_mail(request: Request, page: str, ask: Callable[[str], None]) -> Any:
    """Show the form to ask for a link, and ask for it; the answer is the same for every name."""
    form = Form(AskLinkSchema(), request, buttons=[Button("sturen", "Stuur mij een mail")])

    def on_valid(values: dict[str, Any]) -> HTTPSeeOther:
        # Before this request's own transaction: it has one of its own.
        if not count_link(request):
            raise FormError(
                "Vanaf uw netwerk is heel vaak om een mail gevraagd. Wacht een kwartier en probeer"
                " het dan opnieuw, of gebruik een ander netwerk, zoals dat van uw telefoon."
            )
        ask(values["gebruikersnaam"])
        return HTTPSeeOther(location=f"/{page}?gevraagd=ja")

    asked = "gevraagd" in dict(query_pairs(request))
    return handle_form(request, form, on_valid, {"asked": asked})


INVITATION_PAGE = "stopintimidatie.core.accounts:templates/invitation.jinja2"
INVITATION_SPENT = (
    "Deze link werkt niet meer. Hij is al gebruikt, ingetrokken of vervangen, of ouder"
    " dan een week. Vraag een nieuwe aan wie u uitnodigde."
)


@form_view(Root, "uitnodiging", NO_PERMISSION_REQUIRED, INVITATION_PAGE)
def invitation_view(request: Request) -> Any:
    """Show the form for a first password, or that the link works no more."""
    key, keys = key_in(request), request.registry.key_ring
    # Not in the transaction of the request: hashing is slow and would hold its lock.
    with transaction(request.registry.engine, write=False) as session:
        invitation = open_invitation(session, keys, key)
        waiting = offers_to(session, invitation.user.username) if invitation else []
    schema = NewPasswordSchema()
    schema["wachtwoord"].title = "Wachtwoord"
    schema["nog_eens"].title = "Wachtwoord nog een keer"
    form = Form(
        schema,
        request,
        buttons=[Button("instellen", "Wachtwoord instellen")],
        appstruct={"sleutel": key},
        action="/uitnodiging",
    )
    user = invitation.user if invitation else None

    def on_valid(values: dict[str, Any]) -> Any:
        keep = partial(accept, request.db, keys, key)
        # Here the first sign-in is no news: the link went to the same mailbox.
        return take_password(request, values, user, INVITATION_SPENT, keep, anew=False)

    offered = next(
        (offer for offer in waiting if invitation and offer.id == invitation.offer_id), None
    )
    page = {
        "name": user and user.username,
        "offered": offered,
        "holder": offered and request.municipality_name(offered.holder),
        "spent": INVITATION_SPENT,
    }
    return handle_form(request, form, on_valid, page)


# Unlocking: opening the link doesn't use it up; the button on its page does.

ASK: Final = "aanmelden-link"
OPEN: Final = "aanmelden-openen"
LINK_SPENT: Final = (
    "Deze link werkt niet meer. Hij is al gebruikt, of ouder dan een half uur. Probeer u aan te"
    " melden; lukt dat niet, vraag dan een nieuwe mail."
)


@form_view(Root, ASK, NO_PERMISSION_REQUIRED, "templates/ask_unlock.jinja2")
def ask_view(request: Request) -> Any:
    """Ask for the unlock mail. The answer is the same for every name."""

    def ask(typed: str) -> None:
        keys = request.registry.key_ring
        closed = sign_in_gate(request).closed()
        if closed or is_locked_out(request.db, keys, normal_username(typed), proof_in(request)):
            ask_link(request.db, keys, typed, LinkPurpose.UNLOCK)

    return ask_by_mail(request, ASK, ask)


@form_view(Root, OPEN, NO_PERMISSION_REQUIRED, "templates/unlock.jinja2")
def unlock_view(request: Request) -> Any:
    """Show the page of the link; its button uses the link up and lets this browser sign in.

    Signing in still needs the password.
    """
    key, keys = key_in(request), request.registry.key_ring
    form = Form(
        UnlockSchema(),
        request,
        buttons=[Button("openen", "Aanmelden in deze browser")],
        appstruct={"sleutel": key},
        action=f"/{OPEN}",
    )

    def on_valid(values: dict[str, Any]) -> Response:
        user = use_link(request.db, keys, values["sleutel"], LinkPurpose.UNLOCK)
        if user is None:
            raise FormError(LINK_SPENT)
        done = "In deze browser kunt u het nu weer proberen. Vul uw wachtwoord in."
        return proved(request, user.username, done, by_mail=True)

    works = open_link(request.db, keys, key, LinkPurpose.UNLOCK) is not None
    return handle_form(request, form, on_valid, {"works": works, "spent": LINK_SPENT})
