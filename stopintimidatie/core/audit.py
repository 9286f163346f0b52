"""The append-only log: who did or read what, when and why. Ids, never content.

The table has no key to users: an event outlives the account.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import Dialect, Index, LargeBinary, String
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base, Held, belongs_to, held_table
from stopintimidatie.core.storage.retention import RetentionClass, Way, years
from stopintimidatie.core.storage.session import Row

READ: Final = "gelezen"


class PackedIds(TypeDecorator[Sequence[UUID]]):
    """Ids side by side in their order, sixteen bytes each: a row and its indexes would cost 200."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Sequence[UUID] | None, dialect: Dialect) -> bytes | None:
        """Return the bytes of these ids, each once."""
        return b"".join(sorted({number.bytes for number in value})) if value else None

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Sequence[UUID]:
        """Return the ids in these bytes."""
        whole = value or b""
        return [UUID(bytes=whole[at : at + 16]) for at in range(0, len(whole), 16)]


class AuditEvent(Held, Base):
    """One event. `fields` are names of fields, never values.

    The documents are `AuditSubject`s, or `listed`: several that were read on one page.
    """

    __tablename__ = "audit_event"
    __table_args__ = held_table(
        Index(None, "holder", "at"),
        Index(None, "holder", "action", "at"),
        # A person reads what was done under the own name.
        Index(None, "holder", "actor_id", "at"),
        append_only=True,
    )

    at: Mapped[datetime] = mapped_column(default=utc_now)
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str | None] = mapped_column(String(64))
    actor_name: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(60))
    subject_kind: Mapped[str] = mapped_column(String(40))
    fields: Mapped[list[str]] = mapped_column(default=list)
    reason: Mapped[str | None] = mapped_column(String(2000))
    task: Mapped[str | None] = mapped_column(String(100))
    listed: Mapped[Sequence[UUID]] = mapped_column(PackedIds, nullable=True)

    subjects: Mapped[list[AuditSubject]] = relationship(lazy="raise")


class AuditSubject(Held, Base):
    """A document that an event was about: one row each, so that its log is one index away."""

    __tablename__ = "audit_subject"
    __table_args__ = held_table(
        belongs_to("audit_event", "event_id"),
        Index(None, "holder", "subject_id"),
        Index(None, "event_id"),
        append_only=True,
    )

    event_id: Mapped[UUID]
    subject_id: Mapped[UUID]


# Writing is always in the transaction of what is logged.

_TABLES: Final = (AuditEvent.__tablename__, AuditSubject.__tablename__)


class NotRecordedError(Exception):
    """An action or a read that can't be recorded in the log, so it isn't done, or isn't shown."""


@dataclass(frozen=True)
class Actor:
    """Actor of an event.

    Kinds: gebruiker, app, melder, systeem, bezoeker, beheerder (command line).
    """

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
    at: datetime | None = None,
) -> list[Row]:
    """Return one event and the documents that it is about, as rows.

    The action is a code of docs/audit.md, such as `melding.toestand`; fields are the names of what
    changed or was read, never the values. It happened now, unless a moment is given.
    """
    event: dict[str, Any] = {
        "id": uuid4(),
        "at": at or utc_now(),
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
    """Write one row for a page with personal data of these documents; none for an empty page."""
    if len(subject_ids) == 1:
        record(session, actor, READ, holder, kind, subject_ids, task=task, fields=fields)
    elif subject_ids:
        ((_, event),) = event_rows(actor, READ, holder, kind, task=task, fields=fields)
        session.add(AuditEvent(**event, listed=subject_ids))


def is_unrecorded(error: BaseException) -> bool:
    """Tell whether an error is about a table of the log that can't be written or found."""
    message = str(error.orig) if isinstance(error, DBAPIError) else ""
    return isinstance(error, NotRecordedError) or any(name in message for name in _TABLES)


def includeme(config: Any) -> None:
    """Say why the tables of the log need no treatment of personal data."""
    config.add_impersonal_table(
        "audit_event", "ids, codes and names of employees; append-only, with a term of its own"
    )
    config.add_impersonal_table("audit_subject", "ids of documents; append-only")
    config.add_retention_class(
        RetentionClass(
            "logboek",
            "Het logboek: wie deed of las wat, en de aanmeldingen",
            ("audit_event", "audit_subject"),
            Way.MAINTENANCE,
            "de dag van de regel",
            years(5),
            until="aanmeldingen 3 jaar",
            source="eigen beleid, naar risico; instellingen log.keep_*",
        )
    )
