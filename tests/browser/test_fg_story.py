"""The FG reads the log, draws lines from it, and asks an officer why; the officer sees which."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from stopintimidatie.core.security import Role
from tests.browser.conftest import Enter, look
from tests.support.api import Api
from tests.support.installation import Installation

pytestmark = pytest.mark.alles
HOME = "/gemeenten/dordrecht"


def test_the_fg_asks_why_an_officer_read_a_report(dordrecht: Installation, enter: Enter) -> None:
    reference = Api(dordrecht).post().json["kenmerk"]
    officer = enter(Role.OFFICER, name="Olga Officier", width=390)
    officer.goto(f"/m/{reference}")
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
    look(fg, "fg-2", 390, 1280)
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

    # A random draw from the days that are over: nothing happened before today.
    fg.goto(f"{HOME}/logboek?wat=gelezen")
    fg.get_by_role("link", name="Steekproef van tien regels").click()
    expect(fg.get_by_text("Geen regels met deze keuze")).to_be_visible()
    look(fg, "fg-4")

    # The question goes by mail; the page of the line says that it was asked.
    fg.goto(f"{HOME}/logboek?wat=gelezen&stuk={reference}")
    lines.filter(has_text="Olga Officier").first.get_by_role("link").first.click()
    look(fg, "fg-5", 390, 1280)
    fg.get_by_role("button", name="Vraag het Olga Officier").click()
    expect(fg.get_by_text("De vraag gaat per mail naar Olga Officier.")).to_be_visible()
    look(fg, "fg-6", 390, 1280)

    # The officer opens the line from the mail; to a colleague it isn't there.
    asked = fg.url.partition("nr=")[2]
    officer.goto(f"/account-inzage?nr={asked}&waar=GM0505")
    expect(officer.get_by_text("De FG vroeg waarom dit is gelezen.")).to_be_visible()
    look(officer, "fg-7")
    other.goto(f"/account-inzage?nr={asked}&waar=GM0505")
    expect(other.get_by_text("De FG vroeg waarom")).to_have_count(0)
