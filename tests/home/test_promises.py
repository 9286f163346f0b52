"""Promised contact and snoozed reports: the same reports in every list that speaks of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.home.queries import reports_that_wait
from stopintimidatie.home.worklist import Place, Rank, Task, report_tasks
from stopintimidatie.reports.inbox.facets import facets, labels_of
from stopintimidatie.reports.inbox.queries import (
    list_reports,
    number_of_reports,
    preset_numbers,
    preset_values,
)
from stopintimidatie.reports.inbox.rules import Reader
from tests.support.factories import DORDRECHT, connect, make_report
from tests.support.installation import Installation

pytestmark = pytest.mark.sqlite


@pytest.fixture
def reader(installation: Installation) -> Reader:
    connect(installation)
    return Reader(uuid4(), utc_now())


def on_start_page(session: Any, reader: Reader) -> list[Task]:
    rows = reports_that_wait(session, DORDRECHT, reader, contact=False)
    return report_tasks(Place(reader, "dordrecht", {}), rows)


def counted(session: Any, filters: dict[str, str], reader: Reader) -> int | None:
    """The number of reports that these filters leave."""
    number: int | None = session.scalar(select(number_of_reports(DORDRECHT, filters, reader, 100)))
    return number


def numbers(session: Any, reader: Reader) -> dict[str, int | None]:
    """What each list says of reports whose contact is late."""
    labels = labels_of(session, {}, ())
    shown = facets(session, DORDRECHT, {}, reader, labels)["termijn"]
    terms = {choice.value: choice.count for choice in shown}
    late = {"termijn": "te_laat"}
    return {
        "list": len(list_reports(session, DORDRECHT, late, reader, 0, 25)),
        "count": counted(session, late, reader),
        "preset": session.scalar(
            select(preset_numbers()["Contact te laat"]),
            {"holder": DORDRECHT, **preset_values(reader)},
        ),
        "facet": terms.get("te_laat"),
        "start": len([task for task in on_start_page(session, reader) if task.rank == Rank.LATE]),
    }


def test_contact_promised_to_a_reporter_stays_late_in_a_dossier(
    installation: Installation, reader: Reader
) -> None:
    with installation.transaction(DORDRECHT) as session:
        for state in ("nieuw", "in_dossier", "afgehandeld"):
            report = make_report(session, installation)
            report.state = state
            report.contact_deadline = reader.now - timedelta(days=2)
        session.flush()
        said = numbers(session, reader)
    assert set(said.values()) == {2}, said


def test_a_snoozed_report_leaves_the_list_until_its_day_and_no_promise_sleeps(
    installation: Installation, reader: Reader
) -> None:
    with installation.transaction(DORDRECHT) as session:
        asleep, urgent, promised, due = (make_report(session, installation) for _ in range(4))
        for report in (asleep, urgent, promised):
            report.snoozed_until = local_date(reader.now) + timedelta(days=3)
        due.snoozed_until = local_date(reader.now)
        urgent.urgent = True
        promised.contact_deadline = reader.now + timedelta(hours=2)
        session.flush()
        to_do = {row.report.id for row in list_reports(session, DORDRECHT, {}, reader, 0, 25)}
        assert to_do == {urgent.id, promised.id, due.id}
        assert counted(session, {}, reader) == 3
        later = Reader(reader.person, reader.now + timedelta(days=3))
        assert counted(session, {}, later) == 4
        assert counted(session, {"sluimert": "ja"}, reader) == 3
