"""The reports that a new dossier begins with: which are ready, and which first need something."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound
from pyramid.view import view_config
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.audit import Actor
from stopintimidatie.core.forms import Button, Form, ManyOf, field
from stopintimidatie.core.forms.transitions import transition_schema
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import datetime_short, plural
from stopintimidatie.core.web.request import Request, query_pairs
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS, WORKFLOW_OPTIONS, WorkflowError
from stopintimidatie.dossiers import queries as dossiers_queries
from stopintimidatie.dossiers.filing.services import (
    address_of,
    file_report,
    find_reports,
    membership_of,
    take_out,
    why_not,
)
from stopintimidatie.dossiers.forms import ReasonSchema, filing_schema
from stopintimidatie.dossiers.pages import (
    FORM_PAGE,
    back_to,
    back_to_finishing,
    form_page,
    hidden_reports,
    only_live,
    page_of,
    submit,
)
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.dossiers.services import DossierError
from stopintimidatie.dossiers.words import forms_of
from stopintimidatie.municipalities.areas.facts import NeighbourhoodKind
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import move_report
from stopintimidatie.reports.workflow import REPORT_WORKFLOW

TAKE: Final = "nieuw"
TAKE_LABEL: Final = "Neem nieuwe meldingen meteen in behandeling, op mijn naam"


@dataclass(frozen=True)
class Unready:
    """A report that can't be filed yet: why, and the page where one goes on with it."""

    reference: str
    why: str
    href: str
    what: str


def take_field() -> Any:
    """Return the field to take what is new in hand in the same go."""
    return field(forms.Flag(), TAKE_LABEL, name=TAKE, missing=False)


def has_new(reports: Sequence[Report]) -> bool:
    """Tell whether some of the reports have no handler yet."""
    return any(report.state == "nieuw" for report in reports)


def take_on(session: Session, effects: Mapping[str, Any], report: Report, actor: Actor) -> None:
    """Make this person the handler of a new report; others stay as they are."""
    if report.state == "nieuw":
        taking = {"behandelaar": str(actor.id)}
        move_report(session, effects, report, "in_behandeling_nemen", taking, actor)


def asked_for(request: Request) -> list[Report]:
    """Return the reports of the address, or as typed; none where something is wrong in it."""
    if request.method == "POST":
        asked = str(request.POST.get("meldingen", ""))
    else:
        asked = " ".join(value for name, value in query_pairs(request) if name == "melding")
    try:
        return find_reports(request.db, asked)
    except DossierError:
        return []


def unready(session: Session, reports: Sequence[Report], *, taking: bool) -> list[Unready]:
    """Return the reports that can't be filed now, each with the reason and the page to go to.

    `taking`: new reports are taken in hand first, so they can be filed.
    """
    found = []
    for report in reports:
        why = why_not(report)
        new = report.state == "nieuw"
        if why is None or (new and taking):
            continue
        href = address_of(session, report)
        what = "beoordelen" if new else "bekijken"
        found.append(Unready(report.reference, why, f"{href}/triage" if new else href, what))
    return found


def refuse(waiting: Sequence[Unready], *, can_take: bool) -> None:
    """Refuse to file, where some are not ready.

    Raises:
        DossierError: Names all of them, at the field.
    """
    if not waiting:
        return
    names = ", ".join(one.reference for one in waiting)
    can = "kan" if len(waiting) == 1 else "kunnen"
    advice = f", of zet het vinkje bij ‘{TAKE_LABEL}’" if can_take else ""
    told = (
        f"{names} {can} nog niet in een dossier. Doe eerst wat boven het formulier staat{advice}."
    )
    raise DossierError(told, "meldingen")


# Many reports at once: each on its own, and what can't be done is told, with the reason.


def each(
    reports: Iterable[Report], act: Callable[[Report], None]
) -> tuple[list[Report], list[str]]:
    """Return those that went well, and why the others didn't; nothing is left half done."""
    done, failed = [], []
    for report in reports:
        try:
            act(report)
            done.append(report)
        except WorkflowError as problem:
            text = str(problem)
            told = text if text.startswith(report.reference) else f"{report.reference}: {text}"
            failed.append(told)
    return done, failed


