"""Tables of destruction: lists and lines, statements, tombstones, and transfers to an archive.

None of them holds content: references, dates, categories, and the names of employees who decided.
The one exception is the package for the archive, encrypted so that only the archive reads it.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base, Held, belongs_to, held_table, partial_index
from stopintimidatie.core.storage.retention import RetentionClass, Way, years
from stopintimidatie.core.text import Term


class ListState(StrEnum):
    """State of a destruction list; what was left undecided goes round once more."""

    PROPOSED = "voorgesteld"
    ASSESSED = "beoordeeld"
    # Ready for the archivist: checked, or assessed where nobody looks in between.
    CHECKED = "nagekeken"
    AUTHORISED = "gemachtigd"
    # Every line is gone, or stays by decision.
    DONE = "vernietigd"


class LineState(Term):
    """State of a line of a list: the process owner's decision, or what came before or after it."""

    UNDECIDED = "onbeslist", "Nog niet beslist", "undecided"
    GOES = "mee", "Mee", "goes"
    POSTPONED = "uitgesteld", "Uitgesteld", "postponed"
    HELD = "vastgehouden", "Vastgehouden", "held"
    AUTHORISED = "gemachtigd", "Gemachtigd", "authorised"
    GONE = "weg", "Weg", "gone"


class Waits(Term):
    """Reason that a line stays although its day has come."""

    NOT_AUTHORISED = "niet_gemachtigd", "nog niet gemachtigd", "not authorised"
    HOLD = "bevroren", "bevroren", "frozen"
    DOSSIER = "lopend_dossier", "zit in een dossier dat nog loopt", "in a live dossier"
    EXPORT = "lopende_uitvoer", "er loopt nog uitvoer", "an export runs"
    HANDOVER = "overdracht", "er loopt nog een overdracht", "a hand-over runs"
    # Reopened, or its term was made longer since.
    NOT_DUE = "niet_meer_aan_de_beurt", "niet meer aan de beurt", "not due any more"
    TRANSFER = "nog_niet_overgebracht", "nog niet overgebracht", "not transferred yet"


class DestructionList(Held, Base):
    """A list of what is due in one quarter, made a quarter ahead. Its state: `ListState`."""

    __tablename__ = "destruction_list"
    __table_args__ = held_table(UniqueConstraint("holder", "number"))

    # Such as 2027-2: the quarter in which its lines are due.
    number: Mapped[str] = mapped_column(String(10))
    period_from: Mapped[date]
    # The last day.
    period_until: Mapped[date]
    state: Mapped[str] = mapped_column(String(20))
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    # SHA-256 over the authorised lines.
    hash: Mapped[str | None] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own idiom


