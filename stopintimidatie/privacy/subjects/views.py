"""Pages of a search below a case: what to search by, and a judgement for each trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from colander import Invalid
from markupsafe import Markup, escape
from pyramid.httpexceptions import HTTPSeeOther

from stopintimidatie.core import forms
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.forms import Button, Form, FormError, Schema, field, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import date_text, day_of, normalise_code, plural
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.limits import NoPlaceError, heavy_work
from stopintimidatie.core.web.request import Paging, Request, form_view, wanted_page
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.dossiers.resources import NUMBER, path_of_dossier
from stopintimidatie.privacy.requests.documents import hold_traces
from stopintimidatie.privacy.requests.models import RequestState, RequestTrace, Right
from stopintimidatie.privacy.requests.pages import PLACE
from stopintimidatie.privacy.requests.personal import KIND
from stopintimidatie.privacy.requests.resources import RequestResource
from stopintimidatie.privacy.requests.services import (
    Person,
    move_request,
    read_person,
    read_question,
)
from stopintimidatie.privacy.subjects.excerpts import excerpts, texts_of
from stopintimidatie.privacy.subjects.queries import (
    LOG,
    TooManyError,
    by_sure_way,
    lines_in_log,
    names_of_accounts,
)
from stopintimidatie.privacy.subjects.rules import TooLittleError, Wanted, search_names
from stopintimidatie.privacy.subjects.services import (
    find_traces,
    judge,
    keep_traces,
    searched_by,
    traces_of,
    unjudged,
)
from stopintimidatie.privacy.subjects.words import kind_words, place_words
from stopintimidatie.reports.conversation.decisions import WITHDRAWN
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.personal import read_contact
from stopintimidatie.reports.rules import normalise_follow_code
from stopintimidatie.reports.services import paths_of_reports
from stopintimidatie.reports.vocabulary import KIND as REPORT

SEARCH: Final = "zoeken"
TRACES: Final = "vindplaatsen"
TEMPLATES: Final = "stopintimidatie.privacy.subjects:templates"
DONE: Final = "afronden"
SIZE: Final = 25
YES: Final = "ja"
NO: Final = "nee"
UNSURE: Final = "later"
CHOICES: Final = (
    (YES, "Hoort erbij"),
    (NO, "Is iemand anders"),
    (UNSURE, "Nog niet beoordeeld"),
)
# The states in which one still searches.
OPEN: Final = frozenset({RequestState.SEARCHING, RequestState.REDACTING})
NOT_NOW: Final = (
    "Zoeken kan nu niet. Stel eerst vast wie dit is, of haal de kopie terug naar redigeren."
)
TOO_MANY: Final = (
    "Er zijn te veel vindplaatsen om te beoordelen. Maak de naam preciezer, bijvoorbeeld met een"
    " voornaam erbij."
)
BUSY: Final = (
    "Er wordt nu al naar een paar mensen gezocht. Wacht een halve minuut en zoek dan opnieuw."
)
SEARCHES: Final = "zoeken naar een betrokkene"
NO_REFERENCE: Final = "‘{}’ is geen kenmerk. Typ het na, zoals M-4F7K-2QXJ of 2026-0012."
NO_CODE: Final = "Een volgcode heeft zestien cijfers. Kijk de code na, of laat dit leeg."
NOTHING: Final = "Vul minstens één ding in om op te zoeken."


def only_open(context: RequestResource, request: Request) -> Any:
    """Send who comes too early or too late back to the case."""
    if context.row.state in OPEN:
        return None
    request.flash(NOT_NOW, "warning")
    return HTTPSeeOther(request.resource_path(context))


def _words(typed: str) -> list[str]:
    return typed.replace(",", " ").split()


def _reference(typed: str) -> str | None:
    """Return the reference that somebody meant, of what a search finds by one; None: it is none."""
    codes = (normalise_code(kind, typed) for kind in "MUKV")
    return typed if NUMBER.fullmatch(typed) else next(filter(None, codes), None)


def _are_references(node: Any, typed: str) -> None:
    """Check each reference: one that can't be would find nothing, and nobody would know."""
    for word in _words(typed):
        if _reference(word) is None:
            raise Invalid(node, NO_REFERENCE.format(word))


