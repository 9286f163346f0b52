"""Engines, sessions and what they do: transactions, rows in bulk, outages of the database.

`transaction` is for the command line, the worker and tests; a request has `request_session`, which
commits or rolls back with the request (pyramid_tm).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import zope.sqlalchemy
from sqlalchemy import (
    Connection,
    Engine,
    Select,
    Table,
    create_engine,
    event,
    insert,
    make_url,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError, TimeoutError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool
from zope.sqlalchemy.datamanager import STATUS_CHANGED

from stopintimidatie.core.storage import sqlite
from stopintimidatie.core.storage.models import Base, Held
from stopintimidatie.core.storage.sqlite import READ_ONLY_OPTION, WAIT_OPTION
from stopintimidatie.core.storage.tenancy import HOLDER_SETTING, TenancyError, current_holder, enter
from stopintimidatie.core.telemetry import write_ended
from stopintimidatie.settings import Settings

PROBE_SECONDS: Final = 3
SURELY_ALIVE_SECONDS: Final = 1.0
# The option of an engine that says where security events are written (`core/audit`).
SECURITY_FILE: Final = "stopintimidatie_security_file"
_IDLE_SINCE: Final = "stopintimidatie.idle_since"
_WRITES_SINCE: Final = "stopintimidatie.writes_since"
# PostgreSQL's code for a lock that didn't come free in time.
LOCK_NOT_AVAILABLE: Final = "55P03"


# Compiling a plan takes longer than running it, and one plan for all values is a bad one.
_PLANS: Final = {"options": "-c jit=off -c plan_cache_mode=force_custom_plan"}


def _prepare_postgresql(engine: Engine) -> None:
    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        # psycopg sends this with BEGIN, so it costs no extra round trip. None keeps the server's
        # own setting; a standby refuses to be set to read-write.
        driver: Any = connection.connection.driver_connection
        driver.read_only = True if options.get(READ_ONLY_OPTION) else None
        wait = options.get(WAIT_OPTION)
        if wait is not None:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(wait)}")


def _time_writes(engine: Engine) -> None:
    """Tell how long a transaction that may write lasted, with its commit."""

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if not connection.get_execution_options().get(READ_ONLY_OPTION):
            connection.info[_WRITES_SINCE] = time.monotonic()

    @event.listens_for(engine, "checkin")
    def checkin(connection: Any, record: Any) -> None:
        since = record.info.pop(_WRITES_SINCE, None)
        if since is not None:
            write_ended(time.monotonic() - since)


def _ping_what_lay_idle(engine: Engine) -> None:
    """Ask a connection whether it is alive, unless it was used a moment ago.

    Instead of `pool_pre_ping`, which asks each time: a round trip with every transaction.
    """

    @event.listens_for(engine, "checkin")
    def checkin(connection: Any, record: Any) -> None:
        record.info[_IDLE_SINCE] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def checkout(connection: Any, record: Any, proxy: Any) -> None:
        now = time.monotonic()
        # A new connection was never handed in; what is known of one goes when it is replaced.
        if now - record.info.get(_IDLE_SINCE, now) < SURELY_ALIVE_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            # The pool throws it away, and all others of before this moment, and opens a new one.
            raise InvalidatePoolError from error


def make_engine(settings: Settings, url: str | None = None) -> Engine:
    """Make the engine of an installation. Errors never quote values: those are personal data.

    `url`: another role's address of the same database, such as `settings.owner_url`.
    """
    engine = create_engine(
        url or settings.database_url,
        hide_parameters=True,
        connect_args={} if settings.sqlite else _PLANS,
        execution_options={SECURITY_FILE: settings.security_file},
    )
    if settings.sqlite:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        sqlite.prepare(engine)
    else:
        _ping_what_lay_idle(engine)
        _prepare_postgresql(engine)
    _time_writes(engine)
    return engine


def probe_engine(settings: Settings) -> Engine:
    """Make an engine to see whether the database answers: no pool, reads only, short waits.

    Not the engine of the requests: when those have all its connections, the database isn't away.
    """
    seconds = PROBE_SECONDS
    timing = {"timeout": seconds} if settings.sqlite else {"connect_timeout": seconds}
    engine = create_engine(
        settings.database_url, hide_parameters=True, poolclass=NullPool, connect_args=timing
    )
    if not settings.sqlite:

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            # With so little memory PostgreSQL must write the sorted rows to a file on its disk.
            # A lock ends the wait sooner: whoever has it evidently writes.
            connection.exec_driver_sql(
                f"SELECT set_config('statement_timeout', '{seconds}s', true),"
                f" set_config('lock_timeout', '{seconds - 1}s', true),"
                " set_config('work_mem', '64kB', true)"
            )

    return engine


def sqlite_file(settings: Settings) -> Path | None:
    """Return the file of an SQLite database; None when there isn't one."""
    name = make_url(settings.database_url).database if settings.sqlite else None
    return Path(name).absolute() if name and name != ":memory:" else None


