"""Asking for a job, and what an operator sees and does of the queue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, case, delete, func, select, update
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, record
from stopintimidatie.clock import utc_now
from stopintimidatie.jobs.models import OutboxJob
from stopintimidatie.jobs.waking import wake, wake_after_commit
from stopintimidatie.storage.session import transaction


class QueueError(Exception):
    """What was asked of the queue can't be done; the message says what to do."""


@dataclass(frozen=True)
class Job:
    """A kind of job that can be asked for, as a constant of the room that asks.

    That room or a higher one registers with `config.add_job_kind` who does it.
    """

    name: str


@dataclass(frozen=True)
class KindCount:
    """How many jobs of a kind wait, and how many were given up."""

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


def job_row(job: Job, holder: str, payload: dict[str, Any]) -> tuple[type[OutboxJob], Any]:
    """The same as a row, for who inserts many rows at once."""
    now = utc_now()
    values = {"kind": job.name, "holder": holder, "payload": payload, "attempts": 0, "dead": False}
    return OutboxJob, {**values, "created_at": now, "run_after": now}


def rows_committed(engine: Engine, rows: Iterable[tuple[type[Any], Any]]) -> None:
    """Rows were committed without a session: where jobs are among them, the workers hear of it."""
    if any(model is OutboxJob for model, _ in rows):
        wake(engine)


def counts(session: Session) -> list[KindCount]:
    """Per kind how many jobs wait and how many are dead."""
    dead = func.sum(case((OutboxJob.dead, 1), else_=0))
    rows = session.execute(
        select(OutboxJob.kind, func.count() - dead, dead)
        .group_by(OutboxJob.kind)
        .order_by(OutboxJob.kind)
    )
    return [KindCount(*row) for row in rows]


def dead_jobs(session: Session) -> Sequence[OutboxJob]:
    """The jobs that were given up, oldest first."""
    return session.scalars(select(OutboxJob).where(OutboxJob.dead).order_by(OutboxJob.id)).all()


def try_again(engine: Engine, actor: Actor, number: int | None) -> int:
    """Give one dead job, or every one, another attempt; how many.

    :raises QueueError: there is no such dead job.
    """
    return _each(engine, actor, number, "taak.opnieuw")


def throw_away(engine: Engine, actor: Actor, number: int | None) -> int:
    """Throw one dead job away, or every one; how many.

    :raises QueueError: there is no such dead job.
    """
    return _each(engine, actor, number, "taak.weg")


def _each(engine: Engine, actor: Actor, number: int | None, action: str) -> int:
    with transaction(engine, write=False) as session:
        found = [job for job in dead_jobs(session) if number in (None, job.id)]
    if number is not None and not found:
        raise QueueError(
            f"Taak {number} is niet opgegeven of bestaat niet."
            " ‘stopintimidatie wachtrij lijst’ toont welke er zijn."
        )
    return sum(_settle(engine, actor, job, action) for job in found)


def _settle(engine: Engine, actor: Actor, job: OutboxJob, action: str) -> bool:
    """One job, in a transaction of its holder; False when somebody else was first."""
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
