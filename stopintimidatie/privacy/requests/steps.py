"""Pages of a request besides its steps: its term, a child that is heard, an objection, letters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.response import Response
from pyramid.view import view_config

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Button, Form, FormError, Schema, field, handle_form
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.telemetry import making_pdf
from stopintimidatie.core.text import date_text, uuid_of
from stopintimidatie.core.web.limits import NoPlaceError, heavy_work
from stopintimidatie.core.web.request import Request, form_view, page_view, query_pairs
from stopintimidatie.exports.document.process import RenderingError, render_in_process
from stopintimidatie.exports.request.jobs import limits_of
from stopintimidatie.privacy.requests.documents import (
    end_objection,
    hold_traces,
    note_objection,
    release_traces,
)
from stopintimidatie.privacy.requests.forms import (
    HeardSchema,
    ObjectionSchema,
    OutcomeSchema,
    ReasonSchema,
    SentSchema,
    Values,
)
from stopintimidatie.privacy.requests.letters import (
    BY_HAND,
    Letter,
    LetterKind,
    make_letter,
    paper_of,
    read_letter,
)
from stopintimidatie.privacy.requests.models import (
    ChildOutcome,
    ObjectionOutcome,
    RequestLetter,
    SentHow,
    SubjectRequest,
)
from stopintimidatie.privacy.requests.personal import KIND
from stopintimidatie.privacy.requests.resources import RequestResource
from stopintimidatie.privacy.requests.rules import (
    about_child,
    due_of,
    grant_refused,
    objection_due,
)
from stopintimidatie.privacy.requests.services import (
    RequestError,
    extend_request,
    hear_child,
    lines_to,
    mark_sent,
    refuses_extension,
    way_to_send,
)
from stopintimidatie.privacy.requests.views import ASKED, FORM, HANDLE, SEE, TEMPLATES

TOO_BUSY: Final = (
    "De brief kan nu niet worden gemaakt. Wacht een halve minuut en probeer het opnieuw."
)


def case_form(
    context: RequestResource,
    request: Request,
    schema: Schema,
    button: Button,
    act: Callable[[Values], str],
    *,
    heading: str,
    intro: str = "",
    warning: str = "",
    appstruct: Values | None = None,
) -> Any:
    """Show a form of a request and carry it out; what `act` returns is said on the case page."""
    here = request.resource_path(context)
    form = Form(schema, request, buttons=[button], appstruct=appstruct or {}, cancel_url=here)

    def on_valid(values: Values) -> Any:
        try:
            said = act(values)
        except RequestError as refused:
            raise FormError(str(refused), refused.field) from None
        request.flash(said)
        return HTTPSeeOther(here)

    page = {
        "heading": heading,
        "above": f"Verzoek {context.row.reference}",
        "intro": intro,
        "warning": warning,
    }
    return handle_form(request, form, on_valid, page)


@form_view(RequestResource, "verlengen", HANDLE, FORM)
def extend_view(context: RequestResource, request: Request) -> Any:
    """Extend the term once, and have the letter made that tells it."""
    refused = refuses_extension(context.row)
    if refused is not None and request.method != "POST":
        request.flash(refused, "warning")
        return HTTPSeeOther(request.resource_path(context))

    def act(values: Values) -> str:
        keys = request.registry.key_ring
        extend_request(request.db, keys, context.row, values["reden"], request.actor)
        return (
            f"De termijn is verlengd tot {date_text(context.row.due_on)}. De vrager moet dat weten"
            f" uiterlijk {date_text(due_of(context.row.received_on))}."
            f" {way_to_send(keys, context.row)}"
        )

    return case_form(
        context,
        request,
        ReasonSchema(),
        Button("verlengen", "Termijn verlengen"),
        act,
        heading="Termijn verlengen",
        intro="Met twee maanden, één keer. De vrager moet het binnen de eerste maand van u horen:"
        " er wordt een brief gemaakt met uw reden.",
    )


@form_view(RequestResource, "kind-gehoord", HANDLE, FORM)
def heard_view(context: RequestResource, request: Request) -> Any:
    """Note that a child was heard, and what came of it."""
    row = context.row
    if not about_child(row.asked_by, child=row.child):
        raise HTTPNotFound()

    def act(values: Values) -> str:
        outcome = ChildOutcome.of(values["uitkomst"])
        hear_child(request.db, row, values["op"], outcome, request.actor)
        follow = hold_traces if outcome == ChildOutcome.AGREES else release_traces
        follow(request.db, row, request.actor)
        return "Vastgelegd wat het kind ervan vindt."

    earlier = ""
    if row.child_heard_on is not None:
        earlier = (
            f"Eerder vastgelegd: op {date_text(row.child_heard_on)},"
            f" {ChildOutcome.word(row.child_outcome)}. Dat blijft in de geschiedenis staan; wat u"
            " nu vastlegt, geldt."
        )
    return case_form(
        context,
        request,
        HeardSchema(),
        Button("vastleggen", "Vastleggen"),
        act,
        heading="Wat vindt het kind?",
        intro="Hoor het kind via zijn eigen kanaal: het nummer of adres bij zijn melding, of de"
        " berichten op de volgpagina. Nooit via de ouder. Zijn er geen gegevens, kies dan ‘niet"
        " bereikt’.",
        warning=earlier,
    )


@form_view(RequestResource, "bezwaar", HANDLE, FORM)
def objection_view(context: RequestResource, request: Request) -> Any:
    """Note that somebody objected to the answer."""
    row = context.row
    if row.objection_until is None:
        raise HTTPNotFound()

    def act(values: Values) -> str:
        on, number, due = values["op"], values["nummer"], values["beslissen_voor"]
        note_objection(request.db, row, on, number, due, request.actor)
        return "Het bezwaar is vastgelegd. De stukken van dit verzoek blijven bewaard."

    return case_form(
        context,
        request,
        ObjectionSchema(),
        Button("vastleggen", "Bezwaar vastleggen"),
        act,
        heading="Bezwaar vastleggen",
        intro=f"Bezwaar kon tot en met {date_text(row.objection_until)}. Behandel het bezwaar zelf"
        " in uw eigen systeem; het portaal bewaakt de dag en bewaart de uitkomst.",
        appstruct={
            "op": row.objection_on,
            "nummer": row.objection_number,
            "beslissen_voor": row.objection_due or objection_due(row.objection_until)[0],
        },
    )


@form_view(RequestResource, "bezwaar-uitkomst", HANDLE, FORM)
def outcome_view(context: RequestResource, request: Request) -> Any:
    """Note how an objection ended; when it is upheld, the request is decided anew."""
    row = context.row
    if request.method != "POST" and not row.objection_runs:
        request.flash("Er loopt geen bezwaar bij dit verzoek.", "info")
        return HTTPSeeOther(request.resource_path(context))

    def act(values: Values) -> str:
        outcome, why = ObjectionOutcome.of(values["uitkomst"]), values["reden"]
        on, actor = values["op"], request.actor
        end_objection(request.registry, request.db, row, outcome, on, why, actor)
        if row.ended_at is None:
            return (
                f"Het verzoek staat weer open. Besluit opnieuw, uiterlijk {date_text(row.due_on)}."
            )
        return "De uitkomst van het bezwaar is vastgelegd."

    return case_form(
        context,
        request,
        OutcomeSchema(),
        Button("vastleggen", "Uitkomst vastleggen"),
        act,
        heading="Uitkomst van het bezwaar",
        intro="De brief over het bezwaar schrijft wie het behandelt. Is het gegrond, dan gaat dit"
        " verzoek weer open en besluit u opnieuw.",
    )


# Letters


def _wanted(context: RequestResource, request: Request) -> tuple[RequestLetter, Letter]:
    number = uuid_of(dict(query_pairs(request)).get("nr", "")[:36])
    made = request.db.get(RequestLetter, number) if number else None
    if made is None or made.request_id != context.row.id:
        raise HTTPNotFound()
    letter = read_letter(request.registry.key_ring, made)
    if letter is None:
        raise HTTPNotFound()
    return made, letter


@page_view(RequestResource, "brief", SEE, f"{TEMPLATES}/letter.jinja2", guards=ASKED)
def letter_view(context: RequestResource, request: Request) -> Values:
    """Show a letter as it was made, with the ways to print it and to say that it went."""
    made, letter = _wanted(context, request)
    row, here = context.row, request.resource_path(context)
    note_read(request, row.holder, KIND, [row.id], task="brief bekijken")
    sent = "nog niet verstuurd"
    if made.sent_on is not None:
        sent = f"verstuurd op {date_text(made.sent_on)}, {SentHow.word(made.sent_how)}"
    may = request.has_permission(HANDLE, context) and made.sent_on is None
    return {
        "row": row,
        "letter": letter,
        "sent": sent,
        "pdf": f"{here}/brief-pdf?nr={made.id}",
        "mark": f"{here}/brief-verstuurd?nr={made.id}" if may else None,
        "back": f"{here}#brieven",
    }


@view_config(
    context=RequestResource, name="brief-pdf", request_method="GET", permission=SEE, guards=ASKED
)
def letter_pdf_view(context: RequestResource, request: Request) -> Response:
    """Return a letter as PDF, drawn in the bounded child."""
    made, letter = _wanted(context, request)
    row, back = context.row, f"{request.resource_path(context)}/brief?nr={made.id}"
    note_read(request, row.holder, KIND, [row.id], task="brief als PDF")
    paper, name = paper_of(request.db, row, letter), f"{row.reference}-{made.kind}.pdf"
    try:
        with heavy_work(request), making_pdf():
            pdf = render_in_process(paper, limits=limits_of(request.app_settings))
    except (NoPlaceError, RenderingError):
        request.flash(TOO_BUSY, "error")
        return HTTPSeeOther(back)
    response = Response(body=pdf, content_type="application/pdf", charset=None)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@form_view(RequestResource, "brief-verstuurd", HANDLE, FORM)
def sent_view(context: RequestResource, request: Request) -> Any:
    """Note that a letter went, and how."""
    made, letter = _wanted(context, request)

    def act(values: Values) -> str:
        mark_sent(request.db, context.row, made, values["op"], values["hoe"], request.actor)
        return f"Vastgelegd dat de brief ‘{letter.title}’ is verstuurd."

    return case_form(
        context,
        request,
        SentSchema(),
        Button("vastleggen", "Vastleggen"),
        act,
        heading="Verstuurd vastleggen",
        intro=f"De brief ‘{letter.title}’. Verstuur haar zelf, per post of beveiligde e-mail: het"
        " portaal verstuurt haar niet.",
    )


def _made_schema(row: SubjectRequest) -> Schema:
    """Return the form of a letter made by hand; to who asks for a child nothing is typed.

    Nor does it tell that something was restricted, unless the child agrees.
    """
    kinds, for_child = (
        [(kind.value, kind.nl) for kind in BY_HAND],
        about_child(row.asked_by, child=row.child),
    )
    if grant_refused(row.asked_by, row.child_outcome, child=row.child) is not None:
        kinds = [(LetterKind.IDENTITY.value, LetterKind.IDENTITY.nl)]
    schema = Schema()
    schema.add(field(forms.OneOf(kinds, radio=True), "Welke brief?", name="soort"))
    if not for_child:
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
        kind = LetterKind.of(values["soort"])
        to = lines_to(keys, row)
        make_letter(request.db, keys, row, kind, to, request.actor, [more] if more else [])
        return f"De brief ‘{kind.nl}’ staat bij de brieven. {way_to_send(keys, row)}"

    return case_form(
        context,
        request,
        _made_schema(row),
        Button("maken", "Brief maken"),
        act,
        heading="Een andere brief maken",
        intro="De andere brieven maakt het portaal bij de stap waar ze bij horen.",
    )
