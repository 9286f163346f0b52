"""The list of what municipalities share, and the pages of a town and of the desk about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import colander
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Button, FormError, Schema, ask_values, field
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.tree import Root
from stopintimidatie.core.web.register import read_rows
from stopintimidatie.core.web.request import Request, form_view, page_view, post_view, query_pairs
from stopintimidatie.desk.resources import Desk
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.municipalities.people.services import is_role_address
from stopintimidatie.programme.knowledge import services
from stopintimidatie.programme.knowledge.models import Kind, SharedPractice, State
from stopintimidatie.reports.campaigns.views import no_person

PAGE: Final = "kennis"
DECISIONS: Final = ((State.PLACED.value, "Plaatsen"), (State.SENT_BACK.value, "Terugsturen"))


def of_office(node: Any, value: str) -> None:
    """Refuse an address that isn't one, or that seems to be of one person."""
    forms.email_address(node, value)
    if not is_role_address(value):
        raise colander.Invalid(node, "Vul een algemeen adres in, zoals oov@gemeente.nl.")


def schema_of(choices: Iterable[tuple[str, str]]) -> Schema:
    """Make the form with which a municipality proposes one of these choices."""
    plain: dict[str, Any] = {"validator": no_person}
    about = "In eigen woorden: wat, waarom, met wie. Geen namen, geen straat en geen aantallen."
    mail: dict[str, Any] = {"widget": forms.EmailInput(autocomplete="off"), "validator": of_office}
    story = forms.Text(4000, lines=True)
    text = field(story, "Wat deed u?", name="tekst", description=about, **plain)
    function = field(forms.Text(200), "Contact: functie", name="functie", **plain)
    return Schema(
        field(forms.OneOf(tuple(choices)), "Maatregel of campagne", name="onderwerp"),
        text,
        function,
        field(forms.Text(200), "Contact: algemeen e-mailadres", name="email", **mail),
    )


class DecisionSchema(Schema):
    """The answer of the desk."""

    besluit = field(forms.OneOf(DECISIONS, radio=True), "Besluit")
    reden = field(
        forms.Text(1000, lines=True),
        "Reden",
        description="Bij terugsturen: wat moet anders? De gemeente leest dit.",
        validator=no_person,
        missing="",
    )


@page_view(Root, PAGE, Permission.SIGNED_IN, "templates/practices.jinja2")
def read_view(context: Root, request: Request) -> dict[str, Any]:
    """Show what was placed, newest first, to the desk and who works for a town that takes part."""
    holders = request.identity.holders if request.identity else ()
    if NATIONAL not in holders and not services.has_connected(request.db, holders):
        raise HTTPNotFound()
    placed = services.PRACTICES.where(SharedPractice.state == State.PLACED)
    return _rows(request, read_rows(request, placed))


def _rows(request: Request, practices: Any) -> dict[str, Any]:
    names = {
        row.municipality: request.municipality_name(row.municipality) for row in practices.rows
    }
    return {"practices": practices, "names": names, "kinds": Kind, "states": State}


@form_view(MunicipalityResource, PAGE, Permission.EDIT_SETTINGS, "templates/town.jinja2")
def propose_view(context: MunicipalityResource, request: Request) -> Any:
    """Show what a municipality shared, and the form to propose more."""
    own = SharedPractice.municipality == context.holder
    practices = read_rows(request, services.PRACTICES.where(own))
    page = {"practices": practices, "states": State, "live": services.LIVE, "form": None}
    if not services.has_connected(request.db, [context.holder]):
        return page | {"connected": False}
    page["connected"] = True
    if not (choices := tuple(services.choices(request.db))):
        return page

    def act(values: dict[str, Any]) -> None:
        written = {"about": values["tekst"], "contact": values["functie"]}
        written["contact_email"] = values["email"]
        chosen = values["onderwerp"]
        services.propose(request.db, context.holder, chosen, written, request.actor)
        request.flash("Voorgesteld. Het landelijk meldpunt kijkt ernaar.")

    button, back = Button("voorstellen", "Voorstellen"), request.resource_path(context, PAGE)
    return ask_values(request, schema_of(choices), button, act, back, page)


@post_view(MunicipalityResource, f"{PAGE}-intrekken", Permission.EDIT_SETTINGS)
def withdraw_view(context: MunicipalityResource, request: Request) -> HTTPSeeOther:
    """Withdraw what a municipality proposed; nobody reads it from then on."""
    own = SharedPractice.municipality == context.holder
    practice = services.find_live(request.db, request.POST.get("nummer", ""), own)
    if practice is None:
        raise HTTPNotFound()
    services.settle(request.db, practice, State.WITHDRAWN, request.actor)
    request.flash(f"‘{practice.name}’ is ingetrokken.")
    return HTTPSeeOther(request.resource_path(context, PAGE))


@page_view(Desk, PAGE, Permission.VIEW_DESK, "templates/desk.jinja2")
def desk_view(context: Desk, request: Request) -> dict[str, Any]:
    """Show what waits for the desk, and below that what was placed."""
    live = services.PRACTICES.where(SharedPractice.state.in_(services.LIVE))
    return _rows(request, read_rows(request, live))


@form_view(Desk, f"{PAGE}-besluit", Permission.EDIT_SETTINGS, "templates/decide.jinja2")
def decide_view(context: Desk, request: Request) -> Any:
    """Show a practice (`?nummer=…`), and place it or send it back; what was placed as well."""
    number, posted = dict(query_pairs(request)).get("nummer", ""), request.method == "POST"
    practice = services.find_live(request.db, number, lock=posted)
    if practice is None:
        raise HTTPNotFound()

    def act(values: dict[str, Any]) -> None:
        state, reason = State.of(values["besluit"]), values["reden"]
        if state is State.SENT_BACK and not reason:
            raise FormError("Schrijf wat anders moet.", "reden")
        services.settle(request.db, practice, state, request.actor, reason)
        request.flash(f"‘{practice.name}’ is {state.nl}.")

    town = request.municipality_name(practice.municipality)
    page = {"practice": practice, "town": town, "kinds": Kind}
    button, back = Button("besluiten", "Besluit vastleggen"), request.resource_path(context, PAGE)
    return ask_values(request, DecisionSchema(), button, act, back, page)
