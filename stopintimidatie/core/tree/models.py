"""References that lead to a holder, and old addresses that lead to new ones."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base, Held, held_table
from stopintimidatie.core.storage.tenancy import open_table

open_table("reference", "a reference (kenmerk, export id) leads to its holder")


class Reference(Base):
    """A human reference and who holds a document under it. A handed-over report has two rows."""

    __tablename__ = "reference"
    # For the start of a worker, which asks of every holder whether it holds anything at all.
    __table_args__ = (Index(None, "holder"),)

    reference: Mapped[str] = mapped_column(String(20), primary_key=True)
    holder: Mapped[str] = mapped_column(String(9), ForeignKey("holder.code"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))


class Redirect(Held, Base):
    """The address a document had before it was moved. `target` is the document's id."""

    __tablename__ = "redirect"
    __table_args__ = held_table()

    path: Mapped[str] = mapped_column(String(300), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    target: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(default=utc_now)
