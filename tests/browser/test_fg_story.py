"""The FG reads the log, draws reads, asks an officer why; the officer answers, the FG judges."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from stopintimidatie.core.security import Role
from tests.browser.conftest import Enter, look
from tests.support.api import Api
from tests.support.installation import Installation

pytestmark = pytest.mark.alles
HOME = "/gemeenten/dordrecht"


def test_the_fg_asks_why_an_officer_read_a_report_and_judges_the_answer(
    dordrecht: Installation, enter: Enter
) -> None:
    reference = Api(dordrecht).post().json["kenmerk"]
    officer = enter(Role.OFFICER, name="Olga Officier", width=390)
    officer.goto(f"/m/{reference}")
    expect(officer.get_by_role("link", name="Vragen over inzage")).to_have_count(0)
    other = enter(Role.OFFICER, name="Cor Collega")
    other.goto(f"{HOME}/postvak")

    # The log, filtered by person, kind of act and document; a choice that fits nothing says so.
    fg = enter(Role.DATA_PROTECTION_OFFICER, name="Frits Gee")
    fg.goto(f"{HOME}/logboek")
    look(fg, "fg-1")
    lines = fg.get_by_role("table", name="Logboek").locator("tbody tr")
    expect(lines.filter(has_text="Cor Collega").first).to_be_visible()
    fg.get_by_label("Wie").select_option(label="Olga Officier")
    fg.get_by_label("Wat", exact=True).select_option(label="Gelezen")
    fg.get_by_label("Kenmerk of nummer").fill(reference)
    fg.get_by_role("button", name="Regels tonen").click()
    expect(lines).not_to_have_count(0)
    expect(lines.filter(has_text="Cor Collega")).to_have_count(0)
    expect(lines.filter(has_not_text=reference)).to_have_count(0)
    look(fg, "fg-2")
    fg.get_by_label("Tot en met").fill("2020-01-01")
    fg.get_by_role("button", name="Regels tonen").click()
    expect(fg.get_by_text("Geen regels met deze keuze")).to_be_visible()
    fg.go_back()

    # Open one line of the log; it names the report that was read.
    lines.first.get_by_role("link").first.click()
    expect(fg.get_by_role("heading", name="Regel van het logboek")).to_be_visible()
    expect(fg.get_by_role("definition").filter(has_text="Olga Officier")).to_be_visible()
    expect(fg.get_by_role("rowheader", name=reference)).to_be_visible()
    look(fg, "fg-3")

    # The sample: of each reader at least one.
    fg.goto(f"{HOME}/inzage")
    expect(fg.get_by_text("Nog geen steekproef")).to_be_visible()
    look(fg, "fg-4")
    fg.get_by_role("button", name="Er tien bij trekken").click()
    drawn = fg.get_by_role("list", name="Te bekijken").get_by_role("listitem")
    expect(drawn.filter(has_text="Cor Collega").first).to_be_visible()
    expect(drawn.filter(has_text="Frits Gee")).to_have_count(0)
    look(fg, "fg-5")
    drawn.filter(has_text="Olga Officier").first.get_by_role("link").first.click()
    look(fg, "fg-6")
    fg.get_by_label("Vragen waarom").check()
    fg.get_by_label("Uw woorden erbij").fill("Waarvoor had u deze melding nodig?")
    fg.get_by_role("button", name="Vastleggen").click()
    expect(fg.get_by_text("De vraag is gesteld aan Olga Officier.")).to_be_visible()
    waiting = fg.get_by_role("list", name="Wacht op antwoord")
    expect(waiting.get_by_role("button")).to_have_count(0)

    # The colleague is asked nothing; the officer finds the question in the menu, and answers.
    other.goto("/account-inzagevragen")
    expect(other.get_by_text("Geen vragen voor u")).to_be_visible()
    officer.goto(HOME)
    officer.get_by_role("link", name="vraag over inzage").first.click()
    look(officer, "fg-7")
    officer.get_by_role("link", name="Inzage van").click()
    expect(officer.get_by_text("Waarvoor had u deze melding nodig?")).to_be_visible()
    look(officer, "fg-8")
    officer.get_by_label("Uw antwoord").fill("Ik zocht een dubbele melding.")
    officer.get_by_role("button", name="Antwoord geven").click()
    expect(officer.get_by_text("Dank u. De FG leest uw antwoord.")).to_be_visible()
    look(officer, "fg-9")

    # The FG sees that an answer waits, and judges it; after that there is nothing left to press.
    fg.goto(f"{HOME}/inzage")
    answered = fg.get_by_role("list", name="Beantwoord")
    answered.get_by_role("link", name="Olga Officier").click()
    expect(fg.get_by_text("Ik zocht een dubbele melding.")).to_be_visible()
    look(fg, "fg-10")
    fg.get_by_label("Duidelijk").check()
    fg.get_by_role("button", name="Vastleggen").click()
    expect(fg.get_by_text("Uw oordeel is vastgelegd.")).to_be_visible()
    judged = fg.get_by_role("list", name="Beoordeeld")
    judged.get_by_role("link", name="Olga Officier").click()
    expect(fg.locator("form#formulier")).to_have_count(0)
    look(fg, "fg-11")
    officer.goto(HOME)
    expect(officer.get_by_role("link", name="vraag over inzage")).to_have_count(0)
