"""Pages of the register: the list, one entry, the list as a file; and the public /ophalen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import colander
from markupsafe import Markup
from pyramid.authorization import DENY_ALL
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, Form, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import (
    date_short,
    date_text,
    datetime_long,
    datetime_short,
    file_size,
    local,
)
from stopintimidatie.core.tree import Resource
from stopintimidatie.core.web.components import FacetValue, TimelineEntry, panels
from stopintimidatie.core.web.request import (
    Paging,
    Request,
    form_view,
    page_view,
    post_view,
    query_pairs,
    toggled,
    wanted_page,
)
from stopintimidatie.core.web.responses import csv_response
from stopintimidatie.disclosures import queries, services
from stopintimidatie.disclosures.models import Disclosure, DisclosureSubject
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

# The list as a file

NAME: Final = "bestand"
CHUNK: Final = 500
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
)
def file_view(context: DisclosureRegister, request: Request) -> Response:
    """Return all rows that fit the filters as a CSV file, and log each row as read."""
    roles = request.identity.roles_for(context.holder) if request.identity else frozenset()
    today = local(utc_now()).date()
    filters = queries.Filters.read(query_pairs(request))
    rows: list[queries.Row] = []
    while True:
        chunk = queries.page(request.db, filters, roles, today, len(rows), CHUNK)
        rows += chunk
        if len(chunk) < CHUNK:
            break
    ids = [row.disclosure.id for row in rows]
    note_read(request, context.holder, AUDIT_KIND, ids, task="register als bestand")
    name = f"verstrekkingen-{context.holder.lower()}-{today.isoformat()}"
    return csv_response(name, COLUMNS, _rows(request.db, rows, today))


def _rows(
    session: Session, entries: Sequence[queries.Row], today: date
) -> Iterator[Sequence[object]]:
    subjects_by_id = _subjects(session, [entry.disclosure.id for entry in entries])
    for entry in entries:
        row, copy = entry.disclosure, entry.copy
        subjects = subjects_by_id.get(row.id, [])
        kinds = dict.fromkeys(kind for subject in subjects for kind in subject.categories)
        yield (
            row.reference,
            _moment(row.made_at),
            row.recipient,
            row.recipient_kind,
            f"{row.profile}, versie {row.profile_version}",
            f"{row.source_kind} {row.source_reference}",
            entry.subjects,
            ", ".join(kinds),
            " ".join(f"{subject.label}:{subject.subject_id}" for subject in subjects),
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


def _subjects(session: Session, ids: Sequence[UUID]) -> Mapping[UUID, Sequence[DisclosureSubject]]:
    subjects: dict[UUID, list[DisclosureSubject]] = {}
    for start in range(0, len(ids), CHUNK):
        some = DisclosureSubject.disclosure_id.in_(ids[start : start + CHUNK])
        rows = select(DisclosureSubject).where(some).order_by(DisclosureSubject.label)
        for row in session.scalars(rows):
            subjects.setdefault(row.disclosure_id, []).append(row)
    return subjects


@page_view(DisclosureRegister, "", Permission.VIEW_DISCLOSURES, "templates/register.jinja2")
def register_view(context: DisclosureRegister, request: Request) -> dict[str, Any]:
    """Show the disclosures that fit the filters, newest first."""
    roles = request.identity.roles_for(context.holder) if request.identity else frozenset()
    today = local(utc_now()).date()
    filters = queries.Filters.read(query_pairs(request))
    paging = Paging(wanted_page(request), queries.count(request.db, filters, roles, today))
    rows = queries.page(request.db, filters, roles, today, paging.offset, paging.size)
    ids = [row.disclosure.id for row in rows]
    note_read(request, context.holder, AUDIT_KIND, ids, task="register lezen")
    return {
        "rows": [_row(request, context, row, today) for row in rows],
        "columns": _COLUMNS if context.holder != NATIONAL else _DESK_COLUMNS,
        "facets": _facets(request, queries.facets(request.db, roles, today)),
        "filtered": filters != queries.Filters(),
        "all_href": request.resource_path(context),
        "desk": context.holder == NATIONAL,
        "file_href": _file_href(context, request),
        "paging": paging,
    }


def _file_href(context: DisclosureRegister, request: Request) -> str | None:
    """Return the address of the same rows as a file, for who may save it."""
    if not request.has_permission(Permission.SAVE_DISCLOSURES, context):
        return None
    address: str = request.resource_path(context, NAME)
    return f"{address}?{request.query_string}" if request.query_string else address


def _facets(request: Request, facets: Any) -> list[tuple[str, list[FacetValue]]]:
    chosen = query_pairs(request)
    return [
        (
            queries.FACETS[name],
            [
                FacetValue(words, toggled(request, name, code), number, (name, code) in chosen)
                for code, words, number in values
            ],
        )
        for name, values in facets.items()
    ]


_DESK_COLUMNS = ["Nummer", "Gemaakt", "Ontvanger", "Melding", "Grondslag", "Vernietigen"]
_COLUMNS = [
    *("Nummer", "Gemaakt", "Ontvanger", "Dossier", ("Meldingen", "number")),
    *("Grondslag", "Vernietigen", "Stand"),
]


def _row(
    request: Request, context: DisclosureRegister, entry: queries.Row, today: date
) -> list[str]:
    row = entry.disclosure
    anchor = Markup('<a class="utrecht-link utrecht-link--html-a" href="{}">{}</a>')
    begin = [
        anchor.format(request.resource_path(context, row.reference), row.reference),
        datetime_short(row.made_at),
        row.recipient,
        row.source_reference,
    ]
    end = [row.legal_basis_words, date_short(row.destroy_by)]
    if context.holder == NATIONAL:
        return [*begin, *end]
    return [*begin, str(entry.subjects), *end, services.stand_of(entry.copy, today)]


@page_view(DisclosureResource, "", Permission.VIEW_DISCLOSURES, "templates/disclosure.jinja2")
def disclosure_view(context: DisclosureResource, request: Request) -> dict[str, Any]:
    """Show a disclosure: recipient, content, reasons, proof, steps and subjects."""
    row = context.disclosure
    subjects = services.subjects_of(request.db, row.id)
    note_read(request, context.holder, AUDIT_KIND, [row.id], task="verstrekking lezen")
    return {
        "disclosure": row,
        "delivery": _delivery_rows(row),
        "why": _why(row),
        "proof": [
            ("SHA-256 van de inhoud", row.content_sha256),
            ("SHA-256 van het bestand", row.file_sha256),
            ("Grootte van het bestand", file_size(row.file_size)),
        ],
        "stand": services.stand_of(services.copy_of(request.db, row.id), local(utc_now()).date()),
        "events": [
            TimelineEntry(event.at, services.event_words(event), event.actor_name)
            for event in services.events_of(request.db, row.id)
        ],
        "subjects": [
            [subject.label, ", ".join(subject.categories), str(subject.subject_id)]
            for subject in subjects
        ],
        "panels": panels(request, "verstrekking", context),
    }


def _delivery_rows(row: Disclosure) -> list[tuple[str, str]]:
    return [
        ("Ontvanger", f"{row.recipient} ({row.recipient_kind})"),
        ("Wat", f"{row.source_kind.capitalize()} {row.source_reference}, {_how(row)}"),
        ("Profiel", f"{row.profile}, versie {row.profile_version}"),
        ("Gemaakt", datetime_long(row.made_at)),
        ("Aangevraagd door", f"{row.requested_by}, {datetime_short(row.requested_at)}"),
        ("Goedgekeurd door", f"{row.approved_by}, {datetime_short(row.approved_at)}"),
    ]


def _how(row: Disclosure) -> str:
    return "met een code opgehaald of versleuteld gemaild" if row.holder == NATIONAL else "als PDF"


def _why(row: Disclosure) -> list[tuple[str, str]]:
    pairs = [("Doel", Purpose.word(row.purpose)), ("Grondslag", row.legal_basis_words)]
    if row.covenant:
        pairs.append(("Convenant (zelf geen grondslag)", CovenantKind.word(row.covenant)))
    if row.minors_ground:
        pairs.append(("Extra grond voor minderjarigen", MinorsGround.word(row.minors_ground)))
    if services.is_public(row):
        return [*pairs, ("Vernietigen", "Niemand: het document is openbaar.")]
    return [*pairs, ("Ontvanger vernietigt uiterlijk", date_text(row.destroy_by))]


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
FOR_WHOM: Final = (
    (OWN, "Voor mijzelf: het zijn mijn eigen gegevens"),
    (ORGANISATION, "Voor mijn organisatie"),
)
NOT_OWN: Final = "Dit staat klaar voor een organisatie. Kies dat, en vul uw functie in."
NO_FUNCTION: Final = "Vul uw functie in: u haalt iets op voor een organisatie."


class PickupSchema(forms.Schema):
    """The form of who comes to pick up, and the code."""

    naam = forms.field(forms.Text(120), "Uw naam")
    voor = forms.field(forms.OneOf(FOR_WHOM, radio=True), "Voor wie haalt u iets op?")
    functie = forms.field(
        forms.Text(120),
        "Uw functie",
        missing="",
        drawn=forms.Opened("Uw organisatie", (ORGANISATION,)),
    )
    code = forms.field(
        forms.Text(20),
        "Code",
        description="Acht cijfers. De code om op te halen hoorde u van ons. Met een code uit onze"
        " e-mail kunt u alleen antwoorden en bevestigen.",
        widget=forms.TextInput(width="short", autocomplete="one-time-code"),
    )


@form_view(PickupPage, "", NO_PERMISSION_REQUIRED, PAGE)
def pickup_view(context: PickupPage, request: Request) -> Any:
    """Show the form; for the right code go to the page of the document."""
    number, asked = context.__name__ or "", dict(query_pairs(request))
    pickup = find_pickup(request.db, number)
    kind = PICKUP_KINDS.of(request.registry).get(pickup.document_kind) if pickup else None
    if request.method != "POST" and kind is not None and visit_of(request, number) is not None:
        return HTTPSeeOther(f"{request.path.rstrip('/')}/{kind.page}")
    schema = PickupSchema()
    # A municipality: never for oneself, and a code by telephone alone.
    town = kind is not None and not kind.own and kind.mail_code is None
    if town:
        del schema["voor"]
        schema["functie"].drawn, schema["functie"].missing = None, colander.required
    begin = {"voor": OWN} if asked.get("voor") == OWN else {}
    buttons = [Button("ophalen", "Verder")]
    form = Form(schema, request, buttons=buttons, appstruct=begin, action=request.path)
    page: dict[str, Any] = {
        "form": form,
        "reference": number,
        "code_href": "" if town else f"{request.path.rstrip('/')}/code",
        "on_its_way": "code" in asked,
        "closed": "gesloten" in asked,
    }

    def on_valid(values: dict[str, Any]) -> Any:
        own = values.get("voor") == OWN
        if not own and not values["functie"]:
            raise forms.FormError(NO_FUNCTION, "functie")
        visitor = {
            "naam": values["naam"],
            "functie": "voor zichzelf" if own else values["functie"],
        }
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
        response = HTTPSeeOther(f"{request.path.rstrip('/')}/{kind.page}")
        set_visit(request, response, visit)
        return response

    return handle_form(request, form, on_valid, page)


@post_view(PickupPage, "code", NO_PERMISSION_REQUIRED)
def code_view(context: PickupPage, request: Request) -> Any:
    """Mail a code where we know an address; the response is the same when we don't."""
    pickup = find_pickup(request.db, context.__name__ or "")
    if pickup is not None and pickup.document_kind in PICKUP_KINDS.of(request.registry):
        ask_mail_code(request.db, request.registry, pickup)
    return HTTPSeeOther(f"/ophalen/{context.__name__}?code=onderweg")
