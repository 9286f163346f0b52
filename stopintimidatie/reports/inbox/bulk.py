"""Many reports decided on at once: those in quarantine, and those chosen in the inbox."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.forms import (
    Button,
    Form,
    FormError,
    Schema,
    field,
    handle_form,
)
from stopintimidatie.core.forms.transitions import transition_schema
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import datetime_short, plural
from stopintimidatie.core.web.register import COUNTED, count_at_most
from stopintimidatie.core.web.request import Request, form_view, query_pairs
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS, WorkflowError, options_of
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.municipalities.settings.standard import FEEDBACK, Reply
from stopintimidatie.reports.handling.bulk import (
    Make,
    asked_references,
    choice_of,
    decide,
    read_choices,
    reports_named,
)
from stopintimidatie.reports.inbox.queries import list_reports, number_of_reports
from stopintimidatie.reports.inbox.rules import AT_ONCE, filters_from
from stopintimidatie.reports.inbox.saved_views import order_of
from stopintimidatie.reports.inbox.views import reader_of
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page import decisions
from stopintimidatie.reports.page.proposals import IN_DANGER
from stopintimidatie.reports.page.replies import fill
from stopintimidatie.reports.page.steps import contact_fields, must_ask_danger, state_label
from stopintimidatie.reports.page.views import came_from
from stopintimidatie.reports.rules import needs_second_look
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.words import area_names, heading, signals_of
from stopintimidatie.reports.workbench.forms import steps_for
from stopintimidatie.reports.workbench.services import make_choice
from stopintimidatie.reports.workbench.vocabulary import CHOICES, FINISH, OPEN_FOR_ALL, REJECT
from stopintimidatie.reports.workflow import (
    CONTACT,
    NOT_HANDLED_REASONS,
    REPORT_WORKFLOW,
    TURN_DOWN,
    ReportState,
)

PAGE: Final = 100
# A double isn't closed in bulk: the other report is asked for each.
REASONS: Final = tuple(reason for reason in NOT_HANDLED_REASONS if reason[0] != "dubbel")
TEMPLATE: Final = "stopintimidatie.reports.inbox:templates/quarantine.jinja2"
# Characters of the description in a line.
SNIPPET: Final = 160
RELEASE: Final = "vrijgeven"
# One choice and one button: each reason for not handling a report is one of the choices.
DECISIONS: Final = (
    (RELEASE, "Uit quarantaine halen"),
    *((code, f"Niet in behandeling nemen: {label}") for code, label in REASONS),
)
DONE: Final = {REJECT: "niet in behandeling genomen", FINISH: "afgehandeld"}


def _decide_together(
    context: Any,
    request: Request,
    reports: Sequence[Report],
    schema: Any,
    choice_made: Callable[[dict[str, Any]], tuple[Make, str]],
    back: str,
    given: Any,
    **shown: Any,
) -> Any:
    """Show the form that decides on these reports, and do it; then name those that stayed.

    Args:
        context: The municipality, or the desk.
        request: The request.
        reports: The reports to choose from.
        schema: What is asked besides which of them.
        choice_made: Returns what to do with each, and in a participle what it is afterwards.
        back: Address of the page to go to after it.
        given: First values.
        shown: Values of the template.
    """

    def page() -> dict[str, Any]:
        ids = [report.id for report in reports]
        note_read(request, context.holder, KIND, ids, task=shown["title"].lower())
        return {"shown": len(ids), "counted": COUNTED, "failed": [], "back": back, **shown}

    def act(values: dict[str, Any]) -> Any:
        chosen = list(values["meldingen"])
        if values.get("alle"):
            chosen += [box for box in map(choice_of, reports) if box not in chosen]
        if not chosen:
            raise FormError("Kies ten minste één melding.", "meldingen")
        make, outcome = choice_made(values)
        failed = decide(request, context.holder, chosen, make)
        done = f"{plural(len(chosen) - len(failed), 'melding', 'meldingen')} {outcome}."
        if failed:
            return {**page(), "form": None, "failed": failed, "done": done}
        request.flash(done)
        return HTTPSeeOther(back)

    posted = request.POST.getall("meldingen")[:1000] if request.POST else []
    boxes = {choice_of(report): _label(report) for report in reports}
    # Also those that were ticked and are no longer there.
    gone = sorted({text for text in posted if read_choices([text])} - boxes.keys())
    ticks = forms.ManyOf([*boxes.items(), *((text, text.partition(".")[0]) for text in gone)])
    about = "Vink aan waarover u beslist."
    needed: dict[str, Any] = {"missing": (), "needed_sometimes": True}
    schema["meldingen"] = field(ticks, "Meldingen", description=about, **needed)
    schema.children.insert(0, schema.children.pop())
    buttons = [Button("vastleggen", "Vastleggen")]
    return handle_form(request, Form(schema, request, buttons=buttons, appstruct=given), act, page)


@form_view(MunicipalityResource, "quarantaine", Permission.RELEASE, TEMPLATE)
def quarantine_view(context: Any, request: Request) -> Any:
    """Show the form that decides about reports in quarantine, and decide; the desk uses it too."""
    session, holder, actor = request.db, context.holder, request.actor
    reports, total = quarantined(session, holder), count_quarantined(session, holder, COUNTED)
    about = "Waarom u dit besluit. Dit komt bij elke melding in de geschiedenis."
    schema = Schema(
        field(forms.Flag(), "Alle meldingen op deze pagina", name="alle", missing=False),
        field(forms.OneOf(DECISIONS, radio=True), "Wat besluit u?", name="besluit"),
        field(forms.Text(500), "Reden", name="reden", description=about),
        *_contact(reports),
    )

    def choice_made(values: dict[str, Any]) -> tuple[Make, str]:
        step = RELEASE if values["besluit"] == RELEASE else TURN_DOWN
        answers = {"reden": values["reden"]}
        if step == TURN_DOWN:
            answers |= {"reden_code": values["besluit"], "contact": values.get("contact")}
        effects = WORKFLOW_EFFECTS.of(request.registry)

        def make(session: Session, report: Report) -> None:
            if step == TURN_DOWN:
                check_together(report, REJECT)
            decisions.decide(session, effects, report, [(step, answers)], actor)

        return make, "uit quarantaine gehaald" if step == RELEASE else DONE[REJECT]

    page = {"title": "Quarantaine", "total": total, "texts": []}
    return _decide_together(
        context, request, reports, schema, choice_made, request.path, {}, **page
    )


def _contact(reports: Sequence[Report]) -> Sequence[Any]:
    """Make the question how the contact went, where a reporter waits for it."""
    return next((fields for fields in map(contact_fields, reports) if fields), ())


@form_view(MunicipalityResource, "samen-besluiten", Permission.TRIAGE, "templates/together.jinja2")
def together_view(context: MunicipalityResource, request: Request) -> Any:
    """Show the form that declines or finishes the reports of the address, and do it.

    Those that it names, or with `alles` the first of the view that its filters give.
    """
    session, holder, asked = request.db, context.holder, dict(query_pairs(request))
    choice = asked.get("keuze", "")
    if choice not in DONE:
        raise HTTPNotFound()
    reports, total = _of_view(request, holder) if "alles" in asked else _of_boxes(request, holder)
    published = published_for(session, holder)
    replies = published.replies(FEEDBACK) if choice == FINISH else ()

    def choice_made(values: dict[str, Any]) -> tuple[Make, str]:
        effects, actor = WORKFLOW_EFFECTS.of(request.registry), request.actor
        reply = next((reply for reply in replies if reply.id == values.get("bericht")), None)

        def make(session: Session, report: Report) -> None:
            check_together(report, choice)
            text = reply and fill(area_names(session, report), reply, report, published)
            steps = steps_for(choice, session, report, {**values, "bericht": text})
            make_choice(session, effects, report, choice, steps, actor)

        return make, DONE[choice]

    # As the reporter of the first one would read them.
    texts = [
        (reply.title, fill(area_names(session, report), reply, report, published))
        for report in reports[:1]
        for reply in replies
    ]
    given = {"meldingen": [choice_of(report) for report in reports], "terugkoppeling": "gegeven"}
    schema, back = (
        _schema(request, choice, reports, replies),
        request.resource_path(context, "postvak"),
    )
    page = {"title": CHOICES[choice].title, "total": total, "texts": texts}
    return _decide_together(
        context, request, reports, schema, choice_made, came_from(request, back), given, **page
    )


def _of_boxes(request: Request, holder: str) -> tuple[Sequence[Report], int]:
    reports = reports_named(request.db, holder, asked_references(request))
    return reports, len(reports)


def _of_view(request: Request, holder: str) -> tuple[Sequence[Report], int]:
    """Return the first reports of the view in the address, with how many it has."""
    filters, reader = filters_from(query_pairs(request)), reader_of(request, holder)
    total = request.db.scalar(select(number_of_reports(holder, filters, reader, COUNTED))) or 0
    order = order_of(request)
    rows = list_reports(request.db, holder, filters, reader, 0, AT_ONCE, order_name=order)
    return [row.report for row in rows], total


def _schema(
    request: Request, choice: str, reports: Sequence[Report], replies: Sequence[Reply]
) -> Any:
    """Make what is asked of one report, but for the text: each reporter gets it filled in."""
    if choice == REJECT:
        reason = forms.OneOf(REASONS, radio=True)
        return Schema(field(reason, "Reden", name="reden_code"), *_contact(reports))
    schema = finish_schema(request, reports)
    schema["bericht"] = field(
        forms.OneOf([(reply.id, reply.title) for reply in replies]),
        "Standaardtekst voor de melder",
        name="bericht",
        missing=None,
        needed_sometimes=True,
        description="Elke melder leest die tekst met het eigen kenmerk, in de eigen taal.",
        drawn=schema["bericht"].drawn,
    )
    return schema


def finish_schema(request: Request, reports: Sequence[Report]) -> Any:
    """Make what finishing several reports with one answer asks."""
    step = REPORT_WORKFLOW.transition(CHOICES[FINISH].step)
    waits = any(report.contact_due for report in reports)
    offered = options_of(request.registry, request.db, step, None)
    return transition_schema(
        step, offered, leave_out=frozenset() if waits else frozenset({CONTACT.name})
    )


def _label(report: Report) -> str:
    text = " ".join((report.description or "Zonder verhaal.").split())
    short = text if len(text) <= SNIPPET else text[: SNIPPET - 1] + "…"
    when = datetime_short(report.received_at)
    return f"{report.reference} · {when} · {heading(report)}. {short}"


def quarantined(session: Session, holder: str) -> Sequence[Report]:
    """Return the reports in quarantine, the oldest first: those came before the flood."""
    mine = select(Report).where(Report.holder == holder, Report.state == ReportState.QUARANTINE)
    oldest = mine.order_by(Report.received_at, Report.id)
    return session.scalars(oldest.limit(PAGE)).all()


def count_quarantined(session: Session, holder: str, most: int) -> int:
    """Count the reports in quarantine, up to one more than `most`."""
    ids = select(Report.id).where(Report.holder == holder, Report.state == ReportState.QUARANTINE)
    return count_at_most(session, ids.order_by(Report.received_at), most)


def check_together(report: Report, choice: str) -> None:
    """Check that a report can be closed with others: nothing of it is asked for it alone.

    Raises:
        WorkflowError: It can't; the message says why.
    """
    closed = choice == REJECT
    if report.state not in OPEN_FOR_ALL | ({ReportState.QUARANTINE} if closed else set()):
        raise WorkflowError(f"De toestand is nu ‘{state_label(report).lower()}’.")
    if report.danger_now:
        raise WorkflowError(IN_DANGER)
    if must_ask_danger(report):
        raise WorkflowError(
            f"Er is een signaal: {', '.join(signals_of(report))}. Open de melding en besluit daar:"
            " eerst wordt gevraagd of er iemand in gevaar is."
        )
    if closed and needs_second_look(report.all_forms, report.reporter_age_group):
        raise WorkflowError("Een collega moet meekijken. Open de melding en besluit daar.")
