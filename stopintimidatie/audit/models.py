"""The table of the log. It has no key to users: an event outlives the account."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.storage.models import Base, Held, held_table
from stopintimidatie.storage.types import utc_now


class AuditEvent(Held, Base):
    """One event. `subject_ids` are ids of documents, `fields` names of fields, never values."""

    __tablename__ = "audit_event"
    __table_args__ = held_table(
        Index(None, "holder", "at"),
        Index(None, "holder", "subject_id", "at"),
        append_only=True,
    )

    at: Mapped[datetime] = mapped_column(default=utc_now)
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str | None] = mapped_column(String(64))
    actor_name: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(60))
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[UUID | None]
    subject_ids: Mapped[list[str]] = mapped_column(default=list)
    fields: Mapped[list[str]] = mapped_column(default=list)
    reason: Mapped[str | None] = mapped_column(String(2000))
    task: Mapped[str | None] = mapped_column(String(100))
