"""The pages that put reports in a dossier, take them out, and finish them when it ends.

Also what a new dossier needs to begin with reports: which are ready, and which aren't yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import shorten
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.audit import Actor
from stopintimidatie.core.forms import Button, Form, FormError, ManyOf, Schema, field
from stopintimidatie.core.forms.transitions import transition_schema
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import plural
from stopintimidatie.core.web.request import Request, query_pairs
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS, WorkflowError, options_of
from stopintimidatie.dossiers.filing.services import (
    address_of,
    asks_about_danger,
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
from stopintimidatie.reports.page.steps import answer_danger
from stopintimidatie.reports.services import move_report, proposed_among
from stopintimidatie.reports.words import signals_of, when_short
from stopintimidatie.reports.workflow import CONTACT, REPORT_WORKFLOW

DANGER: Final = "gevaar"
TAKEN: Final = "Wat nieuw is, komt meteen in behandeling, op uw naam."
ASKED: Final = "wacht op een tweede blik. Laat eerst een collega het voorstel beantwoorden."
_STORY: Final = 200


@dataclass(frozen=True)
class Unready:
    """A report that can't be filed yet: the reason, and the page to go on with it."""

    reference: str
    why: str
    href: str
    link: str


def danger_questions(reports: Iterable[Report]) -> list[Any]:
    """Return the part of a form that asks of each report with a signal: is somebody in danger?

    Reports of which that was answered are left out; without others there is no such part.
    """
    asked = [
        field(
            forms.OneOf((("nee", "nee"), ("ja", "ja")), radio=True),
            f"{choice_of(report)} ({', '.join(signals_of(report))})",
            description=shorten(report.description or "", _STORY, placeholder=" …"),
            name=report.reference,
            missing=None,
            needed_sometimes=True,
        )
        for report in reports
        if asks_about_danger(report)
    ]
    if not asked:
        return []
    title = "Is er nu iemand in gevaar? Zo ja: bel eerst 112. De melding wordt dan ook spoed."
    return [Schema(*asked, title=title, name=DANGER, missing={})]


def check_danger(values: Mapping[str, Any], chosen: Iterable[Report]) -> None:
    """Check that the question about danger was answered for each chosen report that has it.

    Raises:
        FormError: It wasn't; all of these are named.
    """
    answers = values.get(DANGER) or {}
    missing = [
        report.reference
        for report in chosen
        if asks_about_danger(report) and answers.get(report.reference) is None
    ]
    if missing:
        problems = [
            (
                "Is hier nu iemand in gevaar? Kies nee of ja.",
                f"{DANGER}.{reference}",
            )
            for reference in missing
        ]
        raise FormError(*problems[0], also=problems[1:])


def take_on(
    session: Session,
    effects: Mapping[str, Any],
    report: Report,
    values: Mapping[str, Any],
    actor: Actor,
) -> None:
    """Store the answer about danger, and make this person the handler of a new report."""
    answer = (values.get(DANGER) or {}).get(report.reference)
    if answer is not None and asks_about_danger(report):
        answer_danger(session, report, answer == "ja", actor)
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


def unready(session: Session, reports: Sequence[Report]) -> list[Unready]:
    """Return the reports that can't be filed now, each with the reason and the page to go to.

    New reports can: they are taken in hand first.
    """
    waiting, proposed = [], proposed_among(session, reports)
    for report in reports:
        why = ASKED if report.id in proposed else why_not(report)
        if why is None or report.state == "nieuw":
            continue
        waiting.append(Unready(report.reference, why, address_of(session, report), "bekijken"))
    return waiting


def refuse(waiting: Sequence[Unready]) -> None:
    """Refuse to file reports of which some are not ready.

    Raises:
        DossierError: Some are not ready; the message names all of them.
    """
    if not waiting:
        return
    names = ", ".join(report.reference for report in waiting)
    can = "kan" if len(waiting) == 1 else "kunnen"
    raise DossierError(
        f"{names} {can} nog niet in een dossier. Doe eerst wat boven het formulier staat.",
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
            # A refusal half way leaves the report as it was.
            with request.db.begin_nested():
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
    for part in danger_questions(_chosen_so_far(request)):
        schema.add(part)
    button = Button("toevoegen", "Meldingen toevoegen")
    form = dossier_form(context, request, schema, button, part="meldingen")
    page = form_page(context, request, "Meldingen toevoegen")
    page["intro"] = (
        "Een melding die al bij een ander dossier hoort, of die is afgehandeld, blijft waar hij is."
        f" Dit dossier verwijst er dan naar. {TAKEN}"
    )
    return submit(request, form, lambda values: _file(context, request, values), page)


def _chosen_so_far(request: Request) -> list[Report]:
    """Return the reports that were typed or ticked in the form that was sent."""
    if request.method != "POST":
        return []
    typed = [request.POST.get("kenmerk", ""), *request.POST.getall("meldingen")]
    try:
        return find_reports(request.db, " ".join(typed))
    except DossierError:
        return []


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
    when = "" if report.locked else f", {when_short(report)}"
    return f"{report.reference}: {forms_of(report)}{when}"


def _file(context: DossierResource, request: Request, values: dict[str, Any]) -> Any:
    """File the reports that were typed or ticked, and say which can't be filed."""
    typed = find_reports(request.db, values["kenmerk"])
    ticked = find_reports(request.db, " ".join(values.get("meldingen", ())), field="meldingen")
    reports = list({report.id: report for report in [*typed, *ticked]}.values())
    if not reports:
        raise DossierError("Vul een kenmerk in, of kies een melding uit de lijst.", "kenmerk")
    check_danger(values, reports)
    effects, refer = WORKFLOW_EFFECTS.of(request.registry), values["verwijzen"]

    def put_in(report: Report) -> None:
        why = values["reden"]
        take_on(request.db, effects, report, values, request.actor)
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
    waits = any(report.contact_due for report in reports)
    offered = options_of(request.registry, request.db, step, None)
    left_out = frozenset() if waits else frozenset({CONTACT.name})
    schema = transition_schema(step, offered, leave_out=left_out)
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
