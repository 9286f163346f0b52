"""Pages of a request besides its steps: its term, a child, letters, restriction, correction.

Also the panels that show restrictions and corrections on documents.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import select

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Button, FormError, Schema, ask_values, field
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import date_text, uuid_of
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import Request, form_view, page_view, post_view, query_pairs
from stopintimidatie.core.web.responses import pdf_response
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.pages import roles_at
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.exports.document.services import NotDrawnError, draw_now
from stopintimidatie.privacy.holds.services import documents_of
from stopintimidatie.privacy.requests import documents, letters, models, services
from stopintimidatie.privacy.requests.forms import (
    CorrectionSchema,
    HeardSchema,
    LiftSchema,
    ReasonSchema,
    RestrictionSchema,
    SentSchema,
    Values,
)
from stopintimidatie.privacy.requests.models import KIND
from stopintimidatie.privacy.requests.resources import RequestResource, bound_of
from stopintimidatie.privacy.requests.rules import about_child, due_of, grant_refused
from stopintimidatie.privacy.requests.views import ASKED, FORM, HANDLE, SEE, TEMPLATES
from stopintimidatie.reports.models import Report

PANEL: Final = f"{TEMPLATES}/panel.jinja2"


def case_form(
    context: RequestResource,
    request: Request,
    schema: Schema,
    button: Button,
    act: Callable[[Values], str],
    **page: Any,
) -> Any:
    """Show a form of a request and carry it out; what `act` returns is said on the case page.

    The template says by the name of the page what it is called and what it is for.
    """

    def carry_out(values: Values) -> None:
        request.flash(act(values))

    back, page = request.resource_path(context), {"row": context.row, **page}
    return ask_values(request, schema, button, carry_out, back, page)


@form_view(RequestResource, "verlengen", HANDLE, FORM)
def extend_view(context: RequestResource, request: Request) -> Any:
    """Extend the term once, and have the letter made that tells it."""
    refused = services.refuses_extension(context.row)
    if refused is not None and request.method != "POST":
        request.flash(refused, "warning")
        return HTTPSeeOther(request.resource_path(context))

    def act(values: Values) -> str:
        keys = request.registry.key_ring
        services.extend_request(request.db, keys, context.row, values["reden"], request.actor)
        return (
            f"De termijn is verlengd tot {date_text(context.row.due_on)}. De vrager moet dat weten"
            f" uiterlijk {date_text(due_of(context.row.received_on))}."
            f" {services.way_to_send(keys, context.row)}"
        )

    return case_form(
        context, request, ReasonSchema(), Button("verlengen", "Termijn verlengen"), act
    )


@form_view(RequestResource, "kind-gehoord", HANDLE, FORM)
def heard_view(context: RequestResource, request: Request) -> Any:
    """Note that a child was heard, and what came of it."""
    row = context.row
    if not about_child(row.asked_by, child=row.child):
        raise HTTPNotFound()

    def act(values: Values) -> str:
        outcome = models.ChildOutcome.of(values["uitkomst"])
        documents.hear_child(request.db, row, values["op"], outcome, request.actor)
        return "Vastgelegd wat het kind ervan vindt."

    earlier = models.ChildOutcome.word(row.child_outcome) if row.child_heard_on else ""
    return case_form(
        context, request, HeardSchema(), Button("vastleggen", "Vastleggen"), act, earlier=earlier
    )


# Facts that a button of the case notes, by the name that comes along.
FACTS: Final[dict[str, Callable[..., None]]] = {
    "jong": partial(documents.mend_age, child=True),
    "niet_jong": partial(documents.mend_age, child=False),
    "bezwaar": partial(documents.note_objection, over=False),
    "voorbij": partial(documents.note_objection, over=True),
}


@post_view(RequestResource, "vastleggen", HANDLE)
def fact_view(context: RequestResource, request: Request) -> Any:
    """Note the fact of the button: another age, an objection, or that one is over."""
    fact = str(request.POST.get("feit"))
    try:
        if fact not in FACTS:
            raise FormError("Kies een van de knoppen bij dit verzoek.")
        FACTS[fact](request.db, context.row, request.actor)
        request.flash("Dit is vastgelegd. Kijk na wat het verandert.")
    except FormError as refused:
        request.flash(str(refused), "warning")
    return HTTPSeeOther(request.resource_path(context))


# Letters


def _row_of_case(context: RequestResource, request: Request, entity: Any) -> Any:
    """Return the row of this case that the address names by `?nr=`."""
    number = uuid_of(dict(query_pairs(request)).get("nr", "")[:36])
    row = request.db.get(entity, number) if number else None
    if row is None or row.request_id != context.row.id:
        raise HTTPNotFound()
    return row


def _wanted(
    context: RequestResource, request: Request
) -> tuple[models.RequestLetter, letters.Letter]:
    made = _row_of_case(context, request, models.RequestLetter)
    letter = letters.read_letter(request.registry.key_ring, made)
    if letter is None:
        raise HTTPNotFound()
    return made, letter


@page_view(RequestResource, "brief", SEE, f"{TEMPLATES}/letter.jinja2", guards=ASKED)
def letter_view(context: RequestResource, request: Request) -> Values:
    """Show a letter as it was made, with the ways to print it and to say that it went."""
    made, letter = _wanted(context, request)
    note_read(request, context.holder, KIND, [context.row.id], task="brief bekijken")
    return {
        "row": context.row,
        "made": made,
        "how": dict(models.SentHow.choices()),
        "letter": letter,
        "here": request.resource_path(context),
        "may": bool(request.has_permission(HANDLE, context)),
    }


@view_config(
    context=RequestResource, name="brief-pdf", request_method="GET", permission=SEE, guards=ASKED
)
def letter_pdf_view(context: RequestResource, request: Request) -> Response:
    """Return a letter as PDF, drawn in the bounded child."""
    made, letter = _wanted(context, request)
    row, back = context.row, f"{request.resource_path(context)}/brief?nr={made.id}"
    note_read(request, row.holder, KIND, [row.id], task="brief als PDF")
    paper = letters.paper_of(request.db, row, letter)
    try:
        pdf = draw_now(request, paper)
    except NotDrawnError:
        words = (
            "De brief kan nu niet worden gemaakt. Wacht een halve minuut en probeer het opnieuw."
        )
        request.flash(words, "error")
        return HTTPSeeOther(back)
    return pdf_response(f"{row.reference}-{made.kind}", pdf)


@form_view(RequestResource, "brief-verstuurd", HANDLE, FORM)
def sent_view(context: RequestResource, request: Request) -> Any:
    """Note that a letter went, and how."""
    made, letter = _wanted(context, request)

    def act(values: Values) -> str:
        services.mark_sent(
            request.db, context.row, made, values["op"], values["hoe"], request.actor
        )
        return f"Vastgelegd dat de brief ‘{letter.title}’ is verstuurd."

    return case_form(
        context, request, SentSchema(), Button("vastleggen", "Vastleggen"), act, letter=letter
    )


def _made_schema(row: models.SubjectRequest) -> Schema:
    """Return the form of a letter made by hand; to who asks for a child nothing is typed.

    Nor does it tell that something was restricted, unless the child agrees.
    """
    kinds = [(kind.value, kind.nl) for kind in letters.BY_HAND]
    if grant_refused(row.asked_by, row.child_outcome, child=row.child) is not None:
        kinds = [(letters.LetterKind.IDENTITY.value, letters.LetterKind.IDENTITY.nl)]
    schema = Schema()
    schema.add(field(forms.OneOf(kinds, radio=True), "Welke brief?", name="soort"))
    if not about_child(row.asked_by, child=row.child):
        schema.add(
            field(
                forms.Text(1_000, lines=True),
                "Wat moet er nog in staan?",
                name="tekst",
                missing=None,
                description="Bij opheffen: vanaf wanneer u de gegevens weer gebruikt, en waarom.",
            )
        )
    return schema


@form_view(RequestResource, "brief-maken", HANDLE, FORM)
def make_letter_view(context: RequestResource, request: Request) -> Any:
    """Make a letter that comes with no step: the question who somebody is, a restriction's end."""
    row = context.row
    if row.person is None:
        raise HTTPNotFound()

    def act(values: Values) -> str:
        keys, more = request.registry.key_ring, values.get("tekst")
        kind, to = letters.LetterKind.of(values["soort"]), services.lines_to(keys, row)
        letters.make_letter(request.db, keys, row, kind, to, request.actor, more=more or "")
        return f"De brief ‘{kind.nl}’ staat bij de brieven. {services.way_to_send(keys, row)}"

    return case_form(context, request, _made_schema(row), Button("maken", "Brief maken"), act)


