"""Reading the log: events in pages, the actions that occur, and who read a document."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import Select, func, select, union_all
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import RoleAssignment, RoleOffer
from stopintimidatie.core.audit import AuditEvent, AuditSubject
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.session import count_at_most
from stopintimidatie.core.storage.tenancy import current_holder
from stopintimidatie.core.text import day_of, uuid_of
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.exports.models import Export
from stopintimidatie.reports.models import Report

# The number of documents of one event that are named; the others are counted.
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
    """Count events; one more than `most` when there are more."""
    # Ordered as an index is: else PostgreSQL may look through all holders for the first few.
    newest = _events(action, document).with_only_columns(AuditEvent.id)
    return count_at_most(session, newest.order_by(AuditEvent.at.desc()), most)


@dataclass(frozen=True)
class LogLine:
    """An event, with the number of its documents and the names of the first few."""

    event: AuditEvent
    number: int
    names: Sequence[str]


def page_of_events(
    session: Session, action: str | None, document: UUID | None, offset: int, limit: int
) -> Sequence[LogLine]:
    """Return a page of events as lines, the newest first."""
    page = _events(action, document).order_by(AuditEvent.at.desc(), AuditEvent.id)
    events = session.scalars(page.offset(offset).limit(limit)).all()
    by_event = AuditSubject.event_id
    rank = func.row_number().over(partition_by=by_event, order_by=AuditSubject.subject_id)
    number = func.count().over(partition_by=by_event)
    about = (
        select(by_event, AuditSubject.subject_id, number.label("number"), rank.label("rank"))
        .where(by_event.in_([event.id for event in events]))
        .subquery()
    )
    rows = session.execute(select(about).where(about.c.rank <= NAMED)).all()
    names = _names(session, {row.subject_id for row in rows})
    lines = []
    for event in events:
        subjects = [row for row in rows if row.event_id == event.id]
        number_of = subjects[0].number if subjects else 0
        known = (names[row.subject_id] for row in subjects if row.subject_id in names)
        lines.append(LogLine(event, number_of, sorted(known)))
    return lines


def _names(session: Session, ids: Collection[UUID]) -> Mapping[UUID, str]:
    """Return the references of documents by id; of an offered role, the address it went to."""
    known = union_all(
        select(Report.id, Report.reference.label("name")).where(Report.id.in_(ids)),
        select(Dossier.id, Dossier.number).where(Dossier.id.in_(ids)),
        select(Export.id, Export.reference).where(Export.id.in_(ids)),
        # As the inviting person typed it; there is no offer once the role is taken or withdrawn.
        select(RoleOffer.id, RoleOffer.username).where(RoleOffer.id.in_(ids)),
    )
    return {row[0]: row[1] for row in session.execute(known)}


def known_actions(session: Session) -> Sequence[str]:
    """Return the actions that occur in this holder's log; each takes one look at an index."""
    holder = current_holder(session)
    first = select(func.min(AuditEvent.action).label("action")).where(AuditEvent.holder == holder)
    actions = first.cte("found", recursive=True)
    following = select(func.min(AuditEvent.action)).where(
        AuditEvent.holder == holder, AuditEvent.action > actions.c.action
    )
    more = select(following.scalar_subquery()).where(actions.c.action.is_not(None))
    actions = actions.union_all(more)
    known = select(actions.c.action).where(actions.c.action.is_not(None)).order_by(actions.c.action)
    return session.scalars(known).all()


# For a copy that a person asked for: that somebody read, never the name of who did.

READ: Final = "gelezen"
EMPLOYEE: Final = "medewerker"
PEOPLE: Final = ("gebruiker", "beheerder")


@dataclass(frozen=True, order=True)
class ReadForCopy:
    """A read of a document as the person may know it: the day, the task, the reader's role."""

    day: date
    task: str
    role: str


def reads_of(session: Session, documents: Collection[UUID]) -> dict[UUID, list[ReadForCopy]]:
    """Return who read these documents, by role, for the copy of a person; the oldest first.

    A role is the one that the reader has here now, for the log keeps none; of who left it is
    *medewerker*. Reads of a day with the same task and role are one; no name and no hour comes out.
    A document that nobody read is left out.
    """
    rows = session.execute(
        select(AuditSubject.subject_id, AuditEvent.at, AuditEvent.task, AuditEvent.actor_id)
        .join(AuditEvent, AuditEvent.id == AuditSubject.event_id)
        .where(
            AuditSubject.subject_id.in_(documents),
            AuditEvent.action == READ,
            AuditEvent.actor_kind.in_(PEOPLE),
        )
    ).all()
    roles = _roles(session, {row.actor_id for row in rows})
    reads: dict[UUID, set[ReadForCopy]] = {}
    for row in rows:
        read = ReadForCopy(day_of(row.at), row.task or "", roles.get(row.actor_id, EMPLOYEE))
        reads.setdefault(row.subject_id, set()).add(read)
    return {document: sorted(several) for document, several in reads.items()}


def _roles(session: Session, actors: Collection[str | None]) -> dict[str, str]:
    """Return the role of each actor at this holder; of several the first of the table of roles."""
    ids = {known for actor in actors if (known := uuid_of(actor or "")) is not None}
    rows = session.execute(
        select(RoleAssignment.user_id, RoleAssignment.role).where(
            RoleAssignment.holder == current_holder(session), RoleAssignment.user_id.in_(ids)
        )
    ).all()
    held = {(str(row.user_id), row.role) for row in rows}
    # That police data is there is told to nobody but who may see it.
    order = [role for role in reversed(Role) if role is not Role.POLICE_DATA]
    return {actor: role.label for role in order for actor, code in held if code == role.value}
