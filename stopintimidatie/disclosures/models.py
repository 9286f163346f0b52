"""Tables of the register, of the copies that recipients have, and of pick-ups.

The register holds ids, codes and hashes, never content, so it may outlive the documents; its tables
refuse UPDATE and DELETE. Words of officers stay in the export, and go with it. It has no foreign
keys to higher rooms: an entry stays when the export and the dossier are gone. What became of a copy
is stored twice: step by step in the register, and as it stands now in `disclosed_copy`, which lists
and reminders use.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base, Held, belongs_to, held_table, partial_index


class Disclosure(Held, Base):
    """A disclosure: a document that was made for a recipient."""

    __tablename__ = "disclosure"
    __table_args__ = held_table(
        UniqueConstraint("holder", "reference"),
        Index(None, "holder", "made_at"),
        Index(None, "holder", "source_id"),
        append_only=True,
    )

    # The export and the dossier that it was made of.
    reference: Mapped[str] = mapped_column(String(11))
    document_id: Mapped[UUID]
    source_kind: Mapped[str] = mapped_column(String(20))
    source_id: Mapped[UUID]
    source_reference: Mapped[str] = mapped_column(String(20))
    # Only for dossier owners, privacy officer and FG: of a person-directed dossier.
    restricted: Mapped[bool] = mapped_column(default=False)

    # The organisation with its team or function, never a person; and the redaction profile.
    recipient: Mapped[str] = mapped_column(String(200))
    recipient_kind: Mapped[str] = mapped_column(String(40))
    profile: Mapped[str] = mapped_column(String(40))
    profile_version: Mapped[int]

    # Codes of closed lists; the legal ground in words too. And the day to destroy it by.
    purpose: Mapped[str] = mapped_column(Text)
    legal_basis: Mapped[str] = mapped_column(String(40))
    legal_basis_words: Mapped[str] = mapped_column(String(200))
    covenant: Mapped[str | None] = mapped_column(String(200))
    minors_ground: Mapped[str | None] = mapped_column(Text)
    destroy_by: Mapped[date]

    content_sha256: Mapped[str] = mapped_column(String(64))
    file_sha256: Mapped[str] = mapped_column(String(64))
    file_size: Mapped[int]

    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    requested_at: Mapped[datetime]
    requested_by_id: Mapped[str | None] = mapped_column(String(64))
    requested_by: Mapped[str] = mapped_column(String(200))
    approved_at: Mapped[datetime]
    approved_by_id: Mapped[str | None] = mapped_column(String(64))
    approved_by: Mapped[str] = mapped_column(String(200))

    subjects: Mapped[list[DisclosureSubject]] = relationship(
        lazy="raise", order_by="DisclosureSubject.label"
    )


class DisclosureSubject(Held, Base):
    """A document whose data went along in a disclosure, with the categories."""

    __tablename__ = "disclosure_subject"
    __table_args__ = held_table(
        belongs_to("disclosure", "disclosure_id"),
        Index(None, "holder", "disclosure_id"),
        Index(None, "holder", "subject_id"),
        append_only=True,
    )

    disclosure_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[UUID]
    # The name it has in the disclosed document, such as M-03.
    label: Mapped[str] = mapped_column(String(20))
    categories: Mapped[list[str]] = mapped_column(default=list)


class DisclosureEvent(Held, Base):
    """A step of a disclosure afterwards: given, withdrawn, corrected, destroyed."""

    __tablename__ = "disclosure_event"
    __table_args__ = held_table(
        belongs_to("disclosure", "disclosure_id"),
        Index(None, "holder", "disclosure_id", "at"),
        append_only=True,
    )

    disclosure_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(default=utc_now)
    kind: Mapped[str] = mapped_column(String(40))
    # A code: by which way, for which reason, of which report by its name in the document.
    code: Mapped[str | None] = mapped_column(String(40))
    actor_id: Mapped[str | None] = mapped_column(String(64))
    # An employee, or the organisation that has the copy; never a person there.
    actor_name: Mapped[str] = mapped_column(String(200))


class CopyState(StrEnum):
    """State of a copy, by who has it."""

    MADE = "gemaakt"
    OFFERED = "klaargezet"
    GIVEN = "gegeven"
    DESTROYED = "vernietigd_gemeld"
    # Withdrawn before anybody had it.
    LAPSED = "nooit_gegeven"
    # Everybody may have it; nobody is asked to destroy it.
    PUBLIC = "openbaar"


class DisclosedCopy(Held, Base):
    """The copy of a disclosed document that its recipient has, as it stands now."""

    __tablename__ = "disclosed_copy"
    __table_args__ = held_table(
        belongs_to("disclosure", "disclosure_id"),
        UniqueConstraint("holder", "disclosure_id"),
        Index(None, "holder", "state", "destroy_by"),
    )

    disclosure_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(String(20), default=CopyState.MADE.value)
    destroy_by: Mapped[date]
    given_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    destroyed_at: Mapped[datetime | None]
    # The number of times the recipient was asked to confirm destruction; since when to call.
    reminders: Mapped[int] = mapped_column(default=0)
    alarm_at: Mapped[datetime | None]
    # Corrections that the recipient hasn't confirmed yet.
    corrections: Mapped[int] = mapped_column(default=0)


class PickupState(StrEnum):
    """State of a pick-up."""

    # The message about it hasn't gone out yet.
    READY = "klaar"
    OFFERED = "aangeboden"
    PICKED_UP = "opgehaald"
    # Opened by the recipient, who said that it isn't theirs; the receipt stays.
    RETURNED = "teruggegeven"
    EXPIRED = "verlopen"
    # Taken back by who put it there.
    WITHDRAWN = "ingetrokken"


class Pickup(Held, Base):
    """A document that waits for a recipient, who needs a code of ours to see it."""

    __tablename__ = "pickup"
    __table_args__ = held_table(
        UniqueConstraint("holder", "reference"),
        Index(None, "holder", "document_id"),
        Index(None, "holder", "state", "made_at"),
        partial_index(
            "ix_pickup_returned", "holder", "returned_at", where="returned_at IS NOT NULL"
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

    # Id of the address for the message about it (`mail_address`); gone when that person is gone.
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
    # The moment the recipient signed out; a visit that began earlier no longer counts.
    left_at: Mapped[datetime | None]
    # The deputy was told, and after that the desk.
    told_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    # A message about it was refused or came back.
    returned_at: Mapped[datetime | None]
    destroy_on: Mapped[date | None]
    destroyed_at: Mapped[datetime | None]
    # A report: last opened in a sitting, and since when something new waits unread.
    read_at: Mapped[datetime | None]
    added_at: Mapped[datetime | None]


class PickupAnswer(Held, Base):
    """An answer of the recipient about a document they picked up: codes and days, no words."""

    __tablename__ = "pickup_answer"
    __table_args__ = held_table(
        belongs_to("pickup", "pickup_id", ondelete="CASCADE"),
        Index(None, "holder", "pickup_id", "at"),
    )

    pickup_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(default=utc_now)
    kind: Mapped[str] = mapped_column(String(30))
    day: Mapped[date | None]
    reason: Mapped[str | None] = mapped_column(String(40))
