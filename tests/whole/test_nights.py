"""Periodic work takes by what is due, not by what is there, and never keeps others waiting long.

No clock: statements are counted, and what SQLite's machine does for them. The bound of one
transaction is in `tests/support/short_writes.py`, which holds every job of these tests to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, update

from bench.fill import Order, fill
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.storage.retention import years
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import day_of
from stopintimidatie.privacy.destruction.models import DestructionLine
from stopintimidatie.privacy.holds.services import ANNOUNCED
from stopintimidatie.privacy.retention.rules import LISTED, NOT_HANDLED, Choice, Schedule
from stopintimidatie.reports.fields import Contact
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import ContactWish
from stopintimidatie.reports.workflow import ReportState
from tests.support.factories import DORDRECHT, make_report
from tests.support.installation import Installation
from tests.support.retaining import approve, proposed_schedule

pytestmark = pytest.mark.sqlite
# The search for patterns reads all places of its window, of which each may be one of a new group.
BY_ITS_WINDOW = "patronen.elke_nacht"
# What SQLite's machine does is counted in steps of so many instructions.
STEP = 100


def reports(installation: Installation, number: int, seed: int) -> None:
    """Make so many reports of Dordrecht over a year, with all that became of them."""
    day, fixed = day_of(utc_now()), {DORDRECHT: number}
    fill(installation.registry, Order(number, seed, day, years=1, connected=1, fixed=fixed))
    installation.run_jobs()


def make_due(installation: Installation) -> None:
    """Let three reports have ended six years ago."""
    with installation.transaction(DORDRECHT) as session:
        handled = select(Report.id).where(Report.state == ReportState.HANDLED)
        ids = session.scalars(handled.order_by(Report.reference).limit(3)).all()
        long_ago = utc_now() - timedelta(days=6 * 366)
        values = {"ended_at": long_ago, "received_at": long_ago}
        session.execute(update(Report).where(Report.id.in_(ids)).values(values))


@contextmanager
def counted(installation: Installation) -> Iterator[Counter[str]]:
    """Count the statements, and the steps that SQLite takes for them."""
    engine, seen = installation.engine, Counter[str]()

    def count(*given: Any) -> None:
        seen["statements"] += 1

    def step() -> None:
        seen["steps"] += 1

    def watch(connection: Any, *given: Any) -> None:
        connection.set_progress_handler(step, STEP)

    def let_go(connection: Any, *given: Any) -> None:
        connection.set_progress_handler(None, STEP)

    heard = (
        (engine, "before_cursor_execute", count),
        (engine.pool, "checkout", watch),
        (engine.pool, "checkin", let_go),
    )
    for target, name, listener in heard:
        event.listen(target, name, listener)
    yield seen
    for target, name, listener in heard:
        event.remove(target, name, listener)


def measured(installation: Installation) -> dict[str, Counter[str]]:
    """What a night takes by kind of job, once what is there from before is done."""
    kinds = [kind.name for kind in installation.registry.job_kinds.values() if kind.next_at]
    taken = {}
    for kind in sorted({*kinds} - {BY_ITS_WINDOW}):
        installation.run_scheduled(kind)
        with counted(installation) as seen:
            installation.run_scheduled(kind)
        taken[kind] = seen
    return taken


@pytest.mark.alles
def test_four_times_the_reports_make_no_night_longer(installation: Installation) -> None:
    terms = proposed_schedule(installation)
    longer = {code: Choice("8.2", years(5)) for code in LISTED & {*terms.choices}}
    approve(installation, schedule=replace(terms, choices={**terms.choices, **longer}))
    approve(installation, NATIONAL)
    reports(installation, 50, seed=1)
    make_due(installation)
    few = measured(installation)
    reports(installation, 150, seed=2)
    many = measured(installation)
    for kind, before in few.items():
        assert many[kind]["statements"] == before["statements"], kind
        # Deeper trees, and what is nearly due: half as much more, where all would be four times it.
        assert many[kind]["steps"] <= 1.5 * before["steps"] + 40, (kind, before, many[kind])
    with installation.transaction(DORDRECHT) as session:
        assert len(session.scalars(select(DestructionLine)).all()) == 3


@pytest.mark.alles
def test_many_reporters_are_told_in_short_transactions(installation: Installation) -> None:
    approve(installation, schedule=Schedule({NOT_HANDLED: Choice("8.2", years(1))}))
    with installation.transaction(DORDRECHT) as session:
        for number in range(60):
            made = make_report(
                session,
                installation,
                anonymous=False,
                contact=Contact(email=f"wie{number}@melder.example"),
                wants_contact=ContactWish.MAIL,
            )
            made.state, made.ended_reason, made.ended_at = "niet_in_behandeling", "test", utc_now()
    with clock_at(utc_now() + timedelta(days=350)):
        for _ in range(2):
            installation.run_scheduled("vernietiging.elke_nacht")
    with installation.transaction(DORDRECHT) as session:
        mails = select(MailMessage).where(MailMessage.template == ANNOUNCED)
        assert len(session.scalars(mails).all()) == 60
        assert len(session.scalars(select(DestructionLine)).all()) == 60
