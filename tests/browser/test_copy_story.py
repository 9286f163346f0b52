"""A person is found and gets a copy: privacy officer, dossier owner on a phone, and the person."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.mail.addresses import readable
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.core.text import day_of
from stopintimidatie.disclosures.pickup import mail_code_of
from stopintimidatie.privacy.copies import services
from stopintimidatie.privacy.requests.models import SubjectRequest
from stopintimidatie.privacy.requests.services import Entry, Person, enter_request, move_request
from tests.support.axe import problems_on
from tests.support.factories import DORDRECHT, connect, make_user
from tests.support.installation import PASSWORD, Installation, make_settings
from tests.support.served import in_thread
from tests.support.subjects import MAIL, PERSON, PHONE, plant

pytestmark = pytest.mark.alles
TOWN = "/gemeenten/dordrecht"


@pytest.fixture
def served(
    chromium_browser: Browser, sqlite_template: Path, tmp_path: Path
) -> Iterator[tuple[Installation, str]]:
    """A town with the seeded person, at an address."""
    shutil.copy(sqlite_template, tmp_path / "data.sqlite")
    create_key_file(tmp_path / "sleutels.json")
    running = Installation(make_settings(f"sqlite:///{tmp_path}/data.sqlite", tmp_path))
    connect(running, DORDRECHT)
    plant(running)
    with in_thread(running.app) as address:
        yield running, address
        for context in chromium_browser.contexts:
            context.close()
    running.close()


def look(page: Page, name: str) -> None:
    """Axe finds nothing, on a desk and on a phone; in PICTURES pictures are kept."""
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert problems_on(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if folder := os.environ.get("PICTURES"):
            page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)


def test_a_person_is_found_and_fetches_a_copy_that_a_second_person_judged(
    served: tuple[Installation, str], chromium_browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "render_in_process", lambda content, **kw: b"%PDF-1.7 kopie")
    running, address = served
    registry = running.registry
    with running.transaction(DORDRECHT) as session:
        who = Person(PERSON, MAIL, PHONE, "Kade 1\n3311 AB Dordrecht")
        today = day_of(utc_now())
        entry = Entry("inzage", "melder", "zelf", "brief", today, who, "Wat hebt u over mij?")
        row = enter_request(session, registry.key_ring, DORDRECHT, entry, SYSTEM)
        move_request(registry, session, row, "identiteit", {"hoe": "gezien"}, SYSTEM)
        case = f"{TOWN}/verzoeken/{row.reference}"

    def as_role(role: Role, path: str) -> Page:
        user = make_user(running, (DORDRECHT, role), name=f"De {role.label}")
        page = chromium_browser.new_context(base_url=address, locale="nl-NL").new_page()
        page.goto("/aanmelden")
        page.fill("[name=gebruikersnaam]", user)
        page.fill("[name=wachtwoord]", PASSWORD)
        page.click("button[name=aanmelden]")
        page.goto(path)
        return page

    officer = as_role(Role.PRIVACY_OFFICER, case)
    officer.get_by_role("link", name="Zoeken", exact=True).last.click()
    look(officer, "zoeken")
    officer.get_by_role("button", name="Zoeken", exact=True).last.click()
    for choice in officer.get_by_label("Hoort erbij").all():
        choice.check()
    look(officer, "vindplaatsen")
    officer.get_by_role("button", name="Opslaan en zoeken afronden").click()
    officer.get_by_role("link", name="Verder met de kopie").click()
    look(officer, "kopie")
    while officer.get_by_role("button", name="Opslaan en verder").count():
        officer.get_by_role("button", name="Opslaan en verder").click()
    officer.get_by_role("button", name="Laten nakijken").click()
    expect(officer.get_by_text("wacht nu op een tweede persoon")).to_be_visible()
    running.run_jobs()

    second = as_role(Role.DOSSIER_OWNER, f"{TOWN}/kopieen")
    look(second, "kopieen")
    second.get_by_role("link", name="V-").click()
    look(second, "nakijken")
    second.get_by_label("Nee", exact=True).check()
    second.get_by_role("button", name="Klaar").click()
    expect(second.get_by_text("De kopie is nagekeken")).to_be_visible()

    officer.reload()
    officer.get_by_role("link", name="Kopie versturen").click()
    look(officer, "versturen")
    officer.get_by_role("button", name="Versturen").click()
    officer.get_by_role("button", name="Code voor op papier").click()
    look(officer, "verstuurd")
    with running.transaction(DORDRECHT) as session:
        asked = select(SubjectRequest).where(SubjectRequest.id == row.id)
        pickup = services.pickup_of(session, session.scalars(asked).one())
        assert pickup is not None
        code = mail_code_of(registry.key_ring, pickup)
    expect(officer.get_by_text(readable(code))).to_be_visible()

    person = chromium_browser.new_context(base_url=address, locale="nl-NL").new_page()
    person.goto(f"/ophalen/{pickup.reference}")
    look(person, "ophalen")
    person.get_by_label("Uw naam").fill(PERSON)
    person.get_by_label("Voor mijzelf").check()
    person.get_by_label("Code", exact=True).fill(code)
    person.get_by_role("button", name="Verder").click()
    look(person, "gegevens")
    with person.expect_download() as download:
        person.get_by_role("button", name="PDF ophalen").click()
    assert download.value.suggested_filename == f"{row.reference}.pdf"
