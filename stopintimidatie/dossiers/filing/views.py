"""The pages that put reports in a dossier, take them out, and finish them when it ends.

Also what a new dossier needs to begin with reports: which are ready, and which aren't yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from textwrap import shorten
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.audit import Actor
from stopintimidatie.core.forms import Button, FormError, ManyOf, Schema, field
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import plural
from stopintimidatie.core.web.request import Request, query_pairs
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS, WorkflowError
from stopintimidatie.dossiers.filing.services import (
    address_of,
    asks_about_danger,
    file_report,
    find_reports,
    known_reports,
    membership_of,
    take_out,
    why_not,
)
from stopintimidatie.dossiers.forms import filing_schema, reason_field
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.pages import (
    back_to,
    dossier_form,
    dossier_form_view,
    hidden_reports,
    only_live,
    page_of,
)
from stopintimidatie.dossiers.queries import Member, members, members_in_hand
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.dossiers.services import DossierError
from stopintimidatie.municipalities.areas.facts import NeighbourhoodKind
from stopintimidatie.reports.inbox.bulk import finish_schema
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page.steps import answer_danger
from stopintimidatie.reports.services import move_report, proposed_among
from stopintimidatie.reports.vocabulary import Form
from stopintimidatie.reports.words import signals_of, when_short
from stopintimidatie.reports.workflow import REPORT_WORKFLOW, ReportState

DANGER: Final = "gevaar"
ASKED: Final = "wacht op een tweede blik. Laat eerst een collega het voorstel beantwoorden."
_STORY: Final = 200


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
        question = "Is hier nu iemand in gevaar? Kies nee of ja."
        problems = [(question, f"{DANGER}.{reference}") for reference in missing]
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
    if report.state == ReportState.NEW:
        taking = {"behandelaar": str(actor.id)}
        move_report(session, effects, report, "in_behandeling_nemen", taking, actor)


def requested_reports(request: Request, *controls: str) -> list[Report]:
    """Return the reports of the address, or of controls that were sent, as far as they are."""
    typed = [value for name, value in query_pairs(request) if name == "melding"]
    if controls and request.method == "POST":
        typed = [value for name in controls for value in request.POST.getall(name)]
    return known_reports(request.db, " ".join(typed))


def unready(session: Session, reports: Sequence[Report]) -> list[tuple[Report, str, str]]:
    """Return the reports that can't be filed now, each with the reason and the page to go to.

    New reports can: they are taken in hand first.
    """
    proposed = proposed_among(session, reports)
    return [
        (report, why, address_of(session, report))
        for report in reports
        if (why := ASKED if report.id in proposed else why_not(report))
        and report.state != ReportState.NEW
    ]


def refuse(waiting: Sequence[tuple[Report, str, str]]) -> None:
    """Refuse to file reports of which some are not ready.

    Raises:
        DossierError: Some are not ready; the message names all of them.
    """
    if waiting:
        names = ", ".join(report.reference for report, *_ in waiting)
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
        request.flash(f"{plural(done, 'melding is', 'meldingen zijn')} {outcome}.")
    if failures:
        request.flash("Dit lukte niet. " + " ".join(failures), "warning")


PART: Final = "meldingen"
CANDIDATES: Final = 50
FINISHED_AT_ONCE: Final = 100


@dossier_form_view("meldingen-toevoegen", only_live)
def file_view(context: DossierResource, request: Request) -> Any:
    """Show the form that puts reports in the dossier (typed, or ticked in a list), and do it."""
    candidates = _candidates(context, request)
    ids = [report.id for report in candidates]
    note_read(request, context.holder, "melding", ids, task="meldingen kiezen voor een dossier")
    schema = filing_schema([(report.reference, choice_of(report)) for report in candidates])
    # Only what was sent is asked about: an address alone would show what reports say, unseen.
    chosen = request.method == "POST" and requested_reports(request, "kenmerk", "meldingen")
    for part in danger_questions(chosen or []):
        schema.add(part)
    return dossier_form(
        context,
        request,
        schema,
        Button("toevoegen", "Meldingen toevoegen"),
        lambda values: _file(context, request, values),
        part=PART,
    )


def _candidates(context: DossierResource, request: Request) -> Sequence[Report]:
    """Return the reports in hand in the neighbourhood of the dossier, the newest first."""
    statement = select(Report).where(Report.state == ReportState.IN_HAND)
    if context.neighbourhood.kind != NeighbourhoodKind.WHOLE:
        statement = statement.where(Report.neighbourhood_code == context.neighbourhood.code)
    return request.db.scalars(
        statement.order_by(Report.incident_start.desc()).limit(CANDIDATES)
    ).all()


def forms_of(report: Report) -> str:
    """Return the forms of harassment of a report, in words; of a withdrawn one that it was."""
    if report.locked:
        return "ingetrokken door de melder"
    return ", ".join(Form.word(code) for code in report.forms)


def choice_of(report: Report) -> str:
    """Return the line by which a report is chosen from a list."""
    when = "" if report.locked else f", {when_short(report)}"
    return f"{report.reference}: {forms_of(report)}{when}"


def _file(context: DossierResource, request: Request, values: dict[str, Any]) -> None:
    """File the reports that were typed or ticked, and say which can't be filed."""
    typed = find_reports(request.db, values["kenmerk"])
    ticked = find_reports(request.db, " ".join(values.get("meldingen", ())), field="meldingen")
    reports = list({report.id: report for report in [*typed, *ticked]}.values())
    if not reports:
        raise DossierError("Vul een kenmerk in, of kies een melding uit de lijst.", "kenmerk")
    file_all(request, context.dossier, reports, values, "toegevoegd", field="kenmerk")


