"""The outbox: asking for a job, the kinds of job, waking the workers, what an operator does.

PostgreSQL passes the word on, once what was asked is committed. The word carries nothing and may be
lost (the process that asked died just after its commit): then a worker finds the row when it looks
by itself. That it isn't said inside the transaction has a reason: such transactions commit one
after another (docs/dev/adr/0012). SQLite has no such word; there the worker looks by the clock.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from select import select as wait_for_files
from typing import Any, Final

from sqlalchemy import Connection, Engine, case, delete, event, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, SessionTransaction

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs.models import OutboxJob
from stopintimidatie.core.registry import Directive
from stopintimidatie.core.storage.session import standalone, transaction
from stopintimidatie.core.telemetry import counting
from stopintimidatie.settings import PROGRAM, OperatorError, Settings

log = logging.getLogger(__name__)
CHANNEL: Final = "stopintimidatie_werk"
# A worker that hears nothing looks by itself after so many seconds.
LISTENING_PAUSE_SECONDS: Final = 5.0
# The longest pause before reconnecting.
LONGEST_DEAFNESS_SECONDS: Final = 5.0
_DUE: Final = (
    f"SELECT EXISTS (SELECT FROM {OutboxJob.__tablename__} WHERE NOT dead AND run_after <= %s"  # noqa: S608 - a table of ours
    " AND (lease_until IS NULL OR lease_until < %s))"
)
_ASKED: Final = "stopintimidatie.jobs.asked"
_COMMITTED: Final = "stopintimidatie.jobs.committed"


def wake_after_commit(session: Session) -> None:
    """Wake the workers when this transaction, which asks for jobs, is committed."""
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
    """Wake the workers after a commit that asked for jobs.

    The connection of the transaction is back in the pool by now: no thread needs two at once.
    """
    if ended.parent is not None:
        return
    session.info.pop(_ASKED, None)
    if session.info.pop(_COMMITTED, False):
        wake(session.get_bind())


class Stop(threading.Event):
    """Sign that a worker must end, also for a thread that waits for connections."""

    def __init__(self) -> None:
        super().__init__()
        # Never closed: a process has one, and a signal may come until it is gone.
        self._reader, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def set(self) -> None:
        """Tell every thread to end."""
        super().set()
        os.write(self._writer, b"\0")

    def hear_signals(self) -> None:
        """Let SIGTERM and Ctrl-C wake `sleep`, which is called in the main thread.

        Python writes to the pipe at once, whatever the main thread is doing. A handler would have
        to wait until that wakes, and may meet a lock that it has: this one does nothing.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, frame: None)
        signal.set_wakeup_fd(self._writer)

    def sleep(self, seconds: float, *connections: int) -> bool:
        """Wait until something comes from a connection, the time is over, or all must end.

        Returns:
            Whether the time wasn't over.
        """
        readable, _, _ = wait_for_files([self._reader, *connections], [], [], seconds)
        if self._reader in readable and not self.is_set():
            self.set()
        return bool(readable)


