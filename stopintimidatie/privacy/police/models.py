"""Tables of police data: what the police disclosed, who read it for what reason, and the log.

No other room reads these. Nothing of them stands in another table but, of a report entered from the
police, its reference and holder (`reference`).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Index, String, Text, UniqueConstraint, and_
from sqlalchemy.orm import Mapped, mapped_column, synonym

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base, Held, Proposed, held_table
from stopintimidatie.core.text import Term
from stopintimidatie.dossiers.models import Versioned

PURPOSE: Final = "police-data"


class Article(Term):
    """Article of the Wpg by which the police disclosed something."""

    SIXTEEN = "16", "art. 16 Wpg (bevoegd gezag)", "Police Data Act, art. 16"
    EIGHTEEN = "18", "art. 18 Wpg (bij of krachtens AMvB)", "Police Data Act, art. 18"
    NINETEEN = "19", "art. 19 Wpg (in een bijzonder geval)", "Police Data Act, art. 19"
    TWENTY = "20", "art. 20 Wpg (samenwerkingsverband)", "Police Data Act, art. 20"


class Origin(Term):
    """Way in which something came into the compartment."""

    FORM = "formulier", "vastgelegd door een gemachtigde", "entered"
    ANSWER = "antwoord", "antwoord van de politie", "answer of the police"
    MARKED = "gemarkeerd", "achteraf gemarkeerd", "marked afterwards"
    # Nothing else is kept of boas' own investigations.
    ACTION = "optreden", "er is opgetreden door boa’s", "wardens took action"


class PoliceItem(Proposed, Versioned, Held, Base):
    """Something that the police disclosed: about a document of ours, or a report of its own.

    What an officer marked is proposed, and waits until somebody else confirms it or puts it back.
    """

    __tablename__ = "police_item"
    __table_args__ = held_table(
        Index(None, "holder", "document_id"),
        Index(None, "holder", "review_on"),
        UniqueConstraint("holder", "reference"),
        apart=True,
    )

    # Own reference of a report that was entered from the police; else None.
    reference: Mapped[str | None] = mapped_column(String(11))
    # The report or dossier that it is about.
    document_kind: Mapped[str | None] = mapped_column(String(20))
    document_id: Mapped[UUID | None]
    # A code of `Origin`.
    origin: Mapped[str] = mapped_column(String(20))
    # A code of `Article`; None where it isn't known yet, or where only an action is told.
    article: Mapped[str | None] = mapped_column(String(10))
    # The day of an action: then there is no content.
    received_on: Mapped[date]
    # At most a year on; it is destroyed when the purpose of the disclosure is over.
    review_on: Mapped[date]
    # Sealed JSON (`services.Content`).
    content: Mapped[str | None] = mapped_column(Text)
    # Sealed JSON of something that an officer marked: where it stood, and all that puts it back
    # (`pieces.take`). It waits until somebody else confirms it.
    taken: Mapped[str | None] = mapped_column(Text)
    # The file that was marked; its parts stay where they are, for who has the key.
    attachment_id: Mapped[UUID | None]
    proposed_at = synonym("made_at")
    proposed_by_id: Mapped[str | None] = mapped_column("entered_by_id", String(64))
    proposed_by: Mapped[str] = mapped_column("entered_by", String(200))
    answered_at: Mapped[datetime | None] = mapped_column("confirmed_at")
    # None: still here.
    destroyed_at: Mapped[datetime | None]

    # The version before 1.0.0 destroys without knowing of `taken`.
    @classmethod
    def waiting(cls) -> ColumnElement[bool]:
        """Make the condition that it was marked, and neither confirmed nor put back."""
        return and_(super().waiting(), cls.taken.is_not(None), cls.destroyed_at.is_(None))

    @property
    def waits(self) -> bool:
        """Tell whether it was marked, and neither confirmed nor put back."""
        return super().waits and self.taken is not None and self.destroyed_at is None


class PoliceAccess(Held, Base):
    """The reason that a named person gave to read the items of a document on one day."""

    __tablename__ = "police_access"
    __table_args__ = held_table(
        UniqueConstraint("holder", "subject_id", "person_id", "day"), apart=True
    )

    # The document that the items are about, or the item itself when that is a report.
    subject_id: Mapped[UUID]
    person_id: Mapped[UUID]
    day: Mapped[date]
    at: Mapped[datetime] = mapped_column(default=utc_now)
    # Sealed.
    reason: Mapped[str | None] = mapped_column(Text)


class PoliceEvent(Held, Base):
    """A line of the log of police data: who did what to which item, never content."""

    __tablename__ = "police_event"
    __table_args__ = held_table(Index(None, "holder", "at"), append_only=True, apart=True, log=True)

    at: Mapped[datetime] = mapped_column(default=utc_now)
    actor_id: Mapped[str | None] = mapped_column(String(64))
    actor_name: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(40))
    # None: a page of all items.
    subject_id: Mapped[UUID | None]
    item_id: Mapped[UUID | None]
