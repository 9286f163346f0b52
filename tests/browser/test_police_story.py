"""Police data in two browsers: entered and read, marked by an officer, judged by a named person."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
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


@dataclass
class Desks:
    """Browsers of who has a part in it, each signed in."""

    named: Page
    marker: Page
    colleague: Page


@pytest.fixture
def desks(chromium_browser: Browser, town: Installation) -> Iterator[Desks]:
    """Somebody named for police data, and two officers who aren't."""
    officer = (DORDRECHT, Role.OFFICER)

    def sign_in(address: str, name: str, *roles: tuple[str, Role]) -> Page:
        page = chromium_browser.new_context(base_url=address, locale="nl-NL").new_page()
        page.goto("/aanmelden")
        page.fill("[name=gebruikersnaam]", make_user(town, officer, *roles, name=name))
        page.fill("[name=wachtwoord]", PASSWORD)
        page.click("button[name=aanmelden]")
        return page

    with in_thread(town.app) as address:
        yield Desks(
            sign_in(address, "Noor Smit", (DORDRECHT, Role.POLICE_DATA)),
            sign_in(address, "Mark Eerder"),
            sign_in(address, "Col Lega"),
        )


def test_what_an_officer_marks_is_confirmed_completed_and_destroyed(
    town: Installation, desks: Desks
) -> None:
    told = f"Hij riep iets. De politie kent hem als {WORD}. Daarna liep hij weg."
    with town.transaction(DORDRECHT) as session:
        report = make_report(session, town, description=told)
        report.source, reference = Source.COUNTER.value, report.reference
    desks.named.goto(HERE)
    expect(desks.named.get_by_text("Nog niets vastgelegd")).to_be_visible()
    seen(desks.named, "lege lijst")
    enter(desks.named, reference)
    read(desks.named, reference)
    mark(desks.marker, reference, "Verhaal")
    gone(desks.colleague, reference)
    judge(desks.named, reference, "Ja, dit komt van de politie")
    gone(desks.colleague, reference)
    complete_and_destroy(desks.named, reference)


def test_what_an_officer_marks_is_put_back_as_it_was(town: Installation, desks: Desks) -> None:
    with town.transaction(DORDRECHT) as session:
        reference = make_report(session, town).reference
    desks.colleague.goto(f"/m/{reference}")
    desks.colleague.goto(f"{desks.colleague.url}/notitie")
    desks.colleague.fill("[name=tekst]", f"Volgens de buren heet hij {WORD}.")
    desks.colleague.click("button[name=opslaan]")
    expect(desks.colleague.get_by_text(WORD)).to_be_visible()
    mark(desks.marker, reference, "Notitie")
    gone(desks.colleague, reference)
    desks.named.goto(HERE)
    desks.named.get_by_role("link", name=f"Bij melding {reference}").click()
    give_reason(desks.named)
    judge(desks.named, reference, "Nee, zet het terug zoals het was")
    desks.colleague.reload()
    expect(desks.colleague.get_by_text(f"Volgens de buren heet hij {WORD}.")).to_be_visible()


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
    give_reason(page)
    expect(page.get_by_text("Er loopt een onderzoek.")).to_be_visible()
    seen(page, "stuk")


def give_reason(page: Page) -> None:
    page.get_by_label("Waarom leest u dit vandaag?").fill("Voorbereiden van het overleg.")
    page.get_by_role("button", name="Lezen").click()


def mark(page: Page, reference: str, label: str) -> None:
    page.goto(f"/m/{reference}")
    address = page.url
    expect(page.get_by_text(WORD)).to_have_count(1)
    seen(page, "melding")
    page.goto(f"{address}/van-de-politie")
    seen(page, "markeren")
    page.get_by_label(label).check()
    seen(page, "markeren, gekozen")
    page.get_by_role("button", name="Markeren").click()
    expect(page.get_by_text("Gemarkeerd, en verborgen.")).to_be_visible()
    expect(page.get_by_text(WORD)).to_have_count(0)
    seen(page, "gemarkeerd")
    page.get_by_role("link", name="Bekijken", exact=True).click()
    give_reason(page)
    expect(page.get_by_text("U markeerde dit.")).to_be_visible()
    expect(page.get_by_text(WORD)).to_be_visible()
    expect(page.get_by_role("button", name="Beslissen")).to_have_count(0)
    seen(page, "stuk van wie het markeerde")
    page.goto(f"{address}/van-de-politie")
    expect(page.get_by_text("Wat u markeerde")).to_be_visible()
    seen(page, "markeren, met wat is gemarkeerd")


def gone(page: Page, reference: str) -> None:
    """Check that somebody else sees nothing of it."""
    page.goto(f"/m/{reference}")
    expect(page.get_by_role("link", name="Komt dit van de politie?")).to_be_visible()
    expect(page.get_by_text(WORD)).to_have_count(0)
    expect(page.get_by_text("gemarkeerd")).to_have_count(0)


def judge(page: Page, reference: str, answer: str) -> None:
    page.goto(HERE)
    expect(page.get_by_text("wacht op een tweede persoon")).to_be_visible()
    seen(page, "lijst met iets dat wacht")
    # It comes first, and it's about a document for which a reason was given today.
    page.get_by_role("link", name=f"Bij melding {reference}").first.click()
    expect(page.get_by_text(WORD)).to_be_visible()
    seen(page, "stuk dat op een tweede persoon wacht")
    page.get_by_label(answer).check()
    page.get_by_role("button", name="Beslissen").click()
    expect(page.get_by_text("Bevestigd" if "Ja" in answer else "Teruggezet")).to_be_visible()
    seen(page, "lijst, beslist")


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
    # Theirs and the marker's.
    expect(page.get_by_text("Voorbereiden van het overleg.")).to_have_count(2)
    expect(page.get_by_text("bevestigde dat het van de politie komt")).to_be_visible()
    seen(page, "logboek")


def seen(page: Page, name: str) -> None:
    """Check a page on a wide screen and on a phone."""
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert problems_on(page) == [], name
