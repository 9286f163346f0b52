"""Every job is done twice, as after a kill between its effect and its end: nobody sees it.

`tests/crash` kills real workers; here each handler is simply called again with what it had.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import clock_at
from stopintimidatie.core.jobs import JobContext
from stopintimidatie.core.storage.personal import erase_document
from stopintimidatie.dossiers.patterns.models import Pattern
from stopintimidatie.exports.models import Export
from stopintimidatie.exports.request.jobs import withdraw
from tests.crash.checks import check_deliveries, check_patterns
from tests.support.deliveries import enter, events, put_ready, ready, spoken_code
from tests.support.exporting import requested
from tests.support.factories import DORDRECHT, connect
from tests.support.installation import Installation
from tests.support.noticing import TUESDAY, at, messages, report, told_of_reports
from tests.support.planting import plant, search

pytestmark = pytest.mark.judged_once


@pytest.fixture
def town(installation: Installation) -> Installation:
    """Dordrecht, which is told of its reports."""
    return told_of_reports(installation)


@pytest.fixture(autouse=True)
def twice(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each kind was done, the second time not counted."""
    done: Counter[str] = Counter()
    kinds = dict(installation.registry.job_kinds)
    monkeypatch.setattr(installation.registry, "job_kinds", kinds)

    def doubled(name: str, handler: Any) -> Any:
        def run(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
            done[name] += 1
            handler(context, payloads)
            handler(context, payloads)

        return run

    for name, kind in list(kinds.items()):
        kinds[name] = replace(kind, handler=doubled(name, kind.handler))
    return done


@pytest.mark.alles
def test_a_copy_is_watched_over_once_and_each_notice_goes_once(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, twice: Counter[str]
) -> None:
    case, reference = ready(installation, monkeypatch)
    number = put_ready(case, reference)
    _, answer = enter(installation, number, spoken_code(case, reference))
    page = answer.follow()
    next(f for f in page.forms.values() if f.action.endswith("bestand")).submit(status=200)
    destroy_by = case.export(reference).destroy_by
    for days in (-6, 2, 12):
        moment = case.export(reference).proposed_at + timedelta(
            days=(destroy_by - case.export(reference).proposed_at.date()).days + days
        )
        with clock_at(moment):
            installation.run_jobs()
            installation.run_jobs()
    told = Counter(events(installation))
    assert told["herinnerd", "vooraf"] == told["herinnerd", "daarna"] == told["alarm", None] == 1
    with installation.transaction(DORDRECHT) as session:
        erase_document(installation.registry, session, "melding", case.reports[0])
    installation.run_jobs()
    assert Counter(events(installation))["correctie", "M-01"] == 1
    check_deliveries(installation)
    assert {"kopie.bewaken", "uitvoer.ingetrokken", "mail.versturen"} <= set(twice)


def test_what_was_withdrawn_is_told_once(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, reference = ready(installation, monkeypatch)
    put_ready(case, reference)
    with installation.transaction(DORDRECHT) as session:
        export = session.scalars(select(Export)).one()
        withdraw(session, export, SYSTEM, "onjuist")
    installation.run_jobs()
    check_deliveries(installation)


@pytest.mark.alles
def test_an_urgent_export_that_nobody_judged_is_told_once(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, _ = ready(installation, monkeypatch)
    reference = requested(case, spoed="ja", spoed_reden="Er is vanavond gevaar.")
    installation.run_jobs()
    export = case.export(reference)
    assert export.approve_by is not None
    with clock_at(export.approve_by + timedelta(minutes=5)):
        installation.run_jobs()
    check_deliveries(installation)
    assert case.export(reference).overdue_at is not None


@pytest.mark.alles
def test_patterns_are_proposed_once(installation: Installation) -> None:
    connect(installation)
    plant(installation)
    search(installation)
    with installation.transaction(DORDRECHT) as session:
        assert len(session.scalars(select(Pattern)).all()) == 1
    check_patterns(installation)


def test_a_new_report_is_told_once(town: Installation) -> None:
    with at(town, TUESDAY):
        report(town)
    assert len(messages(town)) == 1
    with at(town, TUESDAY + timedelta(hours=3)):
        report(town, urgent=True)
    assert len(messages(town)) == 2
