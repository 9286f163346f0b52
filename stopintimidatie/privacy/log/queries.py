"""Reading the log: events in pages, the actions and people that occur, reads of a document.

The words for actions stand in `actions.json`; a code without words is shown as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from random import Random
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, true, union_all
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import READ, AuditEvent, AuditSubject
from stopintimidatie.core.storage.tenancy import current_holder
from stopintimidatie.core.text import day_of
from stopintimidatie.core.web.register import count_at_most

# The number of documents of one event that are named; the others are counted.
NAMED: Final = 3
# Stands for who has no account: the system, a reporter, somebody with a code.
NOBODY: Final = "zonder-account"
ACTIONS: Final[dict[str, str]] = json.loads(
    (files(__package__) / "actions.json").read_text("utf-8")
)


def label_of(action: str) -> str:
    """Return an action in words, such as *Aangemeld*."""
    return ACTIONS.get(action, action)


def group_of(action: str) -> str:
    """Return the group that an action belongs to: its first word, such as *dossier*."""
    return action.partition(".")[0]


@dataclass(frozen=True)
class Filters:
    """Choice of lines of the log; each part that is given narrows it.

    Args:
        actor: id of who did it, or `NOBODY`.
        document: id of the document that it was about.
        actions: codes of what was done.
        since: from this moment on.
        before: until this moment.
    """

    actor: str | None = None
    document: UUID | None = None
    actions: Sequence[str] | None = None
    since: datetime | None = None
    before: datetime | None = None


def _wanted(session: Session, filters: Filters) -> list[ColumnElement[bool]]:
    """Return the conditions of the filters, but for those of the document and the actions."""
    # The holder is said: else PostgreSQL may look through all holders for the first few.
    wanted = [AuditEvent.holder == current_holder(session)]
    if filters.actor is not None:
        actor = None if filters.actor == NOBODY else filters.actor
        wanted.append(AuditEvent.actor_id == actor)
    if filters.since is not None:
        wanted.append(AuditEvent.at >= filters.since)
    if filters.before is not None:
        wanted.append(AuditEvent.at < filters.before)
    return wanted


def _about(session: Session, document: UUID) -> Sequence[ColumnElement[bool]]:
    """Return the two conditions of events about a document: with a row for it, or of a list.

    The first is one look at an index; for the second all reads of the holder are looked through,
    the newest first (docs/dev/adr/0031).
    """
    mine = select(AuditSubject.event_id).where(AuditSubject.subject_id == document)
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    place = func.pg_catalog.position if on_postgresql else func.instr
    # Ids are random: half of one and half of the next are never a third.
    listed = and_(AuditEvent.action == READ, place(AuditEvent.listed, document.bytes) > 0)
    return AuditEvent.id.in_(mine), listed


def _newest(session: Session, filters: Filters, most: int, *more: ColumnElement[bool]) -> Any:
    """Select id and moment of the newest events, at most so many."""
    events = select(AuditEvent.id, AuditEvent.at).where(*_wanted(session, filters), *more)
    order = AuditEvent.at.desc(), AuditEvent.id.desc()
    actions, document = filters.actions, filters.document
    if document is None and actions is not None and len(actions) > 1 and not filters.actor:
        ways = [AuditEvent.action == action for action in actions]
    else:
        ways = [true()] if document is None else [*_about(session, document)]
        if actions is not None:
            events = events.where(AuditEvent.action.in_(actions))
    # The newest of each way stand side by side in an index; together all would be sorted.
    parts = [events.where(way).order_by(*order).limit(most) for way in ways]
    if len(parts) == 1:
        return parts[0]
    both = union_all(*(select(part.subquery()) for part in parts)).subquery()
    rows = select(both.c.id, both.c.at)
    return rows.order_by(both.c.at.desc(), both.c.id.desc()).limit(most)


def draw_events(
    session: Session, filters: Filters, seed: str, number: int
) -> tuple[Sequence[LogLine], int]:
    """Return lines drawn at random from those of the filters, and how many those are.

    The same seed draws the same lines, for as long as the filters choose the same.
    """
    wanted = _wanted(session, filters)
    if filters.document is not None:
        wanted.append(or_(*_about(session, filters.document)))
    if filters.actions is not None:
        wanted.append(AuditEvent.action.in_(filters.actions))
    place = func.row_number().over(order_by=(AuditEvent.at, AuditEvent.id)).label("place")
    rows = select(AuditEvent.id, AuditEvent.at, place).where(*wanted).subquery()
    total = session.scalar(select(func.count()).select_from(rows)) or 0
    places = Random(seed).sample(range(1, total + 1), min(number, total))  # noqa: S311 - no secret
    return _lines(session, select(rows.c.id, rows.c.at).where(rows.c.place.in_(places)), 0), total


def count_events(session: Session, filters: Filters, most: int) -> int:
    """Count events; one more than `most` when there are more."""
    return count_at_most(session, _newest(session, filters, most + 1), most)


@dataclass(frozen=True)
class LogLine:
    """An event, with the number of its documents and the ids of the first few."""

    event: AuditEvent
    number: int
    first: Sequence[UUID]


def page_of_events(
    session: Session, filters: Filters, offset: int, limit: int
) -> Sequence[LogLine]:
    """Return a page of events as lines, the newest first."""
    return _lines(session, _newest(session, filters, offset + limit), offset)


def events_after(
    session: Session, filters: Filters, last: AuditEvent | None, limit: int
) -> Sequence[LogLine]:
    """Return the lines that follow this one, the newest first; None: those at the top."""
    more = []
    if last is not None:
        same = and_(AuditEvent.at == last.at, AuditEvent.id < last.id)
        # Said apart as well: an index leads to a moment, and not to one of two conditions.
        more = [AuditEvent.at <= last.at, or_(AuditEvent.at < last.at, same)]
    return _lines(session, _newest(session, filters, limit, *more), 0)


def _lines(session: Session, newest: Any, offset: int) -> Sequence[LogLine]:
    """Return these events as lines, but for the first so many."""
    rows = newest.subquery()
    page = select(rows.c.id).order_by(rows.c.at.desc(), rows.c.id.desc()).offset(offset)
    ids = session.scalars(page).all()
    events = session.scalars(
        select(AuditEvent)
        .where(AuditEvent.id.in_(ids))
        .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
    )
    return with_subjects(session, events.all())


def with_subjects(session: Session, events: Sequence[AuditEvent]) -> Sequence[LogLine]:
    """Return these events as lines, in the same order."""
    by_event = AuditSubject.event_id
    rank = func.row_number().over(partition_by=by_event, order_by=AuditSubject.subject_id)
    number = func.count().over(partition_by=by_event)
    about = (
        select(by_event, AuditSubject.subject_id, number.label("number"), rank.label("rank"))
        .where(by_event.in_([event.id for event in events if not event.listed]))
        .subquery()
    )
    named = select(about).where(about.c.rank <= NAMED).order_by(about.c.rank)
    subjects: dict[UUID, list[Any]] = {}
    for row in session.execute(named):
        subjects.setdefault(row.event_id, []).append(row)
    lines = []
    for event in events:
        rows = subjects.get(event.id, [])
        total = rows[0].number if rows else len(event.listed)
        first = [row.subject_id for row in rows] or event.listed[:NAMED]
        lines.append(LogLine(event, total, first))
    return lines


def subjects_of(session: Session, event: AuditEvent, offset: int, limit: int) -> Sequence[UUID]:
    """Return a page of the ids of the documents that an event was about."""
    if event.listed:
        return event.listed[offset : offset + limit]
    subjects = select(AuditSubject.subject_id).where(AuditSubject.event_id == event.id)
    page = subjects.order_by(AuditSubject.subject_id).offset(offset).limit(limit)
    return session.scalars(page).all()


def _values(column: Any, holder: str | None) -> Any:
    """Select the values of a column in a holder's log; each takes one look at an index."""
    mine = AuditEvent.holder == holder
    values = select(func.min(column).label("value")).where(mine).cte("known", recursive=True)
    following = select(func.min(column)).where(mine, column > values.c.value)
    more = select(following.scalar_subquery()).where(values.c.value.is_not(None))
    return values.union_all(more)


