"""The FG reads the log, draws reads, asks an officer why; the officer answers, the FG judges."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.encryption import create_key_file
from tests.support.api import Api
from tests.support.axe import problems_on
from tests.support.factories import DORDRECHT, connect, make_user
from tests.support.installation import PASSWORD, Installation, make_settings
from tests.support.served import in_thread

pytestmark = pytest.mark.alles
HOME = "/gemeenten/dordrecht"
Open = Callable[..., Page]


@pytest.fixture
def town(
    chromium_browser: Browser, sqlite_template: Path, tmp_path: Path
) -> Iterator[tuple[Installation, Open]]:
    """A municipality behind a web server, and the way to sign in there with a name and a role."""
    shutil.copy(sqlite_template, tmp_path / "data.sqlite")
    create_key_file(tmp_path / "sleutels.json")
    running = Installation(make_settings(f"sqlite:///{tmp_path}/data.sqlite", tmp_path))
    connect(running)
    with in_thread(running.app) as address:

        def sign_in(role: Role, name: str, width: int = 1280) -> Page:
            username = make_user(running, (DORDRECHT, role), name=name)
            context = chromium_browser.new_context(
                base_url=address, locale="nl-NL", viewport={"width": width, "height": 900}
            )
            page = context.new_page()
            page.goto("/aanmelden")
            page.fill("[name=gebruikersnaam]", username)
            page.fill("[name=wachtwoord]", PASSWORD)
            page.click("button[name=aanmelden]")
            page.wait_for_load_state()
            return page

        yield running, sign_in
    for context in chromium_browser.contexts:
        context.close()
    running.close()


def look(page: Page) -> None:
    """Axe finds nothing."""
    assert problems_on(page) == [], page.url


def test_the_fg_asks_why_an_officer_read_a_report_and_judges_the_answer(
    town: tuple[Installation, Open],
) -> None:
    running, sign_in = town
    reference = Api(running).post().json["kenmerk"]
    officer = sign_in(Role.OFFICER, "Olga Officier", 390)
    officer.goto(f"/m/{reference}")
    expect(officer.get_by_role("link", name="Vragen over inzage")).to_have_count(0)
    other = sign_in(Role.OFFICER, "Cor Collega")
    other.goto(f"{HOME}/postvak")

    # The log, filtered by person, kind of act and document; a choice that fits nothing says so.
    fg = sign_in(Role.DATA_PROTECTION_OFFICER, "Frits Gee")
    fg.goto(f"{HOME}/logboek")
    look(fg)
    lines = fg.get_by_role("table", name="Logboek").locator("tbody tr")
    expect(lines.filter(has_text="Cor Collega").first).to_be_visible()
    fg.get_by_label("Wie").select_option(label="Olga Officier")
    fg.get_by_label("Wat", exact=True).select_option(label="Gelezen")
    fg.get_by_label("Kenmerk of nummer").fill(reference)
    fg.get_by_role("button", name="Regels tonen").click()
    expect(lines).not_to_have_count(0)
    expect(lines.filter(has_text="Cor Collega")).to_have_count(0)
    expect(lines.filter(has_not_text=reference)).to_have_count(0)
    look(fg)
    fg.get_by_label("Tot en met").fill("2020-01-01")
    fg.get_by_role("button", name="Regels tonen").click()
    expect(fg.get_by_text("Geen regels met deze keuze")).to_be_visible()
    fg.go_back()

    # Open one line of the log; it names the report that was read.
    lines.first.get_by_role("link").first.click()
    expect(fg.get_by_role("heading", name="Regel van het logboek")).to_be_visible()
    expect(fg.get_by_role("definition").filter(has_text="Olga Officier")).to_be_visible()
    expect(fg.get_by_role("rowheader", name=reference)).to_be_visible()
    look(fg)

    # The sample: of each reader at least one.
    fg.goto(f"{HOME}/inzage")
    expect(fg.get_by_text("Nog geen steekproef")).to_be_visible()
    look(fg)
    fg.get_by_role("button", name="Er tien bij trekken").click()
    drawn = fg.get_by_role("list", name="Te bekijken").get_by_role("listitem")
    expect(drawn.filter(has_text="Cor Collega").first).to_be_visible()
    expect(drawn.filter(has_text="Frits Gee")).to_have_count(0)
    look(fg)
    drawn.filter(has_text="Olga Officier").first.get_by_role("link").first.click()
    look(fg)
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
    look(officer)
    officer.get_by_role("link", name="Inzage van").click()
    expect(officer.get_by_text("Waarvoor had u deze melding nodig?")).to_be_visible()
    look(officer)
    officer.get_by_label("Uw antwoord").fill("Ik zocht een dubbele melding.")
    officer.get_by_role("button", name="Antwoord geven").click()
    expect(officer.get_by_text("Dank u. De FG leest uw antwoord.")).to_be_visible()
    look(officer)

    # The FG sees that an answer waits, and judges it; after that there is nothing left to press.
    fg.goto(f"{HOME}/inzage")
    answered = fg.get_by_role("list", name="Beantwoord")
    answered.get_by_role("link", name="Olga Officier").click()
    expect(fg.get_by_text("Ik zocht een dubbele melding.")).to_be_visible()
    look(fg)
    fg.get_by_label("Duidelijk").check()
    fg.get_by_role("button", name="Vastleggen").click()
    expect(fg.get_by_text("Uw oordeel is vastgelegd.")).to_be_visible()
    judged = fg.get_by_role("list", name="Beoordeeld")
    judged.get_by_role("link", name="Olga Officier").click()
    expect(fg.locator("form#formulier")).to_have_count(0)
    look(fg)
    officer.goto(HOME)
    expect(officer.get_by_role("link", name="vraag over inzage")).to_have_count(0)
