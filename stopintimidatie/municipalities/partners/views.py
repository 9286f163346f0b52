"""`…/partners`: the list, an organisation, and the people to ask there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.view import view_config
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, Form
from stopintimidatie.core.mail.addresses import confirm_address, find_address, send_code
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import date_text, day_of, plural
from stopintimidatie.core.web.components import ListItem
from stopintimidatie.core.web.request import Paging, Request, query_pairs, wanted_page
from stopintimidatie.municipalities.partners.forms import (
    FORM_PAGE,
    EndSchema,
    contact_schema,
    form_page,
    partner_schema,
    read_partner,
    read_person,
    shown_partner,
    submit,
)
from stopintimidatie.municipalities.partners.models import PartnerContact, PartnerOrganisation
from stopintimidatie.municipalities.partners.resources import (
    PartnerList,
    PartnerResource,
    profiles_for,
)
from stopintimidatie.municipalities.partners.services import (
    KIND,
    PartnerError,
    add_contact,
    add_partner,
    change_contact,
    change_partner,
    contacts_of,
    earlier_covenants,
    end_partner,
    find_contact,
    in_clear,
    owner_of_contact,
    remove_contact,
    resume_partner,
)
from stopintimidatie.municipalities.partners.vocabulary import LegalBasis, PartnerKind

# The list: those one works with first, then those of before

Row = tuple[PartnerOrganisation, int]


def count_partners(session: Session) -> int:
    return session.scalar(select(func.count(PartnerOrganisation.id))) or 0


def list_partners(session: Session, paging: Paging) -> Sequence[Row]:
    """Return a page of them, each with how many people there are to ask."""
    people = (
        select(func.count(PartnerContact.id))
        .where(PartnerContact.organisation_id == PartnerOrganisation.id)
        .scalar_subquery()
    )
    rows = session.execute(
        select(PartnerOrganisation, people)
        .order_by(
            PartnerOrganisation.ended_at.is_not(None),
            func.lower(PartnerOrganisation.name),
            PartnerOrganisation.id,
        )
        .offset(paging.offset)
        .limit(paging.size)
    )
    return [(row[0], row[1]) for row in rows]


def partner_item(row: PartnerOrganisation, people: int, href: str, today: date) -> ListItem:
    """Return a partner as one entry of the list."""
    meta = [PartnerKind.word(row.kind)]
    if row.ended_at is not None:
        return ListItem(row.name, href, ["beeindigd"], [*meta, date_text(row.ended_at)])
    meta.append(plural(people, "contactpersoon", "contactpersonen"))
    covenant, badges = row.covenant, []
    if covenant is not None and covenant.over(today):
        badges.append("convenant_verlopen")
    elif covenant is not None and covenant.ends_soon(today):
        badges.append("convenant_verloopt")
    return ListItem(row.name, href, badges, meta)


_TEMPLATES: Final = "stopintimidatie.municipalities.partners:templates"


@view_config(
    context=PartnerList,
    request_method="GET",
    permission=Permission.VIEW_PARTNER,
    renderer=f"{_TEMPLATES}/partners.jinja2",
)
def partners_view(context: PartnerList, request: Request) -> dict[str, Any]:
    """Show whom this municipality works with, and worked with."""
    today = day_of(utc_now())
    paging = Paging(wanted_page(request), count_partners(request.db))
    rows = list_partners(request.db, paging)
    edits = request.has_permission(Permission.EDIT_PARTNER, context)
    return {
        "items": [
            partner_item(row, people, request.resource_path(context, row.reference), today)
            for row, people in rows
        ],
        "paging": paging,
        "add": request.resource_path(context, "toevoegen") if edits else None,
    }


@view_config(
    context=PartnerList,
    name="toevoegen",
    request_method=("GET", "POST"),
    permission=Permission.EDIT_PARTNER,
    renderer=FORM_PAGE,
)
def add_view(context: PartnerList, request: Request) -> Any:
    """Add an organisation."""
    form = Form(
        partner_schema(profiles_for(request.registry, request.db, context.holder)),
        request,
        buttons=[Button("opslaan", "Partner toevoegen")],
        cancel_url=request.resource_path(context),
    )

    def act(values: dict[str, Any]) -> Any:
        given = read_partner(values)
        row = add_partner(request.db, context.holder, given, request.actor)
        request.flash("De partner is toegevoegd. Zet er nu bij wie u daar kunt vragen.")
        return HTTPSeeOther(request.resource_path(context, row.reference))

    page = form_page(request, "Partner toevoegen", context.municipality.name)
    return submit(request, form, act, page)


@view_config(
    context=PartnerResource,
    request_method="GET",
    permission=Permission.VIEW_PARTNER,
    renderer=f"{_TEMPLATES}/partner.jinja2",
)
def partner_view(context: PartnerResource, request: Request) -> dict[str, Any]:
    """Show one organisation: grounds, covenant, and who to ask there."""
    row = context.organisation
    contacts = contacts_of(request.db, request.registry.key_ring, row)
    if contacts:
        fields = ["naam", "e-mail", "telefoon"]
        note_read(request, context.holder, KIND, [row.id], task="partner bekijken", fields=fields)
    edits = request.has_permission(Permission.EDIT_PARTNER, context)
    return {
        "partner": row,
        "facts": _facts(request, row),
        "bases": [LegalBasis.word(code) for code in row.legal_bases],
        "covenant": row.covenant,
        "earlier": earlier_covenants(request.db, row),
        "today": day_of(utc_now()),
        "contacts": contacts,
        "edits": edits,
        "here": request.resource_path(context).rstrip("/"),
    }


def _facts(request: Request, row: PartnerOrganisation) -> list[tuple[str, str]]:
    profiles = dict(profiles_for(request.registry, request.db, row.holder))
    return [
        ("Soort", PartnerKind.word(row.kind)),
        ("Ziet", profiles.get(row.profile or "", "wordt gekozen bij de uitvoer")),
        ("Gewijzigd", f"{date_text(row.changed_at)} door {row.changed_by}"),
    ]


@view_config(
    context=PartnerResource,
    name="bewerken",
    request_method=("GET", "POST"),
    permission=Permission.EDIT_PARTNER,
    renderer=FORM_PAGE,
)
def change_view(context: PartnerResource, request: Request) -> Any:
    """Change the answers about an organisation."""
    row, back = context.organisation, request.resource_path(context)
    form = Form(
        partner_schema(profiles_for(request.registry, request.db, context.holder)),
        request,
        buttons=[Button("opslaan", "Opslaan")],
        appstruct=shown_partner(row),
        cancel_url=back,
    )

    def act(values: dict[str, Any]) -> Any:
        given, version = read_partner(values), values["versie"]
        change_partner(request.db, row, given, request.actor, version=version)
        request.flash("De partner is opgeslagen.")
        return HTTPSeeOther(back)

    return submit(request, form, act, form_page(request, "Partner bewerken", row.name))


@view_config(
    context=PartnerResource,
    name="beeindigen",
    request_method=("GET", "POST"),
    permission=Permission.EDIT_PARTNER,
    renderer=FORM_PAGE,
)
def end_view(context: PartnerResource, request: Request) -> Any:
    """Stop working with it."""
    row, back = context.organisation, request.resource_path(context)
    form = Form(
        EndSchema(),
        request,
        buttons=[Button("beeindigen", "Partner beëindigen", kind="danger")],
        cancel_url=back,
    )

    def act(values: dict[str, Any]) -> Any:
        end_partner(request.db, row, values["reden"], request.actor)
        request.flash("De partner is beëindigd. De contactpersonen zijn verwijderd.")
        return HTTPSeeOther(back)

    intro = (
        "De organisatie blijft in de lijst staan als beëindigd, met wat zij kreeg in het"
        " verstrekkingenregister. Namen, nummers en adressen van contactpersonen verwijderen wij"
        " meteen."
    )
    page = form_page(request, "Partner beëindigen", row.name, intro=intro)
    return submit(request, form, act, page)


@view_config(
    context=PartnerResource,
    name="hervatten",
    request_method="POST",
    permission=Permission.EDIT_PARTNER,
)
def resume_view(context: PartnerResource, request: Request) -> HTTPSeeOther:
    """Resume working with it."""
    try:
        resume_partner(request.db, context.organisation, request.actor)
        request.flash("U werkt weer met deze partner. Zet erbij wie u daar kunt vragen.")
    except PartnerError as problem:
        request.flash(problem.message, "error")
    return HTTPSeeOther(request.resource_path(context))


# People: adding, changing, confirming the address, removing

_P: Final = Permission.EDIT_PARTNER


@view_config(
    context=PartnerResource,
    name="contact",
    request_method=("GET", "POST"),
    permission=_P,
    renderer=FORM_PAGE,
)
def contact_view(context: PartnerResource, request: Request) -> Any:
    """Add a contact, or with `?wie=…` change one."""
    keys, row = request.registry.key_ring, context.organisation
    known = _asked_for(context, request)
    form = Form(
        contact_schema(),
        request,
        buttons=[Button("opslaan", "Contactpersoon opslaan")],
        appstruct=_given(request, known),
        cancel_url=request.resource_path(context),
    )
    if known is not None:
        note_read(request, context.holder, KIND, [row.id], task="contactpersoon bewerken")

    def act(values: dict[str, Any]) -> Any:
        who, actor = read_person(values), request.actor
        if known is None:
            add_contact(request.db, keys, row, who, actor)
        else:
            version = values["versie"]
            change_contact(request.db, keys, row, known, who, actor, version=version)
        request.flash("Opgeslagen. Naar een nieuw adres sturen wij een code.")
        return HTTPSeeOther(request.resource_path(context))

    heading = "Contactpersoon bewerken" if known else "Contactpersoon toevoegen"
    return submit(request, form, act, form_page(request, heading, row.name))


def _asked_for(context: PartnerResource, request: Request) -> PartnerContact | None:
    asked = dict(query_pairs(request)).get("wie")
    return None if asked is None else _found(context, request, asked)


def _given(request: Request, known: PartnerContact | None) -> dict[str, Any]:
    if known is None:
        return {}
    address = find_address(request.db, owner_of_contact(known.id))
    person = in_clear(request.registry.key_ring, known, address)
    return {
        "functie": person.function,
        "naam": person.name,
        "adres": person.email,
        "telefoon": person.phone,
        "versie": known.version,
    }


def _found(context: PartnerResource, request: Request, number: str) -> PartnerContact:
    found = find_contact(request.db, context.organisation, number)
    if found is None:
        raise HTTPNotFound()
    return found


@view_config(context=PartnerResource, name="contact-code", request_method="POST", permission=_P)
def code_view(context: PartnerResource, request: Request) -> HTTPSeeOther:
    """Type back the code that the contact read out, or send a new one."""
    who = _found(context, request, str(request.POST.get("wie", "")))
    address = find_address(request.db, owner_of_contact(who.id))
    if address is None:
        raise HTTPNotFound()
    keys = request.registry.key_ring
    if "opnieuw" in request.POST:
        send_code(request.db, keys, address)
        request.flash("Er is een nieuwe code onderweg.")
    else:
        typed = str(request.POST.get("code", ""))[:40]
        problem = confirm_address(request.db, keys, address, typed, request.actor)
        if problem:
            request.flash(problem, "error")
        else:
            request.flash("Het adres is bevestigd.")
    return HTTPSeeOther(request.resource_path(context))


@view_config(context=PartnerResource, name="contact-weg", request_method="POST", permission=_P)
def remove_view(context: PartnerResource, request: Request) -> HTTPSeeOther:
    """Forget somebody."""
    who = _found(context, request, str(request.POST.get("wie", "")))
    remove_contact(request.db, context.organisation, who, request.actor)
    request.flash("De contactpersoon is verwijderd.")
    return HTTPSeeOther(request.resource_path(context))
