"""Tables of the desk: local policies (public), calls, requests to join, checklists of joining."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base, Held, held_table
from stopintimidatie.core.storage.tenancy import open_table

open_table("local_policy", "campaigns and policies that municipalities publish themselves")


class PolicyKind(StrEnum):
    """Kind of a municipality's own work against street harassment."""

    CAMPAIGN = "campagne"
    POLICY = "beleid"


class LocalPolicy(Base):
    """A campaign or policy of a municipality itself: a reason to offer the programme."""

    __tablename__ = "local_policy"

    code: Mapped[str] = mapped_column(ForeignKey("municipality.code"), primary_key=True)
    kind: Mapped[PolicyKind] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(120))
    noted_at: Mapped[datetime] = mapped_column(default=utc_now)


class Onboarding(Held, Base):
    """The checklist of a municipality that joins; an empty column is still to be done."""

    __tablename__ = "onboarding"
    __table_args__ = held_table(UniqueConstraint("holder", "municipality_code"))

    municipality_code: Mapped[str] = mapped_column(ForeignKey("municipality.code"))
    agreement_on: Mapped[date | None]
    # With which function of the municipality it was agreed.
    agreement_with: Mapped[str | None] = mapped_column(String(200))
    legal_basis: Mapped[str | None] = mapped_column(String(60))
    # These two aren't asked any more: the municipality fills them in (`accountability`). An older
    # program that runs on this database may still read them.
    dpia_on: Mapped[date | None]
    data_protection_officer: Mapped[str | None] = mapped_column(String(200))
    texts_on: Mapped[date | None]
    logo_on: Mapped[date | None]
    training_on: Mapped[date | None]
    started_at: Mapped[datetime] = mapped_column(default=utc_now)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class JoiningRequest(Held, Base):
    """A request of a municipality to join. Its address is a `mail_address`, confirmed by a code."""

    __tablename__ = "joining_request"
    __table_args__ = held_table(Index(None, "holder", "municipality_code", "asked_at"))

    municipality_code: Mapped[str] = mapped_column(ForeignKey("municipality.code"))
    # The function of who asks, never a name.
    function: Mapped[str] = mapped_column(String(100))
    telephone: Mapped[str | None] = mapped_column(String(20))
    # True if the domain of the address holds the municipality's name; if not, the desk checks.
    domain_fits: Mapped[bool]
    asked_at: Mapped[datetime] = mapped_column(default=utc_now)
    confirmed_at: Mapped[datetime | None]


class TownCall(Held, Base):
    """A call of the desk with a municipality: a code of `desk.queue.calls.Outcome`, no words."""

    __tablename__ = "town_call"
    __table_args__ = held_table(Index(None, "holder", "municipality_code", "at"))

    municipality_code: Mapped[str] = mapped_column(ForeignKey("municipality.code"))
    at: Mapped[datetime] = mapped_column(default=utc_now)
    by_id: Mapped[str | None] = mapped_column(String(64))
    by: Mapped[str] = mapped_column(String(200))
    outcome: Mapped[str] = mapped_column(String(20))
    # The day of the next call, where that was the outcome.
    day: Mapped[date | None]
