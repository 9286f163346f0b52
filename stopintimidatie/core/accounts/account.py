"""The pages of one's own account, and those for who forgot the password.

`/account` shows the name and the roles, the password, and panels: sessions, and what higher rooms
add. In a session that a municipality's identity provider opened, only what is of that municipality
is shown, and the account itself can't be changed: the provider vouches for its own people only.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from pyramid.csrf import new_csrf_token
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from stopintimidatie.core.accounts.guesses import proof_in
from stopintimidatie.core.accounts.models import LinkPurpose, User
from stopintimidatie.core.accounts.profile import (
    change_password,
    check_own_password,
    choose_mail,
    end_own_sessions,
    rename,
    sessions_of,
    set_new_password,
)
from stopintimidatie.core.accounts.recovery import ask_link, open_link
from stopintimidatie.core.accounts.sessions import (
    Current,
    current_session,
    set_cookie,
)
from stopintimidatie.core.accounts.views import (
    NewPasswordSchema,
    ask_by_mail,
    check_twice,
    chosen,
    key_in,
    refusal_of,
    take_password,
)
from stopintimidatie.core.forms import (
    Button,
    Form,
    FormError,
    OneOf,
    Password,
    PasswordInput,
    Schema,
    Text,
    ask_values,
    field,
    handle_form,
)
from stopintimidatie.core.mail.models import MailChoice
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage.session import between_transactions, transaction
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.tree import Root
from stopintimidatie.core.web.components import Panel, panels
from stopintimidatie.core.web.request import (
    Request,
    form_view,
    page_view,
    post_view,
)

ACCOUNT: Final = "account"
NAME: Final = "account-naam"
POST: Final = "account-post"
PASSWORD: Final = "account-wachtwoord"  # noqa: S105 - an address
END: Final = "account-sessie"
FORGOTTEN: Final = "wachtwoord-vergeten"
NEW: Final = "wachtwoord-nieuw"
# Addresses for who isn't signed in, and those where a password is hashed.
PUBLIC: Final = (FORGOTTEN, NEW)
HASHING: Final = (f"/{PASSWORD}", f"/{NEW}")
THROUGH_PROVIDER: Final = (
    "U bent aangemeld via uw gemeente. Naam, wachtwoord en tweede stap wijzigt u als u bent"
    " aangemeld met uw eigen wachtwoord: meld u af en kies op de aanmeldpagina voor uw wachtwoord."
)


class NameSchema(Schema):
    """The name that colleagues read."""

    naam = field(
        Text(200),
        "Naam",
        description="Zo zien collega’s u, en zo staat u in het logboek.",
    )


CHOICES: Final = (
    (MailChoice.AT_ONCE.value, "Meteen"),
    (MailChoice.DAILY.value, "Eens per werkdag, om 8 uur, met alleen aantallen"),
    (MailChoice.NONE.value, "Geen"),
)


class PostSchema(Schema):
    """The moment that mail about work comes."""

    post = field(OneOf(CHOICES, radio=True), "Wanneer wilt u post over uw werk?")


class OwnPasswordSchema(NewPasswordSchema):
    """The old password as well, so that an open session alone can't change it."""

    oud = field(
        Password(200),
        "Uw wachtwoord van nu",
        widget=PasswordInput(autocomplete="current-password"),
        insert_before="wachtwoord",
    )


# /account


@page_view(Root, ACCOUNT, Permission.SIGNED_IN, "templates/account.jinja2")
def account_view(context: Any, request: Any) -> dict[str, Any]:
    """Show the own account, with the panels of other rooms."""
    identity = request.identity
    provider = current_session(request).provider
    return {
        "mail": dict(CHOICES)[_own_choice(request)],
        "roles": [
            (_holder_name(request, holder), roles)
            for holder in sorted(identity.holders)
            if (roles := sorted(identity.roles_for(holder)))
        ],
        "through": _holder_name(request, provider) if provider else None,
        "refused": THROUGH_PROVIDER,
        "panels": panels(request, ACCOUNT, context),
    }


def _holder_name(request: Any, holder: str) -> str:
    if holder == NATIONAL:
        return "Landelijk meldpunt"
    return str(request.municipality_name(holder))


def own_account_only(context: Any, request: Any) -> Response | None:
    """Lead back who came through the provider of a municipality (a guard)."""
    if current_session(request).provider is None:
        return None
    request.flash(THROUGH_PROVIDER, "warning")
    return HTTPSeeOther(location=f"/{ACCOUNT}")


@form_view(Root, NAME, Permission.SIGNED_IN, guards=(own_account_only,))
def name_view(request: Any) -> Any:
    """Change the own name."""
    identity = request.identity

    def act(values: dict[str, Any]) -> None:
        if rename(request.db, identity.actor, identity.user_id, values["naam"]):
            request.flash("Uw naam is gewijzigd.")

    button, given = Button("opslaan", "Naam opslaan"), {"naam": identity.name}
    page = {"heading": "Naam wijzigen", "above": "Mijn account"}
    return ask_values(request, NameSchema(), button, act, f"/{ACCOUNT}", page, given=given)


def _own_choice(request: Any) -> str:
    return str(request.db.get_one(User, request.identity.user_id).mail)


# Also for who came through a municipality: nothing that guards the account can be silenced.
@form_view(Root, POST, Permission.SIGNED_IN, "templates/post.jinja2")
def post_choice_view(request: Any) -> Any:
    """Choose when to be mailed of work."""
    identity = request.identity

    def act(values: dict[str, Any]) -> None:
        if choose_mail(request.db, identity.actor, identity.user_id, values["post"]):
            request.flash("Uw keuze voor post is opgeslagen.")

    button, given = Button("opslaan", "Keuze opslaan"), {"post": _own_choice(request)}
    return ask_values(request, PostSchema(), button, act, f"/{ACCOUNT}#post", given=given)


