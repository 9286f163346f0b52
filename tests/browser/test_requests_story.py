"""The privacy officer takes requests from entry to letter; the FG looks on, on a phone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.core.text import day_of
from tests.support.axe import problems_on
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import PASSWORD, Installation, make_settings
from tests.support.served import in_thread

pytestmark = pytest.mark.alles

HOME = "/gemeenten/dordrecht/verzoeken"
Enter = Callable[..., Page]


@pytest.fixture
def enter(
    chromium_browser: Browser, sqlite_template: Path, tmp_path: Path
) -> Iterator[tuple[Installation, Enter]]:
    shutil.copy(sqlite_template, tmp_path / "data.sqlite")
    create_key_file(tmp_path / "sleutels.json")
    running = Installation(make_settings(f"sqlite:///{tmp_path}/data.sqlite", tmp_path))
    connect(running, DORDRECHT)
    with in_thread(running.app) as address:

        def as_role(role: Role, *, width: int = 1280, scripts: bool = True) -> Page:
            user = make_user(running, (DORDRECHT, role), name=f"De {role.label}")
            context = chromium_browser.new_context(
                base_url=address,
                locale="nl-NL",
                viewport={"width": width, "height": 900},
                java_script_enabled=scripts,
            )
            page = context.new_page()
            page.goto("/aanmelden")
            page.fill("[name=gebruikersnaam]", user)
            page.fill("[name=wachtwoord]", PASSWORD)
            page.click("button[name=aanmelden]")
            return page

        yield running, as_role
        for context in chromium_browser.contexts:
            context.close()
    running.close()


def look(page: Page, name: str) -> None:
    """Axe finds nothing; with a folder in PICTURES a picture is kept."""
    assert problems_on(page) == []
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def ask(page: Page, right: str, who: str, days: int) -> None:
    """Enter a request that came in some days ago."""
    page.goto(HOME)
    page.get_by_role("link", name="Verzoek invoeren").click()
    page.get_by_label("Wanneer kwam het verzoek binnen?").fill(
        str(day_of(utc_now()) - timedelta(days=days))
    )
    for label in ("Brief", right, "Melder", who):
        page.get_by_label(label, exact=True).check()
    page.get_by_label("Naam van wie het vraagt").fill("Rietje de Vries")
    page.get_by_label("Postadres").fill("Kade 1\n3311 AB Dordrecht")
    page.get_by_label("De vraag, in de woorden van de persoon").fill("Wat hebt u over mij?")
    page.get_by_role("button", name="Verzoek opslaan").click()
    expect(page.get_by_text("Het verzoek is opgeslagen")).to_be_visible()


def test_a_request_goes_from_entry_to_letter(enter: tuple[Installation, Enter]) -> None:
    running, as_role = enter
    with running.transaction(DORDRECHT) as session:
        report = make_report(session, running).reference
    page = as_role(Role.PRIVACY_OFFICER)
    ask(page, "Gegevens verbeteren (art. 16)", "De betrokkene zelf", 3)
    look(page, "verzoek")
    page.get_by_role("link", name="Identiteit vaststellen").click()
    page.get_by_label("Identiteitsbewijs gezien aan de balie").check()
    look(page, "identiteit")
    page.get_by_role("button", name="Identiteit vaststellen").click()
    page.get_by_role("link", name="Gebruik beperken").click()
    page.get_by_label("Welk stuk?").fill(report)
    page.get_by_label("Dit stuk gaat over de persoon van dit verzoek").check()
    page.get_by_label("De juistheid wordt betwist (a)").check()
    page.get_by_label("Om welke gegevens gaat het?").fill("de tijd van de melding")
    look(page, "beperken")
    page.get_by_role("button", name="Gebruik beperken").click()
    expect(page.get_by_text("Beperkt: de tijd van de melding")).to_be_visible()
    page.get_by_role("link", name="Verzoek toewijzen").click()
    page.get_by_label("Wat is er gedaan?").fill("De tijd is verbeterd.")
    page.get_by_role("button", name="Verzoek toewijzen").click()
    page.get_by_role("link", name="Wij hebben gedaan wat u vroeg").click()
    expect(page.get_by_text("U kunt bezwaar maken tot en met")).to_be_visible()
    look(page, "brief")


def test_who_asks_for_a_child_gets_one_answer(enter: tuple[Installation, Enter]) -> None:
    _, as_role = enter
    # Without scripts everything is a link or a form.
    page = as_role(Role.PRIVACY_OFFICER, scripts=False)
    ask(page, "Inzage in gegevens (art. 15)", "Een ouder of voogd", 25)
    expect(page.get_by_text("Een ouder vraagt voor iemand van 16 jaar of ouder")).to_be_visible()
    page.get_by_role("link", name="Weigeren").click()
    page.get_by_label("Grond").select_option("avg_15_4")
    page.get_by_label("Waarom").fill("De dochter is zeventien.")
    page.get_by_role("button", name="Weigeren").click()
    page.get_by_role("link", name="Antwoord op uw verzoek over een kind").click()
    expect(page.get_by_text("Uit deze brief kunt u dus niets opmaken")).to_be_visible()
    assert "zeventien" not in page.content()
    page = as_role(Role.DATA_PROTECTION_OFFICER, width=390)
    page.goto(HOME)
    look(page, "lijst-390")
    page.get_by_role("link", name="V-").first.click()
    look(page, "verzoek-390")
    expect(page.get_by_role("link", name="Bezwaar vastleggen")).to_have_count(0)
