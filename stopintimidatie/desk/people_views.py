"""Desk pages about the people of a municipality: inviting, confirming, and its mail domains."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.desk.onboarding_views import (
    address_of,
    addresses_of,
    asked_municipality,
    check_plan,
)
from stopintimidatie.desk.people_forms import domains_schema, read_domains
from stopintimidatie.desk.resources import Desk
from stopintimidatie.municipalities import proposals
from stopintimidatie.municipalities.mail_domains import domains_of, set_domains
from stopintimidatie.municipalities.models import ParticipationLevel
from stopintimidatie.municipalities.proposal_forms import InviteSchema
from stopintimidatie.municipalities.proposal_views import PAGE, TEMPLATE, decide
from stopintimidatie.municipalities.services import level_of
from stopintimidatie.municipalities.worker_views import AGAIN, change_offer, invite
from stopintimidatie.security import Permission
from stopintimidatie.web.forms import Button, Form, FormError, handle_form
from stopintimidatie.web.request import Request

_TEMPLATES: Final = "stopintimidatie.desk:templates"
NEEDED: Final = (
    "Deze gemeente is aangesloten en heeft minstens één maildomein nodig. Zonder maildomein ziet"
    " niemand welk adres van buiten is. Vul het domein van de gemeente in."
)


@view_config(
    context=Desk,
    name="aansluiting-uitnodigen",
    request_method=("GET", "POST"),
    permission=Permission.CONNECT,
    renderer=f"{_TEMPLATES}/onboarding_invite.jinja2",
)
def invite_view(context: Desk, request: Request) -> Any:
    """Propose a role in the municipality for somebody."""
    municipality = asked_municipality(request)
    form = Form(
        InviteSchema(),
        request,
        buttons=[Button("uitnodigen", "Uitnodigen")],
        action=request.path_qs,
        cancel_url=address_of(municipality),
    )

    def on_valid(values: dict[str, Any]) -> Any:
        invite(request, municipality.code, context.holder, values)
        return HTTPSeeOther(location=address_of(municipality))

    return handle_form(request, form, on_valid, {"municipality": municipality})


@view_config(
    context=Desk,
    name="aansluiting-opnieuw",
    request_method="POST",
    permission=Permission.CONNECT,
)
def again_view(context: Desk, request: Request) -> HTTPSeeOther:
    """Send an invitation again that wasn't used."""
    municipality = asked_municipality(request)
    change_offer(request, municipality.code, context.holder, proposals.send_again, AGAIN)
    return HTTPSeeOther(location=address_of(municipality))


@view_config(
    context=Desk,
    name="aansluiting-intrekken",
    request_method="POST",
    permission=Permission.CONNECT,
)
def withdraw_view(context: Desk, request: Request) -> HTTPSeeOther:
    """Withdraw a proposed or offered role."""
    municipality, words = asked_municipality(request), "De uitnodiging is ingetrokken."
    change_offer(request, municipality.code, context.holder, proposals.withdraw, words)
    return HTTPSeeOther(location=address_of(municipality))


@view_config(
    context=Desk,
    name=PAGE,
    request_method=("GET", "POST"),
    permission=Permission.CONNECT,
    renderer=TEMPLATE,
)
def proposals_view(context: Desk, request: Request) -> Any:
    """Show the proposals the desk confirms: first readers, and mailboxes outside the domains."""
    return decide(request, context.holder, request.resource_path(context, PAGE))


@view_config(
    context=Desk,
    name="aansluiting-domeinen",
    request_method=("GET", "POST"),
    permission=Permission.CONNECT,
    renderer=f"{_TEMPLATES}/onboarding_domains.jinja2",
)
def domains_view(context: Desk, request: Request) -> Any:
    """Show and change the mail domains of the municipality."""
    municipality = asked_municipality(request)
    present = domains_of(request.db, [municipality.code])[municipality.code]
    form = Form(
        domains_schema(),
        request,
        buttons=[Button("opslaan", "Maildomeinen opslaan")],
        action=addresses_of(municipality)["domeinen"],
        cancel_url=address_of(municipality),
        appstruct={"domeinen": "\n".join(present)},
    )

    def on_valid(values: dict[str, Any]) -> Any:
        wanted = read_domains(values["domeinen"])
        level = level_of(request.db, municipality.code)
        if not wanted and level is ParticipationLevel.PROGRAMME:
            raise FormError(NEEDED, "domeinen")
        set_domains(request.db, request.actor, municipality.code, wanted)
        request.flash("De maildomeinen zijn opgeslagen.")
        check_plan(request, municipality)
        return HTTPSeeOther(location=address_of(municipality))

    return handle_form(request, form, on_valid, {"municipality": municipality})