# Restrictions and corrections, here and on documents


def _document(context: RequestResource, request: Request, values: Values) -> Report | Dossier:
    """Return the document that was named.

    Raises:
        FormError: it isn't here, more than one was typed, or nobody said that it is about the
            person of this request.
    """
    roles = roles_at(request, context.holder)
    rows = documents_of(request.db, values["stuk"], roles, place="stuk")
    if len(rows) != 1:
        raise FormError("Vul één kenmerk of dossiernummer in.", "stuk")
    included = select(models.RequestTrace.id).where(
        models.RequestTrace.request_id == context.row.id,
        models.RequestTrace.document_id == rows[0].id,
        models.RequestTrace.included.is_(True),
    )
    if not values["zeker"] and request.db.scalar(included) is None:
        raise FormError(
            "Dit stuk staat bij dit verzoek niet als ‘hoort erbij’. Kijk het kenmerk na. Gaat het"
            " echt over deze persoon? Zet dan dit vinkje.",
            "zeker",
        )
    return rows[0]


def only_with_effect(context: RequestResource, request: Request) -> Any:
    """Send back to the case who may not restrict or correct anything for it, before any search."""
    refused = services.refuses_effect(context.row)
    if refused is None:
        return None
    request.flash(refused, "warning")
    return HTTPSeeOther(request.resource_path(context))


