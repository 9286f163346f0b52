"""A dossier about one person: the owner asks, the privacy officer advises, the FG looks on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.security import Role
from tests.browser.conftest import Enter
from tests.support.axe import problems_on
from tests.support.factories import make_dossier
from tests.support.installation import Installation

pytestmark = pytest.mark.alles


def send(page: Page) -> None:
    """Press the button of the form, after a look at the page by axe."""
    assert problems_on(page) == [], page.url
    page.click("form#formulier button[type=submit]")
    page.wait_for_load_state()


def test_the_story_of_owner_privacy_officer_and_fg(dordrecht: Installation, enter: Enter) -> None:
    lead = enter(Role.DOSSIER_OWNER, name="De dossierhouder")
    with dordrecht.transaction() as session:
        owner = session.scalars(select(User.id).where(User.name == "De dossierhouder")).one()
        made = make_dossier(session, kind="persoonsgericht", title="Aanpak P-01", owner_id=owner)
        path = f"/gemeenten/dordrecht/binnenstad/{made.number}"
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

    privacy = enter(Role.PRIVACY_OFFICER, width=390)
    privacy.goto("/gemeenten/dordrecht")
    privacy.get_by_role("link", name="Adviseren over een persoonsgericht dossier").click()
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
    lead.check("[name=grondslag][value=avg_6_1_e_openbare_orde]")
    send(lead)
    assert "In aanpak" in lead.inner_text("main")
    assert problems_on(lead) == []

    fg = enter(Role.DATA_PROTECTION_OFFICER)
    fg.goto("/gemeenten/dordrecht")
    assert "1 advies niet gevolgd" in fg.inner_text("main")
    fg.click(".si-task__action:text-is('Lezen')")
    assert problems_on(fg) == []
    fg.click("table a")
    assert "Lichter heeft drie keer niet gewerkt." in fg.inner_text("main")
    assert not fg.is_visible("text=Advies geven"), "the FG watches, and doesn't act"
