"""One's own second factors and recovery codes, and the roles that one is offered."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther

from stopintimidatie.core.accounts.account import own_account_only
from stopintimidatie.core.accounts.models import RoleAssignment, User
from stopintimidatie.core.accounts.services import (
    accept_offer,
    decline_offer,
    needs_factor,
    offer_to,
    offers_to,
)
from stopintimidatie.core.accounts.sessions import current_session, mark_used, provider_of
from stopintimidatie.core.factors.confirmation import mark_confirmed, recently_confirmed
from stopintimidatie.core.factors.passkeys import MOST_PASSKEYS
from stopintimidatie.core.factors.services import (
    factors_of,
    make_codes,
    remove_app,
    remove_passkey,
)
from stopintimidatie.core.factors.views import Setup, codes_page
from stopintimidatie.core.forms import handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.text import uuid_of
from stopintimidatie.core.tree import Root
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import Request, form_view, page_view, post_view

_TEMPLATES: Final = "stopintimidatie.core.factors:templates"
ACCOUNT: Final = "/account"
LAST: Final = "Dit is uw enige tweede stap. Stel eerst een andere in; daarna kunt u deze weghalen."


GUARDS: Final = (own_account_only, recently_confirmed)


def factors_panel(document: Any, request: Any) -> Panel:
    """Return the section of the account page about second factors.

    In a session that a provider opened it tells nothing of them: they are of the whole account.
    """
    by_provider = current_session(request).provider is not None
    factors = None if by_provider else factors_of(request.db, request.identity.user_id)
    values = {"factors": factors}
    return Panel("Tweede stap bij het aanmelden", f"{_TEMPLATES}/factors_panel.jinja2", values)


def _me(request: Any) -> User:
    user: User = request.db.get_one(User, request.identity.user_id)
    return user


@form_view(Root, "account-app", Permission.SIGNED_IN, f"{_TEMPLATES}/setup.jinja2", guards=GUARDS)
def app_view(request: Request) -> Any:
    """Set up an authenticator app, in place of an earlier one."""
    return _setup(request, "App met codes instellen", "/account-app", "app")


@form_view(
    Root, "account-passkey", Permission.SIGNED_IN, f"{_TEMPLATES}/setup.jinja2", guards=GUARDS
)
def passkey_view(request: Request) -> Any:
    """Add a passkey."""
    if len(factors_of(request.db, _me(request).id).passkeys) >= MOST_PASSKEYS:
        request.flash(f"U hebt al {MOST_PASSKEYS} passkeys. Haal er eerst een weg.", "warning")
        return HTTPSeeOther(ACCOUNT)
    return _setup(request, "Passkey toevoegen", "/account-passkey", "passkey")


def _setup(request: Request, heading: str, action: str, part: str) -> Any:
    user = _me(request)
    factors = factors_of(request.db, user.id)
    setup = Setup(request, user, factors, heading, action, frozenset({part}))

    def on_valid(values: dict[str, Any]) -> Any:
        codes = setup.keep(request.db, user, values)
        mark_confirmed(request.db, current_session(request))
        if codes:
            return codes_page(request, codes, ACCOUNT)
        request.flash("Ingesteld. U kunt dit bij de volgende keer aanmelden gebruiken.")
        return HTTPSeeOther(ACCOUNT)

    return handle_form(request, setup.form, on_valid, setup.page)


@post_view(Root, "account-factor-weg", Permission.SIGNED_IN, guards=GUARDS)
def remove_view(request: Request) -> HTTPSeeOther:
    """Remove the app, or one passkey; never the last factor of who needs one."""
    user, chosen = _me(request), str(request.POST.get("welke", ""))
    factors = factors_of(request.db, user.id)
    passkey = next((each for each in factors.passkeys if str(each.id) == chosen), None)
    last = len(factors.passkeys) + (factors.app is not None) == 1
    if last and needs_factor(user, demo=request.app_settings.demo):
        request.flash(LAST, "error")
    elif chosen == "app" and factors.app is not None:
        remove_app(request.db, request.actor, user.id)
        request.flash("De app is weggehaald. Haal de regel van Stopintimidatie ook uit uw app.")
    elif passkey is not None:
        remove_passkey(request.db, request.actor, user.id, UUID(chosen))
        request.flash("De passkey is weggehaald.")
    else:
        request.flash("Deze was al weg. Er is niets gewijzigd.", "info")
    return HTTPSeeOther(ACCOUNT)


@post_view(Root, "account-herstelcodes", Permission.SIGNED_IN, guards=GUARDS)
def codes_view(request: Request) -> Any:
    """Make new recovery codes and show them once."""
    user = _me(request)
    if not factors_of(request.db, user.id).any:
        request.flash("Stel eerst een app of een passkey in.", "warning")
        return HTTPSeeOther(ACCOUNT)
    return codes_page(request, make_codes(request.db, request.registry.key_ring, user), ACCOUNT)


# /uitnodigingen: roles that are offered to who is signed in.

OFFERS: Final = "uitnodigingen"
GONE: Final = "Deze uitnodiging is er niet meer. Vraag wie u uitnodigde om een nieuwe."


@page_view(Root, OFFERS, Permission.SIGNED_IN, f"{_TEMPLATES}/offers.jinja2")
def offers_view(request: Any) -> dict[str, Any]:
    """Show the offered roles, with who offers each one and at which municipality."""
    offers = offers_to(request.db, request.identity.username, provider_of(request))
    return {"offers": [(row, request.municipality_name(row.holder)) for row in offers]}


@post_view(Root, OFFERS, Permission.SIGNED_IN, guards=(recently_confirmed,))
def answer_view(request: Any) -> HTTPSeeOther:
    """Accept or decline one offered role."""
    identity, provider = request.identity, provider_of(request)
    number = uuid_of(str(request.POST.get("welke", "")))
    offer = offer_to(request.db, identity.username, number, provider)
    if offer is None:
        request.flash(GONE, "error")
    elif request.POST.get("keuze") == "aannemen":
        here = RoleAssignment.holder == offer.holder, RoleAssignment.role == offer.role
        accept_offer(request.db, identity.actor, identity.user_id, offer)
        # The session is open already, and the role counts in it from now on.
        mark_used(request.db, identity.user_id, provider, *here)
        request.flash("U hebt de rol aangenomen. U kunt meteen aan het werk.")
    elif request.POST.get("keuze") != "weigeren":
        request.flash("Er is niets besloten. Kies aannemen of niet aannemen.", "error")
    else:
        decline_offer(request.db, identity.actor, offer)
        request.flash("U hebt de rol niet aangenomen. Wie u uitnodigde, krijgt geen bericht.")
    more = offers_to(request.db, identity.username, provider)
    return HTTPSeeOther(location=f"/{OFFERS}" if more else "/")