def _is_follow_code(node: Any, typed: str) -> None:
    if normalise_follow_code(typed) is None:
        raise Invalid(node, NO_CODE)


def _schema() -> Any:
    lines, mail = forms.TextArea(rows=3), forms.Text(254)
    return Schema(
        field(
            forms.Text(500, lines=True),
            "Namen",
            name="namen",
            missing="",
            widget=lines,
            description="Eén per regel. Met voornaam vindt u ook ‘J. Jansen’ en ‘Jansen, Jan’. Een"
            " achternaam of bijnaam alleen zoekt u op een eigen regel.",
        ),
        field(mail, "E-mailadres", name="email", missing="", validator=forms.email_address),
        field(forms.Text(30), "Telefoonnummer", name="telefoon", missing=""),
        field(
            forms.Text(200),
            "Kenmerken",
            name="kenmerken",
            missing="",
            validator=_are_references,
            description="Van een melding (M-…), een dossier of een uitvoer; met spaties ertussen.",
        ),
        field(
            forms.Text(40),
            "Volgcode",
            name="volgcode",
            missing="",
            validator=_is_follow_code,
            description="De melder hoeft het kenmerk niet te weten.",
        ),
    )


def _wanted(values: Mapping[str, str]) -> Wanted:
    """Return what to search by.

    Raises:
        FormError: Nothing was filled in, or it says too little.
    """
    wanted = Wanted(
        names=tuple(line.strip() for line in values["namen"].splitlines() if line.strip()),
        emails=tuple(filter(None, [values["email"]])),
        phones=tuple(filter(None, [values["telefoon"]])),
        references=tuple(
            filter(None, map(_reference, values["kenmerken"].replace(",", " ").split()))
        ),
        follow_codes=tuple(filter(None, [values["volgcode"]])),
    )
    if not wanted.ways:
        raise FormError(NOTHING, "namen")
    try:
        _ = wanted.terms
    except TooLittleError as problem:
        place = "telefoon" if "cijfers" in str(problem) else "namen"
        raise FormError(str(problem), place) from None
    return wanted


@form_view(
    RequestResource,
    SEARCH,
    Permission.HANDLE_REQUESTS,
    f"{TEMPLATES}/search.jinja2",
    guards=(only_open, recently_confirmed),
)
def search_view(context: RequestResource, request: Request) -> Any:
    """Search for the person of the case; the form begins with what the case tells of them."""
    row, here = context.row, request.resource_path(context)
    button, known = Button("zoeken", "Zoeken"), _known(context, request)
    form = Form(_schema(), request, buttons=[button], appstruct=known, cancel_url=here)

    def on_valid(values: dict[str, Any]) -> Any:
        wanted, registry = _wanted(values), request.registry
        holder, case = row.holder, row.id
        try:
            with heavy_work(request, registry.person_searches):
                traces = find_traces(registry, holder, wanted, case)
        except TooManyError:
            raise FormError(TOO_MANY, "namen") from None
        except NoPlaceError:
            raise forms.BusyError(BUSY) from None
        request.db.refresh(row, with_for_update=True)
        if instead := only_open(context, request):
            return instead
        new = keep_traces(registry, request.db, row, wanted, traces, request.actor)
        number = len(traces_of(request.db, row))
        request.flash(f"{plural(number, 'vindplaats', 'vindplaatsen')}, waarvan {new} nieuw.")
        return HTTPSeeOther(f"{here}/{TRACES}")

    def page() -> dict[str, Any]:
        note_read(request, context.holder, KIND, [row.id], task=SEARCHES)
        return {
            "heading": "Zoeken naar gegevens",
            "above": row.reference,
            "found": len(traces_of(request.db, row)),
            "traces_href": f"{here}/{TRACES}",
            "until": date_text(day_of(utc_now())),
            "days": request.app_settings.backup_keep_days,
        }

    return handle_form(request, form, on_valid, page)


