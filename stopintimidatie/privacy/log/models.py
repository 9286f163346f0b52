"""The table of the questions about reads that the FG asked in 1.0.0, with their answers."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base, Held, held_table, partial_index
from stopintimidatie.core.storage.personal import holder_of_rows, treated
from stopintimidatie.core.storage.retention import RetentionClass, Way, years


class ReadQuestion(Held, Base):
    """A read in a sample of 1.0.0; with the question why, the answer, and the FG's judgement."""

    # Unused since the release after 1.0.0; goes one later. Its rows are read on the page of a line.

    __tablename__ = "read_question"
    __table_args__ = held_table(
        UniqueConstraint("holder", "event_id"),
        Index(None, "holder", "event_at"),
        partial_index("ix_read_question_open", "holder", "reader_id", where="answered_at IS NULL"),
    )

    # The line of the log; that goes by its own term.
    event_id: Mapped[UUID]
    event_at: Mapped[datetime]
    task: Mapped[str | None] = mapped_column(String(200))
    reader_id: Mapped[str] = mapped_column(String(64))
    reader: Mapped[str] = mapped_column(String(200))
    drawn_at: Mapped[datetime] = mapped_column(default=utc_now)
    # The month that a sample of itself is of, such as 2026-11.
    period: Mapped[str | None] = mapped_column(String(7))
    # The last time it was asked; None: it isn't.
    asked_at: Mapped[datetime | None]
    asked_by_id: Mapped[str | None] = mapped_column(String(64))
    asked_by: Mapped[str | None] = mapped_column(String(200))
    # The reader was reminded of the question as it was last asked.
    reminded_at: Mapped[datetime | None]
    question: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None]
    answer: Mapped[str | None] = mapped_column(Text)
    judged_at: Mapped[datetime | None]
    # A code: clear, asked once more, or wrong.
    judgement: Mapped[str | None] = mapped_column(String(20))
    judged_reason: Mapped[str | None] = mapped_column(Text)


# The personal data of these questions: names of employees, and what they answered.
KIND: Final = "inzagevraag"
COLUMNS: Final = treated(
    text="question answer judged_reason", staff="reader_id reader asked_by_id asked_by task"
)
PERSONAL_DATA: Final = holder_of_rows(KIND, ReadQuestion, COLUMNS)
RETENTION: Final = RetentionClass(
    KIND,
    "Vragen van de functionaris gegevensbescherming naar de reden van inzage, met het antwoord",
    ("read_question",),
    Way.BY_ITSELF,
    "de dag van de inzage",
    years(5),
    until="even lang als de regel in het logboek",
    source="eigen beleid; instelling log.keep_years",
)
