"""The profile of a municipality: its level, its look and its words. Public facts, no holder."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.storage.models import Base
from stopintimidatie.storage.tenancy import open_table
from stopintimidatie.storage.types import utc_now

open_table("municipality_profile", "level, logo and texts: public, and needed to find the holder")


class ParticipationLevel(StrEnum):
    """How far a municipality takes part (1-domain.md, *Levels of a municipality*)."""

    NO_AGREEMENT = "zonder_afspraak"
    FORWARDING = "doorgifte"
    PROGRAMME = "programma"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ")


class MunicipalityProfile(Base):
    """What the desk or the municipality set; a municipality without a row is *zonder afspraak*."""

    __tablename__ = "municipality_profile"

    code: Mapped[str] = mapped_column(ForeignKey("municipality.code"), primary_key=True)
    level: Mapped[ParticipationLevel] = mapped_column(String(20))
    level_since: Mapped[datetime] = mapped_column(default=utc_now)
    # A hexadecimal colour such as #154273; None: the house's own.
    colour: Mapped[str | None] = mapped_column(String(7))
    logo: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    logo_type: Mapped[str | None] = mapped_column(String(40))
    answer_title: Mapped[str | None] = mapped_column(String(200))
    answer_text: Mapped[str | None] = mapped_column(Text)
    telephone: Mapped[str | None] = mapped_column(String(20))
    contact_within_days: Mapped[int] = mapped_column(default=3)
    let_op_working_days: Mapped[int] = mapped_column(default=10)
