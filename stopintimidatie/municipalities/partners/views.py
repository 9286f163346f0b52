"""Pages `…/partners`: the list, an organisation, and its contacts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.view import view_config
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import (
    Button,
    Form,
    FormError,
    Schema,
    field,
    handle_form,
    later_version,
)
from stopintimidatie.core.mail.addresses import find_address
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import day_of
from stopintimidatie.core.web.register import read_register
from stopintimidatie.core.web.request import Crumb, Request, form_view, page_view, query_pairs
from stopintimidatie.municipalities.partners import services
from stopintimidatie.municipalities.partners.models import PartnerContact, PartnerOrganisation
from stopintimidatie.municipalities.partners.resources import (
    Choices,
    PartnerList,
    PartnerResource,
    profiles_for,
)
from stopintimidatie.municipalities.partners.services import (
    KIND,
    Person,
    StalePartnerError,
)
from stopintimidatie.municipalities.partners.vocabulary import BASES, LegalBasis, PartnerKind
from stopintimidatie.municipalities.people.forms import Telephone
from stopintimidatie.municipalities.people.views import take_code

# The names of the controls, and the column that each fills.
CONTROLS: Final[Mapping[str, str]] = {
    "naam": "name",
    "soort": "kind",
    "grondslagen": "legal_bases",
    "profiel": "profile",
    "convenant": "covenant_name",
    "convenant_van": "covenant_from",
    "convenant_tot": "covenant_until",
}


class PartnerSchema(Schema):
    """The form of an organisation; `partner_schema` adds the redaction profiles."""

    naam = field(
        forms.Text(200),
        "Naam van de organisatie",
        description="Zoals u haar in een document noemt. Geen naam van een persoon.",
    )
    soort = field(forms.OneOf(PartnerKind.choices()), "Soort organisatie")
    grondslagen = field(
        forms.ManyOf([(basis.value, basis.nl) for basis in BASES]),
        "Grondslagen die kunnen gelden",
        description="Bij elke uitvoer kiest u er één. Alleen deze staan dan in de lijst.",
    )
    convenant = field(
        forms.Text(200),
        "Convenant, als dat er is",
        description="Een convenant is geen grondslag. Wij noemen het ernaast zolang het geldt.",
        missing=None,
    )
    convenant_van = field(forms.Date(), "Convenant geldt vanaf", missing=None)
    convenant_tot = field(
        forms.Date(),
        "Convenant geldt tot en met",
        description="Leeg: tot u het beëindigt.",
        missing=None,
    )
    versie = field(forms.Integer(), "Versie", widget=forms.Hidden(), missing=0)


def partner_schema(profiles: Choices) -> Any:
    """Return the form of an organisation, with these redaction profiles to choose from."""
    schema = PartnerSchema()
    profile = field(
        forms.OneOf(profiles),
        "Wat deze partner te zien krijgt",
        name="profiel",
        description="Dit stellen wij voor bij een uitvoer; u kunt daar anders kiezen.",
        missing=None,
    )
    schema.add_before("convenant", profile)
    return schema


def read_partner(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers of the form under the names of the columns."""
    return {attribute: values[name] for name, attribute in CONTROLS.items()}


def shown_partner(row: PartnerOrganisation) -> dict[str, Any]:
    """Return a partner as first values of the form."""
    values = {name: getattr(row, attribute) for name, attribute in CONTROLS.items()}
    return {**values, "versie": row.version}


class ContactSchema(Schema):
    """The form of a contact at a partner."""

    functie = field(forms.Text(200), "Functie", description="Zoals: wijkagent Binnenstad.")
    naam = field(forms.Text(200), "Naam")
    adres = field(
        forms.Text(200),
        "E-mailadres",
        description="Wij sturen er een code heen. Die vult u hier in; dan is het bevestigd.",
        widget=forms.EmailInput(autocomplete="off"),
        validator=forms.email_address,
    )
    telefoon = field(
        Telephone(),
        "Telefoonnummer",
        widget=forms.TelInput(autocomplete="off"),
        missing=None,
    )
    versie = field(forms.Integer(), "Versie", widget=forms.Hidden(), missing=0)


class EndSchema(Schema):
    """The form to end a partner, with a reason."""

    reden = field(
        forms.Text(1000, lines=True),
        "Waarom werkt u niet meer samen?",
        description="Noem geen namen. Dit blijft staan.",
    )


ENDED: Final = (
    "De organisatie blijft in de lijst staan als beëindigd, met wat zij kreeg in het"
    " verstrekkingenregister. Namen, nummers en adressen van contactpersonen verwijderen wij"
    " meteen."
)