# Engines with an option are kept: making one goes over all listeners of the engine.
@lru_cache(maxsize=16)
def reading(engine: Engine) -> Engine:
    """Return this engine with read-only transactions, which take no write lock."""
    return engine.execution_options(**{READ_ONLY_OPTION: True})


def locked(session: Session, statement: Select[Any]) -> Select[Any]:
    """Return the statement with FOR UPDATE; unchanged in a read-only transaction."""
    return statement if reads_only(session) else statement.with_for_update()


def reads_only(session: Session) -> bool:
    """Tell whether this session can't write, as that of a page can't."""
    return bool(session.get_bind().get_execution_options().get(READ_ONLY_OPTION))


@lru_cache(maxsize=16)
def waiting_at_most(engine: Engine, milliseconds: int) -> Engine:
    """Return this engine for a transaction that would rather fail than wait longer for a lock."""
    return engine.execution_options(**{WAIT_OPTION: milliseconds})


@lru_cache(maxsize=16)
def standalone(engine: Engine) -> Engine:
    """Return this engine for one statement by itself.

    On PostgreSQL there is no BEGIN and COMMIT around it, which are two more round trips. On SQLite
    it has a transaction, for there they cost nothing.
    """
    if engine.dialect.name != "postgresql":
        return engine
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def is_lock_timeout(error: DBAPIError) -> bool:
    """Tell whether a lock wasn't free in time, on either database."""
    code = getattr(error.orig, "sqlstate", None)
    return code == LOCK_NOT_AVAILABLE or "database is locked" in str(error.orig)


def waits_for_row_of(error: DBAPIError, table: str) -> bool:
    """Tell whether an error is a timeout on a row of this table that another transaction writes.

    Only on PostgreSQL: SQLite has one lock for the whole database, so its errors name no table.
    """
    context = getattr(getattr(error.orig, "diag", None), "context", None)
    return is_lock_timeout(error) and table in (context or "")


@contextmanager
def transaction(
    engine: Engine, holder: str | None = None, *, write: bool = True
) -> Iterator[Session]:
    """Give a session with one transaction: committed at the end, rolled back on an exception."""
    chosen = engine if write else reading(engine)
    with Session(chosen, expire_on_commit=False) as session, session.begin():
        if holder is not None:
            enter(session, holder)
        yield session


def in_portions(engine: Engine, holder: str, values: Sequence[Any], size: int) -> Iterator[Any]:
    """Yield a session and some of these values, each time in a transaction of its own.

    Between two of them others can write: SQLite has one writer.
    """
    for start in range(0, len(values), size):
        with transaction(engine, holder) as session:
            yield session, values[start : start + size]


# The time that a visitor or an app is told to wait before it tries again.
RETRY_AFTER_SECONDS: Final = 10
# SQLite calls a missing table an OperationalError as well; these are about the machine.
_SQLITE: Final = (
    "SQLITE_BUSY",
    "SQLITE_CANTOPEN",
    "SQLITE_FULL",
    "SQLITE_IOERR",
    "SQLITE_LOCKED",
    "SQLITE_NOMEM",
    "SQLITE_READONLY",
)
# PostgreSQL's code for a read-only transaction: a standby, or a database that is set read-only.
_READ_ONLY: Final = "25006"


def is_outage(error: BaseException) -> bool:
    """Tell whether the database couldn't do it now, and may a little later.

    It is away, restarting, out of disk or of connections: the answer is then a 503 with the time
    to try again, not an error page that blames the product.
    """
    if isinstance(error, TimeoutError):
        # No connection of the pool came free.
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    name = getattr(error.orig, "sqlite_errorname", None)
    if name is not None:
        return str(name).startswith(_SQLITE)
    code = getattr(error.orig, "sqlstate", None)
    return isinstance(error, OperationalError) or code == _READ_ONLY


