"""The table of questions that the FG asks back about reads of personal data."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base, Held, held_table, partial_index


class ReadQuestion(Held, Base):
    """A question to who read something: why? With the answer, and what the FG makes of it."""

    __tablename__ = "read_question"
    __table_args__ = held_table(
        UniqueConstraint("holder", "event_id"),
        Index(None, "holder", "asked_at"),
        partial_index("ix_read_question_open", "holder", "reader_id", where="answered_at IS NULL"),
    )

    # The line of the log; that goes by its own term.
    event_id: Mapped[UUID]
    event_at: Mapped[datetime]
    task: Mapped[str | None] = mapped_column(String(200))
    reader_id: Mapped[str] = mapped_column(String(64))
    reader: Mapped[str] = mapped_column(String(200))
    asked_at: Mapped[datetime] = mapped_column(default=utc_now)
    asked_by_id: Mapped[str | None] = mapped_column(String(64))
    asked_by: Mapped[str] = mapped_column(String(200))
    question: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None]
    answer: Mapped[str | None] = mapped_column(Text)
    judged_at: Mapped[datetime | None]
    # A code: clear, or something to follow up.
    judgement: Mapped[str | None] = mapped_column(String(20))
    judged_reason: Mapped[str | None] = mapped_column(Text)
