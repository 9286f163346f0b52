"""The report, with what belongs to it: forms, contact data, history, messages, hand-over."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.schema import SchemaItem

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import (
    Base,
    Held,
    Passed,
    Proposed,
    belongs_to,
    held_table,
    partial_index,
)
from stopintimidatie.core.storage.tenancy import open_table
from stopintimidatie.core.workflow import HistoryLine
from stopintimidatie.reports.vocabulary import HandoverState, in_order
from stopintimidatie.reports.workflow import ReportState


def of_report(*items: SchemaItem) -> tuple[Any, ...]:
    """Return `__table_args__` of a table whose rows belong to a report and go with it."""
    return held_table(belongs_to("report", "report_id", ondelete="CASCADE"), *items)


class Report(Held, Base):
    """One report of one holder. Contact data is not here; see `ReportContact`."""

    __tablename__ = "report"
    __table_args__ = held_table(
        UniqueConstraint("holder", "reference"),
        CheckConstraint("holder = 'landelijk' OR neighbourhood_code IS NOT NULL", name="at_home"),
        ForeignKeyConstraint(["holder", "duplicate_of_id"], ["report.holder", "report.id"]),
        Index(None, "holder", "state", "received_at"),
        Index(None, "holder", "neighbourhood_code", "received_at"),
        Index(None, "holder", "received_at"),
        # The numbers of the map, of which this index alone tells all.
        Index(
            "ix_report_map",
            *("holder", "incident_start", "neighbourhood_code", "subneighbourhood_code"),
            *("state", "part_of_day", "time_precision"),
        ),
        # For reports near a point: a strip by latitude, of which the index alone tells the rest.
        Index(None, "holder", "lat", "lon", "id"),
        # The desk's queue: none of it falls on what goes straight to a municipality.
        partial_index(
            "ix_report_waiting",
            "holder",
            "urgent",
            "received_at",
            "id",
            where="delivery IS NOT NULL",
        ),
        # The order of the inbox: urgent first, then the nearest deadline, then the newest.
        Index(
            "ix_report_in_line",
            "holder",
            "state",
            text("urgent DESC"),
            text("coalesce(contact_deadline, 'infinity')"),
            text("received_at DESC"),
            "id",
        ),
        # The few reports that have a handler, and (the next index) those that wait for an answer.
        partial_index(
            "ix_report_in_hand", "holder", "state", "handler_id", where="handler_id IS NOT NULL"
        ),
        partial_index(
            "ix_report_awaiting",
            "holder",
            "state",
            "waiting_until",
            where="waiting_until IS NOT NULL",
        ),
        # The doubles, which the page of the other report shows.
        partial_index(
            "ix_report_double", "holder", "duplicate_of_id", where="duplicate_of_id IS NOT NULL"
        ),
        # The few whose reporter wrote and waits to be read.
        partial_index(
            "ix_report_spoken", "holder", "reporter_spoke_at", where="reporter_spoke_at IS NOT NULL"
        ),
    )

    reference: Mapped[str] = mapped_column(String(11))
    received_at: Mapped[datetime] = mapped_column(default=utc_now)
    source: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(5), default="nl")
    client_platform: Mapped[str | None] = mapped_column(String(40))
    client_app_version: Mapped[str | None] = mapped_column(String(40))
    campaign: Mapped[str | None] = mapped_column(String(40))

    # Place: the area it is filed under, how that was found, and what the reporter said.
    municipality_code: Mapped[str | None] = mapped_column(ForeignKey("municipality.code"))
    neighbourhood_code: Mapped[str | None] = mapped_column(ForeignKey("neighbourhood.code"))
    subneighbourhood_code: Mapped[str | None] = mapped_column(ForeignKey("subneighbourhood.code"))
    # Another municipality within 50 m of the point: a public fact, no reference.
    near_municipality_code: Mapped[str | None] = mapped_column(String(6))
    located_by: Mapped[str] = mapped_column(String(20))
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    accuracy_m: Mapped[int | None]
    location_source: Mapped[str | None] = mapped_column(String(20))
    address: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    transit: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    location_text: Mapped[str | None] = mapped_column(String(500))
    place_type: Mapped[str] = mapped_column(String(40))
    # The named place nearest to the point (kind, name, metres), and by which load of names.
    near_place: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    near_load: Mapped[int | None]

    # Time and course of the incident.
    incident_start: Mapped[datetime]
    incident_end: Mapped[datetime | None]
    time_precision: Mapped[str | None] = mapped_column(String(20))
    part_of_day: Mapped[str | None] = mapped_column(String(20))
    recurrence: Mapped[str | None] = mapped_column(String(30))
    description: Mapped[str | None] = mapped_column(Text)
    felt_safety: Mapped[str | None] = mapped_column(String(30))
    behaviour_changes: Mapped[list[str]] = mapped_column(default=list)
    bystanders: Mapped[str | None] = mapped_column(String(30))
    police: Mapped[str | None] = mapped_column(String(30))

    offender_count: Mapped[str | None] = mapped_column(String(20))
    offender_in_group: Mapped[bool | None]
    offender_known: Mapped[str | None] = mapped_column(String(20))
    offender_age: Mapped[str | None] = mapped_column(String(20))
    offender_gender: Mapped[str | None] = mapped_column(String(20))
    offender_appearance: Mapped[str | None] = mapped_column(String(1000))
    offender_transport: Mapped[str | None] = mapped_column(String(20))

    role: Mapped[str] = mapped_column(String(20))
    anonymous: Mapped[bool]
    reporter_age_group: Mapped[str | None] = mapped_column(String(20))
    reporter_gender: Mapped[str | None] = mapped_column(String(20))
    wants_contact: Mapped[str] = mapped_column(String(30))
    wants_support: Mapped[bool | None]
    # Answers to the municipality's own questions, in the order they were asked in.
    own_answers: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    share_with_police: Mapped[bool]
    share_with_partners: Mapped[bool]

    # State, delivery and handling.
    state: Mapped[str] = mapped_column(String(30))
    # Delivery of what isn't connected, an axis of its own; None within a connected municipality.
    delivery: Mapped[str | None] = mapped_column(String(30))
    urgent: Mapped[bool] = mapped_column(default=False)
    frozen: Mapped[bool] = mapped_column(default=False)
    handler_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    contact_deadline: Mapped[datetime | None]
    # The moment before which a new report is read, as the municipality promised.
    read_before: Mapped[datetime | None]
    waiting_until: Mapped[date | None]
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str | None] = mapped_column(String(40))
    duplicate_of_id: Mapped[UUID | None]
    follow_ups: Mapped[list[str]] = mapped_column(default=list)
    # Not in the list of what is to do before this day; spoed and promised contact go through it.
    snoozed_until: Mapped[date | None]
    # The moment of the next attempt to reach the reporter; the promised term stands beside it.
    next_attempt_at: Mapped[datetime | None]
    # The promised term of a reporter nobody spoke to before the end: opened again, it is due again.
    contact_owed: Mapped[datetime | None]
    # Until this moment the reporter reads the status of before the last decision, which may still
    # be undone.
    shown_state: Mapped[str | None] = mapped_column(String(30))
    shown_until: Mapped[datetime | None]
    # At this moment it leaves the house, as decided; until then that can be undone.
    leaves_at: Mapped[datetime | None]
    # Number of the dossier it lives in (its membership is a table of `dossiers`): part of its
    # address, so that lists and hits can name that address without asking another room.
    dossier_number: Mapped[str | None] = mapped_column(String(12))
    # The reporter wrote or withdrew, and nobody here has seen it yet.
    reporter_spoke_at: Mapped[datetime | None]
    # Answer of the reporter, when it was over, to the question if it helped.
    reporter_verdict: Mapped[str | None] = mapped_column(String(10))
    handed_to: Mapped[str | None] = mapped_column(String(9))
    received_from: Mapped[str | None] = mapped_column(String(9))

    # Findings of triage.
    triaged_at: Mapped[datetime | None]
    danger_now: Mapped[bool | None]
    suspected_offence: Mapped[bool | None]
    suspected_offence_reason: Mapped[str | None] = mapped_column(Text)
    contact_agreed: Mapped[str | None] = mapped_column(String(30))

    follow_code_hash: Mapped[str] = mapped_column(String(64))
    follow_code_version: Mapped[int] = mapped_column(default=1)
    version: Mapped[int] = mapped_column(default=1)

    form_rows: Mapped[list[ReportForm]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="ReportForm.code"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own idiom

    @property
    def contact_due(self) -> datetime | None:
        """The moment of the contact that is promised: the term, or else the next attempt."""
        return self.contact_deadline or self.next_attempt_at

    @property
    def contact_folded(self) -> bool:
        """Tell whether nobody may call or mail: contact data is opened with a reason alone."""
        return (self.contact_agreed or self.wants_contact) not in ("bellen", "mailen")

    @property
    def locked(self) -> bool:
        """Tell whether the reporter withdrew it: then nobody reads its content."""
        return self.state == ReportState.WITHDRAWN

    @property
    def reported_forms(self) -> list[str]:
        """The forms as the reporter chose them."""
        return in_order(row.code for row in self.form_rows if not row.confirmed)

    @property
    def confirmed_forms(self) -> list[str]:
        """The forms as an officer confirmed them."""
        return in_order(row.code for row in self.form_rows if row.confirmed)

    @property
    def forms(self) -> list[str]:
        """The forms as they now stand: as confirmed by an officer, else as reported."""
        confirmed = [row.code for row in self.form_rows if row.confirmed]
        return in_order(confirmed or [row.code for row in self.form_rows])

    @property
    def all_forms(self) -> list[str]:
        """The forms as reported and as confirmed: a correction takes no signal away."""
        return in_order({row.code for row in self.form_rows})


class ReportForm(Held, Base):
    """A form of harassment: as reported, or as confirmed by the officer."""

    __tablename__ = "report_form"
    __table_args__ = of_report(
        UniqueConstraint("report_id", "code", "confirmed"), Index(None, "holder", "code")
    )

    report_id: Mapped[UUID]
    code: Mapped[str] = mapped_column(String(30))
    confirmed: Mapped[bool] = mapped_column(default=False)


class ReportContact(Held, Base):
    """Name and contact data, encrypted; e-mail and phone also as keyed hashes to find them by."""

    __tablename__ = "report_contact"
    __table_args__ = of_report(
        UniqueConstraint("holder", "report_id"),
        Index(None, "holder", "email_index"),
        Index(None, "holder", "phone_index"),
    )

    report_id: Mapped[UUID]
    name: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    contact_when: Mapped[str | None] = mapped_column(Text)
    # The number and address of before the reporter changed them, as JSON.
    earlier: Mapped[str | None] = mapped_column(Text)
    phone_index: Mapped[str | None] = mapped_column(String(64))
    email_index: Mapped[str | None] = mapped_column(String(64))


class ReportMove(HistoryLine, Held, Base):
    """One step in the life of a report: who, when, from where to where, and why."""

    __tablename__ = "report_move"
    __table_args__ = of_report(Index(None, "holder", "report_id", "at"))

    report_id: Mapped[UUID]


class ReporterMessage(Held, Base):
    """A message between municipality and reporter, who reads it with the follow code."""

    __tablename__ = "reporter_message"
    __table_args__ = of_report(Index(None, "holder", "report_id", "at"))

    report_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(default=utc_now)
    kind: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    # The employee who wrote it; None when the reporter did. The reporter never reads the name.
    actor_name: Mapped[str | None] = mapped_column(String(200))
    # The organisation that speaks, where it isn't the holder: the reporter reads its name.
    sender: Mapped[str | None] = mapped_column(String(200))
    # Before this moment the reporter doesn't see it: the decision it belongs to may be undone.
    held_until: Mapped[datetime | None]

    @property
    def minutes_held(self) -> int:
        """The minutes until the reporter sees it; 0 once that is so."""
        left = (self.held_until - utc_now()).total_seconds() if self.held_until else 0
        return max(1, round(left / 60)) if left > 0 else 0


class ReportDecision(Held, Base):
    """A decision about a report, with what stood there before: it can be undone for a while.

    `before`: the columns that it changed, as JSON. `version`: of the report after it; when that
    has changed, undoing would take away what somebody else did.
    """

    __tablename__ = "report_decision"
    __table_args__ = of_report(
        Index(None, "holder", "report_id", "at"), Index(None, "holder", "actor_id", "at")
    )

    report_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(default=utc_now)
    actor_id: Mapped[str] = mapped_column(String(64))
    # The steps of the workflow, or the names of other acts, in the order in which they were made.
    steps: Mapped[list[str]] = mapped_column(default=list)
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    # The answers of a step that is made only at `until`.
    values: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    version: Mapped[int]
    until: Mapped[datetime]
    # The reason that it can't be undone, in words; None when it can.
    final: Mapped[str | None] = mapped_column(String(200))
    undone_at: Mapped[datetime | None]


class ReportProposal(Proposed, Held, Base):
    """A step that one person proposes and a second one makes, or not."""

    __tablename__ = "report_proposal"
    __table_args__ = of_report(
        Index(None, "holder", "report_id"),
        partial_index(
            "ix_report_proposal_open", "holder", "report_id", where="answered_at IS NULL"
        ),
    )

    report_id: Mapped[UUID]
    proposed_at: Mapped[datetime] = mapped_column("at", default=utc_now)
    proposed_by_id: Mapped[str | None] = mapped_column("actor_id", String(64), nullable=False)
    proposed_by: Mapped[str] = mapped_column("actor_name", String(200))
    step: Mapped[str] = mapped_column(String(40))
    values: Mapped[dict[str, Any]] = mapped_column(JSON)
    accepted: Mapped[bool | None]
    answer: Mapped[str | None] = mapped_column(Text)


class ReportNote(Held, Base):
    """A note that colleagues read; it stays with this holder and is in no export."""

    __tablename__ = "report_note"
    __table_args__ = of_report(Index(None, "holder", "report_id", "at"))

    report_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(default=utc_now)
    actor_id: Mapped[str] = mapped_column(String(64))
    actor_name: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)


class Attached:
    """Columns of a file: its content lies in parts, under its own key."""

    number: Mapped[int] = mapped_column(sort_order=1)
    at: Mapped[datetime] = mapped_column(default=utc_now, sort_order=1)
    kind: Mapped[str] = mapped_column(String(10), sort_order=1)
    media_type: Mapped[str] = mapped_column(String(40), sort_order=1)
    size: Mapped[int] = mapped_column(sort_order=1)
    parts: Mapped[int] = mapped_column(sort_order=1)
    # The key of the content, encrypted. Without it the parts are noise.
    key: Mapped[str] = mapped_column(Text, sort_order=1)


class ReportAttachment(Attached, Held, Base):
    """A photo, sound or video of the reporter."""

    __tablename__ = "report_attachment"
    __table_args__ = of_report(UniqueConstraint("report_id", "number"))

    report_id: Mapped[UUID]
    # The reason that nobody can open it: it waits for the virus scanner, or is stopped.
    sealed: Mapped[str | None] = mapped_column(String(16))
    # By these a file is known that is sent again: a keyed hash of it as it came, and the key that
    # the app gave it.
    sent_hash: Mapped[str | None] = mapped_column(String(64))
    sent_key: Mapped[UUID | None]


class AttachmentPart(Passed, Base):
    """A part of an attachment, encrypted. At a hand-over it goes along without being read."""

    __tablename__ = "attachment_part"

    attachment_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class ReportTransfer(Passed, Base):
    """A hand-over on its way. The content is encrypted and goes when the receiver has it."""

    __tablename__ = "report_transfer"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    reference: Mapped[str] = mapped_column(String(11), index=True)
    content: Mapped[str | None] = mapped_column(Text)
    given_at: Mapped[datetime] = mapped_column(default=utc_now)
    received_at: Mapped[datetime | None]
    actor_name: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text)
    # For a hand-over that must be accepted first: its state, what the receiver may see of it
    # before that (encrypted, gone when answered), and the answer.
    state: Mapped[str] = mapped_column(
        String(12), default=HandoverState.GIVEN, server_default="gegeven"
    )
    offer: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None] = mapped_column(String(200))
    answer: Mapped[str | None] = mapped_column(Text)


open_table("sender_key", "counts askers before a holder is known; lives for a day")
open_table("sender_hit", "counts askers before a holder is known; hashes that live for a day")
