"""Tests that every page needs as many queries with a few reports as with hundreds.

And that no query reads all rows of a holder for each row of a list.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from stopintimidatie.core.accounts import sessions
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.reports.models import Report
from tests.support.factories import DORDRECHT, make_report
from tests.support.probing import Probe, allowed
from tests.support.queries import collect_wide_loops, count_queries
from tests.support.town import Town, own_town

# More than stand on one page of any list.
FEW, MORE = 10, 90
MOST = 12
# Pages that draw a whole document and ask for each of its parts once, and those of roles that wait
# for a second person: how many queries they may ask (docs/dev/adr/0022). Lower it where you can.
WHOLE = {
    ("ReportResource", "wissen-nakijken"): 35,
    ("ReportResource", "gegevens-wissen"): 34,
    ("DossierResource", "gegevens-wissen"): 31,
    ("DossierResource", "uitvoer-voorbeeld"): 22,
    ("DossierResource", "teksten-nakijken"): 22,
    ("ExportResource", "beoordelen"): 24,
    ("ReportResource", ""): 24,
    ("DossierResource", "uitvoer-aanvragen"): 19,
    ("DossierResource", "uitvoer-samen"): 19,
    ("DossierResource", "van-de-politie"): 24,
    ("ReportResource", "van-de-politie"): 19,
    # The call list asks for numbers, hours, last calls and what came back once each, for all towns.
    ("Desk", "bellijst"): 15,
    ("DeskMunicipality", ""): 27,
    ("ReportResource", "triage"): 15,
    # With the pattern in hand: its reports, their wijken, and what lies around it.
    ("MunicipalityResource", "patronen"): 13,
    # A dossier about a person also asks for readers, ground, advice; and for the partners.
    ("DossierResource", ""): 18,
    ("DisclosureRegister", ""): 14,
    ("TermsNode", "beslissen"): 15,
    ("Desk", "aansluiting"): 16,
    # With what is restricted in it, who answered, corrections and what was lost.
    ("ExportResource", ""): 16,
    ("PoliceList", "stuk"): 15,
    ("Resource", "logboek"): 13,
    # A text is read again after it was looked through; on which requests words may go.
    ("ReportResource", "tekst-nakijken"): 15,
    ("ExportResource", "pdf"): 13,
    # The start page also asks for saved views with their counts, and for what was opened last.
    ("MunicipalityResource", ""): 14,
    # A year counts each kind of work once; the desk, its offers and its own reports on one page.
    ("YearlyAccount", ""): 15,
    ("YearlyAccount", "pdf"): 15,
    ("YearlyAccount", "bestand"): 14,
    ("Desk", "cijfers"): 16,
    # Each panel of the account names the municipalities that it speaks of.
    ("Root", "account"): 13,
}


FLASHES = "UPDATE login_session SET flashes"


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


def pages(town: Town, *, of_views: bool, step: int = 1) -> list[Probe]:
    """Every address that is a page for somebody, with one person who may see it.

    :param of_views: one address of each view and place will do.
    :param step: 2 for half of them.
    """
    chosen: dict[Any, Probe] = {}
    for probe in allowed(town, "GET"):
        chosen.setdefault((probe.view.key, probe.place) if of_views else probe.path, probe)
    return list(chosen.values())[::step]


def warm_up(town: Town, asked: list[Probe]) -> None:
    """What a process finds out once isn't what a page costs."""
    for probe in {probe.view.key: probe for probe in asked}.values():
        town.ask(probe.person, probe.path)


def costs(town: Town, asked: list[Probe]) -> dict[str, int]:
    found = {}
    for probe in asked:
        with count_queries(town.installation) as counted:
            answer = town.ask(probe.person, probe.path)
        assert answer.status_int < 500, probe
        # The page before may have left a message, which this one shows and takes away.
        found[probe.path] = sum(FLASHES not in statement for statement in counted.statements)
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
def test_some_pages_cost_the_same_however_many_reports_there_are(growing_town: Town) -> None:
    compare(growing_town, of_views=True, step=5)


@pytest.mark.alles
@pytest.mark.both_databases
def test_a_page_costs_the_same_at_every_address(growing_town: Town) -> None:
    compare(growing_town, of_views=False)


def compare(town: Town, *, of_views: bool, step: int = 1) -> None:
    """Compare what each page asks with a few reports and with many."""
    asked = pages(town, of_views=of_views, step=step)
    assert len(asked) > 200 / step
    grow(town, FEW)
    warm_up(town, asked)
    few = costs(town, asked)
    grow(town, MORE)
    with wide_loops(town) as wide:
        many = costs(town, asked)
    assert wide == {}
    assert {p: (few[p], many[p]) for p in few if many[p] > few[p]} == {}
    views = {probe.path: probe.view.key[:2] for probe in asked}
    assert {p: n for p, n in many.items() if n > WHOLE.get(views[p], MOST)} == {}
