"""`…/gebruikers`: who works for the municipality; the admin invites and takes roles away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.accounts.models import OfferState, RoleOffer
from stopintimidatie.accounts.services import AccountError
from stopintimidatie.municipalities import proposals, workers
from stopintimidatie.municipalities.mail_domains import domains_of
from stopintimidatie.municipalities.proposal_forms import InviteSchema
from stopintimidatie.municipalities.resources import Administration, MunicipalityResource
from stopintimidatie.security import Permission, Role
from stopintimidatie.storage.tenancy import NATIONAL
from stopintimidatie.web.forms import Button, Form, FormError, handle_form
from stopintimidatie.web.panels import Panel
from stopintimidatie.web.request import Request

P: Final = Permission.MANAGE_MUNICIPALITY
_TEMPLATES: Final = "stopintimidatie.municipalities:templates"
PAGE: Final = "gebruikers"
WAITS: Final = (
    "Het voorstel is gedaan. Een tweede persoon moet het bevestigen; pas daarna gaat de uitnodiging"
    " weg."
)
SENT: Final = "De uitnodiging is verstuurd. De rol telt zodra deze persoon haar aanneemt."
AGAIN: Final = (
    "De uitnodiging staat weer open. Er gaat hoogstens één mail per dag heen; ging er vandaag al"
    " een, dan geldt die."
)


def users_panel(context: Administration, request: Any) -> Panel | None:
    """On the page of the settings: the way to the people."""
    if context.holder == NATIONAL or not request.has_permission(P, context.__parent__):
        return None
    href = request.resource_path(context.__parent__, PAGE)
    return Panel("Gebruikers", f"{_TEMPLATES}/users_panel.jinja2", {"href": href})


@view_config(
    context=MunicipalityResource,
    name=PAGE,
    request_method="GET",
    permission=P,
    renderer=f"{_TEMPLATES}/users.jinja2",
)
def users_view(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Show all users with a role here, their roles, and the people who are invited."""
    return {
        "people": workers.workers_of(request.db, context.holder),
        "invited": workers.invited_at(request.db, context.holder),
        "domains": domains_of(request.db, [context.holder])[context.holder],
        "me": request.identity.user_id,  # type: ignore[union-attr]
        "invite": request.resource_path(context, "gebruiker-uitnodigen"),
        "again": request.resource_path(context, "gebruiker-opnieuw"),
        "withdraw": request.resource_path(context, "gebruiker-intrekken"),
        "take": request.resource_path(context, "gebruiker-rol-weg"),
    }


@view_config(
    context=MunicipalityResource,
    name="gebruiker-uitnodigen",
    request_method=("GET", "POST"),
    permission=P,
    renderer=f"{_TEMPLATES}/users_invite.jinja2",
)
def invite_view(context: MunicipalityResource, request: Request) -> Any:
    """Propose a role for a colleague."""
    back = request.resource_path(context, PAGE)
    buttons = [Button("uitnodigen", "Uitnodigen")]
    form = Form(InviteSchema(), request, buttons=buttons, cancel_url=back)

    def on_valid(values: dict[str, Any]) -> Any:
        invite(request, context.holder, context.holder, values)
        return HTTPSeeOther(back)

    return handle_form(request, form, on_valid, {})


def invite(request: Request, code: str, at: str, values: dict[str, Any]) -> None:
    """Propose the role that was filled in, and show what happens next.

    :raises FormError: the role can't be proposed.
    """
    try:
        offer = proposals.propose(
            request.db,
            request.actor,
            code,
            at=at,
            username=values["adres"],
            name=values["naam"],
            role=Role(values["rol"]),
        )
    except AccountError as problem:
        raise FormError(str(problem), "adres") from None
    request.flash(WAITS if offer.state == OfferState.PROPOSED else SENT)


@view_config(
    context=MunicipalityResource, name="gebruiker-opnieuw", request_method="POST", permission=P
)
def again_view(context: MunicipalityResource, request: Request) -> HTTPSeeOther:
    """Send an invitation again that wasn't used."""
    change_offer(request, context.holder, context.holder, proposals.send_again, AGAIN)
    return HTTPSeeOther(request.resource_path(context, PAGE))


@view_config(
    context=MunicipalityResource, name="gebruiker-intrekken", request_method="POST", permission=P
)
def withdraw_view(context: MunicipalityResource, request: Request) -> HTTPSeeOther:
    """Withdraw a proposed or offered role."""
    words = "De uitnodiging is ingetrokken."
    change_offer(request, context.holder, context.holder, proposals.withdraw, words)
    return HTTPSeeOther(request.resource_path(context, PAGE))


def change_offer(
    request: Request, code: str, at: str, change: Callable[..., None], done: str
) -> None:
    """Change an offer of this municipality with a function, and show the result."""
    offer: RoleOffer | None = workers.offer_at(request.db, code, posted_id(request))
    try:
        if offer is None:
            raise AccountError("Deze uitnodiging is er niet meer. Open de pagina opnieuw.")
        change(request.db, offer, request.actor, at)
        request.flash(done)
    except AccountError as problem:
        request.flash(str(problem), "error")


@view_config(
    context=MunicipalityResource, name="gebruiker-rol-weg", request_method="POST", permission=P
)
def take_role_view(context: MunicipalityResource, request: Request) -> HTTPSeeOther:
    """Take a role away from a colleague."""
    role = str(request.POST.get("rol", ""))[:20]
    actor = request.actor
    try:
        workers.take_role(request.db, actor, context.holder, posted_id(request), role)
        request.flash("De rol is weggehaald.")
    except AccountError as problem:
        request.flash(str(problem), "error")
    return HTTPSeeOther(request.resource_path(context, PAGE))


def posted_id(request: Request) -> UUID:
    """Return the id in the form: the person or the offer that the button is about.

    :raises HTTPNotFound: it is no id.
    """
    try:
        return UUID(str(request.POST.get("wie", "")))
    except ValueError:
        raise HTTPNotFound() from None
