"""The steps of the desk with a report that waits there: what each does besides, and its choices.

Routing is in `services`: it waits ten minutes, so that it can be undone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, Actor
from stopintimidatie.core.jobs import JobContext
from stopintimidatie.core.mail.message import render
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS, WorkflowError
from stopintimidatie.municipalities.agreements.rules import in_force
from stopintimidatie.municipalities.agreements.services import running_agreement, today
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.levels.services import level_of
from stopintimidatie.municipalities.settings.rules import fallback_of
from stopintimidatie.reports.arrival.services import announce
from stopintimidatie.reports.conversation.services import tell, tell_once
from stopintimidatie.reports.handover.transfer import refusal
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page.decisions import Undo, undo_end, undo_messages
from stopintimidatie.reports.page.steps import ask_reporter, end, reopen, stop_waiting
from stopintimidatie.reports.rules import needs_second_look, normalise_reference
from stopintimidatie.reports.services import move_report
from stopintimidatie.reports.workbench.services import help_for
from stopintimidatie.reports.workflow import DESK_REASONS, DOUBLE, FORWARDED, Delivery, ReportState

Values = Mapping[str, Any]
SAID: Final = "stopintimidatie.desk.queue:templates/said"
JOINED: Final = "De gemeente is intussen aangesloten."
NO_HARASSMENT: Final = "geen_straatintimidatie"
# A double of one of these would be closed beside a report that the desk no longer has.
_LEFT: Final[Mapping[str, str]] = {
    ReportState.HANDED_OVER: "Die melding is al doorgegeven. Geef ook deze door: dan ziet de"
    " gemeente ze naast elkaar.",
    ReportState.WITHDRAWN: "Die melding is ingetrokken. Laat deze open.",
    ReportState.DESTROYED: "Die melding is verwijderd. Laat deze open.",
}


def check_waits_here(report: Report) -> None:
    """Check that the desk may decide about a report.

    Raises:
        WorkflowError: A municipality has it on offer, or picked it up.
    """
    if report.delivery in FORWARDED:
        raise WorkflowError(
            "Deze melding is aangeboden aan een gemeente. Trek eerst het aanbod in, onder"
            " Doorgifte op de pagina van de melding."
            if report.delivery == Delivery.OFFERED
            else "Een gemeente heeft deze melding opgehaald. Zij gaat er nu over."
        )


def ask(session: Session, report: Report, values: Values, actor: Actor) -> None:
    """Ask the reporter; the report leaves the queue until the answer, or until the last day."""
    check_waits_here(report)
    ask_reporter(session, report, values, actor)


def go_on(session: Session, report: Report, values: Values, actor: Actor) -> None:
    """Put a report back in the queue; what could be done with it meanwhile is done at once."""
    stop_waiting(session, report, values, actor)
    announce(session, report)


def close(session: Session, report: Report, values: Values, actor: Actor) -> None:
    """Close a report at the desk; its reporter reads the reason.

    Raises:
        WorkflowError: A municipality has it, or it is no double of a report at the desk.
    """
    check_waits_here(report)
    if values["reden_code"] == DOUBLE:
        _check_double(session, str(values["dubbel_van"]))
    end(session, report, values, actor)
    if values.get("bericht"):
        text = with_help(session, report, str(values["bericht"]))
        tell_once(session, report, "terugkoppeling", text, actor)
    elif values["reden_code"] != DOUBLE and needs_second_look(
        report.all_forms, report.reporter_age_group
    ):
        tell(session, report, "bericht", with_help(session, report, ""), actor)


def with_help(session: Session, report: Report, text: str) -> str:
    """Return words to a reporter, with the help lines below where a second person must look."""
    if not needs_second_look(report.all_forms, report.reporter_age_group):
        return text
    return f"{text}\n\n{help_for(session, report)}".strip()


def said(report: Report, name: str) -> str:
    """Return words of the desk in the language that the reporter reads best.

    `name`: of the text, in `templates/said`.
    """
    language = fallback_of(report.language)
    return render(f"{SAID}/{name}.{language}.txt.jinja2", {}).strip()


def _check_double(session: Session, reference: str) -> None:
    wanted = select(Report.state).where(Report.reference == (normalise_reference(reference) or ""))
    advice = _LEFT.get(session.scalar(wanted) or "")
    if advice:
        raise WorkflowError(advice, "dubbel_van")


def close_as_no_harassment(session: Session, report: Report, values: Values, actor: Actor) -> None:
    """Close a report that two of the desk find no harassment; its reporter reads the reason.

    Raises:
        WorkflowError: There is a municipality to judge that.
    """
    check_waits_here(report)
    check_nobody_receives(session, report)
    end(session, report, {**values, "reden_code": NO_HARASSMENT}, actor)
    text = with_help(session, report, str(values["bericht"]))
    tell_once(session, report, "terugkoppeling", text, actor)


def check_nobody_receives(session: Session, report: Report) -> None:
    """Check that no municipality receives a report: else it judges, and not the desk.

    Raises:
        WorkflowError: There is one.
    """
    code = report.municipality_code
    if code is None:
        return
    connected = level_of(session, code) is ParticipationLevel.PROGRAMME
    if connected or in_force(running_agreement(session, code), today()):
        raise WorkflowError(
            "Deze gemeente ontvangt meldingen: zij beslist of dit straatintimidatie is. Geef de"
            " melding door."
        )


def write(session: Session, report: Report, values: Values, actor: Actor) -> None:
    """Write the reporter a message that asks nothing; the report stays in the queue."""
    tell(session, report, "bericht", str(values["bericht"]), actor)


def reopen_here(session: Session, report: Report, values: Values, actor: Actor) -> None:
    """Put a closed report back in the queue."""
    reopen(session, report, values, actor)
    announce(session, report)


def pass_on(context: JobContext, session: Session, report: Report) -> None:
    """Route a report whose municipality joined while the desk waited for the reporter."""
    if report.holder != NATIONAL or report.state != ReportState.NEW or report.leaves_at is not None:
        return
    code = report.municipality_code
    if code is None or level_of(session, code) is not ParticipationLevel.PROGRAMME:
        return
    if refusal(context.registry, session, report):
        return
    effects = WORKFLOW_EFFECTS.of(context.registry)
    move_report(session, effects, report, "doorgeven", {"gemeente": code, "reden": JOINED}, SYSTEM)


# Undoing a step does this besides, by its effect.
UNDO: Final[Mapping[str, Undo]] = {
    "meldpunt.vraag": undo_messages,
    "meldpunt.bericht": undo_messages,
    "meldpunt.afsluiten": undo_end,
    "meldpunt.geen_straatintimidatie": undo_end,
    # Undoing restores the columns, and nothing else was done.
    "meldpunt.verder": lambda *_: None,
    "meldpunt.heropenen": lambda *_: None,
}
# By the name in the workflow.
EFFECTS: Final[Mapping[str, Callable[[Session, Report, Values, Actor], None]]] = {
    "meldpunt.vraag": ask,
    "meldpunt.verder": go_on,
    "meldpunt.bericht": write,
    "meldpunt.afsluiten": close,
    "meldpunt.geen_straatintimidatie": close_as_no_harassment,
    "meldpunt.heropenen": reopen_here,
}
OPTIONS: Final = {"desk_reasons": lambda session, report: DESK_REASONS}
