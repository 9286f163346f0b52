"""The versions of redaction profiles that a municipality made."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.clock import utc_now
from stopintimidatie.storage.models import Base, Held, held_table


class RedactionProfile(Held, Base):
    """One version of one profile: all its rules, whole; the newest counts. Never changed."""

    __tablename__ = "redaction_profile"
    __table_args__ = held_table(UniqueConstraint("holder", "name", "number"), append_only=True)

    name: Mapped[str] = mapped_column(String(40))
    number: Mapped[int]
    # Name of a field or part -> name of its step; see `profile_text`.
    rules: Mapped[dict[str, Any]] = mapped_column(JSON)
    # Whether it was made to be what the program proposes.
    proposed: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    made_by_id: Mapped[str | None] = mapped_column(String(64))
    made_by: Mapped[str] = mapped_column(String(200))
