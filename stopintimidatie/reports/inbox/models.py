"""A view of the inbox that somebody gave a name: an address, for oneself or for the team."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.storage.models import Base, Held, held_table


class SavedView(Held, Base):
    """Filters of the inbox under a name."""

    __tablename__ = "saved_view"
    __table_args__ = held_table(Index(None, "holder", "person_id"))

    # The person it is of; None: of the team.
    person_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("user_account.id", ondelete="CASCADE")
    )
    made_by_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(40))
    # As in an address: urlencoded, in the order of the names.
    query: Mapped[str] = mapped_column(String(500))
