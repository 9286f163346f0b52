"""Reading the log: of a holder, or of one document; newest first, in pages."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import Select, func, select, union_all
from sqlalchemy.orm import Session

from stopintimidatie.accounts.models import RoleOffer
from stopintimidatie.audit import AuditEvent, AuditSubject
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.exports.models import Export
from stopintimidatie.reports.models import Report
from stopintimidatie.storage.counting import count_at_most
from stopintimidatie.storage.tenancy import current_holder

# Of how many documents of one event the name is told; the rest is counted.
NAMED: Final = 3


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


@dataclass(frozen=True)
class Logged:
    """An event, of how many documents it was, and what the first few of them are called."""

    event: AuditEvent
    number: int
    names: Sequence[str]


def page_of_events(
    session: Session, action: str | None, document: UUID | None, offset: int, limit: int
) -> Sequence[Logged]:
    """Events, the newest first."""
    page = _events(action, document).order_by(AuditEvent.at.desc(), AuditEvent.id)
    events = session.scalars(page.offset(offset).limit(limit)).all()
    place = func.row_number().over(
        partition_by=AuditSubject.event_id, order_by=AuditSubject.subject_id
    )
    number = func.count().over(partition_by=AuditSubject.event_id)
    about = (
        select(
            AuditSubject.event_id,
            AuditSubject.subject_id,
            number.label("number"),
            place.label("place"),
        )
        .where(AuditSubject.event_id.in_([event.id for event in events]))
        .subquery()
    )
    rows = session.execute(select(about).where(about.c.place <= NAMED)).all()
    names = _names(session, {row.subject_id for row in rows})
    return [
        Logged(
            event,
            next((row.number for row in rows if row.event_id == event.id), 0),
            sorted(
                names[row.subject_id]
                for row in rows
                if row.event_id == event.id and row.subject_id in names
            ),
        )
        for event in events
    ]


def _names(session: Session, ids: Collection[UUID]) -> Mapping[UUID, str]:
    """The references of the documents that people know by one; of an offered role, to whom."""
    known = union_all(
        select(Report.id, Report.reference.label("name")).where(Report.id.in_(ids)),
        select(Dossier.id, Dossier.number).where(Dossier.id.in_(ids)),
        select(Export.id, Export.reference).where(Export.id.in_(ids)),
        # As the inviting person typed it; once the role is taken or withdrawn there is no offer.
        select(RoleOffer.id, RoleOffer.username).where(RoleOffer.id.in_(ids)),
    )
    return {row[0]: row[1] for row in session.execute(known)}


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
    known = select(found.c.action).where(found.c.action.is_not(None)).order_by(found.c.action)
    return session.scalars(known).all()
