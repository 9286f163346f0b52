"""A campaign: the code that its posters lead to `/melden` with, and the days on which it runs."""

from __future__ import annotations

from datetime import date

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.storage.models import Base, Held, held_table


class Campaign(Held, Base):
    """A campaign of a municipality; `Report.campaign` has its code."""

    __tablename__ = "campaign"
    __table_args__ = held_table(UniqueConstraint("holder", "code"))

    code: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(80))
    since: Mapped[date]
    until: Mapped[date | None]
    # Codes of `Channel`.
    channels: Mapped[list[str]] = mapped_column(default=list)
    about: Mapped[str | None] = mapped_column(Text)
