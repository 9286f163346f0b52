"""The messages: what was asked for, and what became of it. No address, no words."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base, Held, held_table


class MailChoice(StrEnum):
    """Choice of a person: when to be mailed of work. What may not wait comes at once anyhow."""

    AT_ONCE = "meteen"
    # With the number of all in the letter of the next working morning.
    DAILY = "dagelijks"
    NONE = "geen"


class MailState(StrEnum):
    """State of a message: what became of it."""

    WAITING = "wacht"
    SENT = "verstuurd"
    # Nobody needs it any more, such as a reminder of something that was opened meanwhile.
    NOT_NEEDED = "niet_nodig"
    # Its reader chose one letter each morning, and that one counts it.
    GATHERED = "gebundeld"
    REFUSED = "geweigerd"
    # The mail server took it, and later sent it back.
    BOUNCED = "teruggekomen"


class MailMessage(Held, Base):
    """One message to one recipient. Its id is in its Message-ID, so a repeat is known as one."""

    __tablename__ = "mail_message"
    __table_args__ = held_table(
        UniqueConstraint("holder", "key"),
        Index(None, "holder", "created_at"),
        Index(None, "holder", "about_id"),
    )

    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    template: Mapped[str] = mapped_column(String(40))
    recipient_kind: Mapped[str] = mapped_column(String(40))
    recipient_id: Mapped[str] = mapped_column(String(40))
    # The document it is about, so that a page can show what was sent.
    about_id: Mapped[UUID | None]
    # Codes and numbers for the words of the template.
    values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # A second request with this key is the same as the first: reminder 2 of this report.
    key: Mapped[str | None] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(20), default=MailState.WAITING)
    # The reason that it waits or was refused: a code of `problems`.
    problem: Mapped[str | None] = mapped_column(String(40))
    sent_at: Mapped[datetime | None]
    # The whole message, in the demo alone, where nothing is sent.
    kept: Mapped[str | None] = mapped_column(Text)


class MailAddress(Held, Base):
    """Address of an owner: of mail, or a number for text messages. Encrypted.

    It counts once the code that was sent there has been typed back.
    """

    __tablename__ = "mail_address"
    __table_args__ = held_table(UniqueConstraint("holder", "owner_kind", "owner_id"))

    owner_kind: Mapped[str] = mapped_column(String(40))
    owner_id: Mapped[str] = mapped_column(String(40))
    address: Mapped[str | None] = mapped_column(Text)
    code_nonce: Mapped[str | None] = mapped_column(String(40))
    code_sent_at: Mapped[datetime | None]
    code_tries: Mapped[int] = mapped_column(default=0)
    verified_at: Mapped[datetime | None]
    bounced_at: Mapped[datetime | None]

    @property
    def usable(self) -> bool:
        """True if messages may go there."""
        return self.address is not None and self.verified_at is not None and not self.bounced_at
