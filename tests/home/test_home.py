"""The start page, a municipality, a neighbourhood, the log, and the health addresses."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import select
from webtest import TestApp

from stopintimidatie.core.accounts.models import BlockedColleague
from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import date_text, local
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS
from stopintimidatie.dossiers.case.services import DossierPlan, create_dossier, make_agreement
from stopintimidatie.dossiers.filing.services import file_report
from stopintimidatie.dossiers.patterns.models import Pattern, PatternState
from stopintimidatie.reports.inbox.queries import number_of_reports
from stopintimidatie.reports.inbox.rules import Reader, filters_from
from stopintimidatie.reports.models import Report
from tests.support.factories import (
    CENTRE,
    DORDRECHT,
    EINDHOVEN,
    connect,
    make_dossier,
    make_report,
    make_user,
    take_on,
    user_id,
)
from tests.support.installation import Installation
from tests.support.queries import count_queries


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation)


def test_who_works_in_one_place_lands_there(installation: Installation) -> None:
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    assert browser.get("/", status=303).location.endswith("/gemeenten/dordrecht")
    steps = browser.get("/gemeenten/dordrecht/binnenstad").html.select(".si-breadcrumb a")
    assert [step.text for step in steps] == ["Start", "Dordrecht"]


def test_who_works_in_two_places_chooses(installation: Installation) -> None:
    roles = ((DORDRECHT, Role.OFFICER), (EINDHOVEN, Role.PRIVACY_OFFICER))
    browser = installation.browser(make_user(installation, *roles))
    page = browser.get("/")
    assert "/gemeenten/dordrecht" in page
    assert "/gemeenten/eindhoven" in page
    steps = browser.get("/gemeenten/dordrecht/binnenstad").html.select(".si-breadcrumb a")
    assert [step.text for step in steps] == ["Start", "Gemeenten", "Dordrecht"]


def test_who_was_blocked_reads_where_and_whom_to_ask(installation: Installation) -> None:
    username = make_user(installation)
    with installation.transaction() as session:
        who = {"user_id": user_id(installation, username), "holder": DORDRECHT}
        session.add(BlockedColleague(**who, blocked_at=utc_now()))
    page = installation.browser(username).get("/")
    assert f"Uw toegang bij Dordrecht is gestopt op {date_text(utc_now())}" in page
    assert "functioneel beheerder van Dordrecht" in page
    assert "nog geen rol" not in page
    stranger = installation.browser(make_user(installation))
    assert "nog geen rol" in stranger.get("/")


def test_what_has_to_be_done_first_says_why(installation: Installation) -> None:
    with installation.transaction() as session:
        make_report(session, installation).contact_deadline = utc_now() - timedelta(days=2)
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    browser.get("/gemeenten/dordrecht").mustcontain("contact 2 dagen te laat")


def test_each_figure_is_the_number_of_the_list_it_opens(installation: Installation) -> None:
    """Spoed in a dossier is done there; what was promised to its reporter is still due here."""
    officer = make_user(installation, (DORDRECHT, Role.OFFICER))
    with installation.transaction() as session:
        make_report(session, installation).urgent = True
        filed, promised, asleep = (make_report(session, installation) for _ in range(3))
        filed.urgent, filed.state = True, "in_dossier"
        promised.state, promised.contact_deadline = "in_dossier", utc_now()
        asleep.snoozed_until = local_date(utc_now()) + timedelta(days=1)
        filed_reference, promised_reference = filed.reference, promised.reference
    page = installation.browser(officer).get("/gemeenten/dordrecht")
    assert filed_reference not in page
    assert promised_reference in page
    reader = Reader(user_id(installation, officer), utc_now())
    links = page.html.select(".si-views a, .si-town td a")
    assert len(links) == 5, links
    for link in links:
        filters = filters_from(parse_qsl(urlsplit(link["href"]).query))
        number = int(re.findall(r"\d+", link.text)[0])
        with installation.transaction(DORDRECHT) as session:
            counted = number_of_reports(DORDRECHT, filters, reader, 99)
            assert session.scalar(select(counted)) == number, link.text


def test_a_wijk_lists_only_reports_that_no_dossier_holds(installation: Installation) -> None:
    """A report that lives elsewhere than its dossier has no number of it, and isn't loose."""
    with installation.transaction(DORDRECHT) as session:
        loose, filed = (take_on(session, make_report(session, installation)) for _ in range(2))
        elsewhere = make_dossier(session, neighbourhood_code="WK050502")
        effects = WORKFLOW_EFFECTS.of(installation.registry)
        file_report(session, effects, elsewhere, filed, "Hoort erbij.", SYSTEM)
        names = loose.reference, filed.reference
        assert filed.dossier_number is None
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    page = browser.get("/gemeenten/dordrecht/binnenstad")
    assert [name in page for name in names] == [True, False]


