"""The demo: replayed through the services, the same every time, and never in production."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select

from stopintimidatie.demo.accounts import DORDRECHT, EINDHOVEN, PEOPLE
from stopintimidatie.demo.generator import generate
from stopintimidatie.demo.loading import DemoError, load_demo, reference_of
from stopintimidatie.dossiers.models import Dossier, DossierAgreement
from stopintimidatie.reports.models import Report, ReportMove
from stopintimidatie.reports.workflow import REPORT_WORKFLOW
from stopintimidatie.storage import NATIONAL
from tests.installation import Installation

DAY = date(2026, 11, 24)


@pytest.fixture
def loaded(installation: Installation) -> Installation:
    load_demo(installation.registry, day=DAY)
    return installation


def test_the_demo_fills_both_towns_and_the_desk(loaded: Installation) -> None:
    with loaded.transaction(NATIONAL) as session:
        counted = session.execute(select(Report.delivery, func.count()).group_by(Report.delivery))
        deliveries = {row[0]: row[1] for row in counted}
        assert deliveries["wacht_op_afspraak"] > 50
        assert deliveries["te_routeren"] > 0
    references = {reference_of(report) for report in generate(day=DAY).reports}
    states: set[str] = set()
    dossiers = 0
    for holder in (DORDRECHT, EINDHOVEN):
        with loaded.transaction(holder) as session:
            reports = session.scalars(select(Report)).all()
            # The same every time: the references follow from seed and day alone.
            assert {report.reference for report in reports} <= references
            assert 200 < len(reports) < 350
            assert all(report.received_at.date() <= DAY for report in reports)
            states |= {report.state for report in reports}
            dossiers += session.scalar(select(func.count()).select_from(Dossier)) or 0
            assert session.scalar(select(func.count()).select_from(DossierAgreement))
            histories = session.scalars(select(ReportMove)).all()
            assert max(step.at.date() for step in histories) <= DAY
    gone = {"vernietigd", "overgedragen"}
    assert states == {state.code for state in REPORT_WORKFLOW.states} - gone
    assert dossiers == 30
    # Somebody of each account can sign in, and the second load changes nothing.
    for person in PEOPLE:
        loaded.browser(person.username)
    assert load_demo(loaded.registry, day=DAY) == 0


def test_production_takes_no_demo(installation: Installation) -> None:
    strict = Installation(replace(installation.settings, demo=False))
    with pytest.raises(DemoError):
        load_demo(strict.registry, day=DAY)
    strict.close()
