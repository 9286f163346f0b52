"""An officer misses a bag; the privacy officer takes the breach to its end; a reporter reads it."""

from __future__ import annotations

import os
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
TEXT = "Een tas met gegevens uit uw melding is gestolen. Bel ons op 14 078."
Open = Callable[..., Page]


@pytest.fixture
def desk(
    chromium_browser: Browser, sqlite_template: Path, tmp_path: Path
) -> Iterator[tuple[Installation, Open]]:
    """A municipality behind a web server, and the way to open a page there as somebody."""
    shutil.copy(sqlite_template, tmp_path / "data.sqlite")
    create_key_file(tmp_path / "sleutels.json")
    running = Installation(make_settings(f"sqlite:///{tmp_path}/data.sqlite", tmp_path))
    connect(running)
    with in_thread(running.app) as address:

        def open_as(role: Role | None, width: int = 1280, *, scripts: bool = True) -> Page:
            context = chromium_browser.new_context(
                base_url=address,
                locale="nl-NL",
                viewport={"width": width, "height": 900},
                java_script_enabled=scripts,
            )
            page = context.new_page()
            if role is not None:
                page.goto("/aanmelden")
                page.fill("[name=gebruikersnaam]", make_user(running, (DORDRECHT, role)))
                page.fill("[name=wachtwoord]", PASSWORD)
                page.click("button[name=aanmelden]")
            return page

        yield running, open_as
        for context in chromium_browser.contexts:
            context.close()
    running.close()


def look(page: Page, name: str) -> None:
    """Axe finds nothing; with PICTURES set a picture is kept."""
    assert problems_on(page) == []
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_a_breach_goes_from_a_missed_bag_to_a_reporter_who_knows(
    desk: tuple[Installation, Open],
) -> None:
    running, open_as = desk
    receipt = Api(running).post().json

    # On a phone, without scripts.
    page = open_as(Role.OFFICER, 390, scripts=False)
    page.goto("/datalek-melden")
    page.get_by_label("Een stuk of apparaat is kwijt of gestolen").check()
    page.get_by_label("Wat is er gebeurd?").fill("Een tas met een dossier bleef in de trein.")
    page.get_by_role("button", name="Datalek melden").click()
    expect(page.get_by_text("Dank u wel. Het datalek is gemeld")).to_be_visible()

    page = open_as(Role.PRIVACY_OFFICER)
    page.goto("/datalekken")
    look(page, "register")
    page.locator("main a[href*='/datalekken/D-']").click()
    expect(page.get_by_text("Besluit over de AP: nog 2 dagen")).to_be_visible()
    look(page, "datalek")
    page.get_by_role("link", name="Risico beoordelen").click()
    look(page, "beoordelen")
    page.get_by_label("Een hoog risico").check()
    page.get_by_label("Waarom?").fill("Er stond in waar en wanneer het gebeurde.")
    page.get_by_role("button", name="Risico beoordelen").click()

    page.get_by_role("link", name="Gegevens voor de melding bij de AP").click()
    expect(page.get_by_text("Een hoog risico")).to_be_visible()
    look(page, "ap")
    page.go_back()
    page.get_by_role("link", name="Melding bij de AP vastleggen").click()
    page.get_by_label("Nummer van de AP").fill("AP-2026-1")
    page.get_by_role("button", name="Melding bij de AP vastleggen").click()

    page.get_by_role("link", name="Meldingen toevoegen").click()
    page.get_by_label("Welke meldingen?").fill(receipt["kenmerk"])
    page.get_by_role("button", name="Toevoegen").click()
    page.get_by_role("link", name="Melders vertellen").click()
    look(page, "vertellen")
    page.get_by_label("Tekst voor de melders").fill(TEXT)
    page.get_by_label("Dezelfde tekst in het Engels").fill("A bag was stolen.")
    page.get_by_role("button", name="Vertellen aan 1 melder").click()
    running.run_jobs()

    page.get_by_role("link", name="Feiten aanvullen").click()
    look(page, "feiten")
    page.get_by_label("Wat een melder vertelde").check()
    page.get_by_label("Van hoeveel mensen?").fill("1")
    page.get_by_label("Wat kan dit voor mensen betekenen?").fill("Iemand leest wat er gebeurde.")
    page.get_by_label("Wat is of wordt eraan gedaan?").fill("De vervoerder zoekt de tas.")
    page.get_by_role("button", name="Feiten opslaan").click()
    expect(page.get_by_text("1 van 1 melder heeft een bericht.")).to_be_visible()
    page.get_by_role("link", name="Afsluiten").click()
    page.get_by_role("button", name="Afsluiten").click()
    expect(page.get_by_text("op tijd")).to_be_visible()
    look(page, "afgesloten")

    # The reporter gave no address.
    page = open_as(None, 390, scripts=False)
    page.goto("/volgen")
    page.fill("[name=kenmerk]", receipt["kenmerk"])
    page.fill("[name=volgcode]", receipt["volgcode"])
    page.click("button[name=bekijken]")
    expect(page.get_by_text(TEXT)).to_be_visible()
