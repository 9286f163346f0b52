"""Whether somebody has looked at a report. The log knows: each look is written there."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.audit.models import AuditEvent, AuditSubject
from stopintimidatie.reports.models import Report

# Reads of one report that somebody chose; a list that it stands on is no look at it.
OPENED_BY: Final = "melding openen"
TASKS: Final = ("melding bekijken", OPENED_BY)


def is_opened(session: Session, report: Report) -> bool:
    """Whether somebody opened it, or already does something with it."""
    if report.state != "nieuw" or report.triaged_at is not None:
        return True
    found = session.scalar(
        select(AuditEvent.id)
        .join(AuditSubject, AuditSubject.event_id == AuditEvent.id)
        .where(
            AuditSubject.subject_id == report.id,
            AuditEvent.action == "gelezen",
            AuditEvent.task.in_(TASKS),
        )
        .limit(1)
    )
    return found is not None
