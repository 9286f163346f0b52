"""What an officer does in the conversation with a reporter; and the term of a question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.audit import SYSTEM, Actor, record
from stopintimidatie.clock import utc_now
from stopintimidatie.jobs import Job, JobContext, enqueue
from stopintimidatie.reports.models import Report, ReporterMessage
from stopintimidatie.reports.reporter_mail import tell_by_mail
from stopintimidatie.reports.services import KIND, append_move, changed, move
from stopintimidatie.web.filters import AMSTERDAM, local
from stopintimidatie.workflow.registry import WORKFLOW_EFFECTS

EXPIRY_JOB: Final = Job("melding.vraag_verlopen")
# In these states nobody reads along any more.
CLOSED: Final = frozenset({"overgedragen", "ingetrokken", "vernietigd"})


def tell(session: Session, report: Report, kind: str, text: str, actor: Actor) -> None:
    """A message that the reporter reads with the follow code; never who wrote it."""
    session.add(
        ReporterMessage(
            holder=report.holder,
            report_id=report.id,
            kind=kind,
            text=text,
            at=utc_now(),
            actor_name=actor.name,
        )
    )
    tell_by_mail(session, report)


def tell_once(session: Session, report: Report, kind: str, text: str, actor: Actor) -> None:
    """The same, unless the reporter was told these very words already."""
    said = select(ReporterMessage.id).where(
        ReporterMessage.report_id == report.id,
        ReporterMessage.kind == kind,
        ReporterMessage.text == text,
    )
    if session.scalar(said.limit(1)) is None:
        tell(session, report, kind, text, actor)


def write_to_reporter(session: Session, report: Report, text: str, actor: Actor) -> None:
    """A message that asks nothing; what the reporter wrote before was read."""
    tell(session, report, "bericht", text, actor)
    report.reporter_spoke_at = None
    append_move(session, report, actor, "bericht", report.state, {})
    changed(session, report)
    record(session, actor, "melding.bericht", report.holder, KIND, [report.id])


def mark_read(session: Session, report: Report, actor: Actor) -> None:
    """What the reporter wrote was seen; others needn't look for it any more."""
    if report.reporter_spoke_at is None:
        return
    report.reporter_spoke_at = None
    changed(session, report)
    record(session, actor, "melding.bericht_gezien", report.holder, KIND, [report.id])


def expect_answer(session: Session, report: Report, until: date) -> None:
    """Have the report go on by itself when this day has passed without an answer."""
    report.waiting_until = until
    passed = datetime.combine(until + timedelta(days=1), time(0, 1), AMSTERDAM)
    payload = {"report": str(report.id), "until": until.isoformat()}
    delay = max(passed - utc_now(), timedelta(0))
    enqueue(session, EXPIRY_JOB, report.holder, payload, delay=delay)


def stop_waiting(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Job: the term of a question is over. Harmless when there was an answer, or a later term."""
    effects = WORKFLOW_EFFECTS.of(context.registry)
    for payload in payloads:
        with context.transaction() as session:
            wanted = select(Report).where(Report.id == UUID(payload["report"]))
            report = session.scalars(wanted.with_for_update()).one_or_none()
            if report is not None and _is_over(report, date.fromisoformat(payload["until"])):
                move(session, effects, report, "antwoord_bleef_uit", {}, SYSTEM)


def _is_over(report: Report, until: date) -> bool:
    waits = report.state == "wacht_op_melder" and report.waiting_until == until
    return waits and until < local(utc_now()).date()
