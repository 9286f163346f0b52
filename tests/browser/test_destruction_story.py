"""Process owner, privacy officer and archivist take a destruction list, with keys alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import day_of, new_code
from stopintimidatie.privacy.destruction.models import DestructionLine
from stopintimidatie.privacy.holds.models import HoldReason
from stopintimidatie.privacy.holds.services import place_hold
from stopintimidatie.privacy.retention.rules import NOT_HANDLED
from tests.browser.conftest import Enter, look
from tests.support.destruction import a_line, a_list, a_statement, a_tombstone
from tests.support.factories import DORDRECHT, make_report
from tests.support.installation import Installation

pytestmark = pytest.mark.alles

HOME = "/gemeenten/dordrecht/vernietiging"
NAMES = [new_code("M") for _ in range(6)]
GONE = new_code("M")


@pytest.fixture
def listed(dordrecht: Installation) -> Installation:
    """Dordrecht with a list of seven lines in two classes: one late, one held."""
    today = day_of(utc_now())
    with dordrecht.transaction(DORDRECHT) as session:
        row = a_list(
            session, period_from=today - timedelta(days=30), period_until=today + timedelta(days=60)
        )
        for number, name in enumerate(NAMES):
            more = {"retention_class": NOT_HANDLED} if number > 3 else {}
            due = today + timedelta(days=-3 if number == 0 else number * 9)
            a_line(session, row, name, due_on=due, at_maximum=number == 3, **more)
        held = make_report(session, dordrecht)
        place_hold(session, held, HoldReason.WOO, today + timedelta(days=90), SYSTEM)
        a_line(session, row, held.reference, document_id=held.id)
        a_statement(session)
        a_tombstone(session, GONE, list_number="2031-3")
    return dordrecht


def test_three_people_take_a_list_with_keys(listed: Installation, enter: Enter) -> None:
    page = enter(Role.PROCESS_OWNER, Role.OFFICER)
    page.goto(HOME)
    look(page, "lijsten")
    page.get_by_role("link", name="Lijst 2031-4").click()
    expect(page.get_by_text("Over 7 regels is nog niet beslist")).to_be_visible()
    look(page, "lijst")
    first = page.locator("#gekozen-regel").inner_text()
    page.keyboard.press("1")
    expect(page.locator("#gekozen-regel")).not_to_have_text(first)
    second = page.locator("#gekozen-regel").inner_text()
    page.keyboard.press("3")
    page.get_by_label("Waarom moet dit blijven?").fill("Bezwaar loopt")
    look(page, "vasthouden")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("vastgehouden", exact=False).first).to_be_visible()
    expect(page.get_by_text("Over 5 regels is nog niet beslist")).to_be_visible()
    # Many at once.
    boxes = page.locator("input[name=regel]")
    for number in range(2, boxes.count()):
        boxes.nth(number).check()
    page.locator(".wb-act").get_by_role("button", name="Mee").click()
    look(page, "samen")
    page.locator("form#formulier button[type=submit]").click()
    page.get_by_role("button", name="Beoordeling afsluiten").click()
    expect(page.get_by_text("De privacyfunctionaris is aan de beurt").first).to_be_visible()

    page = enter(Role.PRIVACY_OFFICER, width=390)
    page.goto(f"{HOME}/2031-4")
    look(page, "nakijken-390")
    page.get_by_role("button", name="Bevriezingen zijn nagekeken").click()
    expect(page.get_by_text("De archivaris is aan de beurt").first).to_be_visible()

    # Without scripts everything is a link or a form.
    page = enter(Role.ARCHIVIST, scripts=False)
    page.goto(f"{HOME}/2031-4")
    assert page.locator("#gekozen-regel a").count() == 0, "an archivist opens no document"
    page.get_by_role("button", name="Vernietiging machtigen").click()
    expect(page.get_by_text("is gemachtigd").first).to_be_visible()
    with listed.transaction(DORDRECHT) as session:
        lines = session.scalars(select(DestructionLine)).all()
        held = [line.reference for line in lines if line.decision == "vastgehouden"]
        assert held == [second]
        assert all((line.authorised_at is None) == (line.reference in held) for line in lines)


@pytest.mark.parametrize("width", [1280, 320])
def test_the_pages_fit_a_phone(listed: Installation, enter: Enter, width: int) -> None:
    page = enter(Role.PROCESS_OWNER, width=width)
    with listed.transaction(DORDRECHT) as session:
        name = session.scalars(select(DestructionLine.reference)).first()
    for address, picture in (
        ("", "lijsten"),
        ("/2031-4", "lijst"),
        (f"/2031-4?regel={name}", "regel"),
        (f"/2031-4/uitstellen?regel={name}", "uitstellen"),
        ("/V-2031-0001", "verklaring"),
        (f"/{GONE}", "vernietigd"),
    ):
        page.goto(f"{HOME}{address}")
        look(page, f"{picture}-{width}")


def test_three_people_and_the_controller_let_a_document_stay(
    listed: Installation,
    enter: Enter,
) -> None:
    line, today = f"{HOME}/2031-4?regel={NAMES[3]}", day_of(utc_now())
    until = (today + timedelta(days=400)).isoformat()
    page = enter(Role.PROCESS_OWNER)
    page.goto(line)
    look(page, "uiterste")
    page.keyboard.press("5")
    page.get_by_label("Tot welke dag?").fill(until)
    page.get_by_label("Waarom moet dit langer blijven?").fill("Er loopt onderzoek.")
    look(page, "uiterste-vragen")
    page.get_by_role("button", name="Vragen").click()
    expect(page.get_by_text("Wacht op het advies van de archivaris en de FG.")).to_be_visible()
    for role, answer, width in (
        (Role.ARCHIVIST, "Eens", 1280),
        (Role.DATA_PROTECTION_OFFICER, "Niet eens", 390),
    ):
        adviser = enter(role, width=width)
        adviser.goto("/gemeenten/dordrecht")
        look(adviser, f"uiterste-start-{width}")
        adviser.get_by_role("link", name=f"{NAMES[3]}: langer bewaren").click()
        look(adviser, f"uiterste-adviseur-{width}")
        adviser.get_by_role("link", name="Advies geven als").click()
        adviser.get_by_label(answer, exact=True).check()
        adviser.get_by_label("Waarom?").fill("Zo besloten we eerder ook.")
        look(adviser, f"uiterste-advies-{width}")
        adviser.locator("form#formulier button[type=submit]").click()
        expect(adviser.get_by_text("uw advies is vastgelegd")).to_be_visible()
    page.goto(line)
    page.keyboard.press("5")
    page.get_by_label("Ja, het mag langer blijven").check()
    page.get_by_label("Tot welke dag mag het blijven?").fill(until)
    page.get_by_label("het college van burgemeester en wethouders").check()
    page.get_by_label("Nummer van het besluit").fill("B-2026-12")
    page.get_by_label("Datum van het besluit").fill(today.isoformat())
    look(page, "uiterste-besluit")
    page.get_by_role("button", name="Besluit opslaan").click()
    expect(page.get_by_text("mag blijven tot").first).to_be_visible()
    look(page, "uiterste-besloten")
    adviser.goto(HOME)
    look(adviser, "uiterste-lijst-390")
    expect(adviser.get_by_text("Advies van de FG niet gevolgd")).to_be_visible()
