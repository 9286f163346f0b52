"""The pages of the inbox and of quarantine, and short addresses such as `/m/M-4F7K-2QX9`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeVar
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config
from sqlalchemy import select

from stopintimidatie.core import forms
from stopintimidatie.core.accounts.sessions import token_of
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.forms import Button, Form, FormError, Schema, field, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import date_short, datetime_short, day_of, days_until, plural
from stopintimidatie.core.tree import Container, Resource, Root, remains_of
from stopintimidatie.core.tree.services import is_restricted
from stopintimidatie.core.web.components import LAST_ROW, WorkbenchRow, is_partial, turn_of
from stopintimidatie.core.web.register import COUNTED, FILTERED, read_register
from stopintimidatie.core.web.request import (
    Request,
    form_view,
    page_view,
    query_pairs,
    wanted_page,
    with_params,
    worth_counting,
)
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS
from stopintimidatie.municipalities.areas.queries import neighbourhoods_of
from stopintimidatie.municipalities.areas.resources import MunicipalityResource, count_with_menu
from stopintimidatie.municipalities.people.absence import Away, away_today, work_of
from stopintimidatie.reports.handling.bulk import read_choices
from stopintimidatie.reports.handling.services import sleeps
from stopintimidatie.reports.inbox.queries import (
    OPENED,
    TITLES,
    Listed,
    facets,
    labels_of,
    list_reports,
    number_of_reports,
    preset_numbers,
    preset_values,
    read_report,
)
from stopintimidatie.reports.inbox.rules import (
    OPEN,
    PRESETS,
    UNREAD,
    Reader,
    filters_from,
    presets,
)
from stopintimidatie.reports.inbox.services import (
    PROOF,
    REASONS,
    address_for,
    choice_of,
    count_new,
    count_quarantined,
    decide,
    make_proof,
    quarantined,
)
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page.steps import contact_fields
from stopintimidatie.reports.resources import GONE, ReportResource
from stopintimidatie.reports.rules import normalise_reference
from stopintimidatie.reports.services import report_path
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.words import badges, heading
from stopintimidatie.reports.workbench.pages import Place, bar_for, pane_values, row_of
from stopintimidatie.reports.workbench.services import OPENED_BY
from stopintimidatie.reports.workflow import ReportState

TEMPLATE: Final = "stopintimidatie.reports.inbox:templates/quarantine.jinja2"
# Characters of the description in quarantine.
QUARANTINE_SNIPPET: Final = 160
RELEASE, REJECT = "vrijgeven", "afwijzen"
# One choice and one button: each reason for not handling a report is one of the choices.
DECISIONS: Final = (
    (RELEASE, "Uit quarantaine halen"),
    *((code, f"Niet in behandeling nemen: {label}") for code, label in REASONS),
)
# A row of a list: a report with what a list shows around it.
Shown = TypeVar("Shown")
DONE: Final = {RELEASE: "uit quarantaine gehaald", REJECT: "niet in behandeling genomen"}


class ShortAddresses(Container):
    """The short addresses, below `/m`."""

    def __getitem__(self, name: str) -> Resource:
        reference = normalise_reference(name)
        if reference is None:
            raise KeyError(name)
        return ShortAddress(name, self, reference)


class ShortAddress(Container):
    """A reference as somebody typed it; it doesn't tell whether the report exists."""

    def __init__(self, name: str, parent: Any, reference: str) -> None:
        super().__init__(name, parent)
        self.reference = reference

    def __getitem__(self, name: str) -> Resource:
        raise KeyError(name)


@view_config(context=ShortAddress, request_method="GET", permission=Permission.SIGNED_IN)
def short_address(context: ShortAddress, request: Request) -> HTTPSeeOther:
    """Redirect to the copy that this person may see; for others there is no such report."""
    identity = request.identity
    path = identity and address_for(request.registry.engine, identity, context.reference)
    path = path or remains_of(request, context.reference)
    if not path:
        raise HTTPNotFound()
    return HTTPSeeOther(path)


@page_view(Root, "nieuw", NO_PERMISSION_REQUIRED, "json")
def new_view(request: Request) -> Any:
    """Answer how many reports came in since the page whose proof this is; the proof permits it.

    An open page asks it every few seconds: nobody is identified, so no session lasts longer by it.
    """
    keys, settings = request.registry.key_ring, request.app_settings
    proof = PROOF.unseal(keys, request.GET.get("bewijs", ""))
    if proof is None:
        # Not raised: that would draw a whole page.
        return Response(status=404)
    new = count_new(request.registry.engine, settings, proof, token_of(request) or "")
    return Response(status=403) if new is None else {"nieuw": new}


