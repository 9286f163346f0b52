"""A dossier about one person: the owner asks, the privacy officer advises, the FG looks on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.encryption import create_key_file
from tests.support.axe import problems_on
from tests.support.factories import DORDRECHT, connect, make_dossier, make_user, user_id
from tests.support.installation import PASSWORD, Installation, make_settings
from tests.support.served import in_thread

pytestmark = pytest.mark.alles


class House:
    """A municipality behind a web server, and the desks of three colleagues."""

    def __init__(self, running: Installation, browser: Browser, address: str) -> None:
        self.running, self.browser, self.address = running, browser, address

    def sign_in(self, username: str, width: int = 1280) -> Page:
        page = self.browser.new_context(
            viewport={"width": width, "height": 900}, base_url=self.address, locale="nl-NL"
        ).new_page()
        page.goto("/aanmelden")
        page.fill("[name=gebruikersnaam]", username)
        page.fill("[name=wachtwoord]", PASSWORD)
        page.click("button[name=aanmelden]")
        page.wait_for_load_state()
        return page


@pytest.fixture
def house(chromium_browser: Browser, sqlite_template: Path, tmp_path: Path) -> Iterator[House]:
    shutil.copy(sqlite_template, tmp_path / "data.sqlite")
    create_key_file(tmp_path / "sleutels.json")
    running = Installation(make_settings(f"sqlite:///{tmp_path}/data.sqlite", tmp_path))
    connect(running, DORDRECHT)
    with in_thread(running.app) as address:
        yield House(running, chromium_browser, address)
    for context in chromium_browser.contexts:
        context.close()
    running.close()


def send(page: Page) -> None:
    """Press the button of the form, after a look at the page by axe."""
    assert problems_on(page) == [], page.url
    page.click("form#formulier button[type=submit]")
    page.wait_for_load_state()


def test_the_story_of_owner_privacy_officer_and_fg(house: House) -> None:
    roles = (Role.DOSSIER_OWNER, Role.PRIVACY_OFFICER, Role.DATA_PROTECTION_OFFICER)
    names = [make_user(house.running, (DORDRECHT, role), name=f"De {role.value}") for role in roles]
    with house.running.transaction() as session:
        owner = user_id(house.running, names[0])
        made = make_dossier(session, kind="persoonsgericht", title="Aanpak P-01", owner_id=owner)
        path = f"/gemeenten/dordrecht/binnenstad/{made.number}"
    lead = house.sign_in(names[0])
    lead.goto(path)
    lead.click("text=Grond vastleggen")
    today = local_date(utc_now())
    lead.check("[name=strafgrond][value=avg_10_overheid]")
    lead.fill("[name=evenredigheid]", "Toezicht op de plek alleen was niet genoeg.")
    lead.fill("[name=herzien_op]", (today + timedelta(days=90)).isoformat())
    assert not lead.is_visible("[name=uitgesteld_tot]"), "asked with its choice alone"
    lead.check("[name=informeren][value=uitgesteld]")
    lead.fill("[name=uitgesteld_tot]", (today + timedelta(days=30)).isoformat())
    lead.fill("[name=uitstel_reden]", "Informeren brengt het onderzoek in gevaar.")
    send(lead)
    lead.click("text=Advies vragen")
    lead.fill("[name=vraag]", "Mag dit zo?")
    send(lead)

    privacy = house.sign_in(names[1], 390)
    privacy.goto("/gemeenten/dordrecht")
    privacy.click("text=Adviseren")
    privacy.click("table a")
    privacy.click("text=Advies geven")
    privacy.check("[name=advies][value=negatief]")
    privacy.fill("[name=toelichting]", "Dit is te zwaar.")
    send(privacy)

    lead.goto(path)
    lead.click("text=Besluiten over het advies")
    lead.check("[name=besluit][value=niet_volgen]")
    lead.fill("[name=reden]", "Lichter heeft drie keer niet gewerkt.")
    send(lead)
    lead.goto(f"{path}/stap?naam=starten")
    lead.fill("[name=doel]", "De overlast stoppen.")
    lead.select_option("[name=grondslag]", "avg_6_1_e_openbare_orde")
    send(lead)
    assert "In aanpak" in lead.inner_text("main")
    assert problems_on(lead) == []

    fg = house.sign_in(names[2])
    fg.goto("/gemeenten/dordrecht")
    assert "1 advies niet gevolgd" in fg.inner_text("main")
    fg.click(".si-task__action:text-is('Lezen')")
    assert problems_on(fg) == []
    fg.click("table a")
    assert "Lichter heeft drie keer niet gewerkt." in fg.inner_text("main")
    assert not fg.is_visible("text=Advies geven"), "the FG watches, and doesn't act"
