"""`…/partners`: the list, an organisation, adding, changing, ending and resuming."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.clock import utc_now
from stopintimidatie.partners import listing, services
from stopintimidatie.partners.contacts import contacts_of
from stopintimidatie.partners.forms import EndSchema, partner_schema, read_partner, shown_partner
from stopintimidatie.partners.handling import FORM_PAGE, form_page, submit
from stopintimidatie.partners.history import KIND, PartnerError
from stopintimidatie.partners.models import PartnerOrganisation
from stopintimidatie.partners.profiles import profiles_for
from stopintimidatie.partners.resources import PartnerList, PartnerResource
from stopintimidatie.partners.vocabulary import PartnerKind
from stopintimidatie.reports.vocabulary import LegalBasis
from stopintimidatie.security import Permission
from stopintimidatie.security.trail import note_read
from stopintimidatie.web.filters import date_text, day_of
from stopintimidatie.web.forms import Button, Form
from stopintimidatie.web.paging import Paging, wanted_page
from stopintimidatie.web.request import Request

_TEMPLATES: Final = "stopintimidatie.partners:templates"


@view_config(
    context=PartnerList,
    request_method="GET",
    permission=Permission.VIEW_PARTNER,
    renderer=f"{_TEMPLATES}/partners.jinja2",
)
def partners_view(context: PartnerList, request: Request) -> dict[str, Any]:
    """Whom this municipality works with, and worked with."""
    today = day_of(utc_now())
    paging = Paging(wanted_page(request), listing.count_partners(request.db))
    rows = listing.list_partners(request.db, paging)
    edits = request.has_permission(Permission.EDIT_PARTNER, context)
    return {
        "items": [
            listing.partner_item(row, people, request.resource_path(context, row.reference), today)
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
    """Another organisation."""
    form = Form(
        partner_schema(profiles_for(request.registry, request.db, context.holder)),
        request,
        buttons=[Button("opslaan", "Partner toevoegen")],
        cancel_url=request.resource_path(context),
    )

    def act(values: dict[str, Any]) -> Any:
        given = read_partner(values)
        row = services.add_partner(request.db, context.holder, given, request.actor)
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
    """One organisation: grounds, covenant, and who to ask there."""
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
        "earlier": services.earlier_covenants(request.db, row),
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
    """Other answers about an organisation."""
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
        services.change_partner(request.db, row, given, request.actor, version=version)
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
    """No longer work with it."""
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
    """Work with it again."""
    try:
        services.resume_partner(request.db, context.organisation, request.actor)
        request.flash("U werkt weer met deze partner. Zet erbij wie u daar kunt vragen.")
    except PartnerError as problem:
        request.flash(problem.message, "error")
    return HTTPSeeOther(request.resource_path(context))
