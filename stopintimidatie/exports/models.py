"""An export of a dossier: what was asked, by whom, how far it is; and its content under lock.

The PDF and the frozen content stand in the database, not in `data_dir`: file, hash, register row
and state then commit together or not at all, so a crash can't leave half an export, and a backup
of the database is whole. They are some hundred kilobytes each. Both are encrypted with a key of
this export alone, kept in a row of its own: without that row the blobs mean nothing, while the
export and the register with their hashes stay (decision 9).
"""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnElement,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    and_,
    delete,
    false,
    or_,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.encryption import KeyRing, Vault
from stopintimidatie.core.storage.models import Base, Held, Proposed, belongs_to, held_table
from stopintimidatie.core.text import Term, _, date_short
from stopintimidatie.exports.vocabulary import DEMAND, ExportRequest, FileForm
from stopintimidatie.municipalities.partners.vocabulary import LegalBasis


def basis_words(asked: ExportRequest) -> str:
    """Return the legal ground in words; of a demand, which one."""
    words = LegalBasis.word(asked.legal_basis)
    if asked.legal_basis != DEMAND or asked.demand_on is None:
        return words
    return f"{words.partition(' (')[0]}: {demand_words(asked)}"[:200]


def demand_words(asked: ExportRequest) -> str:
    """Return which demand it is; its official is on the page of the export alone."""
    day = date_short(asked.demand_on) if asked.demand_on else ""
    return f"{asked.demand_article}, nr. {asked.demand_number}, {day}"


class ExportState(StrEnum):
    """From the request to the file."""

    REQUESTED = "aangevraagd"
    APPROVED = "goedgekeurd"
    IN_THE_MAKING = "wordt_gemaakt"
    READY = "gereed"
    REJECTED = "afgewezen"
    FAILED = "mislukt"
    # Stopped by somebody while it was being made; it can be made again.
    CANCELLED = "afgebroken"
    # Taken back, or what it was made of has been erased or redacted since: the file is gone.
    WITHDRAWN = "ingetrokken"


MAKING: Final = frozenset({ExportState.APPROVED, ExportState.IN_THE_MAKING})


