"""A worker that waits starts when there is work, not when it happens to look."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, JobContext, JobKind, OutboxJob, enqueue, services, worker
from stopintimidatie.core.jobs.services import CHANNEL, Stop, try_again
from stopintimidatie.core.jobs.worker import run_lanes
from stopintimidatie.core.storage import database
from stopintimidatie.reports.api.openapi import FULL_REPORT
from stopintimidatie.reports.api.queries import DEMO_TOKEN, make_demo_key
from tests.support import postgres_guard
from tests.support.factories import DORDRECHT, connect
from tests.support.installation import Installation
from tests.support.queries import count_queries
from tests.support.waiting import PATIENCE, until

pytestmark = pytest.mark.both_databases

# Longer than any test: who isn't woken never gets there.
NEVER = 600.0
# Looks of the bell, half a second in all, in which no lane may look.
LOOKS = 25
WHERE = f"FROM pg_stat_activity WHERE query = 'LISTEN {CHANNEL}' AND datname = current_database()"
LISTENING = f"SELECT count(*) {WHERE} AND state = 'idle'"
CUT = f"SELECT count(pg_terminate_backend(pid)) {WHERE}"
on_postgresql = pytest.mark.postgresql


@pytest.fixture
def no_looking(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker never looks by itself, unless a job that it knows of is due."""
    monkeypatch.setattr(services, "LISTENING_PAUSE_SECONDS", NEVER)
    monkeypatch.setattr(worker, "SCHEDULE_SECONDS", NEVER)


@contextmanager
def workers(installation: Installation, number: int = 1) -> Iterator[None]:
    """So many workers at work; on PostgreSQL all of them wait for a word."""
    stops = [Stop() for _ in range(number)]
    threads = [
        threading.Thread(target=run_lanes, args=(installation.registry, stop)) for stop in stops
    ]
    for thread in threads:
        thread.start()
    try:
        if not installation.settings.sqlite:
            until(lambda: asked(installation, LISTENING) == number)
        yield
    finally:
        for stop in stops:
            stop.set()
        for thread in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()


def asked(installation: Installation, question: str) -> int:
    """An answer that PostgreSQL gives its administrator alone."""
    url = installation.settings.database_url.replace("+psycopg", "")
    administrator = url.replace(f"//{database.APP}@", f"//{postgres_guard.SUPERUSER}@")
    with psycopg.connect(administrator) as connection:
        (number,) = connection.execute(question.encode()).fetchone() or (0,)
    return int(number)


def register(installation: Installation, handler: Callable[[], object]) -> None:
    def run(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
        handler()

    installation.registry.job_kinds["proef"] = JobKind("proef", run)


def ask(installation: Installation, delay: timedelta = timedelta(0), number: int = 1) -> OutboxJob:
    with installation.transaction() as session:
        jobs = [enqueue(session, Job("proef"), DORDRECHT, {}, delay=delay) for _ in range(number)]
    return jobs[0]


def test_a_job_is_started_without_waiting_for_the_next_look(
    installation: Installation, no_looking: None
) -> None:
    done = threading.Event()
    register(installation, done.set)
    with workers(installation):
        for _ in range(2):
            ask(installation)
            assert done.wait(PATIENCE)
            done.clear()


def test_a_delayed_job_is_started_at_its_time(installation: Installation, no_looking: None) -> None:
    started: list[Any] = []
    done = threading.Event()

    def note() -> None:
        started.append(utc_now())
        done.set()

    register(installation, note)
    with workers(installation):
        job = ask(installation, timedelta(seconds=0.5))
        assert done.wait(PATIENCE)
    assert timedelta(0) <= started[0] - job.run_after < timedelta(seconds=PATIENCE)


@on_postgresql
def test_every_worker_that_waits_is_woken(installation: Installation, no_looking: None) -> None:
    """Three jobs that each wait for the two others: one worker alone would never end the first."""
    together = threading.Barrier(4, timeout=PATIENCE)
    register(installation, together.wait)
    with workers(installation, 3):
        ask(installation, number=3)
        together.wait()


@on_postgresql
def test_a_worker_whose_connection_is_cut_listens_again(
    installation: Installation, no_looking: None
) -> None:
    done = threading.Event()
    register(installation, done.set)
    with workers(installation):
        assert asked(installation, CUT) == 1
        # What is asked meanwhile isn't heard, and found all the same.
        ask(installation)
        assert done.wait(PATIENCE)
        until(lambda: asked(installation, LISTENING) == 1)
        done.clear()
        ask(installation)
        assert done.wait(PATIENCE)


@pytest.fixture
def words(installation: Installation) -> Iterator[Callable[[], int]]:
    """How many words were passed on since it was asked last."""
    url = installation.settings.database_url.replace("+psycopg", "")
    with ExitStack() as stack:
        connection = stack.enter_context(psycopg.connect(url, autocommit=True))
        connection.execute(f"LISTEN {CHANNEL}")
        yield lambda: len(list(connection.notifies(timeout=0.05)))


@on_postgresql
def test_the_word_comes_once_per_transaction_and_after_its_commit(
    installation: Installation, words: Callable[[], int]
) -> None:
    with installation.transaction() as session:
        for _ in range(3):
            enqueue(session, Job("proef"), DORDRECHT, {})
            session.flush()
            with session.begin_nested():
                enqueue(session, Job("proef"), DORDRECHT, {})
        assert words() == 0
    assert words() == 1
    with installation.transaction() as session:
        session.execute(text("SELECT 1"))
    assert words() == 0


@on_postgresql
def test_a_transaction_that_failed_wakes_nobody(
    installation: Installation, words: Callable[[], int]
) -> None:
    def ask_and_fail() -> None:
        with installation.transaction() as session:
            enqueue(session, Job("proef"), DORDRECHT, {})
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask_and_fail()
    ask(installation, number=2)
    assert words() == 1


@on_postgresql
def test_a_dead_job_that_is_tried_again_wakes_the_workers(
    installation: Installation, words: Callable[[], int]
) -> None:
    job = ask(installation)
    with installation.transaction() as session:
        session.merge(job).dead = True
    words()
    assert try_again(installation.engine, SYSTEM, job.id) == 1
    assert words() == 1


@on_postgresql
def test_a_report_from_an_app_wakes_the_workers(
    installation: Installation, words: Callable[[], int]
) -> None:
    with installation.transaction() as session:
        make_demo_key(session, SYSTEM)
    connect(installation)
    app = installation.visitor()

    def post() -> None:
        headers = {"Authorization": f"Bearer {DEMO_TOKEN}", "Idempotency-Key": str(uuid4())}
        app.post_json("/api/v1/meldingen", FULL_REPORT, headers=headers, status=201)

    post()  # the first of the day also asks that the day's key be forgotten tomorrow
    words()
    post()
    assert words() == 1


@pytest.mark.short_on("sqlite")
def test_a_worker_without_work_asks_the_database_nothing(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the bell does, which no lane waits for; once it rang, each lane has looked."""
    looks, sleep = Counter[str](), Stop.sleep

    def count_and_sleep(stop: Stop, seconds: float, *connections: int) -> bool:
        looks["bell"] += 1
        return sleep(stop, seconds, *connections)

    monkeypatch.setattr(Stop, "sleep", count_and_sleep)

    with count_queries(installation) as counted, workers(installation):
        # Only now: a worker that asks often isn't seen to listen.
        monkeypatch.setattr(services, "LISTENING_PAUSE_SECONDS", 0.02)

        def settled() -> bool:
            before, end = counted.count, looks["bell"] + LOOKS
            until(lambda: looks["bell"] >= end)
            return counted.count == before > 0

        until(settled)
