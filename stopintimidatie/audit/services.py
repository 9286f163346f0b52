"""Writing the log: always in the transaction of what is logged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from stopintimidatie.audit.models import AuditEvent, AuditSubject
from stopintimidatie.storage.rows import Row

_TABLES: Final = (AuditEvent.__tablename__, AuditSubject.__tablename__)


class NotRecordedError(Exception):
    """An action or a read that can't be recorded in the log, so it isn't done, or isn't shown."""


@dataclass(frozen=True)
class Actor:
    """Who acts. Kinds: gebruiker, app, melder, systeem, bezoeker, beheerder (command line)."""

    kind: str
    id: str | None
    name: str


SYSTEM: Final = Actor("systeem", None, "Stopintimidatie")


def event_rows(
    actor: Actor,
    action: str,
    holder: str,
    kind: str,
    subject_ids: Sequence[UUID] = (),
    *,
    reason: str | None = None,
    task: str | None = None,
    fields: Iterable[str] = (),
) -> list[Row]:
    """One event and its documents, as rows.

    :param action: a code such as `melding.toestand`; codes are listed in docs/audit.md.
    :param subject_ids: the documents concerned.
    :param fields: names of what changed or was read, never the values.
    """
    event: dict[str, Any] = {
        "id": uuid4(),
        "holder": holder,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_name": actor.name,
        "action": action,
        "subject_kind": kind,
        "fields": sorted(fields),
        "reason": reason,
        "task": task,
    }
    subjects = [
        {"holder": holder, "event_id": event["id"], "subject_id": subject}
        for subject in subject_ids
    ]
    return [(AuditEvent, event), *((AuditSubject, subject) for subject in subjects)]


def record(
    session: Session,
    actor: Actor,
    action: str,
    holder: str,
    kind: str,
    subject_ids: Sequence[UUID] = (),
    *,
    reason: str | None = None,
    task: str | None = None,
    fields: Iterable[str] = (),
) -> None:
    """Append one event, in the transaction at hand; what it holds: see `event_rows`."""
    (_, event), *subjects = event_rows(
        actor, action, holder, kind, subject_ids, reason=reason, task=task, fields=fields
    )
    session.add(AuditEvent(**event, subjects=[AuditSubject(**values) for _, values in subjects]))


def record_read(
    session: Session,
    actor: Actor,
    holder: str,
    kind: str,
    subject_ids: Sequence[UUID],
    *,
    task: str,
    fields: Iterable[str] = (),
) -> None:
    """One row for a page that showed personal data of these documents; none for an empty page."""
    if subject_ids:
        record(session, actor, "gelezen", holder, kind, subject_ids, task=task, fields=fields)


def is_unrecorded(error: BaseException) -> bool:
    """Tell whether an error is about a table of the log that can't be written or found."""
    told = str(error.orig) if isinstance(error, DBAPIError) else ""
    return isinstance(error, NotRecordedError) or any(name in told for name in _TABLES)