class Export(Proposed, Held, Base):
    """An export for one recipient: approved before it is made; if urgent, judged after that."""

    __tablename__ = "export"
    __table_args__ = held_table(
        belongs_to("dossier", "dossier_id"),
        belongs_to("partner_organisation", "partner_id"),
        UniqueConstraint("holder", "reference"),
        CheckConstraint("progress BETWEEN 0 AND 100", name="progress"),
        Index(None, "holder", "dossier_id", "requested_at"),
        Index(None, "holder", "state", "requested_at"),
    )

    dossier_id: Mapped[UUID]
    reference: Mapped[str] = mapped_column(String(11))
    state: Mapped[str] = mapped_column(String(20), default=ExportState.REQUESTED.value)
    # The how-manieth for this recipient; known once it is approved.
    edition: Mapped[int | None]

    # For whom, by which rules.
    profile: Mapped[str] = mapped_column(String(40))
    profile_version: Mapped[int]
    recipient: Mapped[str] = mapped_column(String(200))
    # The partner it is for, when it is one of the municipality's; partners are never deleted.
    partner_id: Mapped[UUID | None]
    # The address of the contact who is told by itself once it is made, while it is confirmed.
    offer_address_id: Mapped[UUID | None]

    # `FileForm`; of one with a password, when that was shown: once.
    file_form: Mapped[str] = mapped_column(
        String(12), default=FileForm.ARCHIVE.value, server_default=FileForm.ARCHIVE.value
    )
    password_shown_at: Mapped[datetime | None]

    # The request: question, purpose, legal ground and deadlines.
    question: Mapped[str] = mapped_column(Text)
    answer_by: Mapped[date]
    purpose: Mapped[str] = mapped_column(Text)
    legal_basis: Mapped[str] = mapped_column(String(40))
    covenant: Mapped[str | None] = mapped_column(String(200))
    minors_ground: Mapped[str | None] = mapped_column(Text)
    # Codes of `Purpose` and `MinorsGround`, for the register.
    purpose_code: Mapped[str | None] = mapped_column(String(20))
    minors_code: Mapped[str | None] = mapped_column(String(20))
    destroy_by: Mapped[date]

    # A demand: by which article and number, whose (a function), of which day.
    demand_article: Mapped[str | None] = mapped_column(String(40))
    demand_number: Mapped[str | None] = mapped_column(String(40))
    demand_officer: Mapped[str | None] = mapped_column(String(200))
    demand_on: Mapped[date | None]
    # Made before anybody else looked; until when a second person must.
    urgent: Mapped[bool] = mapped_column(default=False, server_default=false())
    urgent_reason: Mapped[str | None] = mapped_column(Text)
    approve_by: Mapped[datetime | None]
    overdue_at: Mapped[datetime | None]

    # Details and texts that the requester adds to the dossier's own words.
    owner_phone: Mapped[str | None] = mapped_column(String(40))
    facts: Mapped[str | None] = mapped_column(Text)
    perceptions: Mapped[str | None] = mapped_column(Text)
    assumptions: Mapped[str | None] = mapped_column(Text)
    feedback: Mapped[str | None] = mapped_column(Text)
    # Reports against whose reporters' wish it is: number, ground and reason of each.
    deviations: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))

    # The numbers of the reports that are told in full; None means the newest.
    in_full: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))

    # Asked for in one action with those of the same number.
    together: Mapped[UUID | None]

    proposed_at: Mapped[datetime] = mapped_column("requested_at", default=utc_now)
    proposed_by_id: Mapped[str | None] = mapped_column("requested_by_id", String(64))
    proposed_by: Mapped[str] = mapped_column("requested_by", String(200))
    answered_at: Mapped[datetime | None] = mapped_column("decided_at")
    answered_by_id: Mapped[str | None] = mapped_column("decided_by_id", String(64))
    answered_by: Mapped[str | None] = mapped_column("decided_by", String(200))
    decided_reason: Mapped[str | None] = mapped_column(Text)

    # Taken back: by whom, why (a code, and words for colleagues).
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by_id: Mapped[str | None] = mapped_column(String(64))
    withdrawn_by: Mapped[str | None] = mapped_column(String(200))
    withdrawn_code: Mapped[str | None] = mapped_column(String(40))
    withdrawn_reason: Mapped[str | None] = mapped_column(Text)

    # Progress of the making; `progress_at` is the last sign of life of the process at it.
    progress: Mapped[int] = mapped_column(default=0)
    step: Mapped[str] = mapped_column(String(80), default="")
    progress_at: Mapped[datetime | None]
    # The reason that it wasn't made, or once made not put ready for who was chosen.
    failure: Mapped[str | None] = mapped_column(String(500))

    frozen_at: Mapped[datetime | None]
    content_sha256: Mapped[str | None] = mapped_column(String(64))
    made_at: Mapped[datetime | None]
    file_sha256: Mapped[str | None] = mapped_column(String(64))
    file_size: Mapped[int | None]
    # The subject of the key that signed the file; None when it isn't signed.
    signed_by: Mapped[str | None] = mapped_column(String(200))

    @property
    def asked(self) -> ExportRequest:
        """Return what was asked for."""
        names = [field.name for field in fields(ExportRequest)]
        return ExportRequest(**{name: getattr(self, name) for name in names})

    @classmethod
    def waiting(cls) -> ColumnElement[bool]:
        """Make the condition that a second person must decide, or judge what was urgent."""
        made = and_(cls.urgent, cls.state != ExportState.WITHDRAWN.value)
        return and_(super().waiting(), or_(cls.state == ExportState.REQUESTED.value, made))

    @property
    def waits(self) -> bool:
        """Tell whether a second person must decide, or judge what was urgent."""
        made = self.urgent and self.state != ExportState.WITHDRAWN
        return super().waits and bool(made or self.state == ExportState.REQUESTED)

    @property
    def unjudged(self) -> bool:
        """Tell whether it was made with urgency and no second person judged it yet."""
        return self.waits and bool(self.urgent)

    @property
    def taken_back(self) -> bool:
        """Tell whether who asked for it ended the request."""
        own = self.proposed_by_id is not None and self.answered_by_id == self.proposed_by_id
        return own and self.state == ExportState.REJECTED