# Forms whose work may be refused by a rule, or by a later version

Values = dict[str, Any]


def form_page(request: Request, heading: str, above: str, intro: str = "") -> Values:
    """Return the values of a page with a form: its heading, also in the breadcrumb, and above it.

    `above` is the name of the municipality or the partner.
    """
    crumbs = [*request.breadcrumb, Crumb(heading, request.path)]
    return {"crumbs": crumbs, "heading": heading, "above": above, "intro": intro}


def submit(
    request: Request, form: Form, act: Callable[[Values], Any], page: Mapping[str, Any]
) -> Any:
    """Show the form, or call `act` with the values that were sent.

    Returns what `act` returns, or the values for the template.
    """

    def on_valid(values: Values) -> Any:
        try:
            return act(values)
        except StalePartnerError as stale:
            raise later_version(form, stale.row) from None

    return handle_form(request, form, on_valid, page)


_TEMPLATES: Final = "stopintimidatie.municipalities.partners:templates"
partner_page = partial(view_config, context=PartnerResource, permission=Permission.EDIT_PARTNER)


def list_partners(
    session: Session, offset: int, size: int
) -> Sequence[tuple[PartnerOrganisation, int]]:
    """Return a page of the partners with their number of contacts; the ended ones come last."""
    people = (
        select(func.count(PartnerContact.id))
        .where(PartnerContact.organisation_id == PartnerOrganisation.id)
        .scalar_subquery()
    )
    page = (
        select(PartnerOrganisation, people)
        .order_by(
            PartnerOrganisation.ended_at.is_not(None),
            func.lower(PartnerOrganisation.name),
            PartnerOrganisation.id,
        )
        .offset(offset)
        .limit(size)
    )
    return session.execute(page).all()


@page_view(PartnerList, "", Permission.VIEW_PARTNER, f"{_TEMPLATES}/partners.jinja2")
def partners_view(context: PartnerList, request: Request) -> dict[str, Any]:
    """Show the partners of this municipality, the ended ones too."""
    number = request.db.scalars(select(func.count(PartnerOrganisation.id))).one()
    return {
        "partners": read_register(request, number, partial(list_partners, request.db)),
        "kinds": dict(PartnerKind.choices()),
        "today": day_of(utc_now()),
        "here": request.resource_path(context).rstrip("/"),
        "edits": request.has_permission(Permission.EDIT_PARTNER, context),
    }


@form_view(PartnerList, "toevoegen", Permission.EDIT_PARTNER)
def add_view(context: PartnerList, request: Request) -> Any:
    """Show the form to add a partner, and save it."""
    form = Form(
        partner_schema(profiles_for(request.registry, request.db, context.holder)),
        request,
        buttons=[Button("opslaan", "Partner toevoegen")],
        cancel_url=request.resource_path(context),
    )

    def act(values: dict[str, Any]) -> Any:
        row = services.add_partner(request.db, context.holder, read_partner(values), request.actor)
        request.flash("De partner is toegevoegd. Zet er nu bij wie u daar kunt vragen.")
        return HTTPSeeOther(request.resource_path(context, row.reference))

    page = form_page(request, "Partner toevoegen", context.municipality.name)
    return submit(request, form, act, page)


@page_view(PartnerResource, "", Permission.VIEW_PARTNER, f"{_TEMPLATES}/partner.jinja2")
def partner_view(context: PartnerResource, request: Request) -> dict[str, Any]:
    """Show a partner: its legal bases, covenant and contacts."""
    row = context.organisation
    contacts = services.contacts_of(request.db, request.registry.key_ring, row)
    if contacts:
        fields = ["naam", "e-mail", "telefoon"]
        note_read(request, context.holder, KIND, [row.id], task="partner bekijken", fields=fields)
    profiles = dict(profiles_for(request.registry, request.db, row.holder))
    return {
        "partner": row,
        "kind": PartnerKind.word(row.kind),
        "profile": profiles.get(row.profile or ""),
        "bases": [LegalBasis.word(code) for code in row.legal_bases],
        "covenant": row.covenant,
        "earlier": services.earlier_covenants(request.db, row),
        "today": day_of(utc_now()),
        "contacts": contacts,
        "edits": request.has_permission(Permission.EDIT_PARTNER, context),
        "here": request.resource_path(context).rstrip("/"),
    }


