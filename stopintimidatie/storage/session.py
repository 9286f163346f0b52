"""Engines and plain sessions (command line, worker, tests); requests have `storage.request`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from pyramid_retry import mark_error_retryable
from sqlalchemy import Connection, Engine, ExceptionContext, Select, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from stopintimidatie.settings import Settings
from stopintimidatie.storage.tenancy import enter

READ_ONLY_OPTION: Final = "stopintimidatie_read_only"
WAIT_OPTION: Final = "stopintimidatie_longest_wait"
SQLITE_BUSY_MILLISECONDS: Final = 15_000
PROBE_SECONDS: Final = 3
SURELY_ALIVE_SECONDS: Final = 1.0
_IDLE_SINCE: Final = "stopintimidatie.idle_since"
# PostgreSQL's code for a lock that didn't come free in time.
LOCK_NOT_AVAILABLE: Final = "55P03"


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connect(connection: Any, record: Any) -> None:
        # The driver's own transactions lose rows around savepoints: BEGIN is ours, below.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {SQLITE_BUSY_MILLISECONDS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        # FULL: a 201 must survive a power cut.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        wait = options.get(WAIT_OPTION, SQLITE_BUSY_MILLISECONDS)
        reads = options.get(READ_ONLY_OPTION, False)
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(wait)}")
        connection.exec_driver_sql(f"PRAGMA query_only = {int(reads)}")
        connection.exec_driver_sql(f"BEGIN {'DEFERRED' if reads else 'IMMEDIATE'}")

    @event.listens_for(engine, "handle_error")
    def another_writer_was_first(context: ExceptionContext) -> None:
        error = context.sqlalchemy_exception
        if error is not None and "database is locked" in str(context.original_exception):
            mark_error_retryable(error)


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


def _ping_what_lay_idle(engine: Engine) -> None:
    """A connection that was used a moment ago is taken for alive; others are asked first.

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
    """The engine of an installation. Errors never quote values: those are personal data.

    :param url: another role's address of the same database, such as `settings.owner_url`.
    """
    if settings.sqlite:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        engine = create_engine(url or settings.database_url, hide_parameters=True)
        _prepare_sqlite(engine)
        return engine
    engine = create_engine(url or settings.database_url, hide_parameters=True)
    _ping_what_lay_idle(engine)
    _prepare_postgresql(engine)
    return engine


def probing(settings: Settings) -> Engine:
    """An engine to see whether the database answers: no pool, reads only, waits for nothing long.

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
            connection.exec_driver_sql(
                f"SELECT set_config('statement_timeout', '{seconds}s', true),"
                " set_config('work_mem', '64kB', true)"
            )

    return engine


def sqlite_file(settings: Settings) -> Path | None:
    """The file of an SQLite database; None when there isn't one."""
    name = make_url(settings.database_url).database if settings.sqlite else None
    return Path(name).absolute() if name and name != ":memory:" else None


def reading(engine: Engine) -> Engine:
    """Return this engine with read-only transactions, which take no write lock."""
    return _with_option(engine, READ_ONLY_OPTION, True)


def locked(session: Session, statement: Select[Any]) -> Select[Any]:
    """Return the statement with FOR UPDATE; unchanged in a read-only transaction."""
    reads = session.get_bind().get_execution_options().get(READ_ONLY_OPTION)
    return statement if reads else statement.with_for_update()


def waiting_at_most(engine: Engine, milliseconds: int) -> Engine:
    """The same engine for a transaction that would rather fail than wait longer for a lock."""
    return _with_option(engine, WAIT_OPTION, milliseconds)


@lru_cache(maxsize=16)
def _with_option(engine: Engine, name: str, value: Any) -> Engine:
    """Kept, for making one goes over all listeners of the engine."""
    return engine.execution_options(**{name: value})


def standalone(engine: Engine) -> Engine:
    """The same engine for one statement by itself: on PostgreSQL no BEGIN and COMMIT around it,
    which are two more round trips. On SQLite a transaction, for there they cost nothing."""
    if engine.dialect.name != "postgresql":
        return engine
    return _with_option(engine, "isolation_level", "AUTOCOMMIT")


def is_lock_timeout(error: DBAPIError) -> bool:
    """Whether a lock wasn't free in time, on either database."""
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
    """A session with one transaction: committed at the end, rolled back on an exception."""
    chosen = engine if write else reading(engine)
    with Session(chosen, expire_on_commit=False) as session, session.begin():
        if holder is not None:
            enter(session, holder)
        yield session