class ExportKey(Held, Base):
    """The key of one export, itself encrypted with the key ring."""

    __tablename__ = "export_key"
    __table_args__ = held_table(
        belongs_to("export", "export_id", ondelete="CASCADE"),
        UniqueConstraint("holder", "export_id"),
    )

    export_id: Mapped[UUID]
    sealed: Mapped[str] = mapped_column(Text)


class ExportBlob(Held, Base):
    """Something of an export under its key.

    Kinds are `inhoud` (frozen content), `van_wie` (the subjects for the register), `pdf`, and until
    that is made `bestand-1`… (files that go along).
    """

    __tablename__ = "export_blob"
    __table_args__ = held_table(
        belongs_to("export", "export_id", ondelete="CASCADE"),
        UniqueConstraint("holder", "export_id", "kind"),
    )

    export_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(20))
    data: Mapped[bytes] = mapped_column(LargeBinary)


# The versions of redaction profiles that a municipality made.


class RedactionProfile(Held, Base):
    """One version of one profile: all its rules, whole; the newest counts. Never changed."""

    __tablename__ = "redaction_profile"
    __table_args__ = held_table(UniqueConstraint("holder", "name", "number"), append_only=True)

    name: Mapped[str] = mapped_column(String(40))
    number: Mapped[int]
    # Name of a field or part -> name of its step; see `profile_text`.
    rules: Mapped[dict[str, Any]] = mapped_column(JSON)
    # True if this version was made by going back to the program's proposal.
    proposed: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    made_by_id: Mapped[str | None] = mapped_column(String(64))
    made_by: Mapped[str] = mapped_column(String(200))


# Places marked in the free text of a report: the words there must not go to a recipient.


class ReportReview(Held, Base):
    """One text of a report that was looked at: positions in it, never words of it.

    When the text changes the digest doesn't fit any more, and it must be looked at again.
    """

    __tablename__ = "report_review"
    __table_args__ = held_table(
        belongs_to("report", "report_id", ondelete="CASCADE"),
        UniqueConstraint("holder", "report_id", "field"),
    )

    report_id: Mapped[UUID]
    field: Mapped[str] = mapped_column(String(20))
    digest: Mapped[str] = mapped_column(String(64))
    spans: Mapped[list[list[int]]] = mapped_column(JSON)
    looked_at: Mapped[datetime] = mapped_column(default=utc_now)
    looked_by_id: Mapped[str | None] = mapped_column(String(64))
    looked_by: Mapped[str] = mapped_column(String(200))


# The certificate with which a municipality signs its PDFs.


class SigningCertificate(Held, Base):
    """The certificate with which a municipality signs, at most one.

    The certificates are public; the key is encrypted with the key ring.
    """

    __tablename__ = "signing_certificate"
    __table_args__ = held_table(UniqueConstraint("holder"))

    # Its own first, then those above it: DER in base64.
    certificates: Mapped[list[str]] = mapped_column(JSON)
    sealed: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(String(200))
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime]
    made_at: Mapped[datetime] = mapped_column(default=utc_now)


# Keeping and reading the blobs of an export, each export under its own key.


PURPOSE: Final = "export-key"
VAULT: Final = Vault(ExportKey, ExportBlob, "export_id", PURPOSE)
SEALED: Final = VAULT.sealed
FILE: Final = "bestand-"


class BlobKind(StrEnum):
    """The kinds of content that are kept of an export."""

    CONTENT = "inhoud"
    SUBJECTS = "van_wie"
    PDF = "pdf"
    # The password of a locked file, kept until it was shown.
    LOCK = "wachtwoord"