@form_view(RequestResource, "beperken", HANDLE, FORM, guards=(only_with_effect,))
def restrict_view(context: RequestResource, request: Request) -> Any:
    """Restrict the use of contested data of a document."""

    def act(values: Values) -> str:
        document = _document(context, request, values)
        ground = models.RestrictionGround.of(values["grond"])
        keys, about = request.registry.key_ring, values["gegevens"]
        documents.restrict(request.db, keys, context.row, document, ground, about, request.actor)
        return (
            "Het gebruik is beperkt. Wie het stuk opent, leest dat. Wie een kopie heeft, hoort het."
        )

    return case_form(
        context, request, RestrictionSchema(), Button("beperken", "Gebruik beperken"), act
    )


@form_view(RequestResource, "beperking-opheffen", HANDLE, FORM)
def lift_view(context: RequestResource, request: Request) -> Any:
    """Lift a restriction (`?nr=…`), once the person was told."""
    restriction = _row_of_case(context, request, models.Restriction)
    note_read(request, context.holder, KIND, [context.row.id], task="beperking opheffen")

    def act(values: Values) -> str:
        keys, day = request.registry.key_ring, values["bericht_op"]
        why, actor = values["reden"], request.actor
        documents.lift(request.db, keys, context.row, restriction, day, why, actor)
        return (
            f"De beperking op {restriction.reference} is opgeheven. Wie een kopie heeft, hoort het."
        )

    page = {"restriction": restriction, "for_child": bool(services.refuses_effect(context.row))}
    return case_form(
        context, request, LiftSchema(), Button("opheffen", "Beperking opheffen"), act, **page
    )


@form_view(RequestResource, "corrigeren", HANDLE, FORM, guards=(only_with_effect,))
def correct_view(context: RequestResource, request: Request) -> Any:
    """Put a correction beside what a document says."""

    def act(values: Values) -> str:
        document = _document(context, request, values)
        keys, words = request.registry.key_ring, values["tekst"]
        parts = values["onderdelen"]
        documents.correct(request.db, keys, context.row, document, words, parts, request.actor)
        return "De correctie staat ernaast. Wie een kopie heeft, krijgt bericht."

    return case_form(
        context, request, CorrectionSchema(), Button("opslaan", "Correctie opslaan"), act
    )


def bound_panel(context: RequestResource, request: Request) -> Panel | None:
    """Show the restrictions and corrections of a request, and the ways to make them."""
    row, items = context.row, bound_of(request.db, request=context.row.id)
    may = bool(request.has_permission(HANDLE, context))
    makes = may and row.identity_at is not None and services.refuses_effect(row) is None
    if not items and not makes:
        return None
    here = request.resource_path(context)
    values = {"row": row, "items": items, "here": here, "may": may, "makes": makes}
    return Panel("Beperken en verbeteren", f"{TEMPLATES}/bound.jinja2", values)


def document_panel(context: Any, request: Any) -> Panel | None:
    """Show what of a document is restricted, and which corrections stand beside it."""
    row = context.dossier if isinstance(context, DossierResource) else context.report
    items = bound_of(request.db, document=row.id)
    restricts = any(item.restricts for item in items)
    title = "Gebruik beperkt" if restricts else "Correctie"
    values = {"items": items, "grounds": dict(models.RestrictionGround.choices())}
    return Panel(title, PANEL, values, "gebruik_beperkt" if restricts else "") if items else None


def pickup_panel(context: tuple[Any, Report], request: Request) -> Panel | None:
    """Show who picks a report up the corrections that stand beside the account."""
    items = bound_of(request.db, document=context[1].id)
    corrected = [item for item in items if not item.restricts]
    return Panel("Correctie", PANEL, {"items": corrected}) if corrected else None
