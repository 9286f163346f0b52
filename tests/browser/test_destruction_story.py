"""Process owner and archivist take a destruction list; a document stays beyond its maximum."""

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


def test_two_people_take_a_list(listed: Installation, enter: Enter) -> None:
    page = enter(Role.PROCESS_OWNER, Role.OFFICER)
    page.goto(HOME)
    look(page, "lijsten")
    page.get_by_role("link", name="Lijst 2031-4").click()
    expect(page.get_by_text("7 regels beoordelen")).to_be_visible()
    expect(page.get_by_text("bevroren: Woo-verzoek")).to_be_visible()
    look(page, "lijst")
    page.get_by_label(f"{NAMES[1]} kiezen").check()
    page.get_by_role("button", name="Anders beslissen over de gekozen regels").click()
    page.get_by_label("Vasthouden").check()
    page.get_by_label("Waarom?").fill("Bezwaar loopt")
    look(page, "vasthouden")
    page.get_by_role("button", name="Vastleggen").click()
    expect(page.get_by_text("Bezwaar loopt")).to_be_visible()
    page.get_by_role("button", name="Beoordelen: 5 regels mee").click()
    expect(page.get_by_text("De archivaris is aan de beurt").first).to_be_visible()

    # Without scripts everything is a link or a form.
    page = enter(Role.ARCHIVIST, scripts=False, width=390)
    page.goto(f"{HOME}/2031-4")
    assert page.locator("tbody a").count() == 0, "an archivist opens no document"
    page.get_by_role("button", name="Vernietiging machtigen: 5 regels").click()
    expect(page.get_by_text("5 regels gemachtigd")).to_be_visible()
    with listed.transaction(DORDRECHT) as session:
        lines = session.scalars(select(DestructionLine)).all()
        held = [line.reference for line in lines if line.decision == "vastgehouden"]
        assert len(held) == 2
        assert all((line.authorised_at is None) == (line.reference in held) for line in lines)


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_the_pages_fit_a_phone(listed: Installation, enter: Enter, width: int) -> None:
    page = enter(Role.PROCESS_OWNER, width=width)
    with listed.transaction(DORDRECHT) as session:
        name = session.scalars(select(DestructionLine.reference)).first()
    for address, picture in (
        ("", "lijsten"),
        ("/2031-4", "lijst"),
        (f"/2031-4?regel={name}", "regel"),
        (f"/2031-4/anders?regel={name}", "anders"),
        (f"/2031-4/langer-bewaren?regel={NAMES[3]}", "langer"),
        ("/V-2031-0001", "verklaring"),
        (f"/{GONE}", "vernietigd"),
    ):
        page.goto(f"{HOME}{address}")
        look(page, f"{picture}-{width}")


def test_a_document_stays_by_decision_of_the_controller(
    listed: Installation,
    enter: Enter,
) -> None:
    today = day_of(utc_now())
    watchers = [
        enter(role, width=width)
        for role, width in ((Role.ARCHIVIST, 1280), (Role.DATA_PROTECTION_OFFICER, 390))
    ]
    page = enter(Role.PROCESS_OWNER)
    page.goto(f"{HOME}/2031-4?regel={NAMES[3]}")
    page.get_by_role("link", name="Langer bewaren dan het uiterste").click()
    page.get_by_label("het college van burgemeester en wethouders").check()
    page.get_by_label("Nummer van het besluit").fill("B-2026-12")
    page.get_by_label("Datum van het besluit").fill(today.isoformat())
    until = (today + timedelta(days=400)).isoformat()
    page.get_by_label("Tot welke dag mag het blijven?").fill(until)
    page.get_by_label("Waarom?").fill("Er loopt onderzoek.")
    look(page, "uiterste-besluit")
    page.get_by_role("button", name="Vastleggen").click()
    expect(page.get_by_text("Het werkt op")).to_be_visible()
    look(page, "uiterste-ingevuld")
    for watcher in watchers:
        watcher.goto("/gemeenten/dordrecht")
        watcher.get_by_role("link", name=f"{NAMES[3]}: langer bewaren").click()
        look(watcher, "uiterste-gelezen")
        expect(watcher.get_by_text("nummer B-2026-12")).to_be_visible()
    page.goto(HOME)
    page.get_by_role("button", name="Terughalen").click()
    expect(page.get_by_text("het besluit is teruggehaald")).to_be_visible()
