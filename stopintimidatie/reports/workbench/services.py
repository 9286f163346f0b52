"""The services of the rail: danger answered, a choice made, a colleague asked to look too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.services import colleagues
from stopintimidatie.core.audit import Actor, AuditEvent, AuditSubject
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.mail.message import render
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.municipalities.settings.rules import fallback_of, help_in_words
from stopintimidatie.reports.conversation.services import tell
from stopintimidatie.reports.handling.services import assign
from stopintimidatie.reports.models import Report, ReportDecision
from stopintimidatie.reports.page.decisions import ASSESS, Began, decide, store
from stopintimidatie.reports.page.steps import decide_or_propose
from stopintimidatie.reports.workbench.vocabulary import DOUBLE, FINISH, REJECT, TAKE
from stopintimidatie.reports.workflow import ReportState

TAKING: Final = "in_behandeling_nemen"
# With somebody in danger a report isn't closed: it is taken in hand instead, out of quarantine.
CLOSING: Final = frozenset({DOUBLE, REJECT, FINISH})
# The reason in the history when a report comes out of quarantine because of it.
IN_DANGER: Final = "Er is iemand in gevaar."
# The reason in the history when somebody presses the key for a colleague's report.
TAKEN_OVER: Final = "Overgenomen in het postvak."

Steps = Sequence[tuple[str, Mapping[str, Any]]]


def make_choice(
    session: Session,
    effects: Mapping[str, Any],
    report: Report,
    choice: str,
    steps: Steps,
    actor: Actor,
    began: Began | None = None,
) -> bool:
    """Make the steps of a choice; return False when a colleague must look first.

    `began`: how the report stood before danger was answered, as of `decide`. The caller has locked
    the report, and asked about danger where that is needed.

    Raises:
        WorkflowError: A step isn't possible now, or an answer is missing; nothing is changed.
    """
    if choice in CLOSING and report.danger_now:
        take = (TAKING, {"behandelaar": actor.id})
        if report.state == ReportState.QUARANTINE:
            released = ("vrijgeven", {"reden": IN_DANGER})
            decide(session, effects, report, [released, take], actor, began=began)
        elif report.state == ReportState.NEW:
            decide(session, effects, report, [take], actor, began=began)
        else:
            store(session, report, actor, [ASSESS], began or Began(report))
        return True
    if choice == TAKE and report.state != ReportState.NEW:
        assign(session, report, UUID(str(actor.id)), TAKEN_OVER, actor)
        return True
    if choice == TAKE:
        steps = [(TAKING, {"behandelaar": actor.id})]
    if choice in {REJECT, DOUBLE}:
        return decide_or_propose(session, effects, report, *steps[0], actor, began=began)
    decide(session, effects, report, steps, actor, began=began)
    return True


def say_where_help_is(
    session: Session, report: Report, decision: ReportDecision, actor: Actor
) -> None:
    """Tell the reporter of a report that isn't handled where help is to be had; undone with it."""
    tell(session, report, "bericht", help_for(session, report), actor)
    session.flush()
    # Undoing the decision takes the message back by this.
    decision.version = report.version


def help_for(session: Session, report: Report) -> str:
    """Tell a reporter where help is to be had: the help lines, as the holder publishes them."""
    desk = report.holder == NATIONAL
    published = published_for(session, None if desk else report.holder)
    language = published.language(report.language)
    lines = help_in_words(published.help_for(language, report.reporter_age_group, report.forms))
    values = {"desk": desk, "language": fallback_of(report.language), "lines": lines}
    return render("stopintimidatie.reports.workbench:templates/help.txt.jinja2", values).strip()


# The reads of a report that somebody chose to open; seeing it in a list is none.
OPENED_BY: Final = "melding openen"
TASKS: Final = ("melding bekijken", OPENED_BY)


def openings(*columns: Any) -> Select[Any]:
    """Select columns of the log's lines about opening a report, with the subjects of each."""
    return (
        select(*columns)
        .join(AuditSubject, AuditSubject.event_id == AuditEvent.id)
        .where(AuditEvent.action == "gelezen", AuditEvent.task.in_(TASKS))
    )


# Time after opening a report in which a person counts as looking at it.
LOOKS_FOR: Final = timedelta(minutes=5)


def others_looking(session: Session, report: Report, actor_id: str) -> list[str]:
    """Return the names of the others who opened the report in the last five minutes."""
    looks = openings(AuditEvent.actor_id, AuditEvent.actor_name).where(
        AuditSubject.holder == report.holder,
        AuditSubject.subject_id == report.id,
        AuditEvent.at > utc_now() - LOOKS_FOR,
        AuditEvent.actor_id != actor_id,
    )
    rows = session.execute(looks.distinct()).all()
    if not rows:
        return []
    # Supervisors read too, and nobody is told of that.
    working = {str(user.id) for user in colleagues(session, report.holder, Permission.TRIAGE)}
    return sorted({name for person, name in rows if person in working})