AFTERWARDS: Final = (
    "Daarna bent u op andere apparaten afgemeld; hier blijft u aangemeld. U krijgt een mail dat uw"
    " wachtwoord is gewijzigd."
)
WRONG: Final = (
    "Uw wachtwoord van nu klopt niet. Probeer het nog een keer, of meld u af en kies op de"
    " aanmeldpagina voor ‘Wachtwoord vergeten’."
)
LEFT: Final = (
    "Uw wachtwoord of uw sessie is intussen elders gewijzigd; hier is niets opgeslagen. Meld u"
    " opnieuw aan en kijk wat er is gebeurd."
)


@form_view(Root, PASSWORD, Permission.SIGNED_IN, guards=(own_account_only,))
def password_view(request: Any) -> Any:
    """Change the own password; the old one is asked, and a wrong one counts as a guess."""

    def act(values: dict[str, Any]) -> Response:
        if values["wachtwoord"] == values["oud"]:
            raise FormError("Dit is uw wachtwoord van nu. Kies een ander.", "wachtwoord")
        check_twice(request, values)
        identity, current = request.identity, current_session(request)
        with between_transactions(request):
            judged, hashed = _hashed(request, values)
        token = change_password(request.db, identity.actor, judged, hashed, current)
        if token is None:
            raise FormError(LEFT)
        request.flash("Uw wachtwoord is gewijzigd. Op andere apparaten bent u afgemeld.")
        response = HTTPSeeOther(location=f"/{ACCOUNT}")
        set_cookie(response, request.registry.app_settings, token)
        new_csrf_token(request)
        return response

    button = Button("wijzigen", "Wachtwoord wijzigen")
    page = {"heading": "Wachtwoord wijzigen", "above": "Mijn account", "intro": AFTERWARDS}
    return ask_values(request, OwnPasswordSchema(), button, act, f"/{ACCOUNT}", page)


def _hashed(request: Any, values: dict[str, Any]) -> tuple[User, str]:
    """Check the old password and hash the new one; no transaction is open meanwhile."""
    registry, identity = request.registry, request.identity
    checked = check_own_password(
        registry.engine, registry.key_ring, identity, values["oud"], proof=proof_in(request)
    )
    if checked.user is None:
        raise FormError(refusal_of(checked.wait, WRONG), "oud")
    return checked.user, chosen(values["wachtwoord"], checked.user)


# Sessions


def sessions_panel(context: Any, request: Any) -> Panel:
    """Return the panel with the own sessions; through a provider, those of its municipality."""
    current: Current = current_session(request)
    settings = request.registry.app_settings
    rows = sessions_of(request.db, request.identity.user_id, settings, current.provider)
    values = {
        "sessions": rows,
        "current": current.token_hash,
        "providers": {
            code: _holder_name(request, code) for code in {row.provider for row in rows} if code
        },
    }
    return Panel("Waar u bent aangemeld", f"{__package__}:templates/sessions.jinja2", values)


GONE: Final = "Die sessie was al beëindigd."
CHOOSE: Final = "Er is niets beëindigd. Kies de knop bij de sessie die u wilt beëindigen."


@post_view(Root, END, Permission.SIGNED_IN)
def end_view(request: Any) -> HTTPSeeOther:
    """End another session of one's own, or all others; those of a provider in its session only."""
    which = str(request.POST.get("welke", ""))[:64]
    if which:
        others = None if which == "alle" else which
        current = current_session(request)
        number = end_own_sessions(request.db, request.identity, current, others)
        done = "De sessie is beëindigd." if others else "Overal elders bent u afgemeld."
        request.flash(*((done,) if number else (GONE, "info")))
    else:
        request.flash(CHOOSE, "error")
    return HTTPSeeOther(location=f"/{ACCOUNT}#sessies")


# Forgotten password: opening the link doesn't use it up.

SPENT: Final = (
    "Deze link werkt niet meer. Hij is al gebruikt, of ouder dan een half uur. Kies ‘Een nieuwe"
    " mail vragen’."
)


@form_view(Root, FORGOTTEN, NO_PERMISSION_REQUIRED, "templates/forgotten.jinja2")
def forgotten_view(request: Request) -> Any:
    """Ask for a mail to choose a new password. The answer is the same for every name."""

    def ask(typed: str) -> None:
        ask_link(request.db, request.registry.key_ring, typed, LinkPurpose.NEW_PASSWORD)

    return ask_by_mail(request, FORGOTTEN, ask)


@form_view(Root, NEW, NO_PERMISSION_REQUIRED, "templates/new_password.jinja2")
def new_password_view(request: Request) -> Any:
    """Show the page of the link; its form sets a new password. Signing in comes after it."""
    key, keys = key_in(request), request.registry.key_ring
    # Not in the transaction of the request: hashing is slow and would hold its lock.
    with transaction(request.registry.engine, write=False) as session:
        link = open_link(session, keys, key, LinkPurpose.NEW_PASSWORD)
        user = link.user if link is not None else None
    form = Form(
        NewPasswordSchema(),
        request,
        buttons=[Button("instellen", "Nieuw wachtwoord instellen")],
        appstruct={"sleutel": key},
        action=f"/{NEW}",
    )

    def on_valid(values: dict[str, Any]) -> Response:
        keep = partial(set_new_password, request.db, keys, key)
        return take_password(request, values, user, SPENT, keep, anew=True)

    return handle_form(request, form, on_valid, {"user": user, "spent": SPENT})
