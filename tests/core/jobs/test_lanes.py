"""Tests that the lanes of a worker run side by side: short jobs never wait for a document."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, JobContext, JobKind, Lane, OutboxJob, enqueue
from stopintimidatie.core.jobs.services import Bell, Stop
from stopintimidatie.core.jobs.worker import Worker, run_lanes
from stopintimidatie.core.mail.models import MailMessage, MailState
from stopintimidatie.core.security import Role
from stopintimidatie.demo.loader import set_up_mailbox
from stopintimidatie.reports.api.openapi import FULL_REPORT
from stopintimidatie.reports.api.queries import DEMO_TOKEN, make_demo_key
from stopintimidatie.reports.inbox.services import NEW, URGENT
from tests.support.factories import DORDRECHT, connect, make_user
from tests.support.installation import Installation
from tests.support.waiting import PATIENCE, until

pytestmark = pytest.mark.both_databases


class Blocked:
    """Job handler that waits until it is told to go on."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.done = 0

    def __call__(self, context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
        self.begun.set()
        assert self.go_on.wait(PATIENCE)
        self.done += 1


@contextmanager
def working(installation: Installation, blocked: Blocked) -> Iterator[Stop]:
    """Run a worker with all its lanes during the block; release the blocked handler at the end."""
    stop = Stop()
    worker = threading.Thread(target=run_lanes, args=(installation.registry, stop))
    worker.start()
    try:
        yield stop
    finally:
        blocked.go_on.set()
        stop.set()
        worker.join(PATIENCE)
        assert not worker.is_alive()


Block = Callable[[str, int], Blocked]


@pytest.fixture
def block(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Block:
    """Give a function that queues this many jobs of a kind, the first of which blocks."""
    kinds: dict[str, JobKind] = installation.registry.job_kinds

    def begin(kind: str, jobs: int) -> Blocked:
        handler = Blocked()
        monkeypatch.setitem(kinds, kind, replace(kinds[kind], handler=handler))
        with installation.transaction() as session:
            for _ in range(jobs):
                enqueue(session, Job(kind), DORDRECHT, {})
        return handler

    return begin


def test_a_report_is_found_and_its_municipality_told_while_a_document_is_made(
    installation: Installation, block: Block
) -> None:
    connect(installation)
    with installation.transaction() as session:
        make_demo_key(session, SYSTEM)
    with installation.transaction(DORDRECHT) as session:
        set_up_mailbox(session, installation.registry, DORDRECHT, SYSTEM)
    officer = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    headers = {"Authorization": f"Bearer {DEMO_TOKEN}", "Idempotency-Key": str(uuid4())}
    blocked = block("demo.verstrekkingen", 1)
    with working(installation, blocked):
        assert blocked.begun.wait(PATIENCE)
        report = {**FULL_REPORT, "omschrijving": "Een wonderlijk woord."}
        installation.visitor().post_json("/api/v1/meldingen", report, headers=headers, status=201)
        until(lambda: "<mark>" in officer.get("/zoeken", {"q": "wonderlijk"}))
        until(lambda: told(installation))
        assert blocked.done == 0


def told(installation: Installation) -> bool:
    with installation.transaction(DORDRECHT) as session:
        alert = select(MailMessage.state).where(MailMessage.template.in_((NEW.name, URGENT.name)))
        return session.scalars(alert).all() == [MailState.SENT]


def test_the_jobs_in_hand_of_all_lanes_are_finished_and_no_other_is_begun(
    installation: Installation, block: Block
) -> None:
    slow = block("demo.verstrekkingen", 2)
    quick = block("afspraak.herinneren", 2)
    with working(installation, slow) as stop:
        for handler in (slow, quick):
            assert handler.begun.wait(PATIENCE)
        stop.set()
        quick.go_on.set()
    assert (slow.done, quick.done) == (1, 1)
    with installation.transaction() as session:
        due = select(OutboxJob.kind).where(OutboxJob.run_after <= utc_now())
        left = session.scalars(due.order_by(OutboxJob.kind)).all()
    assert left == ["afspraak.herinneren", "demo.verstrekkingen"]


def test_lanes_that_sleep_end_at_once_when_nothing_can_wake_them_any_more(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lane without work sleeps for a minute."""
    installation.run_jobs()
    asleep: list[float] = []
    raised: list[BaseException] = []

    def sleep(worker: Worker) -> float:
        asleep.append(3 * PATIENCE)
        return asleep[-1]

    def fail(bell: Bell) -> None:
        until(lambda: len(asleep) >= len(Lane))
        raise RuntimeError

    def work() -> None:
        try:
            run_lanes(installation.registry, Stop())
        except RuntimeError as error:
            raised.append(error)

    monkeypatch.setattr(Worker, "_until_due", sleep)
    monkeypatch.setattr(Bell, "wait", fail)
    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    worker.join(PATIENCE)
    assert raised
