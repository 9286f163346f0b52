"""A process killed in the middle of destroying, fifty times: nothing half, and nothing twice."""

from __future__ import annotations

import time
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from stopintimidatie.core.ledger import read_ledger
from stopintimidatie.core.storage.models import Base
from stopintimidatie.privacy.destruction.models import (
    DestructionLine,
    DestructionStatement,
    Tombstone,
)
from stopintimidatie.reports.conversation.services import tell
from stopintimidatie.reports.models import Report
from tests.support.destroying import destroyer
from tests.support.factories import DORDRECHT, make_report, take_on
from tests.support.installation import Installation
from tests.support.retaining import ADMIN, approve, authorise, night, on

pytestmark = [pytest.mark.alles, pytest.mark.both_databases, pytest.mark.timeout(3600)]

KILLS = 50
REPORTS = 400
# Seconds in which some of the lines go, but never all that are left.
LONGEST = 0.8
HANDLED_ON = date(2026, 2, 10)
DUE = date(2031, 2, 10)
# Every table with rows of a report.
PARTS = [t for t in Base.metadata.sorted_tables if "report_id" in t.c]


def fill(installation: Installation) -> list[UUID]:
    """Handled reports, each with rows in several tables, listed and authorised."""
    made = []
    with on(HANDLED_ON):
        approve(installation)
        for start in range(0, REPORTS, 50):
            with installation.transaction(DORDRECHT) as session:
                for _ in range(start, start + 50):
                    report = take_on(session, make_report(session, installation))
                    tell(session, report, "bericht", "Wij kijken ernaar.", ADMIN)
                    report.state, report.ended_at = "afgehandeld", report.received_at
                    made.append(report.id)
    installation.run_jobs()
    night(installation, date(2030, 10, 1))
    authorise(installation)
    return made


def rows_of(installation: Installation) -> dict[UUID, int]:
    """The number of rows of each report, in all tables."""
    counts: dict[UUID, int] = {}
    with installation.transaction(DORDRECHT) as session:
        for number in session.scalars(select(Report.id)):
            counts[number] = 1
        for table in PARTS:
            grouped = select(table.c.report_id, func.count()).group_by(table.c.report_id)
            for number, count in session.execute(grouped.where(table.c.holder == DORDRECHT)):
                counts[number] = counts.get(number, 0) + count
    return counts


def judge(installation: Installation, made: list[UUID], whole: dict[UUID, int]) -> int:
    """Each report is whole, or gone with one tombstone and its line; how many are gone."""
    there = rows_of(installation)
    assert {n: there[n] for n in there} == {n: whole[n] for n in there}
    with installation.transaction(DORDRECHT) as session:
        stones: list[Any] = list(session.scalars(select(Tombstone.document_id)))
        done = set(
            session.scalars(
                select(DestructionLine.document_id).where(DestructionLine.gone_at.is_not(None))
            )
        )
    assert len(stones) == len(set(stones))
    assert set(stones) == done == set(made) - there.keys()
    return len(done)


def test_after_fifty_kills_nothing_is_half_and_the_statement_is_complete(
    installation: Installation,
) -> None:
    made, chance = fill(installation), Random(17)
    whole = rows_of(installation)
    gone, halted = 0, 0
    with destroyer(installation, DUE, DORDRECHT) as process:
        for _ in range(KILLS):
            number = process.begin()
            time.sleep(chance.uniform(0, LONGEST))
            process.kill(number)
            before, gone = gone, judge(installation, made, whole)
            halted += before < gone < REPORTS
    assert halted > KILLS // 8, "the kills were not in the middle"
    night(installation, DUE)
    assert judge(installation, made, whole) == REPORTS
    with on(DUE + timedelta(days=1)):
        installation.run_jobs()
    with installation.transaction(DORDRECHT) as session:
        (statement,) = session.scalars(select(DestructionStatement)).all()
        assert sum(row["aantal"] for row in statement.content["aantallen"]) == REPORTS
    settings = installation.settings
    entries = read_ledger(settings.ledger, installation.registry.key_ring)
    assert {entry.id for entry in entries} == set(made)
