"""The base of every table, the holders, and the mixin that says: this row belongs to somebody."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID, uuid4

from sqlalchemy import (
    JSON,
    ColumnElement,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Select,
    String,
    UniqueConstraint,
    and_,
    bindparam,
    text,
    true,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.schema import SchemaItem
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from stopintimidatie.core.clock import AMSTERDAM, local_date, utc_now


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept in UTC; a naive one is refused, for it means nothing."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive moment, and turn any other into UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime can't be stored")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return a stored moment as an aware one, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# A statement is often made once and runs for years: this moment is asked for when it runs.
NOW: Final[ColumnElement[datetime]] = bindparam(
    "now", type_=UtcDateTime(), callable_=utc_now, unique=True
)


def day_in(term: Any = timedelta()) -> ColumnElement[date]:
    """Make the day that comes a term after the day on which a statement runs."""
    return bindparam(
        "day", type_=Date(), callable_=lambda: local_date(utc_now()) + term, unique=True
    )


class LocalHour(FunctionElement[int]):
    """The hour of the day (0 to 23) of a moment in the Netherlands, in SQL of either database."""

    type = Integer()
    inherit_cache = True


@compiles(LocalHour)
def _local_hour(element: LocalHour, compiler: Any, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    if compiler.dialect.name == "postgresql":
        return f"CAST(extract(hour FROM timezone('{AMSTERDAM.key}', {moment})) AS integer)"
    # SQLite knows no zones: a function of the connection (`core/storage/sqlite.py`).
    return f"local_hour({moment})"


def local_hour(moment: Any) -> ColumnElement[int]:
    """Return the hour of the day of a column with moments, in the Netherlands."""
    return LocalHour(moment)


class LocalWeekday(FunctionElement[int]):
    """The day of the week (Monday is 0) of a moment in the Netherlands, in SQL of either."""

    type = Integer()
    inherit_cache = True


@compiles(LocalWeekday)
def _local_weekday(element: LocalWeekday, compiler: Any, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    if compiler.dialect.name == "postgresql":
        return f"CAST(extract(isodow FROM timezone('{AMSTERDAM.key}', {moment})) - 1 AS integer)"
    return f"local_weekday({moment})"


class DaysBetween(FunctionElement[float]):
    """The days from one moment to another, in SQL of either database."""

    type = Float()
    inherit_cache = True


@compiles(DaysBetween)
def _days_between(element: DaysBetween, compiler: Any, **options: Any) -> str:
    first, last = (compiler.process(moment, **options) for moment in element.clauses)
    if compiler.dialect.name == "postgresql":
        return f"(CAST(extract(epoch FROM {last} - {first}) AS double precision) / 86400)"
    return f"(julianday({last}) - julianday({first}))"


NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Declarative base: named constraints, aware datetimes, JSON for plain dicts and lists."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        list[str]: JSON,
    }


class Holder(Base):
    """Holder of rows: each municipality by its CBS code, and `landelijk` for the desk."""

    __tablename__ = "holder"

    code: Mapped[str] = mapped_column(String(9), primary_key=True)
    # The moment since which its retention terms count, and the last day on which short classes go
    # without a list (None: no end): readiness reads them of all holders (`privacy/retention`).
    terms_from: Mapped[datetime | None]
    standing_until: Mapped[date | None]
    # The last night on which short classes went; None after a pause. What was overdue then is
    # listed, and goes on `listed_until`.
    swept_on: Mapped[date | None]
    listed_until: Mapped[date | None]
    # Codes of what the gate still asks, as readiness shows them (`municipalities/accountability`);
    # None until the worker looked.
    gate_lacks: Mapped[str | None] = mapped_column(String(100))


class Held:
    """Mixin of every table whose rows belong to a holder.

    The holder is never empty and never changes; `core.storage.tenancy` guards both, and filters
    every ORM query to the holder of the transaction. Use `held_table(...)` for `__table_args__`.
    """

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    holder: Mapped[str] = mapped_column(String(9), ForeignKey("holder.code"), sort_order=-1)


class Passed:
    """Mixin of a table whose rows go from a giver to a receiver: both see them, nobody else."""

    giver: Mapped[str] = mapped_column(String(9), ForeignKey("holder.code"))
    receiver: Mapped[str] = mapped_column(String(9), ForeignKey("holder.code"))


class Proposed:
    """Mixin of a table of what one person proposes and another one answers (`core/second`).

    A table whose columns had other names in 1.0.0 keeps those in the database, and says so with
    `mapped_column("made_by_id", ...)`. One whose proposals lapse has a column `expires_at`.
    """

    # The attributes with an account that had a part in it: none of them is the second person.
    HANDS: ClassVar[tuple[str, ...]] = ("proposed_by_id",)

    proposed_at: Mapped[datetime] = mapped_column(default=utc_now)
    proposed_by_id: Mapped[str | None] = mapped_column(String(64))
    proposed_by: Mapped[str] = mapped_column(String(200))
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[str | None] = mapped_column(String(64))
    answered_by: Mapped[str | None] = mapped_column(String(200))

    @classmethod
    def makers(cls, row: Any) -> Select[str | None] | None:
        """Select more accounts that had a part in a row; `row`: it, or the table itself."""
        return None

    @classmethod
    def waiting(cls) -> ColumnElement[bool]:
        """Make the condition that nobody answered it yet and that it hasn't lapsed."""
        expires = getattr(cls, "expires_at", None)
        lasts = true() if expires is None else expires > NOW
        return and_(cls.answered_at.is_(None), lasts)

    @property
    def waits(self) -> bool:
        """Tell whether nobody answered it yet and it hasn't lapsed."""
        expires = getattr(self, "expires_at", None)
        return self.answered_at is None and (expires is None or expires > utc_now())


def held_table(
    *items: SchemaItem, append_only: bool = False, apart: bool = False, log: bool = False
) -> tuple[Any, ...]:
    """Return `__table_args__` of a held table: the key for its children, and what more it needs.

    Args:
        items: Keys, constraints and indexes.
        append_only: Triggers made by the migration refuse UPDATE and DELETE.
        apart: Only a few named people may know of its rows: the log of the house tells nothing of
            it, and in the package of a municipality that ends it has a folder of its own.
        log: Lines of a log of its own, that go as those of the house do; it has a column `at`.
    """
    info = {"append_only": append_only, "apart": apart, "log": log}
    return (UniqueConstraint("holder", "id"), *items, {"info": info})


def partial_index(name: str, *columns: Any, where: str, unique: bool = False) -> Index:
    """Make an index of the few rows that meet a condition, on either database.

    `where`: the condition, in SQL that both understand.
    """
    rows = text(where)
    return Index(name, *columns, unique=unique, sqlite_where=rows, postgresql_where=rows)


def belongs_to(table: str, column: str, *, ondelete: str | None = None) -> ForeignKeyConstraint:
    """Make a reference that can't cross holders: (holder, column) -> (holder, id) of the table."""
    return ForeignKeyConstraint(
        ["holder", column], [f"{table}.holder", f"{table}.id"], ondelete=ondelete
    )
