"""The named person: enter, read with a reason, mark afterwards, complete, destroy, and the log."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.core.text import day_of
from stopintimidatie.reports.vocabulary import Source
from tests.support.axe import problems_on
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import PASSWORD, Installation, make_settings
from tests.support.policing import HERE
from tests.support.served import in_thread

pytestmark = pytest.mark.alles

WORD = "Quirinus"


@pytest.fixture
def town(sqlite_template: Path, tmp_path: Path) -> Iterator[Installation]:
    """Dordrecht with its own database and keys."""
    shutil.copy(sqlite_template, tmp_path / "data.sqlite")
    create_key_file(tmp_path / "sleutels.json")
    running = Installation(make_settings(f"sqlite:///{tmp_path}/data.sqlite", tmp_path))
    connect(running, DORDRECHT)
    yield running
    running.close()


@pytest.fixture
def named(chromium_browser: Browser, town: Installation) -> Iterator[Page]:
    """The browser of an officer who is named for police data."""
    roles = (DORDRECHT, Role.OFFICER), (DORDRECHT, Role.POLICE_DATA)
    with in_thread(town.app) as address:
        page = chromium_browser.new_context(base_url=address, locale="nl-NL").new_page()
        page.goto("/aanmelden")
        page.fill("[name=gebruikersnaam]", make_user(town, *roles))
        page.fill("[name=wachtwoord]", PASSWORD)
        page.click("button[name=aanmelden]")
        yield page


def test_a_named_person_enters_reads_marks_and_destroys(town: Installation, named: Page) -> None:
    told = f"Hij riep iets. De politie kent hem als {WORD}. Daarna liep hij weg."
    with town.transaction(DORDRECHT) as session:
        report = make_report(session, town, description=told)
        report.source, reference = Source.COUNTER.value, report.reference
    named.goto(HERE)
    expect(named.get_by_text("Nog niets vastgelegd")).to_be_visible()
    seen(named, "lege lijst")
    enter(named, reference)
    read(named, reference)
    mark(named, reference)
    complete_and_destroy(named, reference)


def enter(page: Page, reference: str) -> None:
    page.get_by_role("link", name="Politiegegevens vastleggen").click()
    seen(page, "vastleggen")
    page.get_by_label("Een melding of dossier dat hier al is").check()
    page.fill("[name=kenmerk]", reference)
    page.get_by_label("art. 16 Wpg").check()
    page.fill("[name=verstrekker]", "politie, wijkagent")
    page.fill("[name=doel]", "Handhaven van de openbare orde.")
    page.fill("[name=tekst]", "Er loopt een onderzoek.")
    today = day_of(utc_now())
    page.fill("[name=ontvangen]", today.isoformat())
    page.fill("[name=opnieuw]", (today + timedelta(days=100)).isoformat())
    seen(page, "vastleggen, ingevuld")
    page.get_by_role("button", name="Vastleggen").click()
    expect(page.get_by_text("Alleen gemachtigden zien dit.").first).to_be_visible()
    seen(page, "lijst")


def read(page: Page, reference: str) -> None:
    page.get_by_role("link", name=f"Bij melding {reference}").click()
    expect(page.get_by_text("Er loopt een onderzoek.")).to_have_count(0)
    seen(page, "reden")
    page.get_by_label("Waarom leest u dit vandaag?").fill("Voorbereiden van het overleg.")
    page.get_by_role("button", name="Lezen").click()
    expect(page.get_by_text("Er loopt een onderzoek.")).to_be_visible()
    seen(page, "stuk")


def mark(page: Page, reference: str) -> None:
    page.goto(f"/m/{reference}")
    address = page.url
    expect(page.get_by_text(WORD)).to_have_count(1)
    seen(page, "melding")
    page.goto(f"{address}/van-de-politie")
    seen(page, "verplaatsen")
    page.get_by_label("Een stuk tekst").check()
    page.fill("[name=tekst]", f"De politie kent hem als {WORD}.")
    seen(page, "verplaatsen, ingevuld")
    page.get_by_role("button", name="Verplaatsen").click()
    expect(page.get_by_text("Hij riep iets. Daarna liep hij weg.")).to_be_visible()
    expect(page.get_by_text(WORD)).to_have_count(0)


def complete_and_destroy(page: Page, reference: str) -> None:
    page.goto(HERE)
    expect(page.get_by_text("Er wacht een besluit")).to_be_visible()
    seen(page, "lijst met een besluit")
    # It comes first, and it's about a document for which a reason was given today.
    page.get_by_role("link", name=f"Bij melding {reference}").first.click()
    expect(page.get_by_text(WORD)).to_be_visible()
    seen(page, "stuk dat niet compleet is")
    page.get_by_role("link", name="Aanvullen").click()
    seen(page, "aanvullen")
    page.get_by_label("art. 20 Wpg").check()
    page.fill("[name=verstrekker]", "politie, wijkagent")
    page.fill("[name=doel]", "Samenwerking in de wijk.")
    page.get_by_role("button", name="Aanvullen").click()
    page.get_by_role("link", name="Langer bewaren of vernietigen").click()
    seen(page, "beslissen")
    page.get_by_label("Vernietigen").check()
    page.get_by_role("button", name="Besluit vastleggen").click()
    expect(page.get_by_text("De inhoud is vernietigd.")).to_be_visible()
    seen(page, "lijst met iets dat weg is")
    page.get_by_role("link", name="Wie las wat, en waarom").click()
    expect(page.get_by_text("Voorbereiden van het overleg.")).to_be_visible()
    seen(page, "logboek")


def seen(page: Page, name: str) -> None:
    """Check a page on a wide screen and on a phone."""
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert problems_on(page) == [], name