def file_all(
    request: Request,
    dossier: Dossier,
    reports: Sequence[Report],
    values: dict[str, Any],
    outcome: str,
    *,
    field: str,
) -> None:
    """Take on reports and put each in a dossier, or have it only refer to them; say what was done.

    Args:
        request: The request.
        dossier: The dossier.
        reports: The reports.
        values: The form: reason, answers about danger, and if the dossier only refers to them.
        outcome: What the reports are afterwards, in a participle.
        field: The field of the form that says that nothing succeeded.

    Raises:
        FormError: It wasn't answered if somebody is in danger.
        DossierError: Nothing succeeded.
    """
    check_danger(values, reports)
    session, actor, refer = request.db, request.actor, values.get("verwijzen", False)
    effects, why = WORKFLOW_EFFECTS.of(request.registry), values["reden"]

    def put_in(report: Report) -> None:
        take_on(session, effects, report, values, actor)
        file_report(session, effects, dossier, report, why, actor, reference=refer)

    act_on_all(request, reports, put_in, outcome, field=field)


@dossier_form_view("melding-eruit", hidden_reports)
def take_out_view(context: DossierResource, request: Request) -> Any:
    """Show the form that takes a report out with a reason (`?melding=M-…`), and do it."""
    reports = requested_reports(request)
    if len(reports) != 1 or membership_of(request.db, context.dossier.id, reports[0].id) is None:
        raise HTTPNotFound()
    report = reports[0]

    def act(values: dict[str, Any]) -> str:
        effects = WORKFLOW_EFFECTS.of(request.registry)
        take_out(request.db, effects, context.dossier, report, values["reden"], request.actor)
        return f"Melding {report.reference} zit niet meer in dit dossier."

    schema, button = Schema(reason_field()), Button("eruit", "Melding eruit halen", "danger")
    return dossier_form(context, request, schema, button, act, part=PART, report=report)


TO_CHOOSE_FROM: Final = 100


def latest_members(context: DossierResource, request: Request) -> Sequence[Member]:
    """Return the latest reports of the dossier, to choose from; the read is noted."""
    latest = members(request.db, context.dossier, 0, TO_CHOOSE_FROM)
    ids = [member.report.id for member in latest]
    note_read(request, context.holder, "melding", ids, task="meldingen kiezen in een dossier")
    return latest


def ticked(inside: Sequence[Member]) -> Any:
    """Return the checkboxes of the reports of a dossier, each with its number here."""
    choices = [
        (m.report.reference, f"M-{m.membership.serial:02d}, {choice_of(m.report)}") for m in inside
    ]
    return field(ManyOf(choices), "Welke meldingen?", name="meldingen")


def chosen_of(inside: Sequence[Member], values: dict[str, Any]) -> list[Report]:
    """Return the reports among these that were ticked."""
    return [m.report for m in inside if m.report.reference in values["meldingen"]]


@dossier_form_view("meldingen-eruit", hidden_reports)
def take_many_out_view(context: DossierResource, request: Request) -> Any:
    """Show the form that takes several reports out for one reason, and do it."""
    inside = latest_members(context, request)
    if not inside and request.method != "POST":
        return nothing_here(context, request)
    effects = WORKFLOW_EFFECTS.of(request.registry)

    def act(values: dict[str, Any]) -> None:
        def out(report: Report) -> None:
            why = values["reden"]
            take_out(request.db, effects, context.dossier, report, why, request.actor)

        act_on_all(request, chosen_of(inside, values), out, "uit dit dossier gehaald")

    schema = Schema(ticked(inside), reason_field())
    button = Button("eruit", "Meldingen eruit halen", "danger")
    return dossier_form(context, request, schema, button, act, part=PART)


def nothing_here(context: DossierResource, request: Request) -> Any:
    """Send back from a form about the reports of a dossier without any."""
    request.flash("Er zitten geen meldingen in dit dossier.", "warning")
    return back_to(context, request, "meldingen")


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
    page: dict[str, Any] = {
        "here": page_of(context, request),
        "total": len(reports),
        "more": len(members) > FINISHED_AT_ONCE,
        "limit": FINISHED_AT_ONCE,
    }
    if not reports and request.method != "POST":
        return {**page, "form": None}
    values = {
        "meldingen": [report.reference for report in reports],
        "terugkoppeling": "gegeven",
        "bericht": context.dossier.feedback,
    }
    step = REPORT_WORKFLOW.transition("afhandelen")

    def act(values: dict[str, Any]) -> HTTPSeeOther:
        answers = {question.name: values.get(question.name) for question in step.fields}
        effects = WORKFLOW_EFFECTS.of(request.registry)

        def finish(report: Report) -> None:
            move_report(request.db, effects, report, step.name, answers, request.actor)

        chosen = [report for report in reports if report.reference in values["meldingen"]]
        act_on_all(request, chosen, finish, "afgehandeld")
        return HTTPSeeOther(f"{page['here']}/meldingen-afhandelen")

    choices = [(report.reference, choice_of(report)) for report in reports]
    schema, button = finish_schema(request, reports), Button("afhandelen", "Meldingen afhandelen")
    ticked = field(ManyOf(choices), "Welke meldingen handelt u af?", name="meldingen")
    schema.children.insert(0, ticked)
    return dossier_form(context, request, schema, button, act, values, part=PART, **page)
