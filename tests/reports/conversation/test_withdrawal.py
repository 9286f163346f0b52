"""A withdrawn report is locked for everybody; for 14 days its reporter can think again."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from webtest import TestApp

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.privacy.destruction.documents import Fate, destroy_document
from stopintimidatie.privacy.erasure.services import erase
from stopintimidatie.privacy.holds.models import Hold
from stopintimidatie.privacy.retention.rules import HANDLED
from stopintimidatie.reports.conversation.decisions import keep_for_police, take_back, withdraw
from stopintimidatie.reports.conversation.queries import Copy, follow
from stopintimidatie.reports.conversation.services import NotNowError, add_message, give_verdict
from stopintimidatie.reports.models import Report, ReportContact, ReportMove
from tests.support.api import Api, report
from tests.support.factories import DORDRECHT, connect, make_user
from tests.support.following import follow_in_browser, page_of
from tests.support.installation import Installation

pytestmark = pytest.mark.usefixtures("at_once")
STORY = "Drie jongens bij de kaasmarkt."


@pytest.fixture
def api(installation: Installation) -> Api:
    connect(installation)
    return Api(installation)


@pytest.fixture
def officer(installation: Installation) -> TestApp:
    return installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER), name="Ans Bos"))


def the_report(api: Api) -> Report:
    with api.installation.transaction(DORDRECHT) as session:
        return session.scalars(select(Report)).one()


def withdrawn(api: Api) -> Any:
    receipt = api.post(report(omschrijving=STORY)).json
    api.withdraw(receipt["kenmerk"], receipt["volgcode"])
    return receipt


def take_in_hand(officer: TestApp, receipt: Any) -> None:
    form = officer.get(f"{page_of(receipt)}/in-behandeling-nemen").forms["formulier"]
    form.submit("in_behandeling_nemen", status=303)


def copy_of(api: Api, receipt: Any) -> Copy:
    """The report as its reporter opened it, before anything else happened to it."""
    made = api.installation
    keys, code = made.registry.key_ring, receipt["volgcode"]
    standing = follow(made.engine, keys, receipt["kenmerk"], code)
    assert standing is not None
    return standing.copy


def press(browser: TestApp, *, status: int = 303) -> Any:
    form = next(
        form
        for form in browser.get("/volgen/melding").forms.values()
        if form.action == "/volgen/toch-niet"
    )
    return form.submit(status=status)


def test_an_officer_reads_that_and_when_but_nothing_of_what_it_said(
    api: Api, officer: TestApp
) -> None:
    receipt = withdrawn(api)
    page = officer.get(page_of(receipt))
    page.mustcontain("Ingetrokken door de melder", receipt["kenmerk"], "kan zich tot", no=[STORY])
    assert "spoed" not in page
    listed = officer.get("/gemeenten/dordrecht/postvak?toestand=ingetrokken")
    listed.mustcontain(receipt["kenmerk"], no=["kaasmarkt"])
    api.installation.run_jobs()
    assert receipt["kenmerk"] not in officer.get("/zoeken?q=kaasmarkt")
    assert receipt["kenmerk"] in officer.get(f"/zoeken?q={receipt['kenmerk']}", status="*").text


def test_an_urgent_report_says_that_withdrawing_may_be_forced(api: Api, officer: TestApp) -> None:
    receipt = api.post(report(omschrijving=STORY)).json
    with api.installation.transaction(DORDRECHT) as session:
        session.scalars(select(Report)).one().urgent = True
    api.withdraw(receipt["kenmerk"], receipt["volgcode"])
    officer.get(page_of(receipt)).mustcontain("Deze melding was spoed", "gedwongen", no=[STORY])
    listed = officer.get("/gemeenten/dordrecht/postvak?toestand=ingetrokken")
    listed.mustcontain("Spoed", no=["kaasmarkt"])


def test_thinking_again_brings_the_report_back_as_it_was_without_contact_data(
    api: Api, officer: TestApp
) -> None:
    receipt = api.post(report(omschrijving=STORY)).json
    take_in_hand(officer, receipt)
    api.withdraw(receipt["kenmerk"], receipt["volgcode"])
    browser = follow_in_browser(api, receipt)
    press(browser).follow().mustcontain("Uw melding is terug", no=["Toch niet intrekken"])
    back = the_report(api)
    assert (back.state, back.ended_at) == ("in_behandeling", None)
    assert back.reporter_spoke_at is not None
    with api.installation.transaction(DORDRECHT) as session:
        assert not session.scalars(select(ReportContact)).all()
        actions = session.scalars(select(AuditEvent.action)).all()
    assert actions.count("melding.toch_niet_ingetrokken") == 1
    page = officer.get(page_of(receipt))
    page.mustcontain(STORY, "De melder trok het intrekken terug", "Nieuw van de melder")


def test_pressing_twice_changes_nothing_more(api: Api) -> None:
    browser = follow_in_browser(api, withdrawn(api))
    form = next(
        form
        for form in browser.get("/volgen/melding").forms.values()
        if form.action == "/volgen/toch-niet"
    )
    form.submit(status=303)
    version = the_report(api).version
    form.submit(status=303)
    assert (the_report(api).state, the_report(api).version) == ("nieuw", version)


def test_after_fourteen_days_it_stays_withdrawn_and_the_refusal_is_kind(
    api: Api, officer: TestApp
) -> None:
    receipt = withdrawn(api)
    browser = follow_in_browser(api, receipt)
    form = next(
        form
        for form in browser.get("/volgen/melding").forms.values()
        if form.action == "/volgen/toch-niet"
    )
    fields = form.submit_fields()
    with clock_at(utc_now() + timedelta(days=14)):
        late = follow_in_browser(api, receipt)
        assert "/volgen/toch-niet" not in late.get("/volgen/melding")
        token = next(iter(late.get("/volgen/intrekken").forms.values()))["csrf_token"].value
        sent = {**dict(fields), "csrf_token": token}
        late.post("/volgen/toch-niet", sent, status=409).mustcontain("nieuwe melding doen")
        assert "kan zich tot" not in officer.get(page_of(receipt))
    assert the_report(api).state == "ingetrokken"


@pytest.mark.parametrize("withdrawn_before", [False, True])
def test_what_was_erased_at_request_is_never_taken_back(api: Api, withdrawn_before: bool) -> None:
    receipt = api.post(report(omschrijving=STORY)).json
    before = copy_of(api, receipt)
    if withdrawn_before:
        api.withdraw(receipt["kenmerk"], receipt["volgcode"])
    browser = follow_in_browser(api, receipt)
    token = next(iter(browser.get("/volgen/intrekken").forms.values()))["csrf_token"].value
    with api.installation.transaction(DORDRECHT) as session:
        row = session.scalars(select(Report)).one()
        erase(api.installation.registry, session, row, "bezwaar", "Verzoek.", SYSTEM)
    for stale in (before, copy_of(api, receipt)):
        with pytest.raises(NotNowError):
            take_back(api.installation.registry, stale)
    browser.post("/volgen/toch-niet", {"csrf_token": token}, status=409)
    assert the_report(api).state == "vernietigd"


def test_a_link_cannot_say_that_more_was_done_than_was(api: Api) -> None:
    browser = follow_in_browser(api, api.post(report(omschrijving=STORY)).json)
    for done in ["ingetrokken", "ingetrokken_bewaard", "toch", "onbekend"]:
        page = browser.get(f"/volgen/melding?gedaan={done}")
        assert not page.html.find(attrs={"role": "status"}), done
    page = browser.get("/volgen/intrekken")
    form = next(form for form in page.forms.values() if form.action == "/volgen/intrekken")
    form.submit(status=303).follow().mustcontain("Uw melding is ingetrokken. Uw contact")
    page = browser.get("/volgen/melding?gedaan=toch")
    page.mustcontain(no=["Uw melding is terug"])
    form = next(form for form in page.forms.values() if form.action == "/volgen/toch-niet")
    form.submit(status=303).follow().mustcontain("Uw melding is terug", "contactgegevens zijn weg")
    page = browser.get("/volgen/melding?gedaan=ingetrokken")
    page.mustcontain(no=["is ingetrokken", "zijn gewist"])


STEPS: Any = [
    withdraw,
    take_back,
    keep_for_police,
    lambda registry, copy: add_message(registry.engine, registry.workflow_effects, copy, "Nog."),
    lambda registry, copy: give_verdict(registry.engine, copy, "ja"),
]


@pytest.mark.alles
@pytest.mark.parametrize("step", STEPS, ids=["intrekken", "toch", "bewaren", "bericht", "mening"])
def test_what_was_destroyed_meanwhile_is_refused_kindly(api: Api, step: Any) -> None:
    """The report goes between the reading of the page and the step."""
    receipt = api.post(report(omschrijving=STORY)).json
    copy, registry = copy_of(api, receipt), api.installation.registry
    with api.installation.transaction(DORDRECHT) as session:
        destroy_document(registry, session, "melding", copy.report_id, Fate(HANDLED, ""))
    with pytest.raises(NotNowError):
        step(registry, copy)


@pytest.mark.both_databases
@pytest.mark.short_on("postgresql")
def test_what_is_pressed_many_times_at_once_is_done_once(api: Api) -> None:
    receipt = api.post(report(omschrijving=STORY)).json
    registry = api.installation.registry

    def at_once(step: Callable[[Any, Copy], None]) -> None:
        copy = copy_of(api, receipt)
        with ThreadPoolExecutor(4) as threads:
            for done in [threads.submit(step, registry, copy) for _ in range(4)]:
                done.result()

    at_once(withdraw)
    at_once(take_back)
    with api.installation.transaction(DORDRECHT) as session:
        names = session.scalars(select(ReportMove.name)).all()
        assert session.scalars(select(Report.state)).one() == "nieuw"
        assert session.scalars(select(Hold)).all() == []
    assert [names.count(name) for name in ("intrekken", "toch_niet_ingetrokken")] == [1, 1]
