"""Many reports decided on at once: those in quarantine, and those chosen in the inbox."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
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
    ask_values,
    field,
    handle_form,
)
from stopintimidatie.core.forms.transitions import transition_schema
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage.session import between_transactions, in_portions
from stopintimidatie.core.text import datetime_short, plural
from stopintimidatie.core.web.register import COUNTED, count_at_most
from stopintimidatie.core.web.request import Request, form_view, query_pairs
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS, WorkflowError, options_of
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.municipalities.settings.standard import FEEDBACK, Reply
from stopintimidatie.reports.handling.bulk import asked_references, read_choices, reports_named
from stopintimidatie.reports.inbox.queries import list_reports, number_of_reports
from stopintimidatie.reports.inbox.rules import TOGETHER, filters_from
from stopintimidatie.reports.inbox.saved_views import order_of
from stopintimidatie.reports.inbox.views import reader_of
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page import decisions
from stopintimidatie.reports.page.proposals import IN_DANGER
from stopintimidatie.reports.page.replies import fill
from stopintimidatie.reports.page.steps import contact_fields, must_ask_danger, state_label
from stopintimidatie.reports.page.views import came_from
from stopintimidatie.reports.rules import needs_second_look
from stopintimidatie.reports.services import StaleReportError, lock_report
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.words import area_names, heading, signals_of
from stopintimidatie.reports.workbench import vocabulary as choices
from stopintimidatie.reports.workbench.forms import steps_for
from stopintimidatie.reports.workbench.services import make_choice
from stopintimidatie.reports.workbench.vocabulary import OPEN_FOR_ALL
from stopintimidatie.reports.workflow import (
    CONTACT,
    NOT_HANDLED_REASONS,
    REPORT_WORKFLOW,
    TURN_DOWN,
    ReportState,
)

PAGE: Final = 100
# Reports in one transaction: what deciding on so many writes stays a short write.
PORTION: Final = 3
# Seconds after which the others wait for a next time; a proxy gives up after sixty.
LONGEST: Final = 25
NO_TIME: Final = "Hier was nu geen tijd meer voor. Kies haar opnieuw."
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
DONE: Final = {
    RELEASE: "uit quarantaine gehaald",
    TURN_DOWN: "niet in behandeling genomen",
    choices.REJECT: "niet in behandeling genomen",
    choices.FINISH: "afgehandeld",
}
# Makes the decision about a report that is locked; raises `WorkflowError` where that can't be.
Make = Callable[[Session, Report], None]


def chosen_field(request: Request, reports: Sequence[Report], *, fresh: bool = False) -> Any:
    """Make the boxes of reports, and of what was ticked and is no longer among them.

    `fresh`: what was ticked is decided on, so that it has no boxes any more.
    """
    posted = request.POST.getall("meldingen")[:1000] if request.POST and not fresh else []
    boxes = {choice_of(report): _label(report) for report in reports}
    gone = sorted({text for text in posted if read_choices([text])} - boxes.keys())
    return field(
        forms.ManyOf([*boxes.items(), *((text, text.partition(".")[0]) for text in gone)]),
        "Meldingen",
        name="meldingen",
        description="Vink aan waarover u beslist.",
        missing=(),
    )


def quarantine_form(request: Request, reports: Sequence[Report], *, fresh: bool = False) -> Form:
    """Return the form that decides about these reports in quarantine; `fresh`: of their boxes."""
    schema = Schema(
        chosen_field(request, reports, fresh=fresh),
        field(forms.Flag(), "Alle meldingen op deze pagina", name="alle", missing=False),
        field(forms.OneOf(DECISIONS, radio=True), "Wat besluit u?", name="besluit"),
        field(
            forms.Text(500),
            "Reden",
            name="reden",
            description="Waarom u dit besluit. Dit komt bij elke melding in de geschiedenis.",
        ),
        *_contact(reports),
    )
    return Form(schema, request, buttons=[Button("vastleggen", "Vastleggen")])


def _contact(reports: Sequence[Report]) -> Sequence[Any]:
    """Make the question how the contact went, where a reporter waits for it."""
    return next((fields for fields in map(contact_fields, reports) if fields), ())


@form_view(MunicipalityResource, "quarantaine", Permission.RELEASE, TEMPLATE)
def quarantine_view(context: Any, request: Request) -> Any:
    """Show the form that decides about reports in quarantine, and decide; the desk uses it too."""
    session, holder = request.db, context.holder
    reports = quarantined(session, holder)

    def page() -> dict[str, Any]:
        ids = [report.id for report in reports]
        note_read(request, holder, KIND, ids, task="quarantaine")
        total = count_quarantined(session, holder, COUNTED)
        shown = {"title": "Quarantaine", "shown": len(ids), "total": total, "counted": COUNTED}
        return {**shown, "failed": [], "texts": []}

    def act(values: dict[str, Any]) -> Any:
        decision, chosen = values["besluit"], list(values["meldingen"])
        if values["alle"]:
            chosen += [c for c in map(choice_of, reports) if c not in chosen]
        step, answers = RELEASE, {"reden": values["reden"]}
        if decision != RELEASE:
            step = TURN_DOWN
            answers |= {"reden_code": decision, "contact": values.get("contact")}
        effects, actor = WORKFLOW_EFFECTS.of(request.registry), request.actor

        def make(session: Session, report: Report) -> None:
            if step == TURN_DOWN:
                check_together(report, choices.REJECT)
            decisions.decide(session, effects, report, [(step, answers)], actor)

        failed, done = decide(request, holder, chosen, make, DONE[step])
        if not failed:
            return HTTPSeeOther(request.path)
        left = quarantined(session, holder)
        form = quarantine_form(request, left, fresh=True)
        return {**page(), "form": form, "failed": failed, "done": done}

    return handle_form(request, quarantine_form(request, reports), act, page)


@form_view(MunicipalityResource, "samen-besluiten", Permission.TRIAGE, "templates/together.jinja2")
def together_view(context: MunicipalityResource, request: Request) -> Any:
    """Show the form that declines or finishes the reports of the address, and do it.

    Those that it names, or with `alles` the first of the view that its filters give.
    """
    session, holder, asked = request.db, context.holder, dict(query_pairs(request))
    choice = asked.get("keuze", "")
    if choice not in (choices.REJECT, choices.FINISH):
        raise HTTPNotFound()
    reports, total = _of_view(request, holder) if "alles" in asked else _of_boxes(request, holder)
    published = published_for(session, holder)
    replies = published.replies(FEEDBACK) if choice == choices.FINISH else ()
    back = came_from(request, request.resource_path(context, "postvak"))

    def page() -> dict[str, Any]:
        ids = [report.id for report in reports]
        note_read(request, holder, KIND, ids, task="samen besluiten")
        return {
            "title": choices.CHOICES[choice].title,
            "finishes": choice == choices.FINISH,
            "shown": len(ids),
            "total": total,
            "counted": COUNTED,
            "failed": [],
            "back": back,
            # As the reporter of the first one would read them.
            "texts": [
                (reply.title, fill(area_names(session, report), reply, report, published))
                for reply in replies
                for report in reports[:1]
            ],
        }

    def act(values: dict[str, Any]) -> Any:
        effects, actor = WORKFLOW_EFFECTS.of(request.registry), request.actor
        reply = next((reply for reply in replies if reply.id == values.get("bericht")), None)

        def make(session: Session, report: Report) -> None:
            check_together(report, choice)
            text = reply and fill(area_names(session, report), reply, report, published)
            steps = steps_for(choice, session, report, {**values, "bericht": text})
            make_choice(session, effects, report, choice, steps, actor)

        failed, done = decide(request, holder, values["meldingen"], make, DONE[choice])
        return {**page(), "form": None, "failed": failed, "done": done} if failed else None

    schema = _schema(request, choice, reports, replies)
    schema.children.insert(0, chosen_field(request, reports))
    given = {"meldingen": [choice_of(report) for report in reports], "terugkoppeling": "gegeven"}
    button = Button("vastleggen", "Vastleggen")
    return ask_values(request, schema, button, act, back, page, given=given)


def _of_boxes(request: Request, holder: str) -> tuple[Sequence[Report], int]:
    reports = reports_named(request.db, holder, asked_references(request))
    return reports, len(reports)


def _of_view(request: Request, holder: str) -> tuple[Sequence[Report], int]:
    """Return the first reports of the view in the address, with how many it has."""
    filters, reader = filters_from(query_pairs(request)), reader_of(request, holder)
    total = request.db.scalar(select(number_of_reports(holder, filters, reader, COUNTED))) or 0
    order = order_of(request)
    rows = list_reports(request.db, holder, filters, reader, 0, TOGETHER, order_name=order)
    return [row.report for row in rows], total


def _schema(
    request: Request, choice: str, reports: Sequence[Report], replies: Sequence[Reply]
) -> Any:
    """Make what is asked of one report, but for the text: each reporter gets it filled in."""
    if choice == choices.REJECT:
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
    step = REPORT_WORKFLOW.transition(choices.CHOICES[choices.FINISH].step)
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


def choice_of(report: Report) -> str:
    """Return the value of the checkbox of a report: its reference and version."""
    return f"{report.reference}.{report.version}"


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
    closed = choice == choices.REJECT
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


def decide(
    request: Request, holder: str, chosen: Sequence[str], make: Make, outcome: str
) -> tuple[list[tuple[str, str]], str]:
    """Decide on each chosen report, a few in each transaction.

    Returns those that it couldn't be done with, each with the reason, and in words how many were
    done; where all were, the next page says that.

    Raises:
        FormError: None was chosen.
    """
    pairs = read_choices(chosen)
    if not pairs:
        raise FormError("Kies ten minste één melding.", "meldingen")
    failed: list[tuple[str, str]] = []
    engine, end = request.registry.engine, monotonic() + LONGEST
    with between_transactions(request):
        for session, portion in in_portions(engine, holder, pairs, PORTION):
            references = [reference for reference, _ in portion]
            reports = {row.reference: row for row in reports_named(session, holder, references)}
            for reference, version in portion:
                if monotonic() > end:
                    failed.append(
                        (reference, "Hier was nu geen tijd meer voor. Kies haar opnieuw.")
                    )
                elif why := _refusal(session, reports.get(reference), version, make):
                    failed.append((reference, why))
    done = f"{plural(len(pairs) - len(failed), 'melding', 'meldingen')} {outcome}."
    if not failed:
        request.flash(done)
    return failed, done


def _refusal(session: Session, report: Report | None, version: int, make: Make) -> str:
    """Decide on a report; return the reason that it can't be, which comes before any change."""
    if report is None:
        return "Deze melding is hier niet."
    try:
        lock_report(session, report, version)
        make(session, report)
    except StaleReportError:
        label = state_label(report).lower()
        return f"Intussen door iemand anders gewijzigd; de toestand is nu ‘{label}’."
    except WorkflowError as problem:
        return str(problem)
    return ""
