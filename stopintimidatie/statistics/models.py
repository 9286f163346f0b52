"""The figures of a quarter as they may leave the house: made once, and never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base, Held, held_table


class FigureRelease(Held, Base):
    """The closed list of tables of one quarter; with the last quarter of a year, those of the year.

    They stay as they are when a report is erased later. `tables`: as `release.rules` makes them.
    """

    __tablename__ = "figure_release"
    __table_args__ = held_table(UniqueConstraint("holder", "quarter"))

    # Such as 2026-4.
    quarter: Mapped[str] = mapped_column(String(6))
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    tables: Mapped[dict[str, Any]]
    # The moment since which everybody may read it; and who decided that.
    published_at: Mapped[datetime | None]
    published_by: Mapped[str | None] = mapped_column(String(200))
