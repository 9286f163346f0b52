"""A proposed pattern, the reports that show it, and what a municipality set for the search."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base, Held, belongs_to, held_table

# The states of a pattern, and what can be set for the search. Pure.


KIND: Final = "patroon"


class PatternState(StrEnum):
    """Proposed until somebody decides; gone when a later search doesn't see it any more."""

    PROPOSED = "voorgesteld"
    SNOOZED = "uitgesteld"
    ACCEPTED = "aangenomen"
    REJECTED = "afgewezen"
    GONE = "vervallen"


# States in which a person can still decide about a pattern.
DECIDABLE: Final = frozenset({PatternState.PROPOSED, PatternState.SNOOZED})
KEEP_DAYS: Final = 365
"""Days that an ended pattern is kept at least after it was last seen and decided."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The settings of the search of a municipality."""

    enabled: bool = True
    window_days: int = 180
    radius_m: int = 150
    least: int = 6
    certainty: int = 99
    quiet_days: int = 90
    version: int = 0


LIMITS: Final = {
    "window_days": (30, 730),
    "radius_m": (50, 500),
    "least": (5, 50),
    "certainty": (80, 99),
    "quiet_days": (7, 730),
}


class Pattern(Held, Base):
    """A place and hours where more reports lie than was to be expected; a proposal to people."""

    __tablename__ = "pattern"
    __table_args__ = held_table(
        UniqueConstraint("holder", "number"),
        ForeignKeyConstraint(["holder", "dossier_id"], ["dossier.holder", "dossier.id"]),
        Index(None, "holder", "state", "found_at"),
    )

    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    neighbourhood_code: Mapped[str | None] = mapped_column(ForeignKey("neighbourhood.code"))

    # Place, hours, and how much it stands out.
    lat: Mapped[float]
    lon: Mapped[float]
    radius_m: Mapped[int]
    from_minute: Mapped[int | None]
    to_minute: Mapped[int | None]
    window_days: Mapped[int]
    certainty: Mapped[int]
    expected: Mapped[float]
    strength: Mapped[float]
    found_at: Mapped[datetime] = mapped_column(default=utc_now)
    seen_at: Mapped[datetime] = mapped_column(default=utc_now)

    # The decision. The dossier is the one to add to, or the one that was made of the pattern.
    dossier_id: Mapped[UUID | None]
    until: Mapped[date | None]
    reason: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(200))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own idiom


class PatternReport(Held, Base):
    """That a report is part of what shows a pattern."""

    __tablename__ = "pattern_report"
    __table_args__ = held_table(
        belongs_to("pattern", "pattern_id", ondelete="CASCADE"),
        belongs_to("report", "report_id", ondelete="CASCADE"),
        UniqueConstraint("pattern_id", "report_id"),
        Index(None, "holder", "report_id"),
    )

    pattern_id: Mapped[UUID]
    report_id: Mapped[UUID]


class PatternSetting(Held, Base):
    """The settings of a municipality; without a row those of the product count."""

    __tablename__ = "pattern_setting"
    __table_args__ = held_table(UniqueConstraint("holder"))

    enabled: Mapped[bool] = mapped_column(default=True)
    window_days: Mapped[int]
    radius_m: Mapped[int]
    least: Mapped[int]
    certainty: Mapped[int]
    quiet_days: Mapped[int]
    searched_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own idiom