class DestructionLine(Held, Base):
    """Line of a list, for one document: why it is due, each decision on it, and when it went."""

    __tablename__ = "destruction_line"
    __table_args__ = held_table(
        belongs_to("destruction_list", "list_id"),
        UniqueConstraint("list_id", "document_id"),
        Index(None, "holder", "list_id", "due_on"),
        Index(None, "holder", "document_id"),
        partial_index(
            "ix_destruction_line_to_do",
            "holder",
            "due_on",
            where="authorised_at IS NOT NULL AND gone_at IS NULL",
        ),
    )

    list_id: Mapped[UUID]
    document_kind: Mapped[str] = mapped_column(String(20))
    document_id: Mapped[UUID]
    reference: Mapped[str] = mapped_column(String(20))
    # The code of its retention class, and the category of the Selectielijst at that moment.
    retention_class: Mapped[str] = mapped_column(String(40))
    category: Mapped[str] = mapped_column(String(100))
    # Vernietigen, or overbrengen.
    outcome: Mapped[str] = mapped_column(String(20))
    received_on: Mapped[date]
    ended_on: Mapped[date | None]
    starts_on: Mapped[date]
    due_on: Mapped[date]
    # It is due by the absolute maximum, and not by its own term.
    at_maximum: Mapped[bool] = mapped_column(default=False)
    # A code of `LineState`: it goes, is postponed or held; None: undecided.
    decision: Mapped[str | None] = mapped_column(String(20))
    postponed_until: Mapped[date | None]
    reason: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[str | None] = mapped_column(String(64))
    decided_by: Mapped[str | None] = mapped_column(String(200))
    # Different hands for every line, also where one list is divided among several of each.
    assessed_at: Mapped[datetime | None]
    assessed_by_id: Mapped[str | None] = mapped_column(String(64))
    assessed_by: Mapped[str | None] = mapped_column(String(200))
    checked_at: Mapped[datetime | None]
    checked_by_id: Mapped[str | None] = mapped_column(String(64))
    checked_by: Mapped[str | None] = mapped_column(String(200))
    authorised_at: Mapped[datetime | None]
    authorised_by_id: Mapped[str | None] = mapped_column(String(64))
    authorised_by: Mapped[str | None] = mapped_column(String(200))
    # The reason that it waited on its day, or was held without anybody choosing so: `Waits`.
    waits_for: Mapped[str | None] = mapped_column(String(40))
    gone_at: Mapped[datetime | None]
    statement_id: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own idiom

    @property
    def standing(self) -> str:
        """The state of a line: a decision, or one of the other states."""
        if self.gone_at is not None:
            return LineState.GONE
        if self.authorised_at is not None:
            return LineState.AUTHORISED
        return self.decision or LineState.UNDECIDED

    def start_again(self) -> None:
        """Forget the steps that were made: the line goes round anew."""
        for step in ("assessed", "checked", "authorised"):
            self.sign(step)

    def sign(
        self,
        step: str,
        at: datetime | None = None,
        person_id: str | None = None,
        name: str | None = None,
    ) -> None:
        """Keep who made a step, and when: decided, assessed, checked, authorised; or nobody."""
        for column, value in (("at", at), ("by_id", person_id), ("by", name)):
            setattr(self, f"{step}_{column}", value)


class DestructionStatement(Held, Base):
    """A *verklaring van vernietiging*: of a list, of a month of short classes, or of a leaver."""

    __tablename__ = "destruction_statement"
    __table_args__ = held_table(
        UniqueConstraint("holder", "number"), Index(None, "holder", "made_at"), append_only=True
    )

    number: Mapped[str] = mapped_column(String(20))
    list_id: Mapped[UUID | None]
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    # Counts per category and period, by which decision, by whom, how, hash of the list.
    content: Mapped[dict[str, Any]]
    pdf: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    sha256: Mapped[str] = mapped_column(String(64))


class Tombstone(Held, Base):
    """A destroyed or transferred document: that it was there, and by which decision it went."""

    __tablename__ = "tombstone"
    __table_args__ = held_table(
        UniqueConstraint("holder", "document_id"),
        Index(None, "holder", "reference"),
        Index(None, "holder", "gone_on"),
    )

    document_kind: Mapped[str] = mapped_column(String(20))
    document_id: Mapped[UUID]
    reference: Mapped[str] = mapped_column(String(20))
    received_on: Mapped[date]
    ended_on: Mapped[date | None]
    gone_on: Mapped[date]
    # Vernietigd, or overgebracht.
    outcome: Mapped[str] = mapped_column(String(20))
    retention_class: Mapped[str] = mapped_column(String(40))
    category: Mapped[str] = mapped_column(String(100))
    # The number of the list; None for what went by the standing decision.
    list_number: Mapped[str | None] = mapped_column(String(10))
    # The statement of the month, once made, for what went by a standing decision.
    statement_id: Mapped[UUID | None]


