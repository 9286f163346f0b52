"""A person is found and gets a copy: privacy officer, dossier owner on a phone, and the person."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.mail.addresses import readable
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import day_of
from stopintimidatie.disclosures.pickup import mail_code_of
from stopintimidatie.privacy.copies import services
from stopintimidatie.privacy.requests.models import SubjectRequest
from stopintimidatie.privacy.requests.services import Entry, Person, enter_request, move_request
from tests.browser.conftest import Enter, look
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation
from tests.support.subjects import MAIL, PERSON, PHONE, plant

pytestmark = pytest.mark.alles
TOWN = "/gemeenten/dordrecht"


def test_a_person_is_found_and_fetches_a_copy_that_a_second_person_judged(
    dordrecht: Installation, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "render_in_process", lambda content, **kw: b"%PDF-1.7 kopie")
    plant(dordrecht)
    registry = dordrecht.registry
    with dordrecht.transaction(DORDRECHT) as session:
        who = Person(PERSON, MAIL, PHONE, "Kade 1\n3311 AB Dordrecht")
        today = day_of(utc_now())
        entry = Entry("inzage", "melder", "zelf", "brief", today, who, "Wat hebt u over mij?")
        row = enter_request(session, registry.key_ring, DORDRECHT, entry, SYSTEM)
        move_request(registry, session, row, "identiteit", {"hoe": "gezien"}, SYSTEM)
        case = f"{TOWN}/verzoeken/{row.reference}"

    officer = enter(Role.PRIVACY_OFFICER, path=case)
    officer.get_by_role("link", name="Zoeken", exact=True).last.click()
    look(officer, "zoeken", 390, 1280)
    officer.get_by_role("button", name="Zoeken", exact=True).last.click()
    look(officer, "gevonden", 390, 1280)
    for choice in officer.locator("#vondst input[type=checkbox]").all():
        choice.check()
    officer.get_by_role("button", name="Verder", exact=True).click()
    look(officer, "kopie", 390, 1280)
    officer.get_by_role("button", name="Laten nakijken").click()
    expect(officer.get_by_text("wacht nu op een tweede persoon")).to_be_visible()
    dordrecht.run_jobs()

    second = enter(Role.DOSSIER_OWNER, path=f"{case}/nakijken")
    look(second, "nakijken", 390, 1280)
    second.get_by_label("Nee", exact=True).check()
    second.get_by_role("button", name="Klaar").click()
    expect(second.get_by_text("De kopie is nagekeken")).to_be_visible()

    officer.reload()
    officer.get_by_role("link", name="Kopie versturen").click()
    look(officer, "versturen", 390, 1280)
    officer.get_by_role("button", name="Versturen").click()
    officer.get_by_role("button", name="Code maken").click()
    look(officer, "verstuurd", 390, 1280)
    with dordrecht.transaction(DORDRECHT) as session:
        asked = select(SubjectRequest).where(SubjectRequest.id == row.id)
        pickup = services.pickup_of(session, session.scalars(asked).one())
        assert pickup is not None
        code = mail_code_of(registry.key_ring, pickup)
    expect(officer.get_by_text(readable(code))).to_be_visible()

    person = enter(path=f"/ophalen/{pickup.reference}")
    look(person, "ophalen", 390, 1280)
    person.get_by_label("Uw naam").fill(PERSON)
    person.get_by_label("Voor mijzelf").check()
    person.get_by_label("Code", exact=True).fill(code)
    person.get_by_role("button", name="Verder").click()
    look(person, "gegevens", 390, 1280)
    with person.expect_download() as download:
        person.get_by_role("button", name="PDF ophalen").click()
    assert download.value.suggested_filename == f"{row.reference}.pdf"
