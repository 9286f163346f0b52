"""The promised contact: recorded with one form, after which the term is over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import local_date, utc_now, working_days_after
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import datetime_long
from stopintimidatie.reports.fields import Contact
from stopintimidatie.reports.models import Report, ReportMove
from stopintimidatie.reports.vocabulary import ContactWish
from tests.support.factories import DORDRECHT, connect, make_report, make_user, take_on
from tests.support.installation import Installation


@pytest.fixture
def address(installation: Installation) -> str:
    connect(installation)
    with installation.transaction() as session:
        report = make_report(
            session,
            installation,
            anonymous=False,
            contact=Contact(phone="+31612345678"),
            wants_contact=ContactWish.CALL,
        )
        return f"/gemeenten/dordrecht/binnenstad/{report.reference}"


def test_contact_is_recorded_and_the_term_ends(installation: Installation, address: str) -> None:
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    page = browser.get(address).click(href="/contact")
    form = page.forms["formulier"]
    form["uitkomst"] = "gesproken"
    form["toelichting"] = "Wil graag horen wat er gebeurt."
    page = form.submit("opslaan", status=303).follow()
    assert "Contact met de melder" in page
    assert "geen contact beloofd" in page.html.select_one('[data-key="c"]').text
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(Report.contact_deadline)).one() is None
        assert "melding.contact" in session.scalars(select(AuditEvent.action)).all()


@pytest.mark.sqlite
def test_the_panel_begins_with_its_heading_so_that_the_number_is_in_sight(
    installation: Installation, address: str
) -> None:
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    part = {"HX-Request-Type": "partial"}
    panel = browser.get(f"{address}/contact", headers=part)
    assert panel.html.select_one("[data-eerst] ~ dl a[href='tel:+31612345678']")
    refused = panel.forms["formulier"].submit("opslaan", status=422, headers=part)
    assert refused.html.select_one("[data-eerst]") is None


def test_an_anonymous_reporter_is_written_to_and_cannot_be_called_nor_forgotten(
    installation: Installation,
) -> None:
    connect(installation)
    with installation.transaction() as session:
        report = take_on(session, make_report(session, installation))
        report.contact_deadline = utc_now() - timedelta(days=1)
        path = f"/gemeenten/dordrecht/binnenstad/{report.reference}"
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    page = browser.get(f"{path}/contact")
    assert [one["value"] for one in page.html.select("[name=uitkomst]")] == ["niet_meer_nodig"]
    assert "voicemail" not in page.html.select_one("main").text.lower()
    for name in ("Bericht schrijven aan de melder", "Vraag stellen aan de melder"):
        page.click(name)
    form = page.forms["formulier"]
    form["uitkomst"] = "niet_meer_nodig"
    form.submit("opslaan", status=303)


def test_what_is_due_today_cannot_sleep_and_the_page_leads_to_contact(
    installation: Installation, address: str
) -> None:
    with installation.transaction(DORDRECHT) as session:
        session.scalars(select(Report)).one().contact_deadline = utc_now()
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    page = browser.get(f"{address}/sluimeren", status=409)
    assert "Neem eerst contact op" in page
    assert "formulier" not in page.forms
    page.click("Contact vastleggen")


def test_without_an_outcome_nothing_is_recorded(installation: Installation, address: str) -> None:
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    form = browser.get(f"{address}/contact").forms["formulier"]
    answer = form.submit("opslaan", status=422)
    assert "Hoe ging het contact?" in answer
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(Report.contact_deadline)).one() is not None
        assert "contact" not in session.scalars(select(ReportMove.name)).all()


def test_the_second_of_two_overwrites_nothing(installation: Installation, address: str) -> None:
    one, two = (
        installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER))) for _ in "ab"
    )
    forms = [browser.get(f"{address}/contact").forms["formulier"] for browser in (one, two)]
    for form in forms:
        form["uitkomst"] = "gesproken"
    forms[0].submit("opslaan", status=303)
    assert "intussen gewijzigd" in forms[1].submit("opslaan", status=409)


def test_who_calls_reads_the_number_on_the_page_and_that_is_in_the_log(
    installation: Installation, address: str
) -> None:
    officer = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    page = officer.get(f"{address}/contact")
    assert page.html.find("a", href="tel:+31612345678")
    with installation.transaction(DORDRECHT) as session:
        reads = select(AuditEvent).where(AuditEvent.task == "contact vastleggen")
        fields = [event.fields for event in session.scalars(reads)]
    assert ["contactgegevens"] in fields


def test_who_may_not_triage_cannot_record_contact(installation: Installation, address: str) -> None:
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.PRIVACY_OFFICER)))
    browser.get(f"{address}/contact", status=403)


@pytest.mark.sqlite
def test_the_page_asks_who_it_is_before_it_names_the_subject(
    installation: Installation, address: str
) -> None:
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    page = browser.get(f"{address}/contact")
    main = page.html.select_one("main").text
    first, then = main.index("Met wie spreek ik?"), main.index("Kunt u nu vrij praten?")
    assert first < then < main.index("Om welke melding het gaat")
    assert "Hulplijnen voor deze melder" in main
    keys = [(tag["data-key"], tag["value"]) for tag in page.html.select("[name=uitkomst]")]
    outcomes = ("gesproken", "geen_gehoor", "niet_bereikt", "niet_meer_nodig")
    assert keys == [(str(number), code) for number, code in enumerate(outcomes, 1)]
    page = browser.get(f"{address}/contact", headers={"HX-Request-Type": "partial"})
    assert "Om welke melding het gaat" not in page


@pytest.mark.sqlite
def test_no_answer_and_an_empty_day_is_the_next_working_day_and_the_page_says_so(
    installation: Installation, address: str
) -> None:
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    page = browser.get(f"{address}/contact")
    form = page.forms["formulier"]
    form["uitkomst"] = "geen_gehoor"
    form.submit("opslaan", status=303)
    with installation.transaction(DORDRECHT) as session:
        again = session.scalars(select(Report.next_attempt_at)).one()
        assert again is not None
        assert local_date(again) == working_days_after(local_date(utc_now()), 1)
    assert f"Leeg: {datetime_long(again)}" in page


@pytest.mark.sqlite
def test_half_of_the_next_attempt_is_asked_for(installation: Installation, address: str) -> None:
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    form = browser.get(f"{address}/contact").forms["formulier"]
    form["uitkomst"], form["uur"] = "geen_gehoor", "10:00"
    page = form.submit("opslaan", status=422)
    assert "Kies dag en uur" in page.html.select_one("[data-veld='dag'] .si-error").text