def known_actions(session: Session) -> Sequence[str]:
    """Return the actions that occur in this holder's log."""
    actions = _values(AuditEvent.action, current_holder(session)).c.value
    return session.scalars(select(actions).where(actions.is_not(None)).order_by(actions)).all()


def known_actors(session: Session) -> dict[str, str]:
    """Return who did something in this holder's log: the last name by id, in order of name.

    Who has no account isn't among them.
    """
    holder = current_holder(session)
    actor = _values(AuditEvent.actor_id, holder).c.value
    latest = (
        select(AuditEvent.actor_name)
        .where(AuditEvent.holder == holder, AuditEvent.actor_id == actor)
        .order_by(AuditEvent.at.desc(), AuditEvent.id)
        .limit(1)
        .scalar_subquery()
    )
    rows = session.execute(select(actor, latest).where(actor.is_not(None)))
    return dict(sorted(((row[0], row[1]) for row in rows), key=lambda pair: (pair[1], pair[0])))


# For a copy that a person asked for: that somebody read, never the name of who did.

PEOPLE: Final = ("gebruiker", "beheerder")
# Reads that name a request or report are told when it is the own request: not that somebody else
# asked, or reported the same; nor that data are claimed.
_REFERENCE: Final = re.compile(r"\b[A-Z]-[0-9A-Z]{4}-[0-9A-Z]{4}\b")
FOR_A_CASE: Final = "stukken van een zaak bekijken"


def reads_of(session: Session, document: UUID, request: str) -> list[tuple[date, str]]:
    """Return the days on which a document was read and for which task; the oldest first.

    For the copy of a request: all reads of a day for the same task are one, and no name, role or
    hour comes out. Reads for another request or for a case are left out.
    """
    rows = session.execute(
        select(AuditEvent.at, AuditEvent.task).where(
            AuditEvent.holder == current_holder(session),
            AuditEvent.action == READ,
            AuditEvent.actor_kind.in_(PEOPLE),
            or_(*_about(session, document)),
        )
    )
    return sorted(
        {
            (day_of(at), task or "")
            for at, task in rows
            if task != FOR_A_CASE and not set(_REFERENCE.findall(task or "")) - {request}
        }
    )