@form_view(
    RequestResource,
    TRACES,
    Permission.HANDLE_REQUESTS,
    f"{TEMPLATES}/traces.jinja2",
    guards=(only_open, recently_confirmed),
)
def traces_view(context: RequestResource, request: Request) -> Any:
    """Judge for each trace whether it is about the person of the case."""
    row, here = context.row, request.resource_path(context)
    everything = traces_of(request.db, row)
    paging = Paging(wanted_page(request), len(everything), SIZE)
    traces = everything[paging.offset : paging.offset + paging.size]
    buttons = [
        Button(DONE, "Opslaan en zoeken afronden"),
        Button("opslaan", "Alleen opslaan", kind="secondary"),
    ]
    over = row.state != RequestState.SEARCHING or row.right != Right.ACCESS
    if over or paging.total > paging.offset + paging.size:
        buttons = buttons[1:]
    form = Form(
        Schema(*_judgements(context, request, traces)),
        request,
        buttons=buttons,
        appstruct={_name(trace): _before(trace) for trace in traces},
        cancel_url=here,
    )

    def on_valid(values: dict[str, Any]) -> Any:
        judged = {trace.id: {YES: True, NO: False}.get(values[_name(trace)]) for trace in traces}
        judge(request.db, row, judged, request.actor)
        hold_traces(request.db, row, request.actor)
        if form.pressed() == DONE:
            return _finish(context, request)
        left = unjudged(request.db, row)
        said = f"Opgeslagen. Nog {left} te beoordelen." if left else "Opgeslagen."
        if row.state == RequestState.REDACTING:
            said += " Breng de kopie daarna opnieuw bijeen."
        request.flash(said)
        return HTTPSeeOther(request.path_qs)

    def page() -> dict[str, Any]:
        return {
            "heading": "Vindplaatsen",
            "above": row.reference,
            "found": len(everything),
            "left": sum(trace.included is None for trace in everything),
            "paging": paging,
            "search_href": f"{here}/{SEARCH}",
            "days": request.app_settings.backup_keep_days,
        }

    return handle_form(request, form, on_valid, page)


def _known(context: RequestResource, request: Request) -> dict[str, str]:
    """Return what the search form begins with: who asks, and the report of who asked there."""
    row, session, keys = context.row, request.db, request.registry.key_ring
    person = read_person(keys, row) or Person()
    known = {"email": person.email, "telefoon": person.phone}
    question = read_question(keys, row) or ""
    known["namen"] = search_names(person.name, question)
    asked = [trace for trace in traces_of(session, row) if PLACE in trace.places]
    report = session.get(Report, asked[0].document_id) if asked else None
    if report is None:
        return {**known, "kenmerken": "", "volgcode": ""}
    known |= {"kenmerken": report.reference, "volgcode": ""}
    may = request.has_permission(Permission.VIEW_CONTACT, context)
    # After a withdrawal nobody sees what a hold keeps.
    given = read_contact(session, keys, report) if may and report.state != WITHDRAWN else None
    if given is not None:
        fields = ["contactgegevens"]
        note_read(request, context.holder, REPORT, [report.id], task=SEARCHES, fields=fields)
        known |= {"namen": search_names(given.name or "", question), "email": given.email or ""}
        known["telefoon"] = given.phone or ""
    return known


def _finish(context: RequestResource, request: Request) -> Any:
    """Go on to the copy.

    Raises:
        FormError: Something must be judged or searched first.
    """
    try:
        move_request(request.registry, request.db, context.row, "redigeren", {}, request.actor)
    except WorkflowError as problem:
        raise FormError(str(problem)) from None
    request.flash("Het zoeken is klaar. Maak nu de kopie.")
    return HTTPSeeOther(request.resource_path(context))


