"""Tables of retention: the terms of a holder in versions, and what may stay beyond the maximum."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base, Held, Proposed, held_table, partial_index


class RetentionSchedule(Proposed, Held, Base):
    """Version of the terms of a holder: proposed, then approved or refused by its archivist.

    Its content never changes. The approved version with the latest `effective_from` that has come
    counts. `content`: see `rules.Schedule`.
    """

    __tablename__ = "retention_schedule"
    __table_args__ = held_table(
        UniqueConstraint("holder", "number"), Index(None, "holder", "effective_from")
    )

    number: Mapped[int]
    content: Mapped[dict[str, Any]]
    note: Mapped[str | None] = mapped_column(Text)
    # The answer of the archivist, and why it was refused.
    approved: Mapped[bool | None]
    refusal: Mapped[str | None] = mapped_column(Text)
    # The moment from which it counts, once it is approved.
    effective_from: Mapped[datetime]
    # The last day on which short classes go without a list: of what the decision rests on, or that
    # on which it was ended. None: no end.
    standing_until: Mapped[date | None]
    # The day by which the archivist looks at that decision again; it stays in force without.
    look_by: Mapped[date | None]


class ExtensionOutcome(StrEnum):
    """Outcome of a request to keep a document beyond the absolute maximum."""

    GRANTED = "ja"
    REFUSED = "nee"
    # The process owner took it back, or the document went meanwhile.
    WITHDRAWN = "ingetrokken"


class Extension(Held, Base):
    """A request to keep one document beyond the absolute maximum, up to the decision on it.

    The process owner asks, archivist and FG advise, and the controller decides.
    """

    __tablename__ = "retention_extension"
    __table_args__ = held_table(
        Index(None, "holder", "document_id"),
        partial_index(
            "ix_retention_extension_open",
            "holder",
            "document_id",
            where="outcome IS NULL",
            unique=True,
        ),
    )

    document_kind: Mapped[str] = mapped_column(String(20))
    document_id: Mapped[UUID]
    reference: Mapped[str] = mapped_column(String(20))
    # The day until which the process owner wants to keep it, and why.
    wanted_until: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(default=utc_now)
    asked_by_id: Mapped[str | None] = mapped_column(String(64))
    asked_by: Mapped[str] = mapped_column(String(200))
    # The advice of the archivist, and that of the FG: no veto.
    archivist_agrees: Mapped[bool | None]
    archivist_words: Mapped[str | None] = mapped_column(Text)
    archivist_at: Mapped[datetime | None]
    archivist_by_id: Mapped[str | None] = mapped_column(String(64))
    archivist_by: Mapped[str | None] = mapped_column(String(200))
    fg_agrees: Mapped[bool | None]
    fg_words: Mapped[str | None] = mapped_column(Text)
    fg_at: Mapped[datetime | None]
    fg_by_id: Mapped[str | None] = mapped_column(String(64))
    fg_by: Mapped[str | None] = mapped_column(String(200))
    # A code of `ExtensionOutcome`; None while it is open.
    outcome: Mapped[str | None] = mapped_column(String(20))
    # The decision of the controller: of whom, its number and day, and until when it may stay.
    decided_body: Mapped[str | None] = mapped_column(String(20))
    decided_number: Mapped[str | None] = mapped_column(String(100))
    decided_on: Mapped[date | None]
    until: Mapped[date | None]
    entered_at: Mapped[datetime | None]
    entered_by_id: Mapped[str | None] = mapped_column(String(64))
    entered_by: Mapped[str | None] = mapped_column(String(200))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own idiom
