"""Tests that jobs planned while the machine's clock was on another day are planned again."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from stopintimidatie.cli import commands
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.jobs import Job, JobContext, JobKind, OutboxJob, enqueue
from stopintimidatie.core.jobs.schedule import LONGEST_WAIT, correct_schedule, is_misplanned
from stopintimidatie.core.jobs.services import Stop
from stopintimidatie.core.jobs.worker import Worker, run_lanes
from stopintimidatie.core.text import date_text
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation
from tests.support.readiness import ready
from tests.support.waiting import PATIENCE, until

pytestmark = pytest.mark.both_databases

FAR = timedelta(days=400)
LEASE_SECONDS = 600


@pytest.fixture(autouse=True)
def _kinds_as_they_were(installation: Installation) -> Iterator[None]:
    before = dict(kinds(installation))
    yield
    kinds(installation).clear()
    kinds(installation).update(before)


def kinds(installation: Installation) -> dict[str, JobKind]:
    found: dict[str, JobKind] = installation.registry.job_kinds
    return found


def fail(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    raise RuntimeError


def do(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Do nothing and succeed."""


def register(installation: Installation, name: str, handler: Any, **options: Any) -> None:
    kinds(installation)[name] = JobKind(name, handler, **options)


def ask(installation: Installation, kind: str, delay: timedelta = timedelta(0)) -> None:
    with installation.transaction() as session:
        enqueue(session, Job(kind), DORDRECHT, {}, delay=delay)


def jobs(installation: Installation) -> dict[str, OutboxJob]:
    with installation.transaction() as session:
        found = session.scalars(select(OutboxJob)).all()
    assert len({job.kind for job in found}) == len(found)
    return {job.kind: job for job in found}


def astray(installation: Installation) -> Sequence[str]:
    wrong = is_misplanned(utc_now(), kinds(installation))
    with installation.transaction() as session:
        return session.scalars(select(OutboxJob.kind).where(wrong).order_by(OutboxJob.kind)).all()


def live_far_away(installation: Installation) -> None:
    """Store each kind of time (planned, retried, leased) on a day far away."""
    register(installation, "mislukt", fail)
    register(installation, "in handen", do, lease_seconds=LEASE_SECONDS)
    ask(installation, "mislukt")
    ask(installation, "in handen")
    with clock_at(utc_now() + FAR):
        correct_schedule(installation.engine, kinds(installation))
        ask(installation, "straks", timedelta(minutes=15))
        Worker(installation.registry).run_once()
        until = utc_now() + timedelta(seconds=LEASE_SECONDS)
        with installation.transaction() as session:
            mine = update(OutboxJob).where(OutboxJob.kind == "in handen")
            session.execute(mine.values(attempts=1, lease_until=until))


def test_what_a_wrong_clock_planned_is_planned_anew_and_readiness_says_so_until_then(
    installation: Installation,
) -> None:
    live_far_away(installation)
    periodic = {name: kind.next_at for name, kind in kinds(installation).items() if kind.next_at}
    assert len(periodic) >= 2
    assert astray(installation) == sorted([*periodic, "in handen", "mislukt", "straks"])
    check = ready(installation, 200)["planning"]
    assert check["toestand"] == "let op"
    assert date_text(max(job.run_after for job in jobs(installation).values())) in check["melding"]

    correct_schedule(installation.engine, kinds(installation))
    now, found = utc_now(), jobs(installation)
    assert astray(installation) == []
    assert ready(installation, 200)["planning"]["toestand"] == "goed"
    for name, next_at in periodic.items():
        assert found[name].run_after == next_at(now)
    assert near(found["straks"].run_after, now + timedelta(minutes=15))
    assert found["mislukt"].run_after <= now + LONGEST_WAIT
    lease = found["in handen"].lease_until
    assert lease is not None
    assert near(lease, now + timedelta(seconds=LEASE_SECONDS))


def near(moment: datetime, other: datetime) -> bool:
    return abs(moment - other) < timedelta(minutes=1)


@pytest.mark.short_on("postgresql")
def test_what_a_right_clock_planned_stays_where_it_is(installation: Installation) -> None:
    correct_schedule(installation.engine, kinds(installation))
    register(installation, "mislukt", fail)
    ask(installation, "mislukt")
    Worker(installation.registry).run_once()
    ask(installation, "over een jaar", 2 * FAR)
    before = {name: job.run_after for name, job in jobs(installation).items()}
    correct_schedule(installation.engine, kinds(installation))
    assert {name: job.run_after for name, job in jobs(installation).items()} == before


def test_a_periodic_job_is_planned_again_when_it_is_done_and_when_it_is_given_up(
    installation: Installation,
) -> None:
    def next_at(now: datetime) -> datetime:
        return now + timedelta(hours=1)

    kinds(installation).clear()
    register(installation, "elk uur", do, next_at=next_at)
    correct_schedule(installation.engine, kinds(installation))
    later = utc_now() + timedelta(hours=2)
    with clock_at(later):
        installation.run_jobs()
        assert jobs(installation)["elk uur"].run_after == next_at(later)
    register(installation, "elk uur", fail, next_at=next_at, attempts=1)
    with clock_at(later + timedelta(hours=2)):
        installation.run_jobs()
        correct_schedule(installation.engine, kinds(installation))
    with installation.transaction() as session:
        order = select(OutboxJob.dead).order_by(OutboxJob.id)
        assert session.scalars(order).all() == [True, False]


def test_a_worker_that_must_be_the_only_one_takes_up_what_a_dead_one_had_in_hand(
    installation: Installation,
) -> None:
    register(installation, "in handen", do)
    ask(installation, "in handen")
    with installation.transaction() as session:
        lease = utc_now() + timedelta(minutes=2)
        session.execute(update(OutboxJob).values(lease_until=lease, attempts=1))
    commands._tidy_up(installation.registry)
    free = jobs(installation)["in handen"].lease_until is None
    assert free is (installation.settings.search_backend == "whoosh")


@pytest.mark.short_on("postgresql")
def test_a_worker_puts_the_schedule_right_by_itself(installation: Installation) -> None:
    live_far_away(installation)
    stop = Stop()
    worker = threading.Thread(target=run_lanes, args=(installation.registry, stop))
    worker.start()
    try:
        until(lambda: not astray(installation))
    finally:
        stop.set()
        worker.join(PATIENCE)