def test_each_role_reads_its_own_work_on_one_page(installation: Installation) -> None:
    """The admin sets up, who watches over privacy reads numbers, and no account of a report."""
    with installation.transaction() as session:
        report = make_report(session, installation)
        report.contact_deadline = utc_now() - timedelta(days=2)
        name = report.reference
    pages = {
        role: installation.browser(make_user(installation, (DORDRECHT, role))).get(
            "/gemeenten/dordrecht"
        )
        for role in (Role.ADMIN, Role.PRIVACY_OFFICER, Role.DATA_PROTECTION_OFFICER)
    }
    assert "Stel in waar u hoort dat er iets wacht" in pages[Role.ADMIN]
    for page in pages.values():
        assert name not in page
    for role in (Role.PRIVACY_OFFICER, Role.DATA_PROTECTION_OFFICER):
        assert "Er wacht niets op u" in pages[role]
        assert pages[role].html.select_one(".si-town td").text == "1 te doen in Binnenstad"


def test_a_start_page_asks_twelve_queries_at_most(installation: Installation) -> None:
    starts = {
        "/gemeenten/dordrecht": (DORDRECHT, Role.OFFICER),
        "/landelijk": (NATIONAL, Role.NATIONAL_DESK),
    }
    for path, (holder, role) in starts.items():
        with installation.transaction() as session:
            make_report(session, installation, holder=holder)
        browser = installation.browser(make_user(installation, (holder, role)))
        browser.get(path, status=200)
        with count_queries(installation) as counted:
            browser.get(path, status=200)
        assert counted.count <= 12, path


def test_another_municipality_is_not_there(installation: Installation) -> None:
    browser = installation.browser(make_user(installation, (EINDHOVEN, Role.OFFICER)))
    for path in ("/gemeenten/dordrecht", "/gemeenten/dordrecht/binnenstad", "/gemeenten/nergens"):
        browser.get(path, status=404)


def test_who_may_not_read_reports_sees_no_numbers(installation: Installation) -> None:
    with installation.transaction() as session:
        make_report(session, installation)
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.ADMIN)))
    page = browser.get("/gemeenten/dordrecht")
    assert page.html.select(".si-number") == []
    browser.get("/gemeenten/dordrecht/binnenstad", status=404)


def test_who_may_not_search_is_offered_no_search_box(installation: Installation) -> None:
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.ADMIN)))
    for page in (browser.get("/gemeenten/dordrecht"), browser.get("/nergens", status=404)):
        assert page.html.select("form[action='/zoeken'], a[href='/zoeken']") == []
        assert page.html.select_one(".si-account")


def test_what_waits_is_counted_in_the_menu_and_at_the_bell_of_every_page(
    installation: Installation,
) -> None:
    with installation.transaction(DORDRECHT) as session:
        area = {"neighbourhood_code": CENTRE, "window_days": 180, "lat": 51.8, "lon": 4.6}
        row = Pattern(holder=DORDRECHT, number=1, radius_m=90, certainty=95, **area)
        row.state, row.strength, row.expected = PatternState.PROPOSED, 1.5, 1.2
        session.add(row)
    roles = (DORDRECHT, Role.OFFICER), (EINDHOVEN, Role.OFFICER)
    for mine, paths in (
        (roles[:1], ("/gemeenten/dordrecht", "/zoeken", "/account", "/nergens")),
        (roles, ("/zoeken?q=trein&gemeente=dordrecht", "/gemeenten/dordrecht/nergens")),
    ):
        browser = installation.browser(make_user(installation, *mine))
        for path in paths:
            bar = browser.get(path, expect_errors=True).html.select_one("header")
            for part in (".si-nav__list", ".si-menu", ".si-bell .si-drop__panel"):
                item = bar.select_one(f"{part} a[href$='/patronen']")
                assert " ".join(item.text.split()) == "Patronen , 1 wacht", (path, part)
            assert bar.select_one(".si-bell summary .si-count").text == "1"
    elsewhere = browser.get("/zoeken?gemeente=eindhoven").html.select_one(".si-bell")
    assert "Er wacht nu niets" in elsewhere.text
    # The privacy officer can decide nothing about patterns, and isn't told that they wait.
    watcher = installation.browser(make_user(installation, (DORDRECHT, Role.PRIVACY_OFFICER)))
    bar = watcher.get("/gemeenten/dordrecht").html.select_one("header")
    assert bar.select_one(".si-nav__list a[href$='/patronen']")
    assert not bar.select(".si-count")


def test_reading_a_neighbourhood_is_in_the_log(installation: Installation) -> None:
    with installation.transaction() as session:
        references = {make_report(session, installation).reference for _ in range(5)}
    officer = make_user(installation, (DORDRECHT, Role.OFFICER), name="Lezer")
    installation.browser(officer).get("/gemeenten/dordrecht/binnenstad")
    privacy = installation.browser(make_user(installation, (DORDRECHT, Role.PRIVACY_OFFICER)))
    page = privacy.get("/logboek").follow()
    row = next(row for row in page.html.select("tbody tr") if "Gelezen" in row.text)
    assert "Lezer" in row.text
    assert "wijk bekijken" in row.text
    assert len([reference for reference in references if reference in row.text]) == 3
    assert "en 2 meer" in row.text


