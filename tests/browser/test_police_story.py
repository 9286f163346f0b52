"""Police data in two browsers: entered and read, marked by an officer, judged by a named person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import day_of
from stopintimidatie.reports.vocabulary import Source
from tests.browser.conftest import Enter, look
from tests.support.factories import DORDRECHT, make_report
from tests.support.installation import Installation
from tests.support.policing import HERE, switch_on

pytestmark = pytest.mark.alles

WORD = "Quirinus"


@dataclass
class Desks:
    """Browsers of who has a part in it, each signed in."""

    named: Page
    marker: Page
    colleague: Page


@pytest.fixture
def desks(dordrecht: Installation, enter: Enter) -> Desks:
    """Somebody named for police data, and two officers who aren't."""
    switch_on(dordrecht)
    named = enter(Role.OFFICER, Role.POLICE_DATA, name="Noor Smit")
    marker, colleague = (enter(Role.OFFICER, name=name) for name in ("Mark Eerder", "Col Lega"))
    return Desks(named, marker, colleague)


def test_what_an_officer_marks_is_confirmed_completed_and_destroyed(
    dordrecht: Installation, desks: Desks
) -> None:
    told = f"Hij riep iets. De politie kent hem als {WORD}. Daarna liep hij weg."
    with dordrecht.transaction(DORDRECHT) as session:
        report = make_report(session, dordrecht, description=told)
        report.source, reference = Source.COUNTER.value, report.reference
    desks.named.goto(HERE)
    expect(desks.named.get_by_text("Nog niets vastgelegd")).to_be_visible()
    look(desks.named, "lege lijst", 1280, 390)
    fill_in(desks.named, reference)
    read(desks.named, reference)
    mark(desks.marker, reference, "Verhaal")
    gone(desks.colleague, reference)
    judge(desks.named, reference, "Ja, dit komt van de politie")
    gone(desks.colleague, reference)
    complete_and_destroy(desks.named, reference)


def test_what_an_officer_marks_is_put_back_as_it_was(dordrecht: Installation, desks: Desks) -> None:
    with dordrecht.transaction(DORDRECHT) as session:
        reference = make_report(session, dordrecht).reference
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


def fill_in(page: Page, reference: str) -> None:
    page.get_by_role("link", name="Politiegegevens vastleggen").click()
    look(page, "vastleggen", 1280, 390)
    page.get_by_label("Een melding of dossier dat hier al is").check()
    page.fill("[name=kenmerk]", reference)
    page.get_by_label("art. 16 Wpg").check()
    page.fill("[name=verstrekker]", "politie, wijkagent")
    page.fill("[name=doel]", "Handhaven van de openbare orde.")
    page.fill("[name=tekst]", "Er loopt een onderzoek.")
    today = day_of(utc_now())
    page.fill("[name=ontvangen]", today.isoformat())
    page.fill("[name=opnieuw]", (today + timedelta(days=100)).isoformat())
    look(page, "vastleggen, ingevuld", 1280, 390)
    page.get_by_role("button", name="Vastleggen").click()
    expect(page.get_by_text("Alleen gemachtigden zien dit.").first).to_be_visible()
    look(page, "lijst", 1280, 390)


def read(page: Page, reference: str) -> None:
    page.get_by_role("link", name=f"Bij melding {reference}").click()
    expect(page.get_by_text("Er loopt een onderzoek.")).to_have_count(0)
    look(page, "reden", 1280, 390)
    give_reason(page)
    expect(page.get_by_text("Er loopt een onderzoek.")).to_be_visible()
    look(page, "stuk", 1280, 390)


def give_reason(page: Page) -> None:
    page.get_by_label("Waarom leest u dit vandaag?").fill("Voorbereiden van het overleg.")
    page.get_by_role("button", name="Lezen").click()


