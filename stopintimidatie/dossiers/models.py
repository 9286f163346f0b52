"""The dossier, with what belongs to it: reports, notes, agreements, history, numbering."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import SchemaItem

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base, Held, belongs_to, held_table, partial_index
from stopintimidatie.core.workflow import HistoryLine
from stopintimidatie.dossiers.workflow import ClosingReason, DossierState
from stopintimidatie.reports.models import Attached

_STILL_IN = "left_at IS NULL"
_BELONGS = "left_at IS NULL AND NOT reference"


class Versioned:
    """Columns of a row that people change: when it was made, and who changed it last.

    The version tells whether somebody else changed the row since a form was opened.
    """

    made_at: Mapped[datetime] = mapped_column(default=utc_now, sort_order=1)
    changed_at: Mapped[datetime] = mapped_column(default=utc_now, sort_order=1)
    changed_by: Mapped[str] = mapped_column(String(200), sort_order=1)
    version: Mapped[int] = mapped_column(default=1, sort_order=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own idiom


def of_dossier(*items: SchemaItem) -> tuple[Any, ...]:
    """Return `__table_args__` of a table whose rows belong to a dossier and go with it."""
    return held_table(belongs_to("dossier", "dossier_id", ondelete="CASCADE"), *items)


def of_consultation(*items: SchemaItem) -> tuple[Any, ...]:
    """Return `__table_args__` of a table whose rows belong to a consultation and go with it."""
    return held_table(belongs_to("consultation", "consultation_id", ondelete="CASCADE"), *items)


class Dossier(Versioned, Held, Base):
    """A dossier at its address. Its title is neutral: it stands on paper and in lists."""

    __tablename__ = "dossier"
    __table_args__ = held_table(
        UniqueConstraint("holder", "number"),
        UniqueConstraint("holder", "year", "sequence"),
        ForeignKeyConstraint(["holder", "merged_into_id"], ["dossier.holder", "dossier.id"]),
        Index(None, "holder", "state", "changed_at"),
        Index(None, "holder", "neighbourhood_code"),
        Index(None, "holder", "owner_id"),
    )

    year: Mapped[int]
    sequence: Mapped[int]
    number: Mapped[str] = mapped_column(String(12))
    neighbourhood_code: Mapped[str] = mapped_column(ForeignKey("neighbourhood.code"))
    title: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(30))
    urgent: Mapped[bool] = mapped_column(default=False)
    frozen: Mapped[bool] = mapped_column(default=False)
    # Unused since the release after 1.0.0; goes one later.
    answers_woo: Mapped[bool] = mapped_column(default=False, server_default=false())
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))

    # Purpose and ground; required before anything is done.
    purpose: Mapped[str | None] = mapped_column(Text)
    legal_basis: Mapped[str | None] = mapped_column(String(40))
    responsible_body: Mapped[str | None] = mapped_column(String(200))
    privacy_advice: Mapped[str | None] = mapped_column(Text)
    privacy_advice_on: Mapped[date | None]

    goal: Mapped[str | None] = mapped_column(Text)
    summary: Mapped[str | None] = mapped_column(Text)
    assessment: Mapped[str | None] = mapped_column(Text)

    # Monitoring, closing, and the outcome.
    monitoring_on: Mapped[date | None]
    closed_at: Mapped[datetime | None]
    closed_reason: Mapped[str | None] = mapped_column(String(40))
    closed_note: Mapped[str | None] = mapped_column(Text)
    taken_over_by: Mapped[str | None] = mapped_column(String(200))
    merged_into_id: Mapped[UUID | None]
    effect: Mapped[str | None] = mapped_column(Text)
    feedback: Mapped[str | None] = mapped_column(Text)
    # By the digest of a text of officers: the spans that nobody outside reads
    # (`exports.review.services`). A text that isn't here, nobody looked at.
    looked_at: Mapped[dict[str, Any] | None] = mapped_column(JSON)

    @property
    def shown_state(self) -> str:
        """The state as lists show it: what never began is no case that was closed."""
        closed = self.state == DossierState.CLOSED
        never = closed and self.closed_reason == ClosingReason.NOT_STARTED
        return ClosingReason.NOT_STARTED.value if never else self.state


class DossierCounter(Held, Base):
    """The last number given out in a year; the row is the lock that keeps numbers apart."""

    __tablename__ = "dossier_counter"
    __table_args__ = held_table(UniqueConstraint("holder", "year"))

    year: Mapped[int]
    last: Mapped[int]


class DossierMembership(Held, Base):
    """Membership of a report in a dossier, now or before, with the reason.

    `home`: the report's address lies in the dossier (both lie in one neighbourhood).
    `reference`: the report belongs elsewhere; this dossier only refers to it. A report belongs to
    at most one dossier. `serial` is its lasting number here (M-03), also after leaving.
    """

    __tablename__ = "dossier_membership"
    __table_args__ = of_dossier(
        belongs_to("report", "report_id", ondelete="CASCADE"),
        partial_index(
            "uq_dossier_membership_still_in",
            "dossier_id",
            "report_id",
            unique=True,
            where=_STILL_IN,
        ),
        partial_index("uq_dossier_membership_belongs", "report_id", unique=True, where=_BELONGS),
        Index(None, "holder", "dossier_id", "serial"),
        Index(None, "holder", "report_id"),
    )

    dossier_id: Mapped[UUID]
    report_id: Mapped[UUID]
    serial: Mapped[int]
    home: Mapped[bool]
    reference: Mapped[bool] = mapped_column(default=False)
    joined_at: Mapped[datetime] = mapped_column(default=utc_now)
    joined_by: Mapped[str] = mapped_column(String(200))
    joined_reason: Mapped[str] = mapped_column(Text)
    left_at: Mapped[datetime | None]
    left_by: Mapped[str | None] = mapped_column(String(200))
    left_reason: Mapped[str | None] = mapped_column(Text)


class DossierNote(Held, Base):
    """A note about the dossier; a restricted one is read by its author and the named readers."""

    __tablename__ = "dossier_note"
    __table_args__ = of_dossier(Index(None, "holder", "dossier_id", "at"))

    dossier_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(default=utc_now)
    author_id: Mapped[str | None] = mapped_column(String(64))
    author_name: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    restricted: Mapped[bool] = mapped_column(default=False, server_default=false())


class DossierAgreement(Versioned, Held, Base):
    """An agreement: `who` (a function or organisation) does it, the owner minds it."""

    __tablename__ = "dossier_agreement"
    __table_args__ = of_dossier(
        Index(None, "holder", "dossier_id", "due_on"), Index(None, "holder", "state", "due_on")
    )

    dossier_id: Mapped[UUID]
    what: Mapped[str] = mapped_column(Text)
    who: Mapped[str] = mapped_column(String(200))
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    due_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(20))
    result: Mapped[str | None] = mapped_column(Text)
    made_by: Mapped[str] = mapped_column(String(200))
    closed_at: Mapped[datetime | None]


class DossierMove(HistoryLine, Held, Base):
    """One line of the history: a step, a change, a report that joined or left; who and why."""

    __tablename__ = "dossier_move"
    __table_args__ = of_dossier(Index(None, "holder", "dossier_id", "at"))

    dossier_id: Mapped[UUID]


class DossierText(Held, Base):
    """A version of the summary or the assessment; the newest stands in the dossier itself too."""

    __tablename__ = "dossier_text"
    __table_args__ = of_dossier(UniqueConstraint("dossier_id", "field", "number"))

    dossier_id: Mapped[UUID]
    field: Mapped[str] = mapped_column(String(20))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(default=utc_now)
    author_id: Mapped[str | None] = mapped_column(String(64))
    author_name: Mapped[str] = mapped_column(String(200))


class DossierParticipant(Held, Base):
    """A participant in the work: a function and an organisation, never somebody's name."""

    __tablename__ = "dossier_participant"
    __table_args__ = of_dossier(Index(None, "holder", "dossier_id"))

    dossier_id: Mapped[UUID]
    function: Mapped[str] = mapped_column(String(200))
    organisation: Mapped[str] = mapped_column(String(200))
    task: Mapped[str | None] = mapped_column(Text)
    joined_at: Mapped[datetime] = mapped_column(default=utc_now)
    joined_by: Mapped[str] = mapped_column(String(200))
    left_at: Mapped[datetime | None]
    left_by: Mapped[str | None] = mapped_column(String(200))