class TransferState(StrEnum):
    """State of the transfer of a dossier to an archive."""

    # Asked for; the dossier's line on a destruction list isn't authorised yet.
    AGREEING = "wacht_op_besluit"
    ASKED = "gevraagd"
    MAKING = "wordt_gemaakt"
    FAILED = "mislukt"
    # The package was made; what it was made of is still here.
    WAITS = "wacht_op_ontvangstbewijs"
    # Something in it was erased or redacted since: it must be made anew.
    LAPSED = "vervallen"
    DONE = "overgebracht"


class ArchiveTransfer(Held, Base):
    """The transfer of one dossier to an archive: the package, and the archive's receipt.

    The row outlives the dossier: it tells where that is now.
    """

    __tablename__ = "archive_transfer"
    __table_args__ = held_table(
        UniqueConstraint("holder", "dossier_id"), Index(None, "holder", "state", "requested_at")
    )

    dossier_id: Mapped[UUID]
    reference: Mapped[str] = mapped_column(String(20))
    # A code of `TransferState`.
    state: Mapped[str] = mapped_column(String(30))
    # The moment that stands in the package, also when it is made again.
    requested_at: Mapped[datetime] = mapped_column(default=utc_now)
    requested_by_id: Mapped[str | None] = mapped_column(String(64))
    requested_by: Mapped[str] = mapped_column(String(200))
    # The public age key of the archive; None for a package that an operator made in a folder.
    recipient: Mapped[str | None] = mapped_column(String(100))
    progress: Mapped[int] = mapped_column(default=0)
    step: Mapped[str] = mapped_column(String(80), default="")
    failure: Mapped[str | None] = mapped_column(String(500))
    made_at: Mapped[datetime | None]
    # Hashes of the file as it was handed over, and of the rows inside it.
    sha256: Mapped[str | None] = mapped_column(String(64))
    size: Mapped[int | None]
    rows_sha256: Mapped[str | None] = mapped_column(String(64))
    # Ids of the reports whose content is in it.
    reports: Mapped[list[str]] = mapped_column(default=list)
    # The archive's receipt.
    receipt_number: Mapped[str | None] = mapped_column(String(100))
    receipt_on: Mapped[date | None]
    receipt_from: Mapped[str | None] = mapped_column(String(200))
    received_at: Mapped[datetime | None]
    received_by_id: Mapped[str | None] = mapped_column(String(64))
    received_by: Mapped[str | None] = mapped_column(String(200))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own idiom


class ArchivePart(Held, Base):
    """A part of a package, encrypted for the archive; gone once the archive has it."""

    __tablename__ = "archive_part"
    __table_args__ = held_table(
        belongs_to("archive_transfer", "transfer_id", ondelete="CASCADE"),
        UniqueConstraint("holder", "transfer_id", "number"),
    )

    transfer_id: Mapped[UUID]
    number: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)


RETENTION: Final = (
    RetentionClass(
        "archiefpakket",
        "Het pakket van een dossier dat naar het archief gaat, versleuteld voor het archief",
        ("archive_part",),
        Way.BY_ITSELF,
        "het archief bevestigt de ontvangst",
        until="tot het ontvangstbewijs; eerder als iets van de inhoud wordt gewist",
        source="eigen beleid",
        desk=False,
    ),
    RetentionClass(
        "grafsteen",
        "Wat blijft van een vernietigd document: kenmerk, soort, dagen en categorie",
        ("tombstone",),
        Way.STANDING,
        "de dag van vernietigen",
        years(1),
        source="eigen beleid; een jurist moet dit nog bevestigen",
    ),
    RetentionClass(
        "verklaring",
        "Vernietigingslijsten en verklaringen van vernietiging, en de besluiten over termijnen",
        (
            "destruction_list",
            "destruction_line",
            "destruction_statement",
            "retention_schedule",
            "retention_extension",
            "archive_transfer",
        ),
        Way.KEPT,
        "de dag van de verklaring",
        until="blijft; alleen kenmerken, dagen en categorieën",
        source="Archiefwet; een jurist moet dit nog bevestigen",
    ),
)