def mark(page: Page, reference: str, label: str) -> None:
    page.goto(f"/m/{reference}")
    address = page.url
    expect(page.get_by_text(WORD)).to_have_count(1)
    look(page, "melding", 1280, 390)
    page.goto(f"{address}/van-de-politie")
    look(page, "markeren", 1280, 390)
    page.get_by_label(label).check()
    look(page, "markeren, gekozen", 1280, 390)
    page.get_by_role("button", name="Markeren").click()
    expect(page.get_by_text("Gemarkeerd, en verborgen.")).to_be_visible()
    expect(page.get_by_text(WORD)).to_have_count(0)
    look(page, "gemarkeerd", 1280, 390)
    page.get_by_role("link", name="Bekijken", exact=True).click()
    give_reason(page)
    expect(page.get_by_text("U markeerde dit.")).to_be_visible()
    expect(page.get_by_text(WORD)).to_be_visible()
    expect(page.get_by_role("button", name="Beslissen")).to_have_count(0)
    look(page, "stuk van wie het markeerde", 1280, 390)
    page.goto(f"{address}/van-de-politie")
    expect(page.get_by_text("Wat u markeerde")).to_be_visible()
    look(page, "markeren, met wat is gemarkeerd", 1280, 390)


def gone(page: Page, reference: str) -> None:
    """Check that somebody else sees nothing of it."""
    page.goto(f"/m/{reference}")
    expect(page.get_by_role("link", name="Komt dit van de politie?")).to_be_visible()
    expect(page.get_by_text(WORD)).to_have_count(0)
    expect(page.get_by_text("gemarkeerd")).to_have_count(0)


def judge(page: Page, reference: str, answer: str) -> None:
    page.goto(HERE)
    expect(page.get_by_text("wacht op een tweede persoon")).to_be_visible()
    look(page, "lijst met iets dat wacht", 1280, 390)
    # It comes first, and it's about a document for which a reason was given today.
    page.get_by_role("link", name=f"Bij melding {reference}").first.click()
    expect(page.get_by_text(WORD)).to_be_visible()
    look(page, "stuk dat op een tweede persoon wacht", 1280, 390)
    page.get_by_label(answer).check()
    page.get_by_role("button", name="Beslissen").click()
    expect(page.get_by_text("Bevestigd" if "Ja" in answer else "Teruggezet")).to_be_visible()
    look(page, "lijst, beslist", 1280, 390)


def complete_and_destroy(page: Page, reference: str) -> None:
    page.goto(HERE)
    expect(page.get_by_text("Er wacht een besluit")).to_be_visible()
    look(page, "lijst met een besluit", 1280, 390)
    # It comes first, and it's about a document for which a reason was given today.
    page.get_by_role("link", name=f"Bij melding {reference}").first.click()
    expect(page.get_by_text(WORD)).to_be_visible()
    look(page, "stuk dat niet compleet is", 1280, 390)
    page.get_by_role("link", name="Aanvullen").click()
    look(page, "aanvullen", 1280, 390)
    page.get_by_label("art. 20 Wpg").check()
    page.fill("[name=verstrekker]", "politie, wijkagent")
    page.fill("[name=doel]", "Samenwerking in de wijk.")
    page.get_by_role("button", name="Aanvullen").click()
    page.get_by_role("link", name="Langer bewaren of vernietigen").click()
    look(page, "beslissen", 1280, 390)
    page.get_by_label("Vernietigen").check()
    page.get_by_role("button", name="Besluit vastleggen").click()
    expect(page.get_by_text("De inhoud is vernietigd.")).to_be_visible()
    look(page, "lijst met iets dat weg is", 1280, 390)
    page.get_by_role("link", name="Wie las wat, en waarom").click()
    # Theirs and the marker's.
    expect(page.get_by_text("Voorbereiden van het overleg.")).to_have_count(2)
    expect(page.get_by_text("bevestigde dat het van de politie komt")).to_be_visible()
    look(page, "logboek", 1280, 390)