class Bell:
    """Bell that wakes the lanes of a worker, by a connection of its own.

    PostgreSQL sends a word. SQLite is asked for the number by which it knows itself that another
    connection, of any process, has committed; that costs no look into a table.

    Args:
        seconds: between two looks where no word comes.
    """

    def __init__(self, engine: Engine, stop: Stop, seconds: float) -> None:
        self._engine = engine
        self._stop = stop
        self._seconds = seconds
        self._has_rung = self._has_word if engine.dialect.name == "postgresql" else self._has_commit
        self._connection: Any = None
        self._version: Any = None
        self._again_at = 0.0
        self._deaf_for = seconds

    def wait(self) -> None:
        """Wait until the lanes must look for work: it rings, or might have rung unheard."""
        if self._connection is None:
            self._connect()
            if self._connection is None:
                self._stop.sleep(self._seconds)
            return
        try:
            while not self._stop.is_set() and not self._has_rung():
                pass
        except self._engine.dialect.loaded_dbapi.Error as error:
            log.warning("worker hears nothing for a moment: %s", type(error).__name__)
            self.close()

    def close(self) -> None:
        """Listen no more."""
        if self._connection is not None:
            with suppress(Exception):
                self._connection.close()
            self._connection = self._version = None

    def _connect(self) -> None:
        if time.monotonic() < self._again_at:
            return
        # Not told here: the search for work meets the error as well, and tells it. A raw connection
        # fails in the driver's own words, not SQLAlchemy's.
        with suppress(SQLAlchemyError, self._engine.dialect.loaded_dbapi.Error):
            fairy = self._engine.raw_connection()
            self._connection = fairy.driver_connection
            fairy.detach()  # the pool may make another; this one is ours
            if self._engine.dialect.name == "postgresql":
                self._connection.autocommit = True
                self._connection.execute(f"LISTEN {CHANNEL}")
            self._deaf_for = self._seconds
            return
        self.close()
        self._again_at = time.monotonic() + self._deaf_for
        self._deaf_for = min(2 * self._deaf_for, LONGEST_DEAFNESS_SECONDS)

    def _has_commit(self) -> bool:
        self._stop.sleep(self._seconds)
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        before, self._version = self._version, version
        return bool(version != before)

    def _has_word(self) -> bool:
        missed = False
        if not self._stop.sleep(LISTENING_PAUSE_SECONDS, self._connection.fileno()):
            # Nothing was heard for long: was a word lost, would one be heard at all?
            now = utc_now()
            (missed,) = self._connection.execute(_DUE, (now, now)).fetchone()
        return bool(list(self._connection.notifies(timeout=0))) or missed


class QueueError(OperatorError):
    """Request to the queue that can't be done; the message says what to do."""


@dataclass(frozen=True)
class Job:
    """A kind of job that can be asked for, as a constant of the room that asks.

    That room or a higher one registers with `config.add_job_kind` who does it.
    """

    name: str


@dataclass(frozen=True)
class KindCount:
    """Number of jobs of a kind that wait, and that were given up."""

    kind: str
    waiting: int
    dead: int


def enqueue(
    session: Session,
    job: Job,
    holder: str,
    payload: dict[str, Any],
    *,
    delay: timedelta = timedelta(0),
) -> OutboxJob:
    """Add a job to the outbox, in the transaction at hand. The payload: ids and codes alone."""
    now = utc_now()
    row = OutboxJob(
        kind=job.name, holder=holder, payload=payload, created_at=now, run_after=now + delay
    )
    session.add(row)
    wake_after_commit(session)
    return row


def start_now(session: Session, job: Job, holder: str, name: str, values: Sequence[str]) -> None:
    """Let jobs of a kind that wait for a later moment be done at once.

    `name`, `values`: those whose payload has one of these values under this name.
    """
    now = utc_now()
    session.execute(
        update(OutboxJob)
        .where(
            OutboxJob.kind == job.name,
            OutboxJob.holder == holder,
            OutboxJob.run_after > now,
            OutboxJob.payload[name].as_string().in_(values),
        )
        .values(run_after=now)
        .execution_options(synchronize_session=False)
    )
    wake_after_commit(session)


def job_row(job: Job, holder: str, payload: dict[str, Any]) -> tuple[type[OutboxJob], Any]:
    """Return a job as a row, for who inserts many rows at once."""
    now = utc_now()
    values = {"kind": job.name, "holder": holder, "payload": payload, "attempts": 0, "dead": False}
    return OutboxJob, {**values, "created_at": now, "run_after": now}


def counts(session: Session) -> list[KindCount]:
    """Count the jobs that wait and those that are dead, by kind."""
    dead = func.sum(case((OutboxJob.dead, 1), else_=0))
    rows = session.execute(
        select(OutboxJob.kind, func.count() - dead, dead)
        .group_by(OutboxJob.kind)
        .order_by(OutboxJob.kind)
    )
    return [KindCount(*row) for row in rows]


def dead_jobs(session: Session) -> Sequence[OutboxJob]:
    """Return the jobs that were given up, oldest first."""
    return session.scalars(select(OutboxJob).where(OutboxJob.dead).order_by(OutboxJob.id)).all()


def try_again(engine: Engine, actor: Actor, number: int | None) -> int:
    """Give one dead job, or every one, another attempt; how many.

    Raises:
        QueueError: there is no such dead job.
    """
    return _each(engine, actor, number, "taak.opnieuw")


def throw_away(engine: Engine, actor: Actor, number: int | None) -> int:
    """Throw one dead job away, or every one; how many.

    Raises:
        QueueError: there is no such dead job.
    """
    return _each(engine, actor, number, "taak.weg")


