"""Many reports decided on at once: those in quarantine, and those chosen in the inbox."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import monotonic
from typing import Any, Final
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Button, Form, FormError, Opened, Schema, field, handle_form
from stopintimidatie.core.forms.transitions import transition_schema
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage.session import between_transactions, in_portions
from stopintimidatie.core.text import datetime_short, plural
from stopintimidatie.core.web.register import COUNTED
from stopintimidatie.core.web.request import Request, form_view, query_pairs
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS, WorkflowError, options_of
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.municipalities.settings.standard import FEEDBACK, Reply
from stopintimidatie.reports.handling.services import assign, share_out
from stopintimidatie.reports.handling.views import REASON, people_to_choose
from stopintimidatie.reports.inbox.queries import list_reports, number_of_reports
from stopintimidatie.reports.inbox.rules import AT_ONCE, Filters, filters_from
from stopintimidatie.reports.inbox.saved_views import order_of
from stopintimidatie.reports.inbox.views import reader_of
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page import decisions
from stopintimidatie.reports.page.proposals import IN_DANGER
from stopintimidatie.reports.page.replies import fill
from stopintimidatie.reports.page.steps import (
    Choices,
    contact_fields,
    must_ask_danger,
    state_label,
)
from stopintimidatie.reports.page.views import came_from
from stopintimidatie.reports.rules import needs_second_look, normalise_reference
from stopintimidatie.reports.services import StaleReportError, lock_report
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

GIVE, LET_GO = "geven", "loslaten"
# Reports in one transaction: a decision writes thirty rows, and others write between two portions.
PORTION: Final = 3
# Seconds after which the others wait for a next time; a proxy gives up after sixty.
LONGEST: Final = 25
NO_TIME: Final = "Hier was nu geen tijd meer voor. Kies haar opnieuw."
# Does something with a report that is locked; raises `WorkflowError` where that can't be.
Make = Callable[[Session, Report], None]
# The value of a checkbox: the reference and the version that this person saw.
_CHOICE: Final = re.compile(r"(M-[0-9A-Z]{4}-[0-9A-Z]{4})\.([0-9]{1,9})", re.ASCII)
PAGE: Final = 100
# A double isn't closed in bulk: the other report is asked for each.
REASONS: Final = tuple(reason for reason in NOT_HANDLED_REASONS if reason[0] != "dubbel")
TEMPLATE: Final = "stopintimidatie.reports.inbox:templates/quarantine.jinja2"
# Characters of the description in a line.
SNIPPET: Final = 160
RELEASE: Final = "vrijgeven"
WAITS_FOR_CONTACT: Final = (
    "De melder wacht nog op contact. Open de melding en leg eerst vast hoe dat ging."
)
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
    back: str = "",
    **shown: Any,
) -> Any:
    """Show the form that decides on these reports, and do it; then name those that stayed.

    Args:
        context: The municipality, or the desk.
        request: The request.
        reports: The reports to choose from; ticked, where somebody chose them in a list.
        schema: What is asked besides which of them.
        choice_made: Returns what to do with each, and in a participle what it is afterwards.
        back: Address of the page to go to after it; empty for the list that led here.
        shown: Values of the template.
    """
    ticked = [] if back else [choice_of(report) for report in reports]
    back = back or came_from(request, request.resource_path(context, "postvak"))

    def page() -> dict[str, Any]:
        ids = [report.id for report in reports]
        note_read(request, context.holder, KIND, ids, task=shown["title"].lower())
        known = {"shown": len(ids), "total": len(ids), "counted": COUNTED, "texts": []}
        return {**known, "failed": [], "back": back, **shown}

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

    schema["meldingen"] = _boxes(request, reports)
    schema.children.insert(0, schema.children.pop())
    buttons, given = [Button("vastleggen", "Vastleggen")], {"meldingen": ticked}
    form = Form(schema, request, buttons=buttons, appstruct={"terugkoppeling": "gegeven", **given})
    return handle_form(request, form, act, page)


def _boxes(request: Request, reports: Sequence[Report]) -> Any:
    """Make the boxes of reports, and of what was ticked and is no longer among them."""
    boxes = {choice_of(report): _label(report) for report in reports}
    gone = sorted({*_posted(request)} - boxes.keys())
    ticks = forms.ManyOf([*boxes.items(), *((text, text.partition(".")[0]) for text in gone)])
    about = "Vink aan waarover u beslist."
    needed: dict[str, Any] = {"missing": (), "needed_sometimes": True}
    return field(ticks, "Meldingen", description=about, **needed)


def _posted(request: Request) -> list[str]:
    """Return the values of the boxes that were sent."""
    sent = request.POST.getall("meldingen")[:1000] if request.POST else []
    return [text for text in sent if read_choices([text])]


@form_view(MunicipalityResource, "uitdelen", Permission.TRIAGE, "templates/together.jinja2")
def hand_out_view(context: MunicipalityResource, request: Request) -> Any:
    """Show the reports of the address with the form that hands them out, and do it."""
    reports = _of_boxes(request, context.holder)

    def choice_made(values: dict[str, Any]) -> tuple[Make, str]:
        chosen = dict(read_choices(values["meldingen"]))
        turns = _turns([report for report in reports if report.reference in chosen], values)

        def make(session: Session, report: Report) -> None:
            assign(session, report, turns[report.id], values["reden"], request.actor)

        return make, "uitgedeeld" if values["besluit"] == GIVE else "losgelaten"

    people = people_to_choose(request, context.holder)
    schema = _hand_out_schema(people, gives=request.POST.get("besluit") == GIVE)
    return _decide_together(context, request, reports, schema, choice_made, title="Uitdelen")


@form_view(MunicipalityResource, "quarantaine", Permission.RELEASE, TEMPLATE)
def quarantine_view(context: Any, request: Request) -> Any:
    """Show the form that decides about reports in quarantine, and decide; the desk uses it too."""
    actor, quarantine = request.actor, {"toestand": ReportState.QUARANTINE.value}
    # The oldest first: those came before the flood.
    reports, total = _of_view(request, context.holder, quarantine, PAGE, "oudste")
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

    page: dict[str, Any] = {"title": "Quarantaine", "total": total}
    return _decide_together(context, request, reports, schema, choice_made, request.path, **page)


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
    reports = _of_boxes(request, holder)
    total = len(reports)
    if "alles" in asked:
        filters, order = filters_from(query_pairs(request)), order_of(request)
        reports, total = _of_view(request, holder, filters, AT_ONCE, order)
    published = published_for(session, holder)
    replies = published.replies(FEEDBACK) if choice == FINISH else ()

    def choice_made(values: dict[str, Any]) -> tuple[Make, str]:
        effects, actor = WORKFLOW_EFFECTS.of(request.registry), request.actor
        reply = next((reply for reply in replies if reply.id == values.get("bericht")), None)

        def make(session: Session, report: Report) -> None:
            check_together(report, choice)
            if report.contact_due:
                # The answer about one reporter doesn't hold for the others.
                raise WorkflowError(WAITS_FOR_CONTACT)
            text = reply and fill(area_names(session, report), reply, report, published)
            steps = steps_for(choice, session, report, {**values, "bericht": text})
            make_choice(session, effects, report, choice, steps, actor)

        return make, DONE[choice]

    # As the reporter of the first one would read them.
    texts = [
        (reply.title, fill(names, reply, report, published))
        for report in reports[:1]
        for names in (area_names(session, report),)
        for reply in replies
    ]
    schema = _schema(request, choice, replies)
    page: dict[str, Any] = {"title": CHOICES[choice].title, "total": total, "texts": texts}
    return _decide_together(context, request, reports, schema, choice_made, **page)


def _of_boxes(request: Request, holder: str) -> Sequence[Report]:
    """Return the reports that the address or the form names."""
    named = [value for name, value in query_pairs(request) if name == "melding"][:PAGE]
    named += [text.partition(".")[0] for text in _posted(request)]
    return reports_named(request.db, holder, filter(None, map(normalise_reference, named)))


def _of_view(
    request: Request, holder: str, filters: Filters, most: int, order: str
) -> tuple[Sequence[Report], int]:
    """Return the first reports that these filters leave, with how many there are."""
    reader = reader_of(request, holder)
    total = request.db.scalar(select(number_of_reports(holder, filters, reader, COUNTED))) or 0
    rows = list_reports(request.db, holder, filters, reader, 0, most, order_name=order)
    return [row.report for row in rows], total


def _schema(request: Request, choice: str, replies: Sequence[Reply]) -> Any:
    """Make what is asked of one report, but for the text: each reporter gets it filled in."""
    if choice == REJECT:
        reason = forms.OneOf(REASONS, radio=True)
        return Schema(field(reason, "Reden", name="reden_code"))
    schema = finish_schema(request, ())
    schema["bericht"] = field(
        forms.OneOf([(reply.id, reply.title) for reply in replies]),
        "Standaardtekst voor de melder",
        name="bericht",
        missing=None,
        needed_sometimes=True,
        description="Elke melder leest die tekst over de eigen melding, in de eigen taal.",
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
    if report.reporter_spoke_at:
        raise WorkflowError("Er is een bericht van de melder. Open de melding en lees dat eerst.")
    if closed and needs_second_look(report.all_forms, report.reporter_age_group):
        raise WorkflowError("Een collega moet meekijken. Open de melding en besluit daar.")


def _hand_out_schema(people: Choices, *, gives: bool) -> Any:
    """Make what is asked to hand out many reports; `gives`: somebody must be ticked."""
    needed: dict[str, Any] = {} if gives else {"missing": ()}
    ways = [
        (GIVE, "geven aan wie u aanvinkt; bij meer collega’s gelijk verdeeld"),
        (LET_GO, "loslaten: zij wachten weer op een collega"),
    ]
    return Schema(
        field(forms.OneOf(ways, radio=True), "Wat wilt u doen?", name="besluit"),
        field(
            forms.ManyOf(people),
            "Aan wie?",
            name="aan",
            **needed,
            drawn=Opened("De collega’s", (GIVE,)),
        ),
        field(forms.Text(1000, lines=True), "Reden", name="reden", description=REASON),
    )


def _turns(reports: Sequence[Report], values: Mapping[str, Any]) -> Mapping[UUID, UUID | None]:
    """Return who gets each report; nobody when they are let go.

    Raises:
        FormError: Somebody was ticked where nobody gets them.
    """
    people = [UUID(person) for person in values["aan"]]
    if values["besluit"] == GIVE:
        return share_out(reports, people)
    if people:
        raise FormError(
            "U koos loslaten. Haal de vinkjes bij de collega’s weg, of kies ‘geven’.", "aan"
        )
    return dict.fromkeys((report.id for report in reports), None)


def choice_of(report: Report) -> str:
    """Return the value of the checkbox of a report: its reference and version."""
    return f"{report.reference}.{report.version}"


def decide(
    request: Request, holder: str, chosen: Sequence[str], make: Make
) -> list[tuple[str, str]]:
    """Do something with each chosen report, a few in each transaction.

    Returns the references of those that it couldn't be done with, each with the reason.
    """
    failed: list[tuple[str, str]] = []
    engine, pairs, end = request.registry.engine, read_choices(chosen), monotonic() + LONGEST
    with between_transactions(request):
        for session, portion in in_portions(engine, holder, pairs, PORTION):
            rows = reports_named(session, holder, [reference for reference, _ in portion])
            reports = {report.reference: report for report in rows}
            for reference, version in portion:
                why = NO_TIME
                if monotonic() < end:
                    why = _refusal(session, reports.get(reference), version, make)
                failed += [(reference, why)] if why else []
    return failed


def _refusal(session: Session, report: Report | None, version: int, make: Make) -> str:
    """Do it with a report; return the reason that it can't be done, empty when it was."""
    if report is None:
        return "Deze melding is hier niet."
    try:
        lock_report(session, report, version)
        with session.begin_nested():
            make(session, report)
    except StaleReportError:
        label = state_label(report).lower()
        return f"Intussen door iemand anders gewijzigd; de toestand is nu ‘{label}’."
    except WorkflowError as problem:
        return str(problem)
    return ""


def read_choices(posted: Iterable[str]) -> list[tuple[str, int]]:
    """Return the references of values of checkboxes, each with the version that was seen."""
    pairs = [match.groups() for match in map(_CHOICE.fullmatch, posted) if match]
    return [(reference, int(version)) for reference, version in pairs]


def reports_named(session: Session, holder: str, references: Iterable[str]) -> Sequence[Report]:
    """Return the reports of a holder with these references: spoed first, then the oldest."""
    return session.scalars(
        select(Report)
        .where(Report.holder == holder, Report.reference.in_(list(references)))
        .order_by(Report.urgent.desc(), Report.received_at, Report.id)
    ).all()
