"""Pages of the desk about the people of a municipality: invitations, roles and mail domains."""

from __future__ import annotations

import re
from typing import Any, Final

import colander
from pyramid.httpexceptions import HTTPSeeOther

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Button, FormError, Schema, ask_values, field
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.web.request import (
    Request,
    form_view,
    page_view,
    post_view,
    query_pairs,
)
from stopintimidatie.desk.onboarding.signup import FOR_EVERYBODY
from stopintimidatie.desk.onboarding.views import (
    asked_municipality,
    check_plan,
)
from stopintimidatie.desk.resources import Desk, address_of
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.levels.services import level_of, without_admin
from stopintimidatie.municipalities.people import proposals
from stopintimidatie.municipalities.people.queries import overdue
from stopintimidatie.municipalities.people.roster import (
    LIST,
    ONE,
    PERSON_PAGE,
    REVIEW,
    REVIEW_PAGE,
    USERS_PAGE,
    Roster,
    change_confirmed,
    handle_person,
    handle_review,
    list_page,
)
from stopintimidatie.municipalities.people.services import domains_of, set_domains
from stopintimidatie.municipalities.people.views import (
    AGAIN,
    PROPOSALS_PAGE,
    answered_page,
    change_offer,
    decide,
    handle_invite,
)
from stopintimidatie.municipalities.sso.services import allow_passwords

MOST: Final = 10
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# At least two labels: `nl` alone would cover everybody's mailbox.
_DOMAIN: Final = re.compile(rf"(?:{_LABEL}\.)+[a-z][a-z0-9-]*[a-z0-9]")
LONGEST: Final = 100


def read_domains(text: str | None) -> list[str]:
    """Return the typed mail domains in order, each once and without an @ in front."""
    words = re.split(r"[\s,;]+", (text or "").lower())
    return sorted({word.removeprefix("@").strip(".") for word in words} - {""})


def _fault(domain: str) -> str | None:
    """Return why this can't be a municipality's own mail domain, or None."""
    if len(domain) > LONGEST or not _DOMAIN.fullmatch(domain):
        return f"‘{domain[:60]}’ is geen maildomein. Schrijf het als gemeente.nl."
    if domain.split(".")[-2] in FOR_EVERYBODY:
        return f"Bij {domain} kan iedereen een adres krijgen. Kies een domein van de gemeente zelf."
    return None


def valid_domains(node: Any, value: str) -> None:
    """Check that the domains can be a municipality's own, and are at most `MOST`.

    Raises:
        colander.Invalid: one can't be, or there are more.
    """
    domains = read_domains(value)
    if len(domains) > MOST:
        raise colander.Invalid(node, f"Het mogen er ten hoogste {MOST} zijn.")
    for domain in domains:
        if fault := _fault(domain):
            raise colander.Invalid(node, fault)


def domains_schema() -> Any:
    """Return the form with one field, for a mail domain on each line."""
    return Schema(
        field(
            forms.Text(1200, lines=True),
            "Maildomeinen",
            name="domeinen",
            missing="",
            description="Eén per regel, zoals gemeente.nl. Adressen van subdomeinen horen er ook"
            " bij.",
            validator=valid_domains,
            widget=forms.TextArea(rows=4),
        )
    )


NEEDED: Final = (
    "Deze gemeente is aangesloten en heeft minstens één maildomein nodig. Zonder maildomein ziet"
    " niemand welk adres van buiten is. Vul het domein van de gemeente in."
)


@form_view(
    Desk,
    "aansluiting-uitnodigen",
    Permission.CONNECT,
    "templates/onboarding_invite.jinja2",
    guards=(change_confirmed,),
)
def invite_view(context: Desk, request: Request) -> Any:
    """Show the form to propose a role in a municipality, and save the proposal."""
    municipality = asked_municipality(request)
    back, page = address_of(municipality), {"municipality": municipality}
    return handle_invite(request, municipality.code, context.holder, back, page)


@post_view(Desk, "aansluiting-opnieuw", Permission.CONNECT, guards=(change_confirmed,))
def again_view(context: Desk, request: Request) -> HTTPSeeOther:
    """Send an invitation again that wasn't used."""
    municipality = asked_municipality(request)
    change_offer(request, municipality.code, context.holder, proposals.send_again, AGAIN)
    return HTTPSeeOther(location=address_of(municipality))


