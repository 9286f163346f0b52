"""Schedule of the outbox: plans periodic jobs, and corrects times that a wrong clock stored.

A machine's clock may be on another day for a while. Jobs that were planned then are moved to the
time that the right clock would have given. A worker does this when it starts and every minute.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, and_, or_, select, update
from sqlalchemy.orm import Session

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs.models import OutboxJob
from stopintimidatie.core.jobs.services import JobKind
from stopintimidatie.core.storage.session import transaction
from stopintimidatie.core.storage.tenancy import NATIONAL

log = logging.getLogger(__name__)
LONGEST_WAIT: Final = timedelta(hours=1)
"""The longest time between two attempts of a job that fails."""
SLACK: Final = timedelta(minutes=5)
"""The largest difference between the clocks of machines that work together."""
AT_ONCE: Final = 500

Kinds = Mapping[str, JobKind]
"""The kinds of job, by name."""


def correct_schedule(engine: Engine, kinds: Kinds) -> None:
    """Correct jobs planned by a wrong clock, and plan each periodic job that isn't planned."""
    now = utc_now()
    with transaction(engine, write=False) as session:
        astray = session.scalars(
            select(OutboxJob).where(is_misplanned(now, kinds)).order_by(OutboxJob.id).limit(AT_ONCE)
        ).all()
        missing = _missing(session, kinds)
    if not astray and not missing:
        return
    with transaction(engine) as session:
        for job in astray:
            # Skip the job if a worker took it in the meantime: then its number of attempts has
            # changed.
            same = (OutboxJob.id == job.id, OutboxJob.attempts == job.attempts)
            session.execute(update(OutboxJob).where(*same).values(_moved(job, now, kinds)))
        plan(session, kinds, now)
    if astray:
        log.warning("worker: %d jobs were planned by a clock that was wrong", len(astray))


def free_leases(engine: Engine) -> None:
    """Free all leases, for a worker that starts and is the only one: their owners are gone."""
    with transaction(engine) as session:
        held = update(OutboxJob).where(OutboxJob.lease_until.is_not(None))
        session.execute(held.values(lease_until=None))


def plan(session: Session, kinds: Kinds, now: datetime) -> None:
    """Plan each periodic job at its next time, unless it is planned already."""
    for name, due in _missing(session, kinds).items():
        session.add(OutboxJob(kind=name, holder=NATIONAL, payload={}, run_after=due(now)))


def is_misplanned(now: datetime, kinds: Kinds) -> ColumnElement[bool]:
    """Return the condition for jobs with a time that a right clock can't have given."""
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
    """Return the times that a right clock would have given a job that was asked for just now."""
    ahead = max(job.created_at - now, timedelta(0))
    values = {"created_at": job.created_at - ahead, "run_after": job.run_after - ahead}
    if job.attempts:
        values["run_after"] = min(values["run_after"], now + LONGEST_WAIT)
    if due := _periodic(kinds).get(job.kind):
        values["run_after"] = min(values["run_after"], due(now))
    if job.lease_until is not None and (kind := kinds.get(job.kind)):
        # A living worker renews its lease; that of a dead worker ends after this time.
        lease = timedelta(seconds=kind.lease_seconds)
        values["lease_until"] = min(job.lease_until, now + lease)
    return values


def _periodic(kinds: Kinds) -> dict[str, Any]:
    """Return, for each periodic kind of job, the function that gives its next time."""
    return {kind.name: kind.next_at for kind in kinds.values() if kind.next_at}


def _missing(session: Session, kinds: Kinds) -> dict[str, Any]:
    periodic = _periodic(kinds)
    waiting = select(OutboxJob.kind).where(OutboxJob.kind.in_(periodic), ~OutboxJob.dead)
    present = set(session.scalars(waiting))
    return {name: due for name, due in periodic.items() if name not in present}
