"""Waking the workers: PostgreSQL passes the word on, once what was asked is committed.

The word carries nothing and may be lost (the process that asked died just after its commit): then
a worker finds the row when it looks by itself. That it isn't said inside the transaction has a
reason: such transactions commit one after another (docs/adr). SQLite has no such word; there the
worker looks by the clock.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, SessionTransaction

from stopintimidatie.storage.session import standalone

log = logging.getLogger(__name__)
CHANNEL: Final = "stopintimidatie_werk"
# How often a worker that listens is told to stop at the latest, and tries to listen again.
LOOK_UP_SECONDS: Final = 0.1
LONGEST_DEAFNESS_SECONDS: Final = 5.0
_ASKED: Final = "stopintimidatie.jobs.asked"
_COMMITTED: Final = "stopintimidatie.jobs.committed"


def wake_after_commit(session: Session) -> None:
    """This transaction asks for jobs: the workers hear of it when it is committed."""
    session.info[_ASKED] = True


def wake(bind: Engine | Connection) -> None:
    """Wake every worker that waits. Never fails: what was asked is committed already."""
    if bind.dialect.name != "postgresql":
        return
    try:
        with standalone(bind.engine).connect() as connection:
            connection.exec_driver_sql(f"NOTIFY {CHANNEL}")
    except SQLAlchemyError as error:
        log.warning("workers not woken: %s", type(error).__name__)


@event.listens_for(Session, "after_commit")
def _remember(session: Session) -> None:
    if not session.in_nested_transaction() and session.info.pop(_ASKED, False):
        session.info[_COMMITTED] = True


@event.listens_for(Session, "after_transaction_end")
def _wake(session: Session, ended: SessionTransaction) -> None:
    """By now the transaction's connection is back in the pool: no thread needs two at once."""
    if ended.parent is not None:
        return
    session.info.pop(_ASKED, None)
    if session.info.pop(_COMMITTED, False):
        wake(session.get_bind())


class Bell:
    """What a worker waits by: a word from PostgreSQL, on a connection of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Any = None
        self._again_at = 0.0
        self._deaf_for = LOOK_UP_SECONDS

    def listen(self) -> bool:
        """Whether the bell can ring. A connection that was lost is made again, when it's time."""
        if self._connection is None and self._engine.dialect.name == "postgresql":
            self._connect()
        return self._connection is not None

    def wait(self, stop: threading.Event, seconds: float) -> None:
        """Until it rings, the time is over or the worker must stop."""
        if self._connection is None:
            stop.wait(seconds)
            return
        deadline = time.monotonic() + seconds
        while not stop.is_set() and (left := deadline - time.monotonic()) > 0:
            if self._rung(min(left, LOOK_UP_SECONDS)):
                return
        # Nothing was heard for long: would it be heard at all?
        self._try(lambda: self._connection.execute("SELECT 1"))

    def close(self) -> None:
        """Listen no more."""
        if self._connection is not None:
            with suppress(Exception):
                self._connection.close()
            self._connection = None

    def _connect(self) -> None:
        if time.monotonic() < self._again_at:
            return
        # Who looks for work meets it as well, and tells it. A raw connection fails in the driver's
        # own words, not SQLAlchemy's.
        with suppress(SQLAlchemyError, psycopg.Error):
            fairy = self._engine.raw_connection()
            self._connection = fairy.driver_connection
            fairy.detach()  # the pool may make another; this one is ours
        if self._connection is None or not self._try(self._begin):
            self._again_at = time.monotonic() + self._deaf_for
            self._deaf_for = min(2 * self._deaf_for, LONGEST_DEAFNESS_SECONDS)
        else:
            self._deaf_for = LOOK_UP_SECONDS

    def _begin(self) -> None:
        self._connection.autocommit = True
        self._connection.execute(f"LISTEN {CHANNEL}")

    def _rung(self, seconds: float) -> bool:
        """Whether there was a word, or there won't be any: both are a reason to look."""
        heard: list[Any] = []
        told = self._try(
            lambda: heard.extend(self._connection.notifies(timeout=seconds, stop_after=1))
        )
        return bool(heard) or not told

    def _try(self, action: Callable[[], object]) -> bool:
        try:
            action()
        except self._engine.dialect.loaded_dbapi.Error as error:
            log.warning("worker hears nothing for a moment: %s", type(error).__name__)
            self.close()
            return False
        return True
