"""The table of the log. It has no key to users: an event outlives the account."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stopintimidatie.clock import utc_now
from stopintimidatie.storage.models import Base, Held, belongs_to, held_table


class AuditEvent(Held, Base):
    """One event. `fields` are names of fields, never values; the documents are `AuditSubject`s."""

    __tablename__ = "audit_event"
    __table_args__ = held_table(
        Index(None, "holder", "at"),
        Index(None, "holder", "action", "at"),
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