class DossierNoteReader(Held, Base):
    """Somebody who may read a restricted note, besides who wrote it."""

    __tablename__ = "dossier_note_reader"
    __table_args__ = held_table(
        belongs_to("dossier_note", "note_id", ondelete="CASCADE"),
        UniqueConstraint("note_id", "user_id"),
    )

    note_id: Mapped[UUID]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))


class Consultation(Versioned, Held, Base):
    """A meeting about the dossier: planned, held or dropped. `serial` counts in the dossier."""

    __tablename__ = "consultation"
    __table_args__ = of_dossier(
        UniqueConstraint("dossier_id", "serial"),
        Index(None, "holder", "dossier_id", "planned_at"),
        Index(None, "holder", "state", "planned_at"),
    )

    dossier_id: Mapped[UUID]
    serial: Mapped[int]
    # A casusoverleg is about a person; the word stays what it was at the time.
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    planned_at: Mapped[datetime]
    place: Mapped[str | None] = mapped_column(String(200))
    agenda: Mapped[str | None] = mapped_column(Text)
    decisions: Mapped[str | None] = mapped_column(Text)
    next_on: Mapped[date | None]

    # The tabled papers: since when, by whom, their hash, and whether they are still there.
    tabled_at: Mapped[datetime | None]
    tabled_by: Mapped[str | None] = mapped_column(String(200))
    tabled_sha256: Mapped[str | None] = mapped_column(String(64))
    tabled_state: Mapped[str | None] = mapped_column(String(20))

    made_by: Mapped[str] = mapped_column(String(200))