@page_view(MunicipalityResource, "postvak", Permission.VIEW_REPORT, "templates/inbox.jinja2")
def inbox_view(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Show a page of the reports that these filters leave, and one of them opened."""
    session, reader = request.db, reader_of(request, context.holder)
    filters = filters_from(query_pairs(request))
    if is_partial(request):
        # The address follows what is shown, also after a decision that led here.
        request.response.headers["HX-Push-Url"] = request.path_qs
    counted = count_with_menu(request, context.holder, preset_numbers(), preset_values(reader))
    # A fixed view is counted with the others.
    preset = next((label for label, fixed in PRESETS if fixed == filters), "")
    most, total, page = COUNTED, counted.get(preset, 0), wanted_page(request)
    if not preset or (total > COUNTED and page > 1):
        most = worth_counting(page, COUNTED if preset else FILTERED)
        number = number_of_reports(context.holder, filters, reader, most)
        total = session.scalar(select(number)) or 0
    bound = is_restricted(request.registry, Report.id)
    find = partial(list_reports, session, context.holder, filters, reader, restricted=bound)
    reports = read_register(request, total, find, most=most)
    rows = reports.rows
    open_ = OPENED in request.GET
    areas = neighbourhoods_of(session, context.holder) if open_ or "wijk" in filters else []
    labels = labels_of(session, filters, areas)
    references = [row.report.reference for row in rows]
    read = partial(read_report, session, context.holder, restricted=bound)
    wanted, opened, onwards = in_hand(request, rows, references, read)
    detail = _detail(context, request, opened, onwards) if opened else None
    note_read(request, context.holder, KIND, [row.report.id for row in rows], task="postvak")
    if opened is not None and (wanted or opened not in rows):
        # Chosen from the list: from then on mails about spoed needn't be repeated.
        note_read(request, context.holder, KIND, [opened.report.id], task=OPENED_BY)
    return {
        "items": [_row(row, request, opened) for row in rows],
        "reports": reports,
        "turn": turn_of(request, reports.paging, "melding"),
        "presets": presets(counted),
        "facets": facets(session, context.holder, filters, reader, labels) if open_ else {},
        "opened": OPENED,
        "titles": TITLES,
        "labels": labels,
        "filters": filters,
        "wanted": wanted,
        "absent": absent(request),
        "detail": detail,
        "may_enter": request.has_permission(Permission.ENTER_REPORT, context),
        "choose": "melding" if request.has_permission(Permission.EDIT_DOSSIER, context) else None,
        "latest": bar_for(request, context.holder),
        "proof": make_proof(request.registry.key_ring, request.actor, context.holder, reader.now),
    }


def reader_of(request: Request, holder: str, away: Mapping[UUID, Away] | None = None) -> Reader:
    """Return who reads the lists of a holder now, with whose work is theirs today.

    `away`: who is away today, for a page that shows that as well.
    """
    identity = request.identity
    assert identity is not None  # noqa: S101 - the view needs a permission
    now, person = utc_now(), identity.user_id
    if away is None:
        away = away_today(request.db, holder, local_date(now))
    return Reader(person, now, frozenset(work_of(away, person)))


def absent(request: Request) -> str:
    """Return the reference of the report that the address asks for, as in a sentence."""
    typed = dict(query_pairs(request)).get("melding", "")
    return normalise_reference(typed) or "Deze melding"


def in_hand(
    request: Request,
    rows: Sequence[Shown],
    references: Sequence[str],
    read: Callable[[str], Shown | None],
) -> tuple[bool, Shown | None, str]:
    """Return whether the address asks for a report, the row to show, and where to go after it.

    That is the one asked for, never another; the first when none is asked for. The desk's queue
    uses it too. `references`: of the rows. `read`: reads a report that isn't among them.
    """
    typed = dict(query_pairs(request)).get("melding", "")
    reference, chosen = normalise_reference(typed), None
    if not typed or typed == LAST_ROW:
        chosen = rows[-1 if typed else 0] if rows else None
    elif reference in references:
        chosen = rows[references.index(reference)]
    elif reference is not None:
        chosen = read(reference)
    # After the last row there is only the list.
    later = references[rows.index(chosen) + 1 :] if chosen in rows else []
    onwards = with_params(request, melding=later[0] if later else None)
    return bool(typed), chosen, onwards


def _row(row: Listed, request: Request, opened: Listed | None) -> WorkbenchRow:
    report = row.report
    if report.state in GONE:
        href, current = with_params(request, melding=report.reference), row is opened
        return WorkbenchRow(report.reference, href, marks=badges(report), current=current)
    deadline = report.contact_deadline
    meta = [f"weggelegd tot {date_short(report.snoozed_until)}"] if sleeps(report) else []
    unread = report.state in UNREAD and report.read_before is not None
    meta += [f"lezen: {days_until(report.read_before)}"] if unread else []
    meta += [row.area.name] if row.area else []
    marks = [
        *(["tweede_blik"] if row.proposed and report.state in OPEN else []),
        *(["gebruik_beperkt"] if row.restricted else []),
        # A row doesn't name these: a new one is bold.
        *(state for state in badges(report) if state not in (ReportState.NEW, ReportState.IN_HAND)),
    ]
    return row_of(
        request,
        report,
        meta,
        marks,
        opened=opened.report if opened else None,
        days=(day_of(deadline) - day_of(utc_now())).days if deadline else None,
        days_text=f"contact {days_until(deadline)}" if deadline else "",
    )


def _detail(
    context: MunicipalityResource, request: Request, row: Listed, onwards: str
) -> dict[str, Any]:
    """Return the report in hand, and what can be decided about it."""
    report, slug = row.report, row.area.slug if row.area else None
    place = Place(
        path=report_path(report, context.municipality.slug, slug),
        here=with_params(request, melding=report.reference),
        onwards=onwards,
    )
    resource = ReportResource(report.reference, context, report)
    area = row.area.name if row.area else None
    return pane_values(
        resource, request, place, area=area, handler=row.handler, proposed=row.proposed
    )


def quarantine_schema(choices: list[tuple[str, str]], reports: Sequence[Report]) -> Any:
    """Build the form that decides about these reports in quarantine."""
    return Schema(
        field(
            forms.ManyOf(choices),
            "Meldingen",
            name="meldingen",
            description="Vink aan waarover u beslist, of vink er onder alles tegelijk aan.",
            missing=(),
        ),
        field(forms.Flag(), "Alle meldingen op deze pagina", name="alle", missing=False),
        field(forms.OneOf(DECISIONS, radio=True), "Wat besluit u?", name="besluit"),
        field(
            forms.Text(500),
            "Reden",
            name="reden",
            description="Waarom u dit besluit. Dit komt bij elke melding in de geschiedenis.",
        ),
        *next((fields for fields in map(contact_fields, reports) if fields), ()),
    )


@form_view(MunicipalityResource, "quarantaine", Permission.RELEASE, TEMPLATE)
def quarantine_view(context: Any, request: Request) -> Any:
    """Show the form that decides about reports in quarantine, and decide; the desk uses it too."""
    reports = quarantined(request.db, context.holder)
    # Also those that were ticked and are no longer there.
    posted = request.POST.getall("meldingen")[:1000] if request.method == "POST" else []
    ticked = {text for text in posted if isinstance(text, str) and read_choices([text])}
    form = _form(request, reports, ticked - {choice_of(report) for report in reports})

    def page() -> dict[str, Any]:
        ids = [report.id for report in reports]
        note_read(request, context.holder, KIND, ids, task="quarantaine")
        return {
            "total": count_quarantined(request.db, context.holder, COUNTED),
            "counted": COUNTED,
            "shown": len(ids),
            "failed": [],
        }

    return handle_form(
        request, form, lambda values: _decide(context, request, reports, values, page), page
    )


def _form(request: Request, reports: Sequence[Report], gone: Iterable[str] = ()) -> Form:
    choices = [(choice_of(report), _label(report)) for report in reports]
    choices += [(text, text.partition(".")[0]) for text in sorted(gone)]
    buttons = [Button("vastleggen", "Vastleggen")]
    return Form(quarantine_schema(choices, reports), request, buttons=buttons)


def _label(report: Report) -> str:
    text = " ".join((report.description or "Zonder verhaal.").split())
    short = text if len(text) <= QUARANTINE_SNIPPET else text[: QUARANTINE_SNIPPET - 1] + "…"
    when = datetime_short(report.received_at)
    return f"{report.reference} · {when} · {heading(report)}. {short}"


def _decide(
    context: Any, request: Request, reports: Any, values: Any, page: Callable[[], dict[str, Any]]
) -> Any:
    """Decide about the ticked reports; show the page anew when some couldn't be decided."""
    decision = values["besluit"]
    step = RELEASE if decision == RELEASE else REJECT
    chosen = list(values["meldingen"])
    if values["alle"]:
        chosen += [c for c in map(choice_of, reports) if c not in chosen]
    if not chosen:
        raise FormError("Kies ten minste één melding.", "meldingen")
    answers = {"reden": values["reden"]}
    if step == REJECT:
        answers |= {"reden_code": decision, "contact": values.get("contact")}
    session, effects = request.db, WORKFLOW_EFFECTS.of(request.registry)
    failed = decide(session, effects, context.holder, chosen, step, answers, request.actor)
    number = len(chosen) - len(failed)
    if not failed:
        request.flash(f"{plural(number, 'melding', 'meldingen')} {DONE[step]}.")
        return HTTPSeeOther(request.path)
    done = f"{number} {DONE[step]}"
    left, shown = quarantined(session, context.holder), page()
    total = count_quarantined(session, context.holder, COUNTED)
    return {**shown, "form": _form(request, left), "failed": failed, "done": done, "total": total}
