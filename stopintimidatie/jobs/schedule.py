"""What must wait in the outbox at any time: each periodic job, at its time; and no moment that
only a clock that was wrong can have given.

A machine's clock may stand on another day for a while. What was planned then is moved to where the
right clock would have put it: a worker looks when it starts and every minute.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, and_, or_, select, update
from sqlalchemy.orm import Session

from stopintimidatie.clock import utc_now
from stopintimidatie.jobs.models import OutboxJob
from stopintimidatie.jobs.registry import JobKind
from stopintimidatie.storage.session import transaction
from stopintimidatie.storage.tenancy import NATIONAL

log = logging.getLogger(__name__)
LONGEST_WAIT: Final = timedelta(hours=1)
"""No job that failed waits longer for its next attempt."""
SLACK: Final = timedelta(minutes=5)
"""Clocks of machines that work together may differ so much."""
AT_ONCE: Final = 500

Kinds = Mapping[str, JobKind]
"""By name."""


def put_right(engine: Engine, kinds: Kinds) -> None:
    """Move what lies too far away, and plan each periodic job that doesn't wait."""
    now = utc_now()
    with transaction(engine, write=False) as session:
        astray = session.scalars(
            select(OutboxJob).where(lies_astray(now, kinds)).order_by(OutboxJob.id).limit(AT_ONCE)
        ).all()
        missing = _missing(session, kinds)
    if not astray and not missing:
        return
    with transaction(engine) as session:
        for job in astray:
            # Unless a worker took it meanwhile.
            same = (OutboxJob.id == job.id, OutboxJob.attempts == job.attempts)
            session.execute(update(OutboxJob).where(*same).values(_moved(job, now, kinds)))
        plan(session, kinds, now)
    if astray:
        log.warning("worker: %d jobs were planned by a clock that was wrong", len(astray))


def free_leases(engine: Engine) -> None:
    """For a worker that begins and is the only one: whoever had a job in hand is dead."""
    with transaction(engine) as session:
        held = update(OutboxJob).where(OutboxJob.lease_until.is_not(None))
        session.execute(held.values(lease_until=None))


def plan(session: Session, kinds: Kinds, now: datetime) -> None:
    """Have each periodic job wait for its next time, unless it waits already."""
    for name, due in _missing(session, kinds).items():
        session.add(OutboxJob(kind=name, holder=NATIONAL, payload={}, run_after=due(now)))


def lies_astray(now: datetime, kinds: Kinds) -> ColumnElement[bool]:
    """Jobs with a moment that a right clock can't have given."""
    late = now + SLACK
    tried = and_(OutboxJob.attempts > 0, OutboxJob.run_after > late + LONGEST_WAIT)
    far = (OutboxJob.created_at > late, tried, *_leases(late, kinds), *_turns(now, kinds))
    return and_(~OutboxJob.dead, or_(*far))


def _leases(late: datetime, kinds: Kinds) -> Iterator[ColumnElement[bool]]:
    for seconds in sorted({kind.lease_seconds for kind in kinds.values()}):
        names = [kind.name for kind in kinds.values() if kind.lease_seconds == seconds]
        until = late + timedelta(seconds=seconds)
        yield and_(OutboxJob.kind.in_(names), OutboxJob.lease_until > until)


def _turns(now: datetime, kinds: Kinds) -> Iterator[ColumnElement[bool]]:
    for name, due in _periodic(kinds).items():
        yield and_(OutboxJob.kind == name, OutboxJob.run_after > due(now) + SLACK)


def _moved(job: OutboxJob, now: datetime, kinds: Kinds) -> dict[str, datetime]:
    """Where a right clock would have put it: as long after now as it was after its asking."""
    ahead = max(job.created_at - now, timedelta(0))
    values = {"created_at": job.created_at - ahead, "run_after": job.run_after - ahead}
    if job.attempts:
        values["run_after"] = min(values["run_after"], now + LONGEST_WAIT)
    if due := _periodic(kinds).get(job.kind):
        values["run_after"] = min(values["run_after"], due(now))
    if job.lease_until is not None and (kind := kinds.get(job.kind)):
        # Who has it still renews it; of who died, it is free again after this.
        lease = timedelta(seconds=kind.lease_seconds)
        values["lease_until"] = min(job.lease_until, now + lease)
    return values


def _periodic(kinds: Kinds) -> dict[str, Any]:
    """The periodic kinds, with what gives their next time."""
    return {kind.name: kind.next_at for kind in kinds.values() if kind.next_at}


def _missing(session: Session, kinds: Kinds) -> dict[str, Any]:
    periodic = _periodic(kinds)
    waiting = select(OutboxJob.kind).where(OutboxJob.kind.in_(periodic), ~OutboxJob.dead)
    present = set(session.scalars(waiting))
    return {name: due for name, due in periodic.items() if name not in present}
