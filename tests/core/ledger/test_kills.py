"""A process is killed while documents go: the ledger names each that went, and no other, once."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Sequence
from random import Random
from time import monotonic
from uuid import UUID

import pytest
from sqlalchemy import select, update

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Lane, OutboxJob
from stopintimidatie.core.jobs.worker import Worker
from stopintimidatie.core.ledger import JOB, read_ledger
from stopintimidatie.privacy.destruction.documents import Fate, destroy_document
from stopintimidatie.reports.models import Report
from tests.support.factories import DORDRECHT, connect, make_report
from tests.support.installation import Installation

pytestmark = [pytest.mark.both_databases, pytest.mark.judged_once, pytest.mark.alles]

KILLS = 50
# A kill comes at the latest in the time that so many documents take, each with its line.
AT_MOST = 4


def present(installation: Installation) -> list[UUID]:
    with installation.transaction(DORDRECHT) as session:
        return list(session.scalars(select(Report.id).order_by(Report.received_at, Report.id)))


def lose(installation: Installation, number: UUID) -> None:
    """Destroy a document, and let the worker write its line."""
    with installation.transaction(DORDRECHT) as session:
        destroy_document(installation.registry, session, "melding", number, Fate("", ""))
    Worker(installation.registry, Lane.OUTSIDE).run_all()


def free_the_jobs(installation: Installation) -> None:
    """As the lease of a killed worker ends."""
    with installation.transaction() as session:
        session.execute(update(OutboxJob).values(lease_until=None, run_after=utc_now()))


def killed_while_destroying(
    installation: Installation, ids: Sequence[UUID], seconds: float
) -> None:
    """Destroy in a process of its own, which is also the worker, until it is killed."""
    child = os.fork()
    if child == 0:
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            installation.engine.dispose(close=False)
            free_the_jobs(installation)
            signal.setitimer(signal.ITIMER_REAL, seconds)
            for number in ids:
                lose(installation, number)
            # A machine that became faster is done before its time.
            signal.pause()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "it must have been killed"


def test_after_each_kill_the_ledger_is_whole_and_in_the_end_complete(
    installation: Installation,
) -> None:
    connect(installation)
    with installation.transaction(DORDRECHT) as session:
        all_ids = {make_report(session, installation).id for _ in range(AT_MOST * (KILLS + 1))}
    installation.run_jobs()
    started = monotonic()
    for number in present(installation)[:AT_MOST]:
        lose(installation, number)
    longest = monotonic() - started
    random, ring = Random(17), installation.registry.key_ring
    ledger = installation.settings.ledger
    for turn in range(KILLS):
        installation.engine.dispose()
        seconds = random.uniform(longest / 20, longest)
        killed_while_destroying(installation, present(installation), seconds)
        gone = all_ids - set(present(installation))
        named = [entry.id for entry in read_ledger(ledger, ring)]
        assert set(named) <= gone, f"after {turn} kills a document is named that is still there"
    free_the_jobs(installation)
    installation.run_jobs()
    gone = all_ids - set(present(installation))
    # Some went between the kills; how many depends on the machine.
    assert len(gone) > AT_MOST
    assert Counter(entry.id for entry in read_ledger(ledger, ring)) == Counter(gone)
    with installation.transaction() as session:
        left = select(OutboxJob.id).where(OutboxJob.kind == JOB.name)
        assert session.scalars(left).all() == []
