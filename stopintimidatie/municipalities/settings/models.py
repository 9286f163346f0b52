"""Tables of the settings of municipalities, in versions; public, so they have no holder."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.storage.tenancy import open_table

open_table("municipality_profile", "level, logo and texts: public, and needed to find the holder")
open_table("municipality_level", "how far each municipality took part when: public")
open_table("municipality_setting", "texts, colours and terms as every reporter reads them")
open_table("municipality_question", "questions as every reporter reads them")
open_table("municipality_logo", "logos, served to everybody")
open_table("town_register", "general numbers, given to reporters before any holder is known")
open_table("mail_domain", "which mail domains are a municipality's own: public")


class MunicipalitySetting(Base):
    """One version of one part of the settings of a municipality, or of the desk for all.

    Its content never changes. It counts from `effective_from` until a later version does; a
    version that was withdrawn before that moment never counts.
    """

    __tablename__ = "municipality_setting"
    __table_args__ = (
        UniqueConstraint("owner", "part", "number"),
        Index(None, "owner", "effective_from"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    owner: Mapped[str] = mapped_column(String(9), ForeignKey("holder.code"))
    part: Mapped[str] = mapped_column(String(20))
    number: Mapped[int]
    content: Mapped[dict[str, Any]]
    recorded_at: Mapped[datetime] = mapped_column(default=utc_now)
    effective_from: Mapped[datetime] = mapped_column(default=utc_now)
    withdrawn_at: Mapped[datetime | None]


class MunicipalityQuestion(Base):
    """A municipality's own question. It never changes: other words make another question."""

    __tablename__ = "municipality_question"

    # The name under which the app sends the answer.
    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    owner: Mapped[str] = mapped_column(String(9), ForeignKey("holder.code"), index=True)
    content: Mapped[dict[str, Any]]
    made_at: Mapped[datetime] = mapped_column(default=utc_now)


class MunicipalityLogo(Base):
    """A logo made harmless (`clean_logo`); kept as long as a version may name it."""

    __tablename__ = "municipality_logo"

    owner: Mapped[str] = mapped_column(String(9), ForeignKey("holder.code"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(40))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    made_at: Mapped[datetime] = mapped_column(default=utc_now)


class TownRegister(Base):
    """Public contact data of a municipality, as the desk looked them up. Nobody is named."""

    __tablename__ = "town_register"

    code: Mapped[str] = mapped_column(ForeignKey("municipality.code"), primary_key=True)
    telephone: Mapped[str | None] = mapped_column(String(20))
    department: Mapped[str | None] = mapped_column(String(120))
    # An address that more than one person reads.
    mailbox: Mapped[str | None] = mapped_column(String(200))
    # In the form that `desk.agreements.register.read_hours` reads.
    hours: Mapped[str | None] = mapped_column(String(200))
    source: Mapped[str | None] = mapped_column(String(200))
    checked_on: Mapped[date | None]
    # Numbers that somebody rang and that were wrong, whoever published them.
    wrong: Mapped[list[str]] = mapped_column(default=list)
