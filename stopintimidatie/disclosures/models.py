"""The register. It holds ids, categories and hashes, never content, so it may outlive what it
tells of; its tables refuse UPDATE and DELETE. No keys to higher rooms: an entry stays when the
export and the dossier are gone. What became of a copy is told twice: line by line in the register,
and as it stands now in `disclosed_copy`, which lists and reminders ask."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stopintimidatie.clock import utc_now
from stopintimidatie.storage.models import Base, Held, belongs_to, held_table


class Disclosure(Held, Base):
    """One disclosure: a document that was made for a recipient."""

    __tablename__ = "disclosure"
    __table_args__ = held_table(
        UniqueConstraint("holder", "reference"),
        Index(None, "holder", "made_at"),
        Index(None, "holder", "source_id"),
        append_only=True,
    )

    # What: the export and the dossier that it was made of.
    reference: Mapped[str] = mapped_column(String(11))
    document_id: Mapped[UUID]
    source_kind: Mapped[str] = mapped_column(String(20))
    source_id: Mapped[UUID]
    source_reference: Mapped[str] = mapped_column(String(20))
    # Only for dossier owners, privacy officer and FG: of a person-directed dossier.
    restricted: Mapped[bool] = mapped_column(default=False)

    # To whom, by which redaction profile.
    recipient: Mapped[str] = mapped_column(String(200))
    recipient_kind: Mapped[str] = mapped_column(String(40))
    profile: Mapped[str] = mapped_column(String(40))
    profile_version: Mapped[int]

    # Why, in the words of that moment, and until when.
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
    """Of whom: a document whose data went along, and which categories of it."""

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
    """What became of a disclosure afterwards: given, withdrawn, corrected, destroyed."""

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
    """Where the copy is."""

    MADE = "gemaakt"
    OFFERED = "klaargezet"
    GIVEN = "gegeven"
    DESTROYED = "vernietigd_gemeld"
    # Withdrawn before anybody had it.
    LAPSED = "nooit_gegeven"


class DisclosedCopy(Held, Base):
    """How a disclosed document stands with who has it, now."""

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
    # How often the recipient was asked whether it was destroyed, and since when an officer must.
    reminders: Mapped[int] = mapped_column(default=0)
    alarm_at: Mapped[datetime | None]
    # Corrections that the recipient hasn't confirmed yet.
    corrections: Mapped[int] = mapped_column(default=0)
