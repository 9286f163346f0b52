"""Kinds of job: rooms register a handler by name; the worker looks it up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Engine, delete
from sqlalchemy.orm import Session

from stopintimidatie.jobs.models import OutboxJob
from stopintimidatie.jobs.services import Job
from stopintimidatie.registry import Directive
from stopintimidatie.settings import Settings
from stopintimidatie.storage.session import transaction
from stopintimidatie.telemetry.metrics import counting


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
    """What a handler may use. It opens its own transactions, each for the holder of its jobs.

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
        with transaction(self.engine, self.holder) as session:
            yield session

    @contextmanager
    def ending(self, place: int) -> Iterator[Session | None]:
        """A transaction in which the job at this place ends together with its effect.

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

    :param final: trying again would give the same: the job is given up at once.
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

    :param batch: how many jobs of one holder the handler gets at once.
    :param next_at: for a periodic job, of which there is one in the whole installation: a function
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

    :param more: what else :class:`JobKind` may be told.
    """
    return job.name, JobKind(job.name, counting(job.name, handler), **more)


JOB_KINDS: Final = Directive[str, JobKind]("add_job_kind", "job_kinds", _job_kind)
