"""A campaign: the code that its posters lead to `/melden` with, and the days on which it runs."""

from __future__ import annotations

from datetime import date

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.storage.models import Base, Held, held_table
from stopintimidatie.core.text import Term


class Channel(Term):
    """The means by which people read of a campaign."""

    POSTER = "poster", "posters en stickers", "posters and stickers"
    SCREEN = "scherm", "schermen op straat of in het ov", "screens in the street or in transit"
    SOCIAL = "sociale_media", "sociale media", "social media"
    PAPER = "krant", "krant of huis-aan-huisblad", "newspaper"
    SITE = "website", "website of nieuwsbrief", "website or newsletter"
    MEETING = "bijeenkomst", "bijeenkomst of kraam", "meeting or stall"
    OTHER = "anders", "anders", "other"


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
    # The end of the address that gives its material to people without an account.
    kit_token: Mapped[str | None] = mapped_column(String(43), index=True, unique=True)
