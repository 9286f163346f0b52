"""Engines and plain sessions (command line, worker, tests); requests have `storage.request`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from pyramid_retry import mark_error_retryable
from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event
from sqlalchemy.orm import Session

from stopintimidatie.settings import Settings
from stopintimidatie.storage.tenancy import enter

BEGIN_OPTION: Final = "stopintimidatie_sqlite_begin"
SQLITE_BUSY_MILLISECONDS: Final = 15_000


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
        mode = connection.get_execution_options().get(BEGIN_OPTION, "IMMEDIATE")
        connection.exec_driver_sql(f"BEGIN {mode}")

    @event.listens_for(engine, "handle_error")
    def another_writer_was_first(context: ExceptionContext) -> None:
        error = context.sqlalchemy_exception
        if error is not None and "database is locked" in str(context.original_exception):
            mark_error_retryable(error)


def make_engine(settings: Settings) -> Engine:
    """The engine of an installation."""
    if settings.sqlite:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        engine = create_engine(settings.database_url)
        _prepare_sqlite(engine)
        return engine
    return create_engine(settings.database_url, pool_pre_ping=True)


def reading(engine: Engine) -> Engine:
    """The same engine for a transaction that will mostly read: on SQLite it takes no lock."""
    return engine.execution_options(**{BEGIN_OPTION: "DEFERRED"})


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
