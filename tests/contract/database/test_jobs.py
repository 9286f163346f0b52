"""The outbox and its worker: nothing is lost, a failure comes back, a dead worker's job too."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.jobs import Job, JobContext, JobKind, OutboxJob, enqueue
from stopintimidatie.core.jobs.schedule import LONGEST_WAIT
from stopintimidatie.core.jobs.services import KindCount, counts
from stopintimidatie.core.jobs.worker import Worker, back_off
from tests.support.factories import DORDRECHT, EINDHOVEN
from tests.support.installation import Installation

pytestmark = pytest.mark.both_databases


class Recorder:
    """A handler that remembers what it was given, and fails as often as it is told."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.calls: list[tuple[str, list[int]]] = []

    def __call__(self, context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
        self.calls.append((context.holder, [payload["n"] for payload in payloads]))
        if self.failures:
            self.failures -= 1
            raise RuntimeError("een geheim dat niet in de tabel mag")


def register(installation: Installation, handler: Recorder, **options: Any) -> None:
    installation.registry.job_kinds["proef"] = JobKind("proef", handler, **options)


def ask(installation: Installation, *numbers: int, holder: str = DORDRECHT) -> None:
    with installation.transaction() as session:
        for number in numbers:
            enqueue(session, Job("proef"), holder, {"n": number})


def jobs(installation: Installation) -> Sequence[OutboxJob]:
    with installation.transaction() as session:
        return session.scalars(select(OutboxJob).order_by(OutboxJob.id)).all()


def test_a_job_is_done_once_and_gone(installation: Installation) -> None:
    handler = Recorder()
    register(installation, handler)
    ask(installation, 1, 2)
    installation.run_jobs()
    assert handler.calls == [(DORDRECHT, [1]), (DORDRECHT, [2])]
    assert jobs(installation) == []


def test_a_job_of_a_transaction_that_failed_never_existed(installation: Installation) -> None:
    def ask_and_fail() -> None:
        with installation.transaction() as session:
            enqueue(session, Job("proef"), DORDRECHT, {"n": 1})
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask_and_fail()
    assert jobs(installation) == []


def test_a_batch_never_mixes_holders(installation: Installation) -> None:
    handler = Recorder()
    register(installation, handler, batch=10)
    ask(installation, 1, 2)
    ask(installation, 3, holder=EINDHOVEN)
    ask(installation, 4)
    installation.run_jobs()
    assert handler.calls == [(DORDRECHT, [1, 2, 4]), (EINDHOVEN, [3])]


def test_a_failed_job_waits_and_comes_back(installation: Installation) -> None:
    handler = Recorder(failures=1)
    register(installation, handler)
    ask(installation, 1)
    assert installation.run_jobs() == 1
    (waiting,) = jobs(installation)
    assert waiting.run_after > utc_now()
    assert waiting.last_error == "RuntimeError"
    with clock_at(utc_now() + LONGEST_WAIT):
        installation.run_jobs()
    assert len(handler.calls) == 2
    assert jobs(installation) == []


def test_a_job_that_keeps_failing_is_set_apart(installation: Installation) -> None:
    handler = Recorder(failures=99)
    register(installation, handler, attempts=3)
    ask(installation, 1)
    moment = utc_now()
    for _ in range(5):
        moment += 2 * LONGEST_WAIT
        with clock_at(moment):
            installation.run_jobs()
    (dead,) = jobs(installation)
    assert (dead.dead, len(handler.calls)) == (True, 3)


def test_a_job_that_failed_takes_no_others_with_it(installation: Installation) -> None:
    handler = Recorder(failures=1)
    register(installation, handler, batch=10)
    ask(installation, 1)
    installation.run_jobs()
    ask(installation, 2, 3)
    with clock_at(utc_now() + LONGEST_WAIT):
        installation.run_jobs()
    assert sorted(numbers for _, numbers in handler.calls[1:]) == [[1], [2, 3]]


def test_a_dead_workers_job_is_taken_up_when_its_lease_ends(installation: Installation) -> None:
    handler = Recorder()
    register(installation, handler)
    ask(installation, 1)
    with installation.transaction() as session:
        lease = utc_now() + timedelta(minutes=2)
        session.execute(update(OutboxJob).values(lease_until=lease, attempts=1))
    assert installation.run_jobs() == 0
    with clock_at(utc_now() + timedelta(minutes=3)):
        installation.run_jobs()
    assert handler.calls == [(DORDRECHT, [1])]


def test_an_unknown_kind_is_set_apart_and_stops_nothing(installation: Installation) -> None:
    handler = Recorder()
    register(installation, handler)
    with installation.transaction() as session:
        enqueue(session, Job("bestaat-niet"), DORDRECHT, {})
    ask(installation, 1)
    Worker(installation.registry).run_all()
    assert handler.calls == [(DORDRECHT, [1])]
    assert [job.dead for job in jobs(installation)] == [True]


def test_waiting_times_double_up_to_an_hour() -> None:
    waits = [back_off(attempt, 1.0) for attempt in range(1, 20)]
    assert waits[:3] == [timedelta(seconds=2), timedelta(seconds=4), timedelta(seconds=8)]
    assert max(waits) == LONGEST_WAIT
    assert back_off(3, 0.0) == timedelta(seconds=4)


def test_a_worker_that_lost_its_lease_leaves_the_job_to_who_has_it(
    installation: Installation,
) -> None:
    """It stood still for so long that another took the job; then it ends, well or badly."""
    calls: list[int] = []

    def slow(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
        calls.append(len(calls))
        with installation.transaction() as session:
            taken = OutboxJob.attempts + 1
            session.execute(update(OutboxJob).values(attempts=taken, last_error="van de ander"))
        if len(calls) == 2:
            raise RuntimeError

    installation.registry.job_kinds["proef"] = JobKind("proef", slow)
    ask(installation, 1)
    worker = Worker(installation.registry)
    for _ in range(2):
        worker.run_once()
        (job,) = jobs(installation)
        assert job.last_error == "van de ander"
        assert job.lease_until is not None
        with installation.transaction() as session:
            session.execute(update(OutboxJob).values(lease_until=None))
    assert calls == [0, 1]


def test_a_lease_is_renewed_while_its_job_runs(installation: Installation) -> None:
    seen: list[Any] = []

    def long(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
        seen.append(jobs(installation)[0].lease_until)
        deadline = time.monotonic() + 10
        while jobs(installation)[0].lease_until == seen[0] and time.monotonic() < deadline:
            time.sleep(0.05)
        seen.append(jobs(installation)[0].lease_until)

    installation.registry.job_kinds["proef"] = JobKind("proef", long, lease_seconds=1)
    ask(installation, 1)
    Worker(installation.registry).run_once()
    assert seen[1] > seen[0]
    assert jobs(installation) == []


def test_the_figures_of_the_queue(installation: Installation) -> None:
    with installation.transaction() as session:
        assert counts(session) == []
    ask(installation, 1, 2)
    with installation.transaction() as session:
        session.execute(update(OutboxJob).where(OutboxJob.payload["n"].as_integer() == 1)
                        .values(dead=True))  # fmt: skip
    with installation.transaction() as session:
        assert counts(session) == [KindCount("proef", 1, 1)]
