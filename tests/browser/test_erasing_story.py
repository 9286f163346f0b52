"""A report is erased by two people: one proposes it, another one refuses it and then does it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from stopintimidatie.core.security import Role
from tests.browser.conftest import Enter, look
from tests.support.factories import DORDRECHT, make_report
from tests.support.installation import Installation

pytestmark = pytest.mark.alles
TOWN = "/gemeenten/dordrecht"


def test_a_report_is_proposed_refused_proposed_and_erased(
    dordrecht: Installation, enter: Enter
) -> None:
    with dordrecht.transaction(DORDRECHT) as session:
        reference = make_report(session, dordrecht).reference
    report = f"{TOWN}/binnenstad/{reference}"

    first = enter(Role.PRIVACY_OFFICER, path=f"{report}/gegevens-wissen")
    look(first, "voorstellen", 390, 1280)
    first.get_by_label("niet meer nodig voor het doel").check()
    first.get_by_role("button", name="Wissen voorstellen").click()
    look(first, "alleen", 390, 1280)
    expect(first.get_by_text("U mag het zelf vanaf")).to_be_visible()

    second = enter(Role.DOSSIER_OWNER, path=TOWN)
    look(second, "start", 390, 1280)
    second.get_by_role("link", name="Wissen: kijk mee en beslis").first.click()
    look(second, "nakijken", 390, 1280)
    second.get_by_label("Niet wissen", exact=True).check()
    look(second, "weigeren", 390, 1280)
    second.get_by_label("Waarom niet?").fill("De melder doet nog aangifte.")
    second.get_by_role("button", name="Vastleggen").click()
    expect(second.get_by_text("Het voorstel is geweigerd.")).to_be_visible()

    first.goto(f"{report}/gegevens-wissen")
    expect(first.get_by_text("De melder doet nog aangifte.")).to_be_visible()
    look(first, "geweigerd", 390, 1280)
    first.get_by_label("niet meer nodig voor het doel").check()
    first.get_by_role("button", name="Wissen voorstellen").click()
    expect(first.get_by_text("Een ander dan u kijkt mee.")).to_be_visible()
    look(first, "wacht", 390, 1280)

    second.goto(f"{report}/wissen-nakijken")
    second.get_by_label("Voorgoed wissen").check()
    second.get_by_label("Typ het kenmerk over").fill(reference)
    look(second, "wissen", 390, 1280)
    second.get_by_role("button", name="Vastleggen").click()
    expect(second.get_by_text("De gegevens zijn gewist.")).to_be_visible()
    second.goto(f"{TOWN}/wissen")
    expect(second.get_by_text("gewist door De dossierhouder")).to_be_visible()
    look(second, "lijst-na", 390, 1280)