def _name(trace: RequestTrace) -> str:
    return f"v{trace.id.hex}"


def _before(trace: RequestTrace) -> str:
    """Return the judgement that the form begins with: sure where a code or address led to it."""
    if trace.included is not None:
        return YES if trace.included else NO
    return YES if by_sure_way(trace.places) else UNSURE


def _judgements(
    context: RequestResource, request: Request, traces: Sequence[RequestTrace]
) -> list[Any]:
    """Return a field for each trace: where it is, and the sentences with the person in it."""
    registry, session = request.registry, request.db
    wanted = searched_by(session, registry.key_ring, context.row)
    texts = texts_of(registry, session, traces)
    actors = [row.document_id for row in traces if row.document_kind == LOG]
    logged = lines_in_log(session, actors) if actors else {}
    names = names_of_accounts(session, actors) if actors else {}
    paths = _paths(request, traces)
    for kind in sorted({trace.document_kind for trace in traces}):
        ids = [trace.document_id for trace in traces if trace.document_kind == kind]
        task = f"vindplaatsen van {context.row.reference}"
        note_read(request, context.holder, kind, ids, task=task)
    fields = []
    for trace in traces:
        document = trace.document_kind, trace.document_id
        sentences = excerpts(texts[document], wanted)
        if trace.document_kind == LOG:
            lines = plural(logged.get(trace.document_id, 0), "regel", "regels")
            sentences = [f"{names.get(trace.document_id, 'een oud account')}: {lines}"]
        fields.append(
            field(
                forms.OneOf(CHOICES, radio=True),
                kind_words(trace.document_kind, trace.reference),
                name=_name(trace),
                description=_about(place_words(trace.places), sentences, paths.get(document)),
            )
        )
    return fields


def _paths(request: Request, traces: Sequence[RequestTrace]) -> dict[tuple[str, UUID], str]:
    """Return the addresses of the reports and dossiers among these traces."""
    reports = [row.document_id for row in traces if row.document_kind == REPORT]
    known = {(REPORT, number): path for number, path in _report_paths(request, reports).items()}
    for row in traces:
        if row.document_kind == "dossier":
            path = path_of_dossier(request.db, row.document_id)
            if path is not None:
                known["dossier", row.document_id] = path
    return known


def _report_paths(request: Request, ids: Sequence[UUID]) -> dict[UUID, str]:
    return paths_of_reports(request.db, ids) if ids else {}


def _about(places: str, sentences: Sequence[str], path: str | None) -> Markup:
    said = Markup("<br>").join(Markup("<q>{}</q>").format(sentence) for sentence in sentences)
    link = Markup(' <a class="utrecht-link utrecht-link--html-a" href="{}">Openen</a>')
    parts = [escape(f"In {places}.") + (link.format(path) if path else ""), said]
    return Markup("<br>").join(part for part in parts if part)


def search_panel(context: RequestResource, request: Request) -> Panel | None:
    """Show on the case what was found, with the way to search and to judge."""
    row, here = context.row, request.resource_path(context)
    may = request.has_permission(Permission.HANDLE_REQUESTS, context) and row.state in OPEN
    traces = traces_of(request.db, row)
    if not may and not traces:
        return None
    left = sum(trace.included is None for trace in traces)
    facts = [
        ("Vindplaatsen", str(len(traces))),
        ("Horen erbij", str(sum(bool(trace.included) for trace in traces))),
        ("Nog te beoordelen", str(left)),
    ]
    values = {
        "facts": facts if traces else [],
        "search_href": f"{here}/{SEARCH}" if may else None,
        "traces_href": f"{here}/{TRACES}" if may and traces else None,
        "left": left,
    }
    return Panel("Zoeken naar gegevens", f"{TEMPLATES}/panel.jinja2", values)
