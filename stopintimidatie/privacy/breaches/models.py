"""Tables of the register of data breaches."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Index, String, Text, UniqueConstraint, delete
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.schema import SchemaItem

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base, Held, belongs_to, held_table, partial_index
from stopintimidatie.core.storage.personal import (
    PersonalDataHolder,
    find_nothing,
    redact_nothing,
    treated,
)
from stopintimidatie.core.storage.retention import RetentionClass, Way
from stopintimidatie.core.workflow import HistoryLine
from stopintimidatie.dossiers.models import Versioned
from stopintimidatie.privacy.breaches.vocabulary import KIND

LOST_ONCE: Final = "uq_breach_lost_open"


def of_breach(*items: SchemaItem) -> tuple[Any, ...]:
    """Return `__table_args__` of a table whose rows belong to a breach."""
    return held_table(belongs_to("breach", "breach_id", ondelete="CASCADE"), *items)


class Breach(Versioned, Held, Base):
    """A breach of personal data, with the clock of 72 hours from awareness."""

    __tablename__ = "breach"
    __table_args__ = held_table(
        UniqueConstraint("holder", "reference"),
        UniqueConstraint("holder", "shared_id"),
        Index(None, "holder", "aware_at"),
        Index(None, "holder", "origin_id"),
        partial_index("ix_breach_open", "holder", "due_at", where="closed_at IS NULL"),
        # Two people may report at once that the same document is lost.
        partial_index(LOST_ONCE, "holder", "origin_id", where="closed_at IS NULL", unique=True),
    )

    reference: Mapped[str] = mapped_column(String(11))
    state: Mapped[str] = mapped_column(String(30))
    aware_at: Mapped[datetime]
    due_at: Mapped[datetime]
    happened_from: Mapped[datetime | None]
    happened_until: Mapped[datetime | None]
    reported_by_id: Mapped[str | None] = mapped_column(String(64))
    reported_by: Mapped[str] = mapped_column(String(200))
    # The document that is lost or went astray: kind, id and reference; None: something else.
    origin_kind: Mapped[str | None] = mapped_column(String(20))
    origin_id: Mapped[UUID | None]
    origin_reference: Mapped[str | None] = mapped_column(String(20))
    # The entry of the desk or supplier that this one was made of.
    shared_id: Mapped[UUID | None]
    description: Mapped[str] = mapped_column(Text)
    cause: Mapped[str | None] = mapped_column(String(40))
    # Codes of the kinds of data, and of the groups of people whose data it is.
    categories: Mapped[list[str]] = mapped_column(default=list)
    groups: Mapped[list[str]] = mapped_column(default=list)
    people: Mapped[int | None]
    consequences: Mapped[str | None] = mapped_column(Text)
    measures: Mapped[str | None] = mapped_column(Text)
    # A code of how large the risk is, and why it is so.
    risk: Mapped[str | None] = mapped_column(String(20))
    risk_reason: Mapped[str | None] = mapped_column(Text)
    # The reason that a notification comes after 72 hours.
    late_reason: Mapped[str | None] = mapped_column(Text)
    closed_at: Mapped[datetime | None]
    # Unused since the release after 1.0.0; goes one later.
    towns: Mapped[dict[str, Any]] = mapped_column(default=dict)


class BreachNotice(Held, Base):
    """A notification: to the AP, in phases, or to the people concerned."""

    __tablename__ = "breach_notice"
    __table_args__ = of_breach(Index(None, "holder", "breach_id", "sent_at"))

    breach_id: Mapped[UUID]
    # A code of `NoticeKind`.
    kind: Mapped[str] = mapped_column(String(20))
    sent_at: Mapped[datetime] = mapped_column(default=utc_now)
    sent_by: Mapped[str] = mapped_column(String(200))
    # The number that the AP gave.
    number: Mapped[str | None] = mapped_column(String(100))
    text: Mapped[str | None] = mapped_column(Text)
    # The text for people who read English.
    english: Mapped[str | None] = mapped_column(Text)


class BreachDocument(Held, Base):
    """A document of which data went astray, and whether its reporter was told."""

    __tablename__ = "breach_document"
    __table_args__ = of_breach(
        UniqueConstraint("holder", "breach_id", "document_id"), Index(None, "holder", "document_id")
    )

    breach_id: Mapped[UUID]
    document_kind: Mapped[str] = mapped_column(String(20))
    document_id: Mapped[UUID]
    reference: Mapped[str] = mapped_column(String(20))
    told_at: Mapped[datetime | None]
    # Code of why its reporter can't be told here; None: not tried, or it went well.
    obstacle: Mapped[str | None] = mapped_column(String(20))


class BreachMove(HistoryLine, Held, Base):
    """A line of the history of a breach."""

    __tablename__ = "breach_move"
    __table_args__ = of_breach(Index(None, "holder", "breach_id", "at"))

    breach_id: Mapped[UUID]


def erase(session: Session, document: UUID) -> None:
    """Delete a breach with all that belongs to it."""
    session.execute(delete(Breach).where(Breach.id == document))


PERSONAL_DATA: Final = PersonalDataHolder(
    KIND,
    {
        "breach": treated(
            text="description consequences measures risk_reason late_reason",
            codes="categories groups towns",
            staff="reported_by_id reported_by changed_by",
        ),
        "breach_notice": treated(text="number text english", staff="sent_by"),
        "breach_document": treated(),
        "breach_move": treated(text="reason", codes="values", staff="actor_id actor_name"),
    },
    find_nothing,
    redact_nothing,
    erase,
)
RETENTION: Final = RetentionClass(
    KIND,
    "Het register van datalekken",
    tuple(PERSONAL_DATA.columns),
    Way.KEPT,
    "de dag waarop het lek bekend werd",
    until="blijft; zonder namen van betrokkenen",
    source="art. 33 lid 5 AVG; een jurist moet dit nog bevestigen",
)
