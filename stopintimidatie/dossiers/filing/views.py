"""The pages that put reports in a dossier, take them out, and finish them when it ends.

Also what a new dossier needs to begin with reports: which are ready, and which aren't yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.audit import Actor
from stopintimidatie.core.forms import Button, Form, ManyOf, Schema, field
from stopintimidatie.core.forms.transitions import transition_schema
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import plural
from stopintimidatie.core.web.request import Request, query_pairs
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS, WorkflowError, options_of
from stopintimidatie.dossiers.filing.services import (
    address_of,
    file_report,
    find_reports,
    membership_of,
    take_out,
    why_not,
)
from stopintimidatie.dossiers.forms import filing_schema, reason_field
from stopintimidatie.dossiers.pages import (
    back_to,
    back_to_finishing,
    dossier_form,
    dossier_form_view,
    form_page,
    hidden_reports,
    only_live,
    page_of,
    submit,
)
from stopintimidatie.dossiers.queries import members_in_hand
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.dossiers.services import DossierError
from stopintimidatie.dossiers.words import forms_of
from stopintimidatie.municipalities.areas.facts import NeighbourhoodKind
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import move_report
from stopintimidatie.reports.words import when_short
from stopintimidatie.reports.workflow import REPORT_WORKFLOW

TAKE: Final = "nieuw"
TAKE_LABEL: Final = "Neem nieuwe meldingen meteen in behandeling, op mijn naam"


@dataclass(frozen=True)
class Unready:
    """A report that can't be filed yet: the reason, and the page to go on with it."""

    reference: str
    why: str
    href: str
    link: str


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


def requested_reports(request: Request) -> list[Report]:
    """Return the reports of the address, or as typed; none where something is wrong in it."""
    if request.method == "POST":
        references = str(request.POST.get("meldingen", ""))
    else:
        references = " ".join(value for name, value in query_pairs(request) if name == "melding")
    try:
        return find_reports(request.db, references)
    except DossierError:
        return []


def unready(session: Session, reports: Sequence[Report], *, taking: bool) -> list[Unready]:
    """Return the reports that can't be filed now, each with the reason and the page to go to.

    `taking`: new reports are taken in hand first, so they can be filed.
    """
    waiting = []
    for report in reports:
        why = why_not(report)
        new = report.state == "nieuw"
        if why is None or (new and taking):
            continue
        href = address_of(session, report)
        link = "beoordelen" if new else "bekijken"
        waiting.append(Unready(report.reference, why, f"{href}/triage" if new else href, link))
    return waiting


def refuse(waiting: Sequence[Unready], *, can_take: bool) -> None:
    """Refuse to file reports of which some are not ready.

    `can_take`: the form has the checkbox that takes new reports in hand.

    Raises:
        DossierError: Some are not ready; the message names all of them.
    """
    if not waiting:
        return
    names = ", ".join(report.reference for report in waiting)
    can = "kan" if len(waiting) == 1 else "kunnen"
    advice = f", of zet het vinkje bij ‘{TAKE_LABEL}’" if can_take else ""
    raise DossierError(
        f"{names} {can} nog niet in een dossier. Doe eerst wat boven het formulier staat{advice}.",
        "meldingen",
    )


def act_on_all(
    request: Request,
    reports: Iterable[Report],
    act: Callable[[Report], Any],
    outcome: str,
    *,
    field: str | None = None,
) -> None:
    """Do something with each report on its own; say on the next page how many succeeded.

    `outcome`: what the reports are afterwards, in a participle. `field`: where the form says that
    nothing succeeded.

    Raises:
        DossierError: Nothing succeeded, and there is such a field.
    """
    done, failures = 0, []
    for report in reports:
        try:
            act(report)
            done += 1
        except WorkflowError as problem:
            text, name = str(problem), report.reference
            failures.append(text if text.startswith(name) else f"{name}: {text}")
    if field is not None and not done:
        raise DossierError(" ".join(failures), field)
    if done:
        are = "is" if done == 1 else "zijn"
        request.flash(f"{plural(done, 'melding', 'meldingen')} {are} {outcome}.")
    if failures:
        request.flash("Dit lukte niet. " + " ".join(failures), "warning")


