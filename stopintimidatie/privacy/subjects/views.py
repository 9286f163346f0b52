"""The page of a case on which a person is searched, and all that is theirs is chosen at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from colander import Invalid
from markupsafe import Markup
from pyramid.httpexceptions import HTTPSeeOther

from stopintimidatie.core import forms
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.forms import Button, Form, FormError, Schema, field, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import normalise_code, plural
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.limits import NoPlaceError, heavy_work
from stopintimidatie.core.web.request import Request, form_view
from stopintimidatie.dossiers.resources import NUMBER, path_of_dossier
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.privacy.requests import services as requests
from stopintimidatie.privacy.requests.documents import hold_traces
from stopintimidatie.privacy.requests.models import KIND, Channel, RequestState, RequestTrace, Right
from stopintimidatie.privacy.requests.resources import RequestResource, traces_of
from stopintimidatie.privacy.requests.workflow import rules_of
from stopintimidatie.privacy.subjects.queries import TooManyError, by_sure_way, excerpts, texts_of
from stopintimidatie.privacy.subjects.rules import (
    TooLittleError,
    Wanted,
    kind_words,
    place_words,
    search_names,
)
from stopintimidatie.privacy.subjects.services import find_traces, judge, keep_traces, searched_by
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.personal import read_contact
from stopintimidatie.reports.rules import normalise_follow_code
from stopintimidatie.reports.vocabulary import KIND as REPORT
from stopintimidatie.reports.workflow import ReportState

SEARCH: Final = "zoeken"
TEMPLATES: Final = "stopintimidatie.privacy.subjects:templates"
DONE: Final = "afronden"
# The states in which one still searches.
OPEN: Final = frozenset({RequestState.SEARCHING, RequestState.REDACTING})
SEARCHES: Final = "zoeken naar een betrokkene"


def only_open(context: RequestResource, request: Request) -> Any:
    """Send who comes too early or too late back to the case."""
    if context.row.state in OPEN:
        return None
    request.flash(
        "Zoeken kan nu niet. Stel eerst vast wie dit is, of haal de kopie terug naar redigeren.",
        "warning",
    )
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
            raise Invalid(
                node, f"‘{word}’ is geen kenmerk. Typ het na, zoals M-4F7K-2QXJ of 2026-0012."
            )


def _is_follow_code(node: Any, typed: str) -> None:
    if normalise_follow_code(typed) is None:
        raise Invalid(
            node, "Een volgcode heeft zestien cijfers. Kijk de code na, of laat dit leeg."
        )


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
        references=tuple(filter(None, map(_reference, _words(values["kenmerken"])))),
        follow_codes=tuple(filter(None, [values["volgcode"]])),
    )
    if not wanted.ways:
        raise FormError("Vul minstens één ding in om op te zoeken.", "namen")
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
    """Search for the person of the case, and choose which documents found are about them."""
    row, here = context.row, request.resource_path(context)
    traces, chosen = traces_of(request.db, row), DONE in request.POST
    form = _choosing(context, request, traces) if chosen else _searching(context, request)

    def on_search(values: dict[str, Any]) -> Any:
        new = _search(context, request, _wanted(values))
        if new is None:
            return only_open(context, request)
        number = len(traces_of(request.db, row))
        request.flash(f"{plural(number, 'vindplaats', 'vindplaatsen')}, waarvan {new} nieuw.")
        return HTTPSeeOther(f"{here}/{SEARCH}")

    def on_choice(values: dict[str, Any]) -> Any:
        if values["gezien"] != _digest(traces):
            request.flash(
                "Er is intussen opnieuw gezocht. Uw keuze is niet bewaard. Kijk de lijst na zoals"
                " zij nu is.",
                "warning",
            )
            return HTTPSeeOther(f"{here}/{SEARCH}")
        judged = {trace.id: values[_name(trace)] for trace in traces}
        judge(request.db, row, judged, request.actor)
        hold_traces(request.db, row, request.actor)
        return _onwards(context, request)

    def page() -> dict[str, Any]:
        note_read(request, context.holder, KIND, [row.id], task=SEARCHES)
        values = {"row": row, "traces": traces, "days": request.app_settings.backup_keep_days}
        values["police"] = published_for(request.db, context.holder).keeps_police_data
        if chosen:
            return {**values, "choice": form, "search": _searching(context, request)}
        searched = searched_by(request.db, request.registry.key_ring, row).ways
        choice = _choosing(context, request, traces) if traces or searched else None
        return {**values, "choice": choice, "search": form}

    return handle_form(request, form, on_choice if chosen else on_search, page)


def _searching(context: RequestResource, request: Request) -> Form:
    """Return the form of a search, which begins with what the case tells of the person."""
    known, back = _known(context, request), request.resource_path(context)
    button = Button("zoeken", "Zoeken")
    return Form(_schema(), request, buttons=[button], appstruct=known, cancel_url=back)


def _choosing(context: RequestResource, request: Request, traces: Sequence[RequestTrace]) -> Form:
    """Return the form with a box for each document that was found."""
    hidden = field(forms.Text(64), "Gezien", name="gezien", missing="", widget=forms.Hidden())
    access = context.row.right == Right.ACCESS
    return Form(
        Schema(hidden, *_choices(context, request, traces)),
        request,
        buttons=[Button(DONE, "Verder" if access else "Opslaan")],
        formid="vondst",
        appstruct={"gezien": _digest(traces), **{_name(row): _before(row) for row in traces}},
    )


def _digest(traces: Sequence[RequestTrace]) -> str:
    """Return what tells whether somebody searched since the list was shown."""
    return sha256(str([(row.id, row.places) for row in traces]).encode()).hexdigest()


def _search(context: RequestResource, request: Request, wanted: Wanted) -> int | None:
    """Search outside the transaction of the page; return how many traces are new.

    Nothing is kept, and None returned, where the case was closed meanwhile.

    Raises:
        FormError: Too much fits, or others are searched for already.
    """
    row, registry = context.row, request.registry
    holder, number = row.holder, row.id
    try:
        with heavy_work(request, registry.person_searches):
            traces = find_traces(registry, holder, wanted, number)
    except TooManyError:
        raise FormError(
            "Er zijn te veel vindplaatsen om te beoordelen. Maak de naam preciezer, bijvoorbeeld"
            " met een voornaam erbij.",
            "namen",
        ) from None
    except NoPlaceError:
        raise forms.BusyError(
            "Er wordt nu al naar een paar mensen gezocht. Wacht een halve minuut en zoek dan"
            " opnieuw."
        ) from None
    request.db.refresh(row, with_for_update=True)
    if row.state not in OPEN:
        return None
    return keep_traces(registry, request.db, row, wanted, traces, request.actor)


def _known(context: RequestResource, request: Request) -> dict[str, str]:
    """Return what the search form begins with: who asks, and the report of who asked there."""
    row, session, keys = context.row, request.db, request.registry.key_ring
    person = requests.read_person(keys, row) or requests.Person()
    known = {"email": person.email, "telefoon": person.phone}
    question = requests.read_question(keys, row) or ""
    known["namen"] = search_names(person.name, question)
    asked = [trace for trace in traces_of(session, row) if Channel.FOLLOW in trace.places]
    report = session.get(Report, asked[0].document_id) if asked else None
    if report is None:
        return {**known, "kenmerken": "", "volgcode": ""}
    known |= {"kenmerken": report.reference, "volgcode": ""}
    may = request.has_permission(Permission.VIEW_CONTACT, context)
    # After a withdrawal nobody sees what a hold keeps.
    may = may and report.state != ReportState.WITHDRAWN
    given = read_contact(session, keys, report) if may else None
    if given is not None:
        fields = ["contactgegevens"]
        note_read(request, context.holder, REPORT, [report.id], task=SEARCHES, fields=fields)
        known |= {"namen": search_names(given.name or "", question), "email": given.email or ""}
        known["telefoon"] = given.phone or ""
    return known


def _onwards(context: RequestResource, request: Request) -> Any:
    """Go on to the copy, which is brought together anew from what was chosen.

    Raises:
        WorkflowError: Something must be searched first.
    """
    row, registry = context.row, request.registry
    here = request.resource_path(context)
    if row.right != Right.ACCESS:
        request.flash("Opgeslagen.")
        return HTTPSeeOther(here)
    if row.state == RequestState.SEARCHING:
        requests.move_request(registry, request.db, row, "redigeren", {}, request.actor)
    else:
        for rule in rules_of(registry, "redigeren"):
            rule.follows(registry, request.db, row, request.actor)
    request.flash("De gegevens zijn bijeengebracht.")
    return HTTPSeeOther(f"{here}/kopie")


def _name(trace: RequestTrace) -> str:
    return f"v{trace.id.hex}"


def _before(trace: RequestTrace) -> bool:
    """Return the choice that the form begins with: sure where a code or address led to it."""
    return by_sure_way(trace.places) if trace.included is None else trace.included


def _choices(
    context: RequestResource, request: Request, traces: Sequence[RequestTrace]
) -> list[Any]:
    """Return a box for each trace: where it is, and the sentences with the person in it."""
    registry, session = request.registry, request.db
    wanted = searched_by(session, registry.key_ring, context.row)
    texts = texts_of(registry, session, traces)
    for kind in sorted({trace.document_kind for trace in traces}):
        ids = [trace.document_id for trace in traces if trace.document_kind == kind]
        task = f"vindplaatsen van {context.row.reference}"
        note_read(request, context.holder, kind, ids, task=task)
    fields = []
    for trace in traces:
        sentences = excerpts(texts[trace.document_kind, trace.document_id], wanted)
        fields.append(
            field(
                forms.Flag(),
                kind_words(trace.document_kind, trace.reference),
                name=_name(trace),
                missing=False,
                description=_about(request, trace, sentences),
            )
        )
    return fields


def _about(request: Request, trace: RequestTrace, sentences: Sequence[str]) -> Markup:
    path = None
    if trace.document_kind == REPORT:
        path = f"/m/{trace.reference}"
    elif trace.document_kind == "dossier":
        path = path_of_dossier(request.db, trace.document_id)
    link = Markup(' <a class="utrecht-link utrecht-link--html-a" href="{}">Openen</a>')
    first = Markup("In {}.").format(place_words(trace.places)) + (link.format(path) if path else "")
    said = [Markup("<q>{}</q>").format(sentence) for sentence in sentences]
    return Markup("<br>").join([first, *said])


def search_panel(context: RequestResource, request: Request) -> Panel | None:
    """Show on the case how much was found, with the way to search and to choose."""
    row, here = context.row, request.resource_path(context)
    may = request.has_permission(Permission.HANDLE_REQUESTS, context) and row.state in OPEN
    traces = traces_of(request.db, row)
    values = {"traces": traces, "href": f"{here}/{SEARCH}" if may else None}
    title = "Zoeken naar gegevens"
    return Panel(title, f"{TEMPLATES}/panel.jinja2", values) if may or traces else None
