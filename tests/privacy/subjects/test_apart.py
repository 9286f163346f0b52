"""A search that takes long: others write meanwhile, and what changes meanwhile is seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update
from webtest import TestResponse

from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.session import transaction, waiting_at_most
from stopintimidatie.privacy.requests.models import RequestTrace, SubjectRequest
from stopintimidatie.privacy.subjects import queries
from stopintimidatie.privacy.subjects.queries import Traces
from stopintimidatie.privacy.subjects.queries import search as whole_search
from stopintimidatie.reports.models import Report, ReportNote
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import Installation
from tests.support.policing import switch_on
from tests.support.subjects import PERSON, a_request, plant

MILLISECONDS = 500


def case_of(installation: Installation) -> tuple[Any, str]:
    """The browser of a privacy officer, and the address of a case that waits for a search."""
    officer = make_user(installation, (DORDRECHT, Role.PRIVACY_OFFICER), name="Pri Vacy")
    with installation.transaction(DORDRECHT) as session:
        reference = a_request(session).reference
    return installation.browser(officer), f"/gemeenten/dordrecht/verzoeken/{reference}/zoeken"


def search(browser: Any, address: str) -> TestResponse:
    form = browser.get(address).forms["formulier"]
    form["namen"] = PERSON
    return form.submit("zoeken", expect_errors=True)


@pytest.mark.parametrize("on", [True, False])
def test_police_data_is_named_as_not_searched_only_where_it_is_kept(
    installation: Installation, on: bool
) -> None:
    connect(installation)
    if on:
        switch_on(installation)
    browser, address = case_of(installation)
    assert ("Gegevens van de politie" in browser.get(address)) == on


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Let something be done when the search has found all, and before it is over."""

    def searched(*given: Any, **named: Any) -> Traces:
        traces = whole_search(*given, **named)
        act()
        return traces

    monkeypatch.setattr(queries, "search", searched)


def documents(installation: Installation) -> set[UUID]:
    with installation.transaction(DORDRECHT) as session:
        return set(session.scalars(select(RequestTrace.document_id)))


@pytest.mark.both_databases
def test_others_write_while_a_person_is_searched(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(installation)
    planted = plant(installation)
    browser, address = case_of(installation)

    def report() -> None:
        engine = waiting_at_most(installation.engine, MILLISECONDS)
        with transaction(engine, DORDRECHT) as session:
            make_report(session, installation)

    meanwhile(monkeypatch, report)
    assert search(browser, address).status_int == 303
    assert planted.ids["own"] in documents(installation)


@pytest.mark.short_on("postgresql")
@pytest.mark.both_databases
def test_what_is_destroyed_meanwhile_leaves_no_trace(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(installation)
    planted = plant(installation)
    browser, address = case_of(installation)
    gone = planted.ids["noted"]

    def destroy() -> None:
        with installation.transaction(DORDRECHT) as session:
            session.execute(delete(ReportNote).where(ReportNote.report_id == gone))
            session.execute(delete(Report).where(Report.id == gone))

    meanwhile(monkeypatch, destroy)
    page = search(browser, address).follow()
    kept = documents(installation)
    assert gone not in kept
    # All else that was planted is there, of every kind of document.
    missed = {trace for trace in planted.traces if trace[1] not in kept | {gone}}
    assert not missed
    with installation.transaction(DORDRECHT) as session:
        number = len(session.scalars(select(RequestTrace.id)).all())
    assert f"{number} vindplaatsen, waarvan {number} nieuw" in page.text


def test_a_case_that_is_closed_meanwhile_gets_no_traces(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(installation)
    plant(installation)
    browser, address = case_of(installation)

    def close() -> None:
        with installation.transaction(DORDRECHT) as session:
            session.execute(update(SubjectRequest).values(state="ingetrokken"))

    meanwhile(monkeypatch, close)
    page = search(browser, address).follow()
    assert "Zoeken kan nu niet" in page.text
    assert not documents(installation)


def test_a_third_search_at_once_keeps_what_was_typed_and_says_when_to_come_back(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(installation)
    browser, address = case_of(installation)
    monkeypatch.setattr("stopintimidatie.core.web.limits.PATIENCE_SECONDS", 0.0)
    places = installation.registry.person_searches
    with places.hold(), places.hold():
        page = search(browser, address)
    assert page.status_int == 503
    assert page.forms["formulier"]["namen"].value == PERSON
    assert "Wacht een halve minuut" in page.text
    # Files of reporters have places of their own.
    with places.hold(), places.hold(), installation.registry.cleaning_places.hold():
        assert not documents(installation)