def forget(session: Session, export: Export, kind: str) -> None:
    """Delete what was kept of this kind; of files that go along all, as they are in the PDF."""
    mine = ExportBlob.export_id == export.id
    is_kind = ExportBlob.kind.startswith(FILE) if kind == FILE else ExportBlob.kind == kind
    session.execute(delete(ExportBlob).where(mine, is_kind))


def read(session: Session, keys: KeyRing, export: Export, kind: str) -> bytes:
    """Read what was kept of this kind.

    Raises:
        DecryptionError: It isn't there (any more), or the key doesn't fit.
    """
    return VAULT.read(session, keys, export, kind)


# Answers of partners, and corrections of copies. The name of who answered is encrypted.


class PartnerAnswer(Held, Base):
    """The answer of a partner to what was asked. The dossier's chronology tells it as well."""

    __tablename__ = "partner_answer"
    __table_args__ = held_table(
        belongs_to("export", "export_id", ondelete="CASCADE"),
        belongs_to("dossier", "dossier_id", ondelete="CASCADE"),
        belongs_to("pickup", "pickup_id"),
        Index(None, "holder", "export_id", "at"),
        Index(None, "holder", "seen_at", "at"),
    )

    export_id: Mapped[UUID]
    dossier_id: Mapped[UUID]
    pickup_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(default=utc_now)
    # Name and function of who answered, encrypted.
    answered_by: Mapped[str | None] = mapped_column(Text)
    done: Mapped[list[str]] = mapped_column(default=list)
    done_on: Mapped[date | None]
    text: Mapped[str | None] = mapped_column(Text)
    # They would like to speak to a reporter: about which report, and why.
    wants_reporter: Mapped[bool] = mapped_column(default=False)
    wants_about: Mapped[str | None] = mapped_column(Text)
    seen_at: Mapped[datetime | None]
    seen_by: Mapped[str | None] = mapped_column(String(200))


class CopyCorrection(Held, Base):
    """Something changed in a report of which somebody has a copy; open until they confirm."""

    __tablename__ = "copy_correction"
    __table_args__ = held_table(
        belongs_to("export", "export_id", ondelete="CASCADE"),
        Index(None, "holder", "export_id", "made_at"),
    )

    export_id: Mapped[UUID]
    # The report by its name in the document, such as M-03.
    label: Mapped[str] = mapped_column(String(20))
    change: Mapped[str] = mapped_column(String(20))
    # The codes of the parts that were wrong, and the officer's note to the holder of the copy.
    parts: Mapped[list[str]] = mapped_column(default=list)
    note: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    made_by: Mapped[str] = mapped_column(String(200))
    # None: there is no address, so somebody must call.
    told_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[str | None] = mapped_column(String(200))


# The closed lists of deliveries. Pure.


class Done(Term):
    """The things a partner did. Of an investigation only that there was action, no finding."""

    WATCH = "toezicht", _("extra toezicht gehouden"), "extra supervision"
    TALK = "gesprek", _("met iemand gesproken"), "talked to somebody"
    FINED = "opgetreden", _("opgetreden"), "acted"
    PLACE = "plek", _("iets aan de plek veranderd"), "changed the place"
    HELP = "hulp", _("hulp aangeboden of doorverwezen"), "offered help"
    PLANNED = "gepland", _("nog niets; het staat gepland"), "planned"
    NOTHING = "niets", _("niets kunnen doen"), "could do nothing"
    OTHER = "anders", _("iets anders"), "something else"


class Part(Term):
    """The part of a report that was wrong."""

    WHEN = "tijd", _("dag of tijd"), "day or time"
    WHERE = "plek", _("plek"), "place"
    FORMS = "vormen", _("vormen"), "forms"
    STORY = "verhaal", _("verhaal van de melder"), "account"
    OFFENDER = "signalement", _("signalement"), "description of offender"
    REPORTER = "melder", _("gegevens over de melder"), "about the reporter"
    ALL = "alles", _("de hele melding"), "everything"