def kind_of(error: BaseException) -> str:
    """Return what the operator's log says of it: a class or a code, never a text."""
    original = getattr(error, "orig", None)
    return str(getattr(original, "sqlite_errorname", None) or type(original or error).__name__)


SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def request_session(request: Any) -> Session:
    """Return a session that commits or rolls back with the request.

    The session of a page (GET) can't write, so that a reader makes nobody wait. What a page has to
    write, such as its audit record, is noted and written after it is made (`core.security.policy`).
    """
    engine = request.registry.engine
    session = Session(reading(engine) if request.method in SAFE_METHODS else engine)
    # "changed" from the start: a Core insert without a flush would be rolled back otherwise.
    zope.sqlalchemy.register(session, initial_state=STATUS_CHANGED, transaction_manager=request.tm)
    return session


@contextmanager
def between_transactions(request: Any) -> Iterator[None]:
    """Commit the request's transaction before the block, for slow work without a lock.

    After the block a new transaction begins for the same holder; rows are read again when used.
    """
    session, manager = request.db, request.tm
    holder, rows = current_holder(session), list(session)
    manager.commit()
    try:
        yield
    finally:
        manager.begin()
        if holder is not None:
            enter(session, holder)
        session.add_all(rows)


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
    return (postgresql.insert if on_postgresql else sqlite_dialect.insert)(model)


def insert_rows(session: Session, rows: Iterable[Row]) -> None:
    """Insert rows of several tables in this transaction, which has entered their holder.

    Without the ORM's unit of work, for what comes in all day. On PostgreSQL it is one statement,
    whatever the number of tables: each row costs the driver and the server less than half. SQLite
    has no such statement, and no network either: there it is one a table.
    """
    session.flush()
    parts = _parts(rows, current_holder(session))
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_statement(tuple(parts)), _documents(parts))
    else:
        _insert_each(connection, parts)


def write_rows(engine: Engine, holder: str, rows: Iterable[Row], wait_milliseconds: int) -> None:
    """Insert rows as `insert_rows` does, in a transaction of their own, and commit.

    `wait_milliseconds`: how long to wait for a lock at most.
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
    """Return the rows with their defaults, in the order in which the tables were named."""
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
    """Return (name, default, whether it is a fixed value) of the columns that rows don't name."""
    table, named = key
    if not named <= set(table.columns.keys()):
        raise ValueError(f"{table.name} has no column {', '.join(named - {*table.columns.keys()})}")
    return [
        (column.name, column.default, column.default.is_scalar)
        for column in table.columns
        if column.default is not None and column.name not in named
    ]


def _columns(key: _Key) -> list[str]:
    """Return the columns that these rows fill; the database knows what to do with the others."""
    table, named = key
    filled = named | {name for name, _, _ in _more(key)}
    return [name for name in table.columns.keys() if name in filled]  # noqa: SIM118


def _insert_each(connection: Connection, parts: _Parts) -> None:
    for (table, _), rows in parts.items():
        connection.execute(insert(table), rows)


@lru_cache
def _statement(keys: Sequence[_Key], *, alone: bool = False) -> str:
    """Return one INSERT for all of these; the rows of each part are a JSON document.

    `alone`: the statement is the whole transaction, and tells the database its holder first. Each
    row is joined with those settings, so that they stand before a policy is asked.
    """
    parts = [_insert(key, "setting, " if alone else "") for key in keys]
    named = [f"p{number} AS ({part})" for number, part in enumerate(parts[:-1])]
    before = ", ".join([_SETTINGS, *named] if alone else named)
    return f"WITH {before} {parts[-1]}" if before else parts[-1]


def _insert(key: _Key, source: str) -> str:
    """Return an INSERT; short, for the driver prepares statements up to 4 kB only."""
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
    """Return a row as PostgreSQL's `json_populate_recordset` takes it."""
    return _ENCODER.encode(row)


def _plain(value: Any) -> str:
    """Return the text that PostgreSQL reads for a value that JSON has no word for."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("a naive datetime can't be stored")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} can't be written as a row")


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_plain)