def tell(request: Request, done: Sequence[Report], failed: Sequence[str], what: str) -> None:
    """Say on the next page how many are `what` now, and which aren't."""
    if done:
        are = "is" if len(done) == 1 else "zijn"
        request.flash(f"{plural(len(done), 'melding', 'meldingen')} {are} {what}.")
    if failed:
        request.flash("Dit lukte niet. " + " ".join(failed), "warning")


# Reports into a dossier, out of it, and finished together when it ends.


CANDIDATES: Final = 50
FINISHED_AT_ONCE: Final = 100


@view_config(
    context=DossierResource,
    name="meldingen-toevoegen",
    request_method=("GET", "POST"),
    permission=Permission.EDIT_DOSSIER,
    renderer=FORM_PAGE,
    guards=(only_live,),
)
def file_view(context: DossierResource, request: Request) -> Any:
    """Put reports in the dossier: typed, or ticked among those that are being handled here."""
    found = _candidates(context, request)
    ids = [report.id for report in found]
    note_read(request, context.holder, "melding", ids, task="meldingen kiezen voor een dossier")
    form = Form(
        filing_schema([(report.reference, choice_of(report)) for report in found]),
        request,
        buttons=[Button("toevoegen", "Meldingen toevoegen")],
        cancel_url=page_of(context, request, "meldingen"),
    )
    page = form_page(context, request, "Meldingen toevoegen")
    page["intro"] = (
        "Een melding die al bij een ander dossier hoort, of die is afgehandeld, blijft waar hij is."
        " Dit dossier verwijst er dan naar."
    )
    return submit(request, form, lambda values: _file(context, request, values), page)


def _candidates(context: DossierResource, request: Request) -> Sequence[Report]:
    """Return the reports in hand in the neighbourhood of the dossier, the newest first."""
    statement = select(Report).where(Report.state == "in_behandeling")
    if context.neighbourhood.kind != NeighbourhoodKind.WHOLE:
        statement = statement.where(Report.neighbourhood_code == context.neighbourhood.code)
    return request.db.scalars(
        statement.order_by(Report.incident_start.desc()).limit(CANDIDATES)
    ).all()


def choice_of(report: Report) -> str:
    """Return the line by which a report is chosen from a list."""
    return f"{report.reference}: {forms_of(report)}, {datetime_short(report.incident_start)}"


def _file(context: DossierResource, request: Request, values: dict[str, Any]) -> Any:
    """File each report on its own; say what can't be filed."""
    typed = find_reports(request.db, values["kenmerk"])
    ticked = find_reports(request.db, " ".join(values.get("meldingen", ())), field="meldingen")
    reports = {report.id: report for report in [*typed, *ticked]}.values()
    if not reports:
        raise DossierError("Vul een kenmerk in, of kies een melding uit de lijst.", "kenmerk")
    effects, actor = WORKFLOW_EFFECTS.of(request.registry), request.actor

    def put_in(report: Report) -> None:
        file_report(
            request.db,
            effects,
            context.dossier,
            report,
            values["reden"],
            actor,
            reference=values["verwijzen"],
        )

    done, failed = each(reports, put_in)
    if not done:
        raise DossierError(" ".join(failed), "kenmerk")
    tell(request, done, failed, "toegevoegd")
    return back_to(context, request, "meldingen")