@form_view(PartnerResource, "bewerken", Permission.EDIT_PARTNER)
def change_view(context: PartnerResource, request: Request) -> Any:
    """Show the form of a partner, and save its changes."""
    row, back = context.organisation, request.resource_path(context)
    form = Form(
        partner_schema(profiles_for(request.registry, request.db, context.holder)),
        request,
        appstruct=shown_partner(row),
        cancel_url=back,
    )

    def act(values: dict[str, Any]) -> Any:
        given, version = read_partner(values), values["versie"]
        services.change_partner(request.db, row, given, request.actor, version=version)
        request.flash("De partner is opgeslagen.")
        return HTTPSeeOther(back)

    return submit(request, form, act, form_page(request, "Partner bewerken", row.name))


@form_view(PartnerResource, "beeindigen", Permission.EDIT_PARTNER)
def end_view(context: PartnerResource, request: Request) -> Any:
    """Show the form to end a partner, and end it."""
    row, back = context.organisation, request.resource_path(context)
    form = Form(
        EndSchema(),
        request,
        buttons=[Button("beeindigen", "Partner beëindigen", kind="danger")],
        cancel_url=back,
    )

    def act(values: dict[str, Any]) -> Any:
        services.end_partner(request.db, row, values["reden"], request.actor)
        request.flash("De partner is beëindigd. De contactpersonen zijn verwijderd.")
        return HTTPSeeOther(back)

    return submit(request, form, act, form_page(request, "Partner beëindigen", row.name, ENDED))


@partner_page(name="hervatten", request_method="POST")
def resume_view(context: PartnerResource, request: Request) -> HTTPSeeOther:
    """Use an ended partner again."""
    try:
        services.resume_partner(request.db, context.organisation, request.actor)
        request.flash("U werkt weer met deze partner. Zet erbij wie u daar kunt vragen.")
    except FormError as problem:
        request.flash(problem.message, "error")
    return HTTPSeeOther(request.resource_path(context))


# Contacts: adding, changing, confirming the address, removing


@form_view(PartnerResource, "contact", Permission.EDIT_PARTNER)
def contact_view(context: PartnerResource, request: Request) -> Any:
    """Show the form to add a contact, or with `?wie=…` to change one, and save it."""
    keys, row = request.registry.key_ring, context.organisation
    number = dict(query_pairs(request)).get("wie")
    known = None if number is None else _contact(context, request, number)
    form = Form(
        ContactSchema(),
        request,
        buttons=[Button("opslaan", "Contactpersoon opslaan")],
        appstruct=_first_values(request, known),
        cancel_url=request.resource_path(context),
    )
    if known is not None:
        note_read(request, context.holder, KIND, [row.id], task="contactpersoon bewerken")

    def act(values: dict[str, Any]) -> Any:
        person = Person(values["functie"], values["naam"], values["adres"], values["telefoon"])
        actor = request.actor
        if known is None:
            services.add_contact(request.db, keys, row, person, actor)
        else:
            version = values["versie"]
            services.change_contact(request.db, keys, row, known, person, actor, version=version)
        request.flash("Opgeslagen. Naar een nieuw adres sturen wij een code.")
        return HTTPSeeOther(request.resource_path(context))

    heading = "Contactpersoon bewerken" if known else "Contactpersoon toevoegen"
    return submit(request, form, act, form_page(request, heading, row.name))


def _first_values(request: Request, known: PartnerContact | None) -> dict[str, Any]:
    if known is None:
        return {}
    address = find_address(request.db, services.owner_of_contact(known.id))
    person = services.in_clear(request.registry.key_ring, known, address)
    return {
        "functie": person.function,
        "naam": person.name,
        "adres": person.email,
        "telefoon": person.phone,
        "versie": known.version,
    }


def _contact(context: PartnerResource, request: Request, number: str) -> PartnerContact:
    """Return the contact of this partner with this id.

    Raises:
        HTTPNotFound: there is none.
    """
    contact = services.find_contact(request.db, context.organisation, number)
    if contact is None:
        raise HTTPNotFound()
    return contact


@partner_page(name="contact-code", request_method="POST")
def code_view(context: PartnerResource, request: Request) -> HTTPSeeOther:
    """Take the code that the contact read out, or send a new one."""
    contact = _contact(context, request, str(request.POST.get("wie", "")))
    take_code(request, services.owner_of_contact(contact.id), "Het adres is bevestigd.")
    return HTTPSeeOther(request.resource_path(context))


@partner_page(name="contact-weg", request_method="POST")
def remove_view(context: PartnerResource, request: Request) -> HTTPSeeOther:
    """Delete a contact."""
    contact = _contact(context, request, str(request.POST.get("wie", "")))
    services.remove_contact(request.db, context.organisation, contact, request.actor)
    request.flash("De contactpersoon is verwijderd.")
    return HTTPSeeOther(request.resource_path(context))
