"""What waits to be picked up by somebody outside, and how that went."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.clock import utc_now
from stopintimidatie.storage.models import Base, Held, held_table


class PickupState(StrEnum):
    """How far it is; the first is: the message about it hasn't gone out yet."""

    READY = "klaar"
    OFFERED = "aangeboden"
    PICKED_UP = "opgehaald"
    EXPIRED = "verlopen"
    # Taken back by who put it there.
    WITHDRAWN = "ingetrokken"


class Pickup(Held, Base):
    """One document for one recipient. The page that shows it asks for a code made by us."""

    __tablename__ = "pickup"
    __table_args__ = held_table(
        UniqueConstraint("holder", "reference"),
        Index(None, "holder", "document_id"),
        Index(None, "holder", "state", "made_at"),
        Index(
            "ix_pickup_returned",
            "holder",
            "returned_at",
            sqlite_where=text("returned_at IS NOT NULL"),
            postgresql_where=text("returned_at IS NOT NULL"),
        ),
    )

    reference: Mapped[str] = mapped_column(String(11))
    document_kind: Mapped[str] = mapped_column(String(20))
    document_id: Mapped[UUID]
    # The organisation; a person's name only where it is encrypted.
    recipient: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(20), default=PickupState.READY)
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    offered_at: Mapped[datetime | None]

    code_nonce: Mapped[str | None] = mapped_column(String(40))
    code_made_at: Mapped[datetime | None]
    code_by: Mapped[str | None] = mapped_column(String(200))
    code_tries: Mapped[int] = mapped_column(default=0)

    # Where the message about it goes (`mail_address`); gone when that person is gone.
    address_id: Mapped[UUID | None]
    # Until when it can be picked up, and how often; None: as the room says.
    expires_at: Mapped[datetime | None]
    downloads: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    downloads_most: Mapped[int | None]
    # The code that went by mail: for an answer or a confirmation, never for the document.
    mail_nonce: Mapped[str | None] = mapped_column(String(40))
    mail_made_at: Mapped[datetime | None]
    mail_tries: Mapped[int] = mapped_column(default=0, server_default=text("0"))

    picked_up_at: Mapped[datetime | None]
    picked_up_by: Mapped[str | None] = mapped_column(Text)
    # Who came in before this moment has left.
    left_at: Mapped[datetime | None]
    # The deputy was told, and after that the desk.
    told_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    # A message about it was refused or came back.
    returned_at: Mapped[datetime | None]
    destroy_on: Mapped[date | None]
    destroyed_at: Mapped[datetime | None]
