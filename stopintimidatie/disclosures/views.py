"""Pages of the register: the list, one entry, the list as a file; and the public /ophalen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from typing import Any, Final

import colander
from pyramid.authorization import DENY_ALL
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config
from sqlalchemy.orm import selectinload

from stopintimidatie.core import forms
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.forms import Button, Form, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import _, day_of, local
from stopintimidatie.core.tree import Resource
from stopintimidatie.core.web.components import FacetValue, panels
from stopintimidatie.core.web.register import read_register
from stopintimidatie.core.web.request import (
    Request,
    form_view,
    page_view,
    post_view,
    query_pairs,
    toggled,
)
from stopintimidatie.core.web.responses import csv_response
from stopintimidatie.core.web.translation import keep_language
from stopintimidatie.disclosures import queries, services
from stopintimidatie.disclosures.models import Disclosure
from stopintimidatie.disclosures.pickup import (
    PICKUP_KINDS,
    WRONG,
    ask_mail_code,
    enter_pickup,
    find_pickup,
    set_visit,
    visit_of,
)
from stopintimidatie.disclosures.resources import PICKED_UP, DisclosureRegister, DisclosureResource
from stopintimidatie.disclosures.services import AUDIT_KIND
from stopintimidatie.municipalities.partners.vocabulary import CovenantKind, MinorsGround, Purpose

# The register, also as a file

NAME: Final = "bestand"
COLUMNS: Final = (
    *("Nummer", "Gemaakt", "Ontvanger", "Soort ontvanger", "Profiel", "Waarvan", "Meldingen"),
    *("Soorten gegevens", "Van wie", "Doel", "Grondslag", "Convenant"),
    *("Extra grond minderjarigen", "Aangevraagd door", "Aangevraagd", "Goedgekeurd door"),
    *("Goedgekeurd", "Vernietigen uiterlijk", "Stand", "Gegeven", "Vernietigd gemeld"),
    *("SHA-256 van de inhoud", "SHA-256 van het bestand"),
)


@view_config(
    context=DisclosureRegister,
    name=NAME,
    request_method="GET",
    permission=Permission.SAVE_DISCLOSURES,
    guards=(recently_confirmed,),
)
def file_view(context: DisclosureRegister, request: Request) -> Response:
    """Return all rows that fit the filters as a CSV file, and log each row as read."""
    filters, subjects = _filters(context, request), selectinload(Disclosure.subjects)
    rows = queries.list_disclosures(request.db, filters, 0, None, subjects)
    ids = [row.disclosure.id for row in rows]
    note_read(request, context.holder, AUDIT_KIND, ids, task="register als bestand")
    name = f"verstrekkingen-{context.holder.lower()}-{filters.today.isoformat()}"
    return csv_response(name, COLUMNS, (_line(row, filters.today) for row in rows))


def _filters(context: DisclosureRegister, request: Request) -> queries.Filters:
    roles = request.identity.roles_for(context.holder) if request.identity else frozenset()
    return queries.Filters.read(query_pairs(request), roles, day_of(utc_now()))


def _line(entry: queries.Row, today: date) -> Sequence[object]:
    row, copy = entry.disclosure, entry.copy
    kinds = dict.fromkeys(kind for subject in row.subjects for kind in subject.categories)
    return (
        row.reference,
        _moment(row.made_at),
        row.recipient,
        row.recipient_kind,
        f"{row.profile}, versie {row.profile_version}",
        f"{row.source_kind} {row.source_reference}",
        entry.subjects,
        ", ".join(kinds),
        " ".join(f"{subject.label}:{subject.subject_id}" for subject in row.subjects),
        Purpose.word(row.purpose),
        row.legal_basis_words,
        CovenantKind.word(row.covenant),
        MinorsGround.word(row.minors_ground),
        row.requested_by,
        _moment(row.requested_at),
        row.approved_by,
        _moment(row.approved_at),
        row.destroy_by.isoformat(),
        services.stand_of(copy, today),
        _moment(copy.given_at if copy else None),
        _moment(copy.destroyed_at if copy else None),
        row.content_sha256,
        row.file_sha256,
    )


def _moment(at: datetime | None) -> str:
    """Return a moment in Dutch local time, in a form that spreadsheets sort."""
    return local(at).strftime("%Y-%m-%d %H:%M") if at else ""


@page_view(DisclosureRegister, "", Permission.VIEW_DISCLOSURES, "templates/register.jinja2")
def register_view(context: DisclosureRegister, request: Request) -> dict[str, Any]:
    """Show the disclosures that fit the filters, newest first."""
    filters, chosen = _filters(context, request), query_pairs(request)
    facets = [
        (
            queries.FACETS[name],
            [
                FacetValue(words, toggled(request, name, code), number, (name, code) in chosen)
                for code, words, number in values
            ],
        )
        for name, values in queries.facets(request.db, filters).items()
        if values
    ]
    find = partial(queries.list_disclosures, request.db, filters)
    entries = read_register(request, queries.count(request.db, filters), find, filters=facets)
    ids = [row.disclosure.id for row in entries.rows]
    note_read(request, context.holder, AUDIT_KIND, ids, task="register lezen")
    return {
        "entries": entries,
        "stands": {
            row.disclosure.reference: services.stand_of(row.copy, filters.today)
            for row in entries.rows
        },
        "filtered": filters.chosen,
        "here": request.resource_path(context).rstrip("/"),
        "desk": context.holder == NATIONAL,
        "may_save": request.has_permission(Permission.SAVE_DISCLOSURES, context),
    }


@page_view(DisclosureResource, "", Permission.VIEW_DISCLOSURES, "templates/disclosure.jinja2")
def disclosure_view(context: DisclosureResource, request: Request) -> dict[str, Any]:
    """Show a disclosure: recipient, content, reasons, proof, steps and subjects."""
    row = context.disclosure
    note_read(request, context.holder, AUDIT_KIND, [row.id], task="verstrekking lezen")
    events = services.events_of(request.db, row.id)
    return {
        "disclosure": row,
        "purpose": Purpose.word(row.purpose),
        "covenant": CovenantKind.word(row.covenant),
        "minors_ground": MinorsGround.word(row.minors_ground),
        "desk": context.holder == NATIONAL,
        "public": services.is_public(row),
        "stand": services.stand_of(services.copy_of(request.db, row.id), day_of(utc_now())),
        "events": [(event, services.event_words(event)) for event in events],
        "subjects": services.subjects_of(request.db, row.id),
        "panels": panels(request, "verstrekking", context),
    }


# /ophalen/O-4F7K-2QXJ, for a recipient with a link by mail and a code by telephone

# The name of the page of a document that has one; the room that offers it makes that page.
DOCUMENT: Final = "document"
PAGE: Final = "stopintimidatie.disclosures:templates/pickup.jinja2"


class PickupDoor(Resource):
    """/ophalen, which has no page of its own; no permission of the portal counts here."""

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]

    def __getitem__(self, name: str) -> Resource:
        if not PICKED_UP.fullmatch(name):
            raise KeyError(name)
        return PickupPage(name, self)


class PickupPage(Resource):
    """/ophalen/O-4F7K-2QXJ, also when there is no such pick-up: only the right code tells.

    The form for a municipality asks less; it says no more than that a number is of one.
    """

    @property
    def title(self) -> str:
        """The reference in the address."""
        return self.__name__ or ""

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]


OWN: Final = "mij"
ORGANISATION: Final = "organisatie"


NO_FUNCTION: Final = _("Vul uw functie in: u haalt iets op voor een organisatie.")
NOT_OWN: Final = _("Dit staat klaar voor een organisatie. Kies dat, en vul uw functie in.")


class PickupSchema(forms.Schema):
    """The form of who comes to pick up, and the code."""

    naam = forms.field(forms.Text(120), _("Uw naam"))
    voor = forms.field(
        forms.OneOf(
            (
                (OWN, _("Voor mijzelf: het zijn mijn eigen gegevens")),
                (ORGANISATION, _("Voor mijn organisatie")),
            ),
            radio=True,
        ),
        _("Voor wie haalt u iets op?"),
    )
    functie = forms.field(
        forms.Text(120),
        _("Uw functie"),
        missing="",
        drawn=forms.Opened(_("Uw organisatie"), (ORGANISATION,)),
    )
    code = forms.field(
        forms.Text(20),
        _("Code"),
        description=_(
            "Acht cijfers. De code om op te halen hoorde u van ons. Met een code uit onze e-mail"
            " kunt u alleen antwoorden en bevestigen."
        ),
        widget=forms.TextInput(width="short", autocomplete="one-time-code"),
    )


@form_view(PickupPage, "", NO_PERMISSION_REQUIRED, PAGE)
def pickup_view(context: PickupPage, request: Request) -> Any:
    """Show the form; for the right code go to the page of the document."""
    number, asked = context.__name__ or "", dict(query_pairs(request))
    pickup = find_pickup(request.db, number)
    kind = PICKUP_KINDS.of(request.registry).get(pickup.document_kind) if pickup else None
    # A municipality: never for oneself, a code by telephone alone, and all that follows in Dutch.
    town = kind is not None and not kind.own and kind.mail_code is None
    there = f"{request.path.rstrip('/')}/{kind.page if kind else DOCUMENT}"
    there = there if town else keep_language(request, there)
    if request.method != "POST" and kind is not None and visit_of(request, number) is not None:
        return HTTPSeeOther(there)
    schema = PickupSchema()
    if town:
        del schema["voor"]
        schema["functie"].drawn, schema["functie"].missing = None, colander.required
    begin = {"voor": OWN} if asked.get("voor") == OWN else {}
    buttons, action = [Button("ophalen", _("Verder"))], keep_language(request, request.path)
    form = Form(schema, request, buttons=buttons, appstruct=begin, action=action)
    page: dict[str, Any] = {
        "form": form,
        "reference": number,
        "town": town,
        "on_its_way": "code" in asked,
        "closed": "gesloten" in asked,
    }

    def on_valid(values: dict[str, Any]) -> Any:
        own = values.get("voor") == OWN
        if not own and not values["functie"]:
            raise forms.FormError(NO_FUNCTION, "functie")
        function = "voor zichzelf" if own else values["functie"]
        visitor = {"naam": values["naam"], "functie": function}
        visit = None
        if pickup is not None:
            typed = values["code"]
            visit = enter_pickup(request.db, request.registry, pickup, typed, visitor)
        if kind is None or visit is None:
            # Not an exception: that would roll the count of tries back.
            form.add_error(WRONG, "code")
            request.response.status_int = 422
            return page
        if own and not kind.own:
            # The code was right; it counts again, for nothing of this is kept.
            raise forms.FormError(NOT_OWN, "voor")
        response = HTTPSeeOther(there)
        set_visit(request, response, visit)
        return response

    return handle_form(request, form, on_valid, page)


@post_view(PickupPage, "code", NO_PERMISSION_REQUIRED)
def code_view(context: PickupPage, request: Request) -> Any:
    """Mail a code where we know an address; the response is the same when we don't."""
    pickup = find_pickup(request.db, context.__name__ or "")
    if pickup is not None and pickup.document_kind in PICKUP_KINDS.of(request.registry):
        ask_mail_code(request.db, request.registry, pickup)
    return HTTPSeeOther(keep_language(request, f"/ophalen/{context.__name__}?code=onderweg"))
