"""Reading the log: of a holder, or of one document; newest first, in pages."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from stopintimidatie.audit import AuditEvent, AuditSubject


def _events(action: str | None, document: UUID | None) -> Select[AuditEvent]:
    statement = select(AuditEvent)
    if document is not None:
        subject = select(AuditSubject.event_id).where(AuditSubject.subject_id == document)
        statement = statement.where(AuditEvent.id.in_(subject))
    if action is not None:
        statement = statement.where(AuditEvent.action == action)
    return statement


def count_events(session: Session, action: str | None, document: UUID | None) -> int:
    counted = select(func.count()).select_from(_events(action, document).subquery())
    return session.scalar(counted) or 0


def page_of_events(
    session: Session, action: str | None, document: UUID | None, offset: int, limit: int
) -> Sequence[tuple[AuditEvent, int]]:
    """Events with the number of documents each was about."""
    page = _events(action, document).order_by(AuditEvent.at.desc(), AuditEvent.id)
    events = session.scalars(page.offset(offset).limit(limit)).all()
    about = session.execute(
        select(AuditSubject.event_id, func.count())
        .where(AuditSubject.event_id.in_([event.id for event in events]))
        .group_by(AuditSubject.event_id)
    )
    counts = {row[0]: row[1] for row in about}
    return [(event, counts.get(event.id, 0)) for event in events]


def known_actions(session: Session) -> Sequence[str]:
    """The actions that occur in the log of this holder."""
    return session.scalars(select(AuditEvent.action).distinct().order_by(AuditEvent.action)).all()