class ConsultationSeat(Held, Base):
    """A seat at the table: function and organisation, as they were then."""

    __tablename__ = "consultation_seat"
    __table_args__ = of_consultation(Index(None, "holder", "consultation_id"))

    consultation_id: Mapped[UUID]
    function: Mapped[str] = mapped_column(String(200))
    organisation: Mapped[str] = mapped_column(String(200))


class ConsultationAgreement(Held, Base):
    """Link between a consultation and an agreement that was made there."""

    __tablename__ = "consultation_agreement"
    __table_args__ = of_consultation(
        belongs_to("dossier_agreement", "agreement_id", ondelete="CASCADE"),
        UniqueConstraint("agreement_id"),
        Index(None, "holder", "consultation_id"),
    )

    consultation_id: Mapped[UUID]
    agreement_id: Mapped[UUID]


class ConsultationKey(Held, Base):
    """The key of what was tabled at one consultation, itself encrypted with the key ring."""

    __tablename__ = "consultation_key"
    __table_args__ = of_consultation(UniqueConstraint("holder", "consultation_id"))

    consultation_id: Mapped[UUID]
    sealed: Mapped[str] = mapped_column(Text)


class ConsultationBlob(Held, Base):
    """The frozen papers that were tabled, encrypted with the key of the consultation.

    When a source is erased or redacted, the blob goes or is replaced; the row with its hash stays.
    """

    __tablename__ = "consultation_blob"
    __table_args__ = of_consultation(UniqueConstraint("holder", "consultation_id", "kind"))

    consultation_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(20))
    data: Mapped[bytes] = mapped_column(LargeBinary)


class DossierReader(Held, Base):
    """Somebody who may see the reports of a person-directed dossier, besides its owner."""

    __tablename__ = "dossier_reader"
    __table_args__ = of_dossier(UniqueConstraint("dossier_id", "user_id"))

    dossier_id: Mapped[UUID]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    named_at: Mapped[datetime] = mapped_column(default=utc_now)
    named_by: Mapped[str] = mapped_column(String(200))


class DossierMeasure(Versioned, Held, Base):
    """A measure against what was reported, from a day on."""

    __tablename__ = "dossier_measure"
    __table_args__ = of_dossier(Index(None, "holder", "dossier_id", "started_on"))

    dossier_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(40))
    what: Mapped[str] = mapped_column(Text)
    who: Mapped[str] = mapped_column(String(200))
    started_on: Mapped[date]
    ended_on: Mapped[date | None]
    effect: Mapped[str | None] = mapped_column(Text)
    made_by: Mapped[str] = mapped_column(String(200))


class DossierAttachment(Attached, Held, Base):
    """A photo, sound or video in the dossier."""

    __tablename__ = "dossier_attachment"
    __table_args__ = of_dossier(UniqueConstraint("dossier_id", "number"))

    dossier_id: Mapped[UUID]
    about: Mapped[str] = mapped_column(String(200))
    by: Mapped[str] = mapped_column(String(200))