@post_view(Desk, "aansluiting-intrekken", Permission.CONNECT, guards=(change_confirmed,))
def withdraw_view(context: Desk, request: Request) -> HTTPSeeOther:
    """Withdraw a proposed or offered role."""
    municipality, words = asked_municipality(request), "De uitnodiging is ingetrokken."
    change_offer(request, municipality.code, context.holder, proposals.withdraw, words)
    return HTTPSeeOther(location=address_of(municipality))


@post_view(Desk, "aansluiting-wachtwoord", Permission.CONNECT, guards=(change_confirmed,))
def passwords_view(context: Desk, request: Request) -> HTTPSeeOther:
    """Let colleagues of a municipality in with a password again, when its provider is down."""
    municipality = asked_municipality(request)
    if allow_passwords(request.db, request.actor, municipality.code, at=context.holder):
        request.flash("Collega's kunnen zich weer aanmelden met een wachtwoord.")
    else:
        request.flash("Aanmelden met een wachtwoord kon al.", "info")
    return HTTPSeeOther(location=address_of(municipality))


@answered_page(Desk, permission=Permission.CONNECT)
def proposals_view(context: Desk, request: Request) -> Any:
    """Show the proposed roles that the desk must confirm, and take a decision."""
    return decide(request, context.holder, request.resource_path(context, PROPOSALS_PAGE))


@form_view(Desk, "aansluiting-domeinen", Permission.CONNECT, guards=(change_confirmed,))
def domains_view(context: Desk, request: Request) -> Any:
    """Show the form of the mail domains of a municipality, and save it."""
    municipality = asked_municipality(request)
    present = domains_of(request.db, [municipality.code])[municipality.code]

    def act(values: dict[str, Any]) -> None:
        wanted = read_domains(values["domeinen"])
        level = level_of(request.db, municipality.code)
        if not wanted and level is ParticipationLevel.PROGRAMME:
            raise FormError(NEEDED, "domeinen")
        set_domains(request.db, request.actor, municipality.code, wanted)
        request.flash("De maildomeinen zijn opgeslagen.")
        check_plan(request, municipality)

    page = {
        "title": f"Maildomeinen van {municipality.name}",
        "heading": "Maildomeinen",
        "above": municipality.name,
        "intro": "Heeft iemand een adres buiten deze domeinen, dan staat dat bij de naam, en"
        " bevestigt het landelijk meldpunt de rol. Wie al een rol heeft, houdt die.",
    }
    button, given = Button("opslaan", "Maildomeinen opslaan"), {"domeinen": "\n".join(present)}
    back, action = address_of(municipality), address_of(municipality, "aansluiting-domeinen")
    schema = domains_schema()
    return ask_values(request, schema, button, act, back, page, given=given, action=action)


# The people of the desk itself, and of a municipality (`?gemeente=…`)


def _roster(context: Desk, request: Request) -> Roster:
    """Return the people of the municipality in the address; without one those of the desk."""
    if not dict(query_pairs(request)).get("gemeente"):
        return Roster(NATIONAL, NATIONAL, context.label, f"/{NATIONAL}")
    municipality = asked_municipality(request)
    return Roster(
        municipality.code,
        NATIONAL,
        municipality.name,
        f"/{NATIONAL}",
        slug=municipality.slug,
        invite=address_of(municipality, "aansluiting-uitnodigen"),
    )


@page_view(Desk, USERS_PAGE, Permission.CONNECT, LIST)
def users_view(context: Desk, request: Request) -> dict[str, Any]:
    """Show the people of the desk or of a municipality, with what the desk must look at."""
    page = list_page(request, _roster(context, request))
    if not page["roster"].slug:
        page |= {"attention": without_admin(request.db), "overdue": overdue(request.db)}
    return page


@form_view(Desk, PERSON_PAGE, Permission.CONNECT, ONE, guards=(change_confirmed,))
def user_view(context: Desk, request: Request) -> Any:
    """Show one person, and change their access."""
    return handle_person(request, _roster(context, request))


@form_view(Desk, REVIEW_PAGE, Permission.CONNECT, REVIEW, guards=(change_confirmed,))
def review_view(context: Desk, request: Request) -> Any:
    """Show the question whether roles at the desk or a municipality are right; save the answers."""
    return handle_review(request, _roster(context, request))
