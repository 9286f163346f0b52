"""What somebody marked in the free text of a report, so that it doesn't go to a recipient."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.clock import utc_now
from stopintimidatie.storage.models import Base, Held, belongs_to, held_table


class ReportReview(Held, Base):
    """One text of a report that was looked at. Places in the text, never words of it; when the
    text changes the digest doesn't fit any more, and it must be looked at again."""

    __tablename__ = "report_review"
    __table_args__ = held_table(
        belongs_to("report", "report_id", ondelete="CASCADE"),
        UniqueConstraint("holder", "report_id", "field"),
    )

    report_id: Mapped[UUID]
    field: Mapped[str] = mapped_column(String(20))
    digest: Mapped[str] = mapped_column(String(64))
    spans: Mapped[list[list[int]]] = mapped_column(JSON)
    looked_at: Mapped[datetime] = mapped_column(default=utc_now)
    looked_by_id: Mapped[str | None] = mapped_column(String(64))
    looked_by: Mapped[str] = mapped_column(String(200))
