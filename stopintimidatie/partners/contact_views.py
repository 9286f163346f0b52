"""The people to ask at a partner: adding, changing, confirming the address, removing."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.mail.addresses import confirm_address, find_address, send_code
from stopintimidatie.partners import contacts
from stopintimidatie.partners.forms import contact_schema, read_person
from stopintimidatie.partners.handling import FORM_PAGE, form_page, submit
from stopintimidatie.partners.history import KIND
from stopintimidatie.partners.models import PartnerContact
from stopintimidatie.partners.resources import PartnerResource
from stopintimidatie.security import Permission
from stopintimidatie.security.trail import note_read
from stopintimidatie.web.forms import Button, Form
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import query_pairs

_P: Final = Permission.EDIT_PARTNER


@view_config(
    context=PartnerResource,
    name="contact",
    request_method=("GET", "POST"),
    permission=_P,
    renderer=FORM_PAGE,
)
def contact_view(context: PartnerResource, request: Request) -> Any:
    """Somebody new, or with `?wie=…` somebody who is there."""
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
            contacts.add_contact(request.db, keys, row, who, actor)
        else:
            version = values["versie"]
            contacts.change_contact(request.db, keys, row, known, who, actor, version=version)
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
    address = find_address(request.db, contacts.owner_of(known.id))
    person = contacts.in_clear(request.registry.key_ring, known, address)
    return {
        "functie": person.function,
        "naam": person.name,
        "adres": person.email,
        "telefoon": person.phone,
        "versie": known.version,
    }


def _found(context: PartnerResource, request: Request, number: str) -> PartnerContact:
    found = contacts.find_contact(request.db, context.organisation, number)
    if found is None:
        raise HTTPNotFound()
    return found


@view_config(context=PartnerResource, name="contact-code", request_method="POST", permission=_P)
def code_view(context: PartnerResource, request: Request) -> HTTPSeeOther:
    """Type back the code that the contact read out, or send a new one."""
    who = _found(context, request, str(request.POST.get("wie", "")))
    address = find_address(request.db, contacts.owner_of(who.id))
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
    contacts.remove_contact(request.db, context.organisation, who, request.actor)
    request.flash("De contactpersoon is verwijderd.")
    return HTTPSeeOther(request.resource_path(context))
