"""The dossier, with what belongs to it: reports, notes, agreements, history, numbering."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

import stopintimidatie.dossiers.work_models  # noqa: F401 - so that the metadata is whole
from stopintimidatie.clock import utc_now
from stopintimidatie.storage.models import Base, Held, belongs_to, held_table
from stopintimidatie.workflow.history import HistoryLine

_STILL_IN = text("left_at IS NULL")
_BELONGS = text("left_at IS NULL AND NOT reference")


class Dossier(Held, Base):
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
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))

    # On what footing; required before anything is done.
    purpose: Mapped[str | None] = mapped_column(Text)
    legal_basis: Mapped[str | None] = mapped_column(String(40))
    responsible_body: Mapped[str | None] = mapped_column(String(200))
    privacy_advice: Mapped[str | None] = mapped_column(Text)
    privacy_advice_on: Mapped[date | None]

    goal: Mapped[str | None] = mapped_column(Text)
    summary: Mapped[str | None] = mapped_column(Text)
    assessment: Mapped[str | None] = mapped_column(Text)

    # How it goes on and ends.
    monitoring_on: Mapped[date | None]
    closed_at: Mapped[datetime | None]
    closed_reason: Mapped[str | None] = mapped_column(String(40))
    closed_note: Mapped[str | None] = mapped_column(Text)
    taken_over_by: Mapped[str | None] = mapped_column(String(200))
    merged_into_id: Mapped[UUID | None]
    effect: Mapped[str | None] = mapped_column(Text)
    feedback: Mapped[str | None] = mapped_column(Text)

    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)
    changed_by: Mapped[str] = mapped_column(String(200))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own idiom


class DossierCounter(Held, Base):
    """The last number given out in a year; the row is the lock that keeps numbers apart."""

    __tablename__ = "dossier_counter"
    __table_args__ = held_table(UniqueConstraint("holder", "year"))

    year: Mapped[int]
    last: Mapped[int]


class DossierMembership(Held, Base):
    """That a report is, or was, in a dossier, and why.

    `home`: the report's address lies in the dossier (both lie in one neighbourhood).
    `reference`: the report belongs elsewhere; this dossier only refers to it. A report belongs to
    at most one dossier. `serial` is its lasting number here (M-03), also after leaving.
    """

    __tablename__ = "dossier_membership"
    __table_args__ = held_table(
        belongs_to("dossier", "dossier_id", ondelete="CASCADE"),
        belongs_to("report", "report_id", ondelete="CASCADE"),
        Index(
            "uq_dossier_membership_still_in",
            "dossier_id",
            "report_id",
            unique=True,
            sqlite_where=_STILL_IN,
            postgresql_where=_STILL_IN,
        ),
        Index(
            "uq_dossier_membership_belongs",
            "report_id",
            unique=True,
            sqlite_where=_BELONGS,
            postgresql_where=_BELONGS,
        ),
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
    """What somebody wrote down about the dossier; a restricted one is there for few."""

    __tablename__ = "dossier_note"
    __table_args__ = held_table(
        belongs_to("dossier", "dossier_id", ondelete="CASCADE"),
        Index(None, "holder", "dossier_id", "at"),
    )

    dossier_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(default=utc_now)
    author_id: Mapped[str | None] = mapped_column(String(64))
    author_name: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    restricted: Mapped[bool] = mapped_column(default=False, server_default=false())


class DossierAgreement(Held, Base):
    """What somebody will do, and when. `who` is a function or organisation; the owner minds it."""

    __tablename__ = "dossier_agreement"
    __table_args__ = held_table(
        belongs_to("dossier", "dossier_id", ondelete="CASCADE"),
        Index(None, "holder", "dossier_id", "due_on"),
        Index(None, "holder", "state", "due_on"),
    )

    dossier_id: Mapped[UUID]
    what: Mapped[str] = mapped_column(Text)
    who: Mapped[str] = mapped_column(String(200))
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    due_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(20))
    result: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    made_by: Mapped[str] = mapped_column(String(200))
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)
    changed_by: Mapped[str] = mapped_column(String(200))
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own idiom


class DossierMove(HistoryLine, Held, Base):
    """One line of the history: a step, a change, a report that joined or left; who and why."""

    __tablename__ = "dossier_move"
    __table_args__ = held_table(
        belongs_to("dossier", "dossier_id", ondelete="CASCADE"),
        Index(None, "holder", "dossier_id", "at"),
    )

    dossier_id: Mapped[UUID]
