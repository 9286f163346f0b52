"""New rows of several tables, written together and without the ORM's unit of work.

For what comes in all day. On PostgreSQL it is one statement, whatever the number of tables: each
row costs the driver and the server less than half of what a statement of its own costs. SQLite
has no such statement, and no network either: there it is one a table.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Engine, Table, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from stopintimidatie.storage.models import Base, Held
from stopintimidatie.storage.session import standalone, waiting_at_most
from stopintimidatie.storage.tenancy import HOLDER_SETTING, TenancyError, current_holder

Row = tuple[type[Base], Mapping[str, Any]]
"""A table, and the values by column; a column that isn't named gets its default."""

_SETTINGS: Final = (
    "setting AS MATERIALIZED"
    f" (SELECT set_config('{HOLDER_SETTING}', %s, true), set_config('lock_timeout', %s, true))"
)
_QUOTE: Final[Callable[[str], str]] = postgresql.dialect().identifier_preparer.quote  # type: ignore[no-untyped-call]


def insert_into(session: Session, model: type[Base]) -> Any:
    """Return an INSERT that supports ON CONFLICT, for the database of this session."""
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    return (postgresql.insert if on_postgresql else sqlite.insert)(model)


def insert_rows(session: Session, rows: Iterable[Row]) -> None:
    """Insert these in the transaction at hand, which has entered their holder."""
    session.flush()
    parts = _parts(rows, current_holder(session))
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_statement(tuple(parts)), _documents(parts))
    else:
        _insert_each(connection, parts)


def write_rows(engine: Engine, holder: str, rows: Iterable[Row], wait_milliseconds: int) -> None:
    """Insert these in a transaction of their own; when this returns they are committed.

    :param wait_milliseconds: how long to wait for a lock at most.
    """
    parts = _parts(rows, holder)
    if engine.dialect.name == "postgresql":
        with standalone(engine).begin() as connection:
            settings = (holder, str(wait_milliseconds))
            statement = _statement(tuple(parts), alone=True)
            connection.exec_driver_sql(statement, (*settings, *_documents(parts)))
    else:
        with waiting_at_most(engine, wait_milliseconds).begin() as connection:
            _insert_each(connection, parts)


# A table and the columns that some rows of it name; and those rows, with their defaults.
_Key = tuple[Table, frozenset[str]]
_Parts = dict[_Key, list[dict[str, Any]]]


def _parts(rows: Iterable[Row], holder: str | None) -> _Parts:
    """The rows with their defaults, in the order in which the tables were named."""
    parts: _Parts = {}
    for model, values in rows:
        if issubclass(model, Held) and values["holder"] != holder:
            raise TenancyError(
                f"{model.__name__} of {values['holder']!r} in a transaction of {holder!r}"
            )
        table = model.__table__
        assert isinstance(table, Table)  # noqa: S101 - no model here is a join
        key = (table, frozenset(values))
        more = {name: given.arg if fixed else given.arg(None) for name, given, fixed in _more(key)}
        parts.setdefault(key, []).append({**values, **more})
    return parts


@lru_cache
def _more(key: _Key) -> Sequence[tuple[str, Any, bool]]:
    """The columns with a default of ours that these rows don't name; is it always the same?"""
    table, named = key
    if not named <= set(table.columns.keys()):
        raise ValueError(f"{table.name} has no column {', '.join(named - {*table.columns.keys()})}")
    return [
        (column.name, column.default, column.default.is_scalar)
        for column in table.columns
        if column.default is not None and column.name not in named
    ]


def _columns(key: _Key) -> list[str]:
    """Every column that these rows fill; the database knows what to do with the others."""
    table, named = key
    filled = named | {name for name, _, _ in _more(key)}
    return [name for name in table.columns.keys() if name in filled]  # noqa: SIM118


def _insert_each(connection: Connection, parts: _Parts) -> None:
    for (table, _), rows in parts.items():
        connection.execute(insert(table), rows)


@lru_cache
def _statement(keys: Sequence[_Key], *, alone: bool = False) -> str:
    """One INSERT for all of these, each part's rows a JSON document.

    :param alone: the statement is the whole transaction, and tells the database its holder first.
        Each row is joined with those settings, so that they stand before a policy is asked.
    """
    parts = [_insert(key, "setting, " if alone else "") for key in keys]
    named = [f"p{number} AS ({part})" for number, part in enumerate(parts[:-1])]
    before = ", ".join([_SETTINGS, *named] if alone else named)
    return f"WITH {before} {parts[-1]}" if before else parts[-1]


def _insert(key: _Key, source: str) -> str:
    """Short, for the driver keeps what it knows of statements up to 4 kB only."""
    into, *columns = (_QUOTE(name) for name in (key[0].name, *_columns(key)))
    listed = ",".join(columns)
    return (
        f"INSERT INTO {into} ({listed})"  # noqa: S608 - names of our own tables
        f" SELECT {listed}"
        f" FROM {source}json_populate_recordset(NULL::{into}, %s) r"
    )


def _documents(parts: _Parts) -> tuple[str, ...]:
    return tuple(_ENCODER.encode(rows) for rows in parts.values())


def as_json(row: Mapping[str, Any]) -> str:
    """A row as PostgreSQL's `json_populate_recordset` takes it."""
    return _ENCODER.encode(row)


def _plain(value: Any) -> str:
    """How PostgreSQL reads what JSON has no word for."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("a naive datetime can't be stored")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} can't be written as a row")


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_plain)
