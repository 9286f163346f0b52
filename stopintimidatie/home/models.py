"""The table of who was mailed of which proposal."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base, Held, held_table


class SecondNotice(Held, Base):
    """A person who was mailed that a proposal waits; it goes when that is answered or lapsed."""

    __tablename__ = "second_notice"
    __table_args__ = held_table(UniqueConstraint("holder", "proposal_id", "person_id"))

    # The row of some room that waits, of whatever kind.
    proposal_id: Mapped[UUID]
    # None: on that day who proposed it asked that the others be mailed once more.
    person_id: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(default=utc_now)