@view_config(
    context=DossierResource,
    name="melding-eruit",
    request_method=("GET", "POST"),
    permission=Permission.EDIT_DOSSIER,
    renderer=FORM_PAGE,
    guards=(hidden_reports,),
)
def take_out_view(context: DossierResource, request: Request) -> Any:
    """Take one report out: `?melding=M-…`, with a reason."""
    report = _wanted_report(context, request)
    form = Form(
        ReasonSchema(),
        request,
        buttons=[Button("eruit", "Melding eruit halen", "danger")],
        cancel_url=page_of(context, request, "meldingen"),
    )
    page = form_page(context, request, f"Melding {report.reference} eruit halen")
    page["intro"] = (
        "De melding gaat terug naar ‘in behandeling’. In de geschiedenis blijft staan dat hij in"
        " dit dossier zat, en waarom hij eruit ging."
    )

    def act(values: dict[str, Any]) -> Any:
        effects = WORKFLOW_EFFECTS.of(request.registry)
        take_out(request.db, effects, context.dossier, report, values["reden"], request.actor)
        request.flash(f"Melding {report.reference} zit niet meer in dit dossier.")
        return back_to(context, request, "meldingen")

    return submit(request, form, act, page)


def _wanted_report(context: DossierResource, request: Request) -> Report:
    asked = dict(query_pairs(request)).get("melding", "")
    try:
        found = find_reports(request.db, asked)
    except DossierError:
        raise HTTPNotFound() from None
    if len(found) != 1 or membership_of(request.db, context.dossier.id, found[0].id) is None:
        raise HTTPNotFound()
    return found[0]


@view_config(
    context=DossierResource,
    name="meldingen-afhandelen",
    request_method=("GET", "POST"),
    permission=Permission.TRIAGE,
    renderer="stopintimidatie.dossiers.filing:templates/finish.jinja2",
    guards=(hidden_reports,),
)
def finish_view(context: DossierResource, request: Request) -> Any:
    """Finish the reports of the dossier: one answer for all that are ticked."""
    members = dossiers_queries.members_in_hand(request.db, context.dossier, FINISHED_AT_ONCE + 1)
    reports = [member.report for member in members][:FINISHED_AT_ONCE]
    note_read(
        request, context.holder, "melding", [r.id for r in reports], task="meldingen afhandelen"
    )
    page = {
        **form_page(context, request, "Meldingen afhandelen"),
        "here": page_of(context, request),
        "total": len(reports),
        "more": len(members) > FINISHED_AT_ONCE,
        "limit": FINISHED_AT_ONCE,
    }
    if not reports and request.method != "POST":
        return {**page, "form": None}
    form = _finish_form(context, request, reports)
    return submit(request, form, lambda v: _finish(context, request, reports, v), page)


def _finish_form(context: DossierResource, request: Request, reports: Sequence[Report]) -> Form:
    step = REPORT_WORKFLOW.transition("afhandelen")
    offered = WORKFLOW_OPTIONS.of(request.registry)
    options = {
        asked.options: offered[asked.options](request.db, None)
        for asked in step.fields
        if asked.options
    }
    schema = transition_schema(step, options)
    choices = [(report.reference, choice_of(report)) for report in reports]
    schema.children.insert(
        0, field(ManyOf(choices), "Welke meldingen handelt u af?", name="meldingen")
    )
    return Form(
        schema,
        request,
        buttons=[Button("afhandelen", "Meldingen afhandelen")],
        appstruct={
            "meldingen": [code for code, _ in choices],
            "terugkoppeling": "gegeven",
            "bericht": context.dossier.feedback,
        },
        cancel_url=page_of(context, request, "meldingen"),
    )


def _finish(
    context: DossierResource, request: Request, reports: Sequence[Report], values: dict[str, Any]
) -> Any:
    step = REPORT_WORKFLOW.transition("afhandelen")
    answers = {asked.name: values.get(asked.name) for asked in step.fields}
    effects, actor = WORKFLOW_EFFECTS.of(request.registry), request.actor
    chosen = [report for report in reports if report.reference in values["meldingen"]]
    done, failed = each(
        chosen, lambda report: _finish_one(request, effects, report, answers, actor)
    )
    tell(request, done, failed, "afgehandeld")
    return back_to_finishing(context, request)


def _finish_one(request: Request, effects: Any, report: Report, answers: Any, actor: Any) -> None:
    move_report(request.db, effects, report, "afhandelen", answers, actor)
