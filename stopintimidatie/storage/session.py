"""Engines and plain sessions (command line, worker, tests); requests have `storage.request`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from pyramid_retry import mark_error_retryable
from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from stopintimidatie.settings import Settings
from stopintimidatie.storage.tenancy import enter

BEGIN_OPTION: Final = "stopintimidatie_sqlite_begin"
WAIT_OPTION: Final = "stopintimidatie_longest_wait"
SQLITE_BUSY_MILLISECONDS: Final = 15_000
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
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(wait)}")
        connection.exec_driver_sql(f"BEGIN {options.get(BEGIN_OPTION, 'IMMEDIATE')}")

    @event.listens_for(engine, "handle_error")
    def another_writer_was_first(context: ExceptionContext) -> None:
        error = context.sqlalchemy_exception
        if error is not None and "database is locked" in str(context.original_exception):
            mark_error_retryable(error)


def _prepare_postgresql(engine: Engine) -> None:
    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        wait = connection.get_execution_options().get(WAIT_OPTION)
        if wait is not None:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(wait)}")


def make_engine(settings: Settings) -> Engine:
    """The engine of an installation. Errors never quote values: those are personal data."""
    if settings.sqlite:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        engine = create_engine(settings.database_url, hide_parameters=True)
        _prepare_sqlite(engine)
        return engine
    engine = create_engine(settings.database_url, hide_parameters=True, pool_pre_ping=True)
    _prepare_postgresql(engine)
    return engine


def reading(engine: Engine) -> Engine:
    """The same engine for a transaction that will mostly read: on SQLite it takes no lock."""
    return engine.execution_options(**{BEGIN_OPTION: "DEFERRED"})


def waiting_at_most(engine: Engine, milliseconds: int) -> Engine:
    """The same engine for a transaction that would rather fail than wait longer for a lock."""
    return engine.execution_options(**{WAIT_OPTION: milliseconds})


def is_lock_timeout(error: DBAPIError) -> bool:
    """Whether a lock wasn't free in time, on either database."""
    code = getattr(error.orig, "sqlstate", None)
    return code == LOCK_NOT_AVAILABLE or "database is locked" in str(error.orig)


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
