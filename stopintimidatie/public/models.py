"""What a municipality asks at `/aansluiten`; held by the national desk."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.clock import utc_now
from stopintimidatie.storage.models import Base, Held, held_table


class JoiningRequest(Held, Base):
    """A municipality wants to join. Its address is a `mail_address`, proven by a mailed code."""

    __tablename__ = "joining_request"
    __table_args__ = held_table(Index(None, "holder", "municipality_code", "asked_at"))

    municipality_code: Mapped[str] = mapped_column(ForeignKey("municipality.code"))
    # The function of who asks, never a name.
    function: Mapped[str] = mapped_column(String(100))
    telephone: Mapped[str | None] = mapped_column(String(20))
    # The domain of the address has the name of the municipality in it: else the desk looks.
    domain_fits: Mapped[bool]
    asked_at: Mapped[datetime] = mapped_column(default=utc_now)
    confirmed_at: Mapped[datetime | None]
