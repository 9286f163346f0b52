"""`…/gebruikers`: who works for the municipality; the admin invites and takes roles away."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.accounts.services import AccountError
from stopintimidatie.clock import utc_now
from stopintimidatie.municipalities import inviting
from stopintimidatie.municipalities.inviting_forms import InviteSchema
from stopintimidatie.municipalities.resources import Administration, MunicipalityResource
from stopintimidatie.security import Permission, Role
from stopintimidatie.storage.tenancy import NATIONAL
from stopintimidatie.web.forms import Button, Form, FormError, handle_form
from stopintimidatie.web.panels import Panel
from stopintimidatie.web.request import Request

P: Final = Permission.MANAGE_MUNICIPALITY
_TEMPLATES: Final = "stopintimidatie.municipalities:templates"
PAGE: Final = "gebruikers"


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
    """Everybody with a role here, and what each may do."""
    return {
        "people": inviting.workers_of(request.db, context.holder),
        "me": request.identity.user_id,  # type: ignore[union-attr]
        "now": utc_now(),
        "invite": request.resource_path(context, "gebruiker-uitnodigen"),
        "again": request.resource_path(context, "gebruiker-opnieuw"),
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
    """Give a colleague a role, and a one-time link by mail when there is no account yet."""
    back = request.resource_path(context, PAGE)
    buttons = [Button("uitnodigen", "Uitnodigen")]
    form = Form(InviteSchema(), request, buttons=buttons, cancel_url=back)

    def on_valid(values: dict[str, Any]) -> Any:
        try:
            inviting.invite_colleague(
                request.db,
                request.registry.key_ring,
                request.identity.actor,  # type: ignore[union-attr]
                context.holder,
                at=context.holder,
                username=values["adres"],
                name=values["naam"],
                role=Role(values["rol"]),
            )
        except AccountError as problem:
            raise FormError(str(problem), "adres") from None
        request.flash("De rol is gegeven. Wie nog geen account had, krijgt een mail met een link.")
        return HTTPSeeOther(back)

    return handle_form(request, form, on_valid, {})


@view_config(
    context=MunicipalityResource, name="gebruiker-opnieuw", request_method="POST", permission=P
)
def again_view(context: MunicipalityResource, request: Request) -> HTTPSeeOther:
    """A new link for who didn't use the first."""
    keys, actor = request.registry.key_ring, request.identity.actor  # type: ignore[union-attr]
    try:
        inviting.invite_again(request.db, keys, actor, context.holder, _person(request))
        request.flash("Er is een nieuwe link onderweg. De vorige werkt niet meer.")
    except AccountError as problem:
        request.flash(str(problem), "error")
    return HTTPSeeOther(request.resource_path(context, PAGE))


@view_config(
    context=MunicipalityResource, name="gebruiker-rol-weg", request_method="POST", permission=P
)
def take_role_view(context: MunicipalityResource, request: Request) -> HTTPSeeOther:
    """Take a role away from a colleague."""
    role = str(request.POST.get("rol", ""))[:20]
    actor = request.identity.actor  # type: ignore[union-attr]
    try:
        inviting.take_role(request.db, actor, context.holder, _person(request), role)
        request.flash("De rol is weggehaald.")
    except AccountError as problem:
        request.flash(str(problem), "error")
    return HTTPSeeOther(request.resource_path(context, PAGE))


def _person(request: Request) -> UUID:
    try:
        return UUID(str(request.POST.get("wie", "")))
    except ValueError:
        raise HTTPNotFound() from None
