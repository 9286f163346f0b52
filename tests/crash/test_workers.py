"""Several workers of one PostgreSQL, killed at random: every job is done, with one effect."""

from __future__ import annotations

import time
from collections import Counter
from functools import partial
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, OutboxJob, enqueue
from tests.crash import checks, notices
from tests.crash.campaign import wait_until
from tests.crash.dawdling import NAIVE, SHORTEST
from tests.crash.ordeal import hand_over
from tests.crash.site import Site
from tests.support.exporting import approved, make_case
from tests.support.factories import DORDRECHT

pytestmark = pytest.mark.judged_once

WORKERS, ROUNDS = 3, 8
HAND_OVERS, NAIVE_JOBS, EXPORTS = 16, 3, 1
PATIENCE = 5


def written_since(lines: Path, size: int) -> bool:
    return lines.stat().st_size > size


def ask(site: Site, number: int) -> str:
    """A report to hand over, and some naive jobs; its reference."""
    reference = hand_over(site.installation)
    with site.installation.transaction() as session:
        for n in range(NAIVE_JOBS):
            enqueue(session, Job(NAIVE), DORDRECHT, {"n": NAIVE_JOBS * number + n})
    return reference


@pytest.mark.alles
@pytest.mark.postgresql
def test_three_workers_that_are_killed_do_every_job_with_one_effect(site: Site) -> None:
    installation, chance = site.installation, Random(8)
    case = make_case(installation, number=1)
    given = notices.given(installation, case, HAND_OVERS)
    handed = []
    for number, reference in enumerate(given):
        handed.append(ask(site, number))
        # Among the others, so that the kills come while these are at work.
        notices.due(installation, reference, erased=number % 2 == 1)
    exports = [approved(case, ontvanger=f"Politie, team {n}") for n in range(EXPORTS)]
    lines = site.folder / "lines"
    lines.touch()
    workers = [site.worker(lines) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    for _ in range(ROUNDS):
        # Somebody has just done a naive job, and lingers.
        wait_until(partial(written_since, lines, lines.stat().st_size), PATIENCE)
        time.sleep(chance.uniform(0, SHORTEST))
        hit = chance.sample(workers, chance.randint(1, WORKERS))
        for worker in hit:
            worker.kill()
        for worker in hit:
            worker.start()
    site.drain()
    done = Counter(lines.read_text(encoding="ascii").split())
    assert sorted(map(int, done)) == list(range(HAND_OVERS * NAIVE_JOBS))
    # Kills came between effect and end: the naive jobs show it.
    assert max(done.values()) > 1
    # The product's own jobs were repeated as well, and nobody sees it.
    checks.check_hand_overs(installation, handed)
    checks.check_exports(installation, exports)
    checks.check_deliveries(installation)
    checks.check_patterns(installation)
    notices.check_told(installation, given)
    checks.check_jobs(installation)
    checks.check_log(site.log)
    checks.check_nothing_readable(site.folder / "tmp")
    with installation.transaction() as session:
        due = select(OutboxJob.id).where(~OutboxJob.dead, OutboxJob.run_after <= utc_now())
        assert session.scalars(due).all() == []
