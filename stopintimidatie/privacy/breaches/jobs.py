"""Work of breaches in the background: telling reporters, and an entry per municipality.

Each document, and each municipality, goes in a transaction of its own: after a kill the next run
goes on with what is left, and nobody is told twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, JobContext
from stopintimidatie.core.storage import NATIONAL, transaction
from stopintimidatie.municipalities.areas.resources import DESK
from stopintimidatie.privacy.breaches.models import Breach, BreachDocument, BreachNotice
from stopintimidatie.privacy.breaches.services import Entry, enter_breach
from stopintimidatie.privacy.breaches.vocabulary import GONE, Cause
from stopintimidatie.reports.conversation.services import tell
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import append_move
from stopintimidatie.reports.vocabulary import KIND as REPORT
from stopintimidatie.reports.workflow import ReportState

PROGRESS: Final = Job("datalek.voortgang")
# Facts that a municipality gets along with its entry.
_ALONG: Final = (
    *("happened_from", "happened_until", "categories", "groups"),
    *("consequences", "measures"),
)


def tell_reporters(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Write to the reporters of a breach, each on the follow page of the own report (job)."""
    for payload in payloads:
        with context.transaction() as session:
            notice = session.get(BreachNotice, UUID(payload["bericht"]))
            if notice is None:
                continue
            session.expunge(notice)
            waiting = session.scalars(
                select(BreachDocument.id)
                .where(
                    BreachDocument.breach_id == notice.breach_id,
                    BreachDocument.told_at.is_(None),
                )
                .order_by(BreachDocument.reference, BreachDocument.id)
            ).all()
        for number in waiting:
            with context.transaction() as session:
                _tell_one(session, notice, number)


def _tell_one(session: Session, notice: BreachNotice, number: UUID) -> None:
    """Tell the reporter of one document, unless that was done already or can't be done."""
    wanted = select(BreachDocument).where(BreachDocument.id == number).with_for_update()
    row = session.scalars(wanted).one_or_none()
    if row is None or row.told_at is not None:
        return
    own = select(Report).where(Report.id == row.document_id).with_for_update()
    report = session.scalars(own).one_or_none()
    # On the page of a report that was withdrawn or handed over its reporter reads the messages of
    # every copy still.
    row.obstacle = GONE if report is None or report.state == ReportState.DESTROYED else None
    if report is None or row.obstacle is not None:
        return
    english = report.language == "en" and notice.english
    text = notice.english if english else notice.text
    actor = Actor(SYSTEM.kind, None, notice.sent_by)
    tell(session, report, "bericht", text or "", actor)
    append_move(session, report, actor, "bericht", report.state, {})
    record(session, actor, "melding.bericht", report.holder, REPORT, [report.id])
    row.told_at = utc_now()


def enter_shared(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Enter a breach of desk or supplier in the register of this municipality (job).

    The municipality is the controller, and knows it from this moment: its own 72 hours begin.
    """
    for payload in payloads:
        number = UUID(payload["lek"])
        with transaction(context.engine, NATIONAL, write=False) as session:
            shared = session.get(Breach, number)
            if shared is None:
                continue
            session.expunge(shared)
        with context.transaction() as session:
            there = select(Breach.id).where(Breach.shared_id == number)
            if session.scalar(there) is not None:
                continue
            cause = shared.cause or Cause.OTHER.value
            entry = Entry(shared.description, utc_now(), cause)
            actor = Actor(SYSTEM.kind, None, DESK)
            own, _ = enter_breach(session, context.holder, entry, actor, shared_id=number)
            for name in _ALONG:
                setattr(own, name, getattr(shared, name))


def drop_progress(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Do nothing with what 1.0.0 left: the desk no longer keeps how far each municipality is."""