CANDIDATES: Final = 50
FINISHED_AT_ONCE: Final = 100


@dossier_form_view("meldingen-toevoegen", only_live)
def file_view(context: DossierResource, request: Request) -> Any:
    """Show the form that puts reports in the dossier (typed, or ticked in a list), and do it."""
    candidates = _candidates(context, request)
    ids = [report.id for report in candidates]
    note_read(request, context.holder, "melding", ids, task="meldingen kiezen voor een dossier")
    schema = filing_schema([(report.reference, choice_of(report)) for report in candidates])
    button = Button("toevoegen", "Meldingen toevoegen")
    form = dossier_form(context, request, schema, button, part="meldingen")
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
    return f"{report.reference}: {forms_of(report)}, {when_short(report)}"


def _file(context: DossierResource, request: Request, values: dict[str, Any]) -> Any:
    """File the reports that were typed or ticked, and say which can't be filed."""
    typed = find_reports(request.db, values["kenmerk"])
    ticked = find_reports(request.db, " ".join(values.get("meldingen", ())), field="meldingen")
    reports = {report.id: report for report in [*typed, *ticked]}.values()
    if not reports:
        raise DossierError("Vul een kenmerk in, of kies een melding uit de lijst.", "kenmerk")
    effects, refer = WORKFLOW_EFFECTS.of(request.registry), values["verwijzen"]

    def put_in(report: Report) -> None:
        why = values["reden"]
        file_report(
            request.db, effects, context.dossier, report, why, request.actor, reference=refer
        )

    act_on_all(request, reports, put_in, "toegevoegd", field="kenmerk")
    return back_to(context, request, "meldingen")


@dossier_form_view("melding-eruit", hidden_reports)
def take_out_view(context: DossierResource, request: Request) -> Any:
    """Show the form that takes a report out with a reason (`?melding=M-…`), and do it."""
    report = _wanted_report(context, request)
    button = Button("eruit", "Melding eruit halen", "danger")
    form = dossier_form(context, request, Schema(reason_field()), button, part="meldingen")
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
    try:
        (report,) = find_reports(request.db, dict(query_pairs(request)).get("melding", ""))
    except (DossierError, ValueError):
        raise HTTPNotFound() from None
    if membership_of(request.db, context.dossier.id, report.id) is None:
        raise HTTPNotFound()
    return report


@dossier_form_view(
    "meldingen-afhandelen",
    hidden_reports,
    permission=Permission.TRIAGE,
    renderer="stopintimidatie.dossiers.filing:templates/finish.jinja2",
)
def finish_view(context: DossierResource, request: Request) -> Any:
    """Show the form that finishes the ticked reports with one answer for all, and do it."""
    members = members_in_hand(request.db, context.dossier, FINISHED_AT_ONCE + 1)
    reports = [member.report for member in members][:FINISHED_AT_ONCE]
    ids = [report.id for report in reports]
    note_read(request, context.holder, "melding", ids, task="meldingen afhandelen")
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
    schema = transition_schema(step, options_of(request.registry, request.db, step, None))
    choices = [(report.reference, choice_of(report)) for report in reports]
    ticked = field(ManyOf(choices), "Welke meldingen handelt u af?", name="meldingen")
    schema.children.insert(0, ticked)
    values = {
        "meldingen": [code for code, _ in choices],
        "terugkoppeling": "gegeven",
        "bericht": context.dossier.feedback,
    }
    button = Button("afhandelen", "Meldingen afhandelen")
    return dossier_form(context, request, schema, button, values, part="meldingen")


def _finish(
    context: DossierResource, request: Request, reports: Sequence[Report], values: dict[str, Any]
) -> Any:
    step = REPORT_WORKFLOW.transition("afhandelen")
    answers = {question.name: values.get(question.name) for question in step.fields}
    effects = WORKFLOW_EFFECTS.of(request.registry)
    chosen = [report for report in reports if report.reference in values["meldingen"]]

    def finish(report: Report) -> None:
        move_report(request.db, effects, report, step.name, answers, request.actor)

    act_on_all(request, chosen, finish, "afgehandeld")
    return back_to_finishing(context, request)
