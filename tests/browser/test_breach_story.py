"""An officer misses a bag; the privacy officer takes the breach to its end; a reporter reads it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from stopintimidatie.core.security import Role
from tests.browser.conftest import Enter, look
from tests.support.api import Api
from tests.support.installation import Installation

pytestmark = pytest.mark.alles
TEXT = "Een tas met gegevens uit uw melding is gestolen. Bel ons op 14 078."


def test_a_breach_goes_from_a_missed_bag_to_a_reporter_who_knows(
    dordrecht: Installation, enter: Enter
) -> None:
    receipt = Api(dordrecht).post().json

    # On a phone, without scripts.
    page = enter(Role.OFFICER, width=390, scripts=False)
    page.goto("/datalek-melden")
    page.get_by_label("Een stuk of apparaat is kwijt of gestolen").check()
    page.get_by_label("Wat is er gebeurd?").fill("Een tas met een dossier bleef in de trein.")
    page.get_by_role("button", name="Datalek melden").click()
    expect(page.get_by_text("Dank u wel. Het datalek is gemeld")).to_be_visible()

    page = enter(Role.PRIVACY_OFFICER)
    page.goto("/datalekken")
    look(page, "register", 390, 1280)
    page.locator("main a[href*='/datalekken/D-']").click()
    expect(page.get_by_text("Besluit over de AP: nog 2 dagen")).to_be_visible()
    look(page, "datalek", 390, 1280)
    # The same form is saved again as more is known.
    page.get_by_label("Welke meldingen horen erbij?").fill(receipt["kenmerk"])
    page.get_by_label("Een hoog risico").check()
    page.get_by_label("Waarom is dat het risico?").fill("Er stond in waar en wanneer het gebeurde.")
    page.get_by_role("button", name="Opslaan").click()
    expect(page.get_by_text("0 van 1 melder hebben een bericht.")).to_be_visible()

    page.get_by_role("link", name="Naar de AP").click()
    expect(page.get_by_text("Een hoog risico")).to_be_visible()
    look(page, "ap", 390, 1280)
    page.get_by_label("Nummer van de AP").fill("AP-2026-1")
    page.get_by_role("button", name="Vastleggen").click()

    page.get_by_role("link", name="Melders vertellen").click()
    look(page, "vertellen")
    page.get_by_label("Tekst voor de melders").fill(TEXT)
    page.get_by_label("Dezelfde tekst in het Engels").fill("A bag was stolen.")
    page.get_by_role("button", name="Vertellen aan 1 melder").click()
    dordrecht.run_jobs()

    page.get_by_label("Wat een melder vertelde").check()
    page.get_by_label("Van hoeveel mensen?").fill("1")
    page.get_by_label("Wat kan dit voor mensen betekenen?").fill("Iemand leest wat er gebeurde.")
    page.get_by_label("Wat is of wordt eraan gedaan?").fill("De vervoerder zoekt de tas.")
    page.get_by_role("button", name="Opslaan").click()
    expect(page.get_by_text("1 van 1 melder heeft een bericht.")).to_be_visible()
    page.get_by_role("button", name="Afsluiten").click()
    expect(page.get_by_text("op tijd")).to_be_visible()
    look(page, "afgesloten", 390, 1280)

    # The reporter gave no address.
    page = enter(width=390, scripts=False)
    page.goto("/volgen")
    page.fill("[name=kenmerk]", receipt["kenmerk"])
    page.fill("[name=volgcode]", receipt["volgcode"])
    page.click("button[name=bekijken]")
    expect(page.get_by_text(TEXT)).to_be_visible()
