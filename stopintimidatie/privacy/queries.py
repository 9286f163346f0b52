"""Reading the log: of a holder, or of one document; newest first, in pages."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from stopintimidatie.audit import AuditEvent, AuditSubject
from stopintimidatie.storage.counting import count_at_most
from stopintimidatie.storage.tenancy import current_holder


def _events(action: str | None, document: UUID | None) -> Select[AuditEvent]:
    statement = select(AuditEvent)
    if document is not None:
        subject = select(AuditSubject.event_id).where(AuditSubject.subject_id == document)
        statement = statement.where(AuditEvent.id.in_(subject))
    if action is not None:
        statement = statement.where(AuditEvent.action == action)
    return statement


def count_events(session: Session, action: str | None, document: UUID | None, most: int) -> int:
    """How many events there are; one more than `most` when there are more."""
    # In the order of an index: else PostgreSQL may look through all holders for the first few.
    newest = _events(action, document).with_only_columns(AuditEvent.id)
    return count_at_most(session, newest.order_by(AuditEvent.at.desc()), most)


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
    """The actions that occur in the log of this holder: one look at an index for each of them."""
    holder = current_holder(session)
    first = select(func.min(AuditEvent.action).label("action")).where(AuditEvent.holder == holder)
    found = first.cte("found", recursive=True)
    following = select(func.min(AuditEvent.action)).where(
        AuditEvent.holder == holder, AuditEvent.action > found.c.action
    )
    more = select(following.scalar_subquery()).where(found.c.action.is_not(None))
    found = found.union_all(more)
    return session.scalars(select(found.c.action).where(found.c.action.is_not(None))).all()
