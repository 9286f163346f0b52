"""Practices: a measure or campaign that a municipality shares, and its results."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.storage.tenancy import open_table
from stopintimidatie.core.text import Term

open_table("shared_practice", "chosen by its municipality to be read by all that take part")


class Kind(Term):
    """The subject that is shared."""

    MEASURE = "maatregel", "maatregel", "measure"
    CAMPAIGN = "campagne", "campagne", "campaign"


class State(Term):
    """The standing of it at the desk."""

    PROPOSED = "voorgesteld", "wacht op het meldpunt", "waits for the desk"
    PLACED = "geplaatst", "geplaatst", "placed"
    SENT_BACK = "teruggestuurd", "teruggestuurd", "sent back"
    WITHDRAWN = "ingetrokken", "ingetrokken", "withdrawn"


class SharedPractice(Base):
    """A measure or campaign of a municipality, written to be read by others: it has no holder.

    `seen`: sentences about before and after with their warnings, as they were when it was proposed.
    """

    __tablename__ = "shared_practice"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    municipality: Mapped[str] = mapped_column(ForeignKey("municipality.code"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(200))
    about: Mapped[str] = mapped_column(Text)
    seen: Mapped[list[str]] = mapped_column(default=list)
    # A function and a general address; never one person.
    contact: Mapped[str] = mapped_column(String(200))
    contact_email: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(20), default=State.PROPOSED.value)
    reason: Mapped[str | None] = mapped_column(Text)
    proposed_at: Mapped[datetime] = mapped_column(default=utc_now)
    proposed_by: Mapped[str] = mapped_column(String(200))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(200))
