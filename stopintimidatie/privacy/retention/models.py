"""Tables of retention: the schedule of terms of a holder, in versions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base, Held, held_table


class RetentionSchedule(Held, Base):
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
    proposed_at: Mapped[datetime] = mapped_column(default=utc_now)
    proposed_by_id: Mapped[str | None] = mapped_column(String(64))
    proposed_by: Mapped[str] = mapped_column(String(200))
    # The answer of the archivist: approved, or refused with a reason.
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[str | None] = mapped_column(String(64))
    answered_by: Mapped[str | None] = mapped_column(String(200))
    approved: Mapped[bool | None]
    refusal: Mapped[str | None] = mapped_column(Text)
    # The moment from which it counts, once it is approved.
    effective_from: Mapped[datetime]
    # The last day on which short classes go without a list; the archivist renews it each year.
    standing_until: Mapped[date | None]