def test_a_refusal_is_in_the_log(installation: Installation) -> None:
    officer = make_user(installation, (DORDRECHT, Role.OFFICER), name="Nieuwsgierig")
    browser = installation.browser(officer)
    browser.get("/gemeenten/dordrecht/logboek", status=(403, 404))
    fg = installation.browser(make_user(installation, (DORDRECHT, Role.DATA_PROTECTION_OFFICER)))
    rows = fg.get("/gemeenten/dordrecht/logboek").html.select("tbody tr")
    assert any("Toegang geweigerd" in row.text and "Nieuwsgierig" in row.text for row in rows)


def test_each_document_shows_its_own_log(installation: Installation) -> None:
    with installation.transaction() as session:
        report = make_report(session, installation)
        make_report(session, installation)
    fg = installation.browser(make_user(installation, (DORDRECHT, Role.DATA_PROTECTION_OFFICER)))
    page = fg.get(f"/m/{report.reference}").follow().click("Logboek van deze melding")
    actions = [row.select("td")[1].text for row in page.html.select("tbody tr")]
    assert actions[-1].startswith("Melding ontvangen")
    assert all("Aangemeld" not in action for action in actions)
    assert actions.count("Gelezen") == 1


def test_agreements_that_are_due_stand_on_the_start_page(installation: Installation) -> None:
    today = local(utc_now()).date()
    with installation.transaction(DORDRECHT) as session:
        plan = DossierPlan(title="Plein", kind="hotspot", neighbourhood_code=CENTRE)
        dossier = create_dossier(session, SYSTEM, DORDRECHT, plan)
        for what, days in (("Lampen nakijken", -1), ("Pleinwacht vragen", 5), ("Later", 30)):
            due = today + timedelta(days=days)
            make_agreement(session, dossier, what, "Wijkbeheer", due, SYSTEM)
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    page = browser.get("/gemeenten/dordrecht")
    assert "Te laat" in page.html.select_one("main").text
    assert "Pleinwacht vragen" in page
    assert "Later" not in page.html.select_one("main").text
    assert "Lampen nakijken" in page.click("Lampen nakijken")


@pytest.mark.sqlite
def test_the_admin_finds_where_to_set_things_up(installation: Installation) -> None:
    admin = installation.browser(make_user(installation, (DORDRECHT, Role.ADMIN)))
    start = admin.get("/gemeenten/dordrecht")
    for label in ("Gebruikers", "Berichten"):
        href = start.html.find("main").find("a", string=label)["href"]
        assert admin.get(href, status=200).html.h1.text.strip().endswith(label)
        assert href in admin.get("/gemeenten/dordrecht/beheer").html.find("main").decode()
    officer = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    assert "gebruikers" not in officer.get("/gemeenten/dordrecht")


def test_what_was_opened_last_is_ones_own_and_loses_what_may_no_longer_be_seen(
    installation: Installation,
) -> None:
    with installation.transaction() as session:
        reports = [make_report(session, installation) for _ in range(4)]
        person = make_dossier(session, kind="persoonsgericht", title="Over een persoon")
        hotspot = make_dossier(session, title="Het station")
        names, numbers = [report.reference for report in reports], (hotspot.number, person.number)
    officer = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    other = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER), name="Bram"))
    owner = installation.browser(make_user(installation, (DORDRECHT, Role.DOSSIER_OWNER)))
    here = "/gemeenten/dordrecht"

    def opened(browser: TestApp) -> list[str]:
        return [
            link["href"] for link in browser.get(here).html.select("[aria-labelledby=laatst] a")
        ]

    for name in names:
        officer.get(f"{here}/postvak?melding={name}")
    officer.get(f"{here}/binnenstad/{names[0]}")
    officer.get(f"{here}/binnenstad/{numbers[0]}")
    owner.get(f"{here}/binnenstad/{numbers[1]}")
    assert opened(other) == []
    assert opened(owner) == [f"{here}/binnenstad/{numbers[1]}"]
    expected = [numbers[0], names[0], names[3], names[2], names[1]]
    assert opened(officer) == [f"{here}/binnenstad/{name}" for name in expected]
    for href in opened(officer):
        officer.get(href, status=200)
    with installation.transaction(DORDRECHT) as session:
        rows = {row.reference: row for row in session.scalars(select(Report))}
        rows[names[3]].state = "ingetrokken"
        # In a dossier about a person, which an officer doesn't see.
        rows[names[2]].dossier_number = numbers[1]
    # They were opened once more meanwhile, the first of the list last.
    left = (names[1], names[0], numbers[0])
    assert opened(officer) == [f"{here}/binnenstad/{name}" for name in left]