def _each(engine: Engine, actor: Actor, number: int | None, action: str) -> int:
    with transaction(engine, write=False) as session:
        jobs = [job for job in dead_jobs(session) if number in (None, job.id)]
    if number is not None and not jobs:
        raise QueueError(
            f"Taak {number} is niet opgegeven of bestaat niet."
            f" ‘{PROGRAM} wachtrij lijst’ toont welke er zijn."
        )
    return sum(_settle(engine, actor, job, action) for job in jobs)


def _settle(engine: Engine, actor: Actor, job: OutboxJob, action: str) -> bool:
    """Settle one job, in a transaction of its holder; False when somebody else was first."""
    chosen = (OutboxJob.id == job.id, OutboxJob.dead)
    with transaction(engine, job.holder) as session:
        if action == "taak.weg":
            done: Any = session.execute(delete(OutboxJob).where(*chosen))
        else:
            # The attempts stay as counted: they also tell one claim from the next.
            values = {"dead": False, "run_after": utc_now(), "lease_until": None}
            done = session.execute(update(OutboxJob).where(*chosen).values(values))
            wake_after_commit(session)
        if done.rowcount:
            record(session, actor, action, job.holder, "taak", task=f"{job.kind} {job.id}")
        return bool(done.rowcount)


# Kinds of job: rooms register a handler by name; the worker looks it up.


class Lane(StrEnum):
    """A queue of jobs that run one after another, beside the other lanes."""

    QUICK = "snel"
    """Short jobs that users wait for: indexing a report, notices of a report."""
    OUTSIDE = "buiten"
    """Jobs that wait for another machine: mail, text messages, the lookup of addresses."""
    INDEX = "index"
    """Rebuilds of a whole index. Until one is done search finds nothing new."""
    SLOW = "langzaam"
    """Long jobs: making documents, nightly work, and work on very many rows."""


@dataclass(frozen=True)
class JobContext:
    """Tools of a handler. It opens its own transactions, each for the holder of its jobs.

    `claimed` and `attempts`: which rows of the outbox these jobs are, as they were taken.
    """

    engine: Engine
    settings: Settings
    registry: Any
    holder: str
    claimed: tuple[int, ...] = ()
    attempts: int = 0

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Give a transaction that works for the holder of these jobs."""
        with transaction(self.engine, self.holder) as session:
            yield session

    @contextmanager
    def ending(self, place: int) -> Iterator[Session | None]:
        """Give a transaction in which the job at this place ends together with its effect.

        For what can't see that it was done before: a letter, the next step of a chain. None: it
        was done, or another worker has it now.
        """
        with transaction(self.engine, self.holder) as session:
            yield session if self._ends(session, place) else None

    def _ends(self, session: Session, place: int) -> bool:
        if not self.claimed:
            return True
        mine = (OutboxJob.id == self.claimed[place], OutboxJob.attempts == self.attempts)
        ended: Any = session.execute(delete(OutboxJob).where(*mine))
        return bool(ended.rowcount)


class JobError(Exception):
    """A failure whose code may be shown, for it holds no personal data.

    Args:
        final: trying again would give the same: the job is given up at once.
    """

    def __init__(self, code: str, *, final: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.final = final


Handler = Callable[[JobContext, Sequence[dict[str, Any]]], None]
NextTime = Callable[[datetime], datetime]


@dataclass(frozen=True)
class JobKind:
    """A kind of job.

    Args:
        batch: how many jobs of one holder the handler gets at once.
        next_at: for a periodic job, of which there is one in the whole installation: a function
            from a time to the next time that the job is due. Only the worker plans it.
    """

    name: str
    handler: Handler
    batch: int = 1
    attempts: int = 12
    lease_seconds: int = 120
    lane: Lane = Lane.QUICK
    next_at: NextTime | None = None


def _job_kind(job: Job, handler: Handler, **more: Any) -> tuple[str, JobKind]:
    """Return how a job is done. A handler may be called twice for one job: be harmless.

    `more`: what else `JobKind` may be told.
    """
    return job.name, JobKind(job.name, counting(job.name, handler), **more)


JOB_KINDS: Final = Directive[str, JobKind]("add_job_kind", "job_kinds", _job_kind)
