"""The privacy officer takes requests from entry to letter; the FG looks on, on a phone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import day_of
from tests.browser.conftest import Enter, look
from tests.support.factories import DORDRECHT, make_report
from tests.support.installation import Installation

pytestmark = pytest.mark.alles

HOME = "/gemeenten/dordrecht/verzoeken"


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


def test_a_request_goes_from_entry_to_letter(dordrecht: Installation, enter: Enter) -> None:
    with dordrecht.transaction(DORDRECHT) as session:
        report = make_report(session, dordrecht).reference
    page = enter(Role.PRIVACY_OFFICER)
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
    expect(page.get_by_text("Gebruik beperkt")).to_be_visible()
    look(page, "toewijzen", 390, 1280)
    page.get_by_label("Wat wilt u er nog bij schrijven?").fill("De tijd is verbeterd.")
    page.get_by_role("button", name="Verzoek toewijzen").click()
    expect(page.get_by_text("Het besluit is nog niet verstuurd")).to_be_visible()
    look(page, "niet-verstuurd", 390, 1280)
    page.get_by_role("link", name="De brief lezen").click()
    expect(page.get_by_text("na de dag waarop wij deze brief verstuurden")).to_be_visible()
    look(page, "brief", 390, 1280)
    page.get_by_role("link", name="Verstuurd vastleggen").click()
    page.get_by_label("Wanneer is de brief verstuurd?").fill(str(day_of(utc_now())))
    page.get_by_label("Per post").check()
    look(page, "verstuurd", 390, 1280)
    page.get_by_role("button", name="Vastleggen").click()
    expect(page.get_by_text("Bezwaar kan tot en met")).to_be_visible()
    page.get_by_role("button", name="Er is bezwaar gemaakt").click()
    expect(page.get_by_text("Behandel het bezwaar in uw zaaksysteem")).to_be_visible()
    look(page, "bezwaar", 390, 1280)


def test_who_asks_for_a_child_gets_one_answer(dordrecht: Installation, enter: Enter) -> None:
    # Without scripts everything is a link or a form.
    page = enter(Role.PRIVACY_OFFICER, scripts=False)
    ask(page, "Inzage in gegevens (art. 15)", "Een ouder of voogd", 25)
    expect(page.get_by_text("Een ouder vraagt voor iemand van 16 jaar of ouder")).to_be_visible()
    page.get_by_role("link", name="Weigeren").click()
    page.get_by_label("Rechten van anderen (art. 15 lid 4 AVG)").check()
    page.get_by_label("Waarom").fill("De dochter is zeventien.")
    page.get_by_role("button", name="Weigeren").click()
    page.get_by_role("link", name="Antwoord op uw verzoek over een kind").click()
    expect(page.get_by_text("U kunt er dus niets uit opmaken")).to_be_visible()
    assert "zeventien" not in page.content()
    page = enter(Role.DATA_PROTECTION_OFFICER, width=390)
    page.goto(HOME)
    look(page, "lijst-390")
    page.get_by_role("link", name="V-").first.click()
    look(page, "verzoek-390")
    expect(page.get_by_role("link", name="Verstuurd vastleggen")).to_have_count(0)
