"""Tests that every page needs as many queries with a few reports as with hundreds.

And that no query reads all rows of a holder for each row of a list.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from stopintimidatie.core.accounts import sessions
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.reports.models import Report
from tests.support.factories import DORDRECHT, make_report
from tests.support.probing import Probe, probes
from tests.support.queries import collect_wide_loops, count_queries
from tests.support.town import Town, own_town

FEW, MORE = 10, 240


@pytest.fixture
def growing_town(
    request: pytest.FixtureRequest,
    town_database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Town]:
    """A town of this test's own, for it is changed."""
    # A session notes once a minute that it was seen: on a slow machine that is one query more.
    monkeypatch.setattr(sessions, "SEEN_EVERY", timedelta(days=1))
    with own_town(request, town_database, tmp_path) as made:
        yield made


def pages(town: Town) -> dict[str, Probe]:
    """Every address that is a page for somebody, with one person who may see it.

    What a view asks doesn't depend on the database, but for search: on PostgreSQL one address of
    each view and place will do.
    """
    found: dict[str, Probe] = {}
    for probe in probes(town):
        if probe.view.method == "GET" and probe.expected == "ja":
            found.setdefault(probe.path, probe)
    return found if town.installation.settings.sqlite else of_each_view(found)


def of_each_view(found: dict[str, Probe]) -> dict[str, Probe]:
    chosen = {(probe.view.key, probe.place): probe for probe in found.values()}
    return {probe.path: probe for probe in chosen.values()}


def warm_up(town: Town) -> None:
    """What a process finds out once isn't what a page costs."""
    for probe in of_each_view(pages(town)).values():
        town.ask(probe.person, probe.path)


def costs(town: Town) -> dict[str, int]:
    found = {}
    for path, probe in pages(town).items():
        with count_queries(town.installation) as counted:
            answer = town.ask(probe.person, path)
        assert answer.status_int < 500, path
        found[path] = counted.count
    return found


@contextmanager
def wide_loops(town: Town) -> Iterator[dict[str, str]]:
    """Collect wide loops during the block on SQLite, which uses our statistics; else none."""
    if not town.installation.settings.sqlite:
        yield {}
        return
    with collect_wide_loops(town.installation) as found:
        yield found


def grow(town: Town, number: int) -> None:
    for holder in (DORDRECHT, NATIONAL):
        with town.installation.transaction() as session:
            for _ in range(number):
                report: Report = make_report(session, town.installation, holder=holder)
                report.contact_deadline = report.received_at
    town.installation.run_jobs()


@pytest.mark.sqlite
def test_a_page_costs_the_same_however_many_reports_there_are(growing_town: Town) -> None:
    compare(growing_town)


@pytest.mark.alles
@pytest.mark.postgresql
def test_a_page_costs_the_same_on_postgresql_too(growing_town: Town) -> None:
    compare(growing_town)


def compare(town: Town) -> None:
    """Compare what each page asks with a few reports and with many."""
    grow(town, FEW)
    warm_up(town)
    few = costs(town)
    assert len(few) > 40
    grow(town, MORE)
    with wide_loops(town) as wide:
        many = costs(town)
    assert wide == {}
    assert {p: (few[p], many[p]) for p in few if many[p] > few[p]} == {}
