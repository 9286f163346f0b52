"""Tables of the level of participation of each municipality, now and over time."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    String,
    UniqueConstraint,
    and_,
    bindparam,
    case,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base, UtcDateTime


class ParticipationLevel(StrEnum):
    """Level of participation of a municipality (1-domain.md, *Levels of a municipality*)."""

    NO_AGREEMENT = "zonder_afspraak"
    FORWARDING = "doorgifte"
    PROGRAMME = "programma"

    @property
    def label(self) -> str:
        """The level as people read it."""
        return self.value.replace("_", " ")


class MunicipalityProfile(Base):
    """The profile of a municipality: its level now, and the planned one.

    A municipality without a row is *zonder afspraak*. A planned level counts from its moment on,
    whether or not the job that stores it has run.
    """

    __tablename__ = "municipality_profile"

    code: Mapped[str] = mapped_column(ForeignKey("municipality.code"), primary_key=True)
    noted_level: Mapped[ParticipationLevel] = mapped_column("level", String(20))
    level_since: Mapped[datetime] = mapped_column(default=utc_now)
    next_level: Mapped[ParticipationLevel | None] = mapped_column(String(20))
    next_level_from: Mapped[datetime | None]
    # From this moment on no new report goes to its portal, because its gate is closed.
    refused_from: Mapped[datetime | None]

    @hybrid_property
    def agreed_level(self) -> ParticipationLevel:
        """Return the level that was agreed, at this moment; in a query, when the query runs."""
        if self.next_level and self.next_level_from and self.next_level_from <= utc_now():
            return self.next_level
        return self.noted_level

    @agreed_level.inplace.expression
    @classmethod
    def _agreed_level_in_sql(cls) -> ColumnElement[ParticipationLevel]:
        return case((cls.next_level_from <= _now(), cls.next_level), else_=cls.noted_level)

    @hybrid_property
    def level(self) -> ParticipationLevel:
        """Return the level by which reports go: a municipality whose gate is closed has none."""
        if self.is_refused:
            return ParticipationLevel.NO_AGREEMENT
        return self.agreed_level

    @level.inplace.setter
    def _set_level(self, level: ParticipationLevel) -> None:
        self.noted_level = level

    @level.inplace.expression
    @classmethod
    def _level_in_sql(cls) -> ColumnElement[ParticipationLevel]:
        joined = cls.agreed_level == ParticipationLevel.PROGRAMME
        refused = and_(joined, cls.refused_from <= _now())
        return case((refused, ParticipationLevel.NO_AGREEMENT.value), else_=cls.agreed_level)

    @property
    def is_refused(self) -> bool:
        """True if it takes part in the programme, and its gate is closed."""
        if self.refused_from is None or self.agreed_level != ParticipationLevel.PROGRAMME:
            return False
        return self.refused_from <= utc_now()


def _now() -> Any:
    """Return the time in a statement: read when that runs, however long ago it was made."""
    return bindparam(None, callable_=utc_now, type_=UtcDateTime, unique=True)


class MunicipalityLevel(Base):
    """A period in which a municipality had one level; the last has no end.

    A period that begins later is a plan.
    """

    __tablename__ = "municipality_level"
    __table_args__ = (UniqueConstraint("code", "since"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    code: Mapped[str] = mapped_column(ForeignKey("municipality.code"))
    level: Mapped[ParticipationLevel] = mapped_column(String(20))
    since: Mapped[datetime] = mapped_column(default=utc_now)
    until: Mapped[datetime | None]
