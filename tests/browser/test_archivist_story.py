"""The archivist: a proposal of the admin read and approved, the standing decision."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.reports.models import Report
from tests.support.axe import problems_on
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import PASSWORD, Installation, make_settings
from tests.support.served import in_thread

pytestmark = pytest.mark.alles

HERE = "/gemeenten/dordrecht"
SignedIn = Callable[..., Page]


@pytest.fixture
def signed_in(
    chromium_browser: Browser, sqlite_template: Path, tmp_path: Path
) -> Iterator[SignedIn]:
    """Browsers of people of Dordrecht, where reports ended over two years."""
    shutil.copy(sqlite_template, tmp_path / "data.sqlite")
    create_key_file(tmp_path / "sleutels.json")
    running = Installation(make_settings(f"sqlite:///{tmp_path}/data.sqlite", tmp_path))
    connect(running, DORDRECHT)
    for weeks in range(4, 100, 4):
        fill(running, weeks)
    with in_thread(running.app) as address:

        def browser_of(role: Role, *, script: bool = True) -> Page:
            context = chromium_browser.new_context(
                base_url=address, locale="nl-NL", java_script_enabled=script
            )
            page = context.new_page()
            page.goto("/aanmelden")
            page.fill("[name=gebruikersnaam]", make_user(running, (DORDRECHT, role)))
            page.fill("[name=wachtwoord]", PASSWORD)
            page.click("button[name=aanmelden]")
            return page

        yield browser_of
    running.close()


def fill(running: Installation, weeks: int) -> None:
    """A report that ended so many weeks ago."""
    at = utc_now() - timedelta(weeks=weeks)
    with clock_at(at), running.transaction(DORDRECHT) as session:
        report: Report = make_report(session, running)
        report.state, report.ended_at = "niet_in_behandeling", at


def test_an_archivist_approves_terms_and_sees_what_they_will_do(signed_in: SignedIn) -> None:
    # Every step of the admin is a plain form: no script is needed.
    admin = signed_in(Role.ADMIN, script=False)
    admin.goto(f"{HERE}/bewaartermijnen")
    admin.get_by_role("link", name="Nieuw voorstel doen").click()
    for box in admin.get_by_label("Categorie en nummer").all():
        box.fill("18.1.2")
    admin.get_by_role("button", name="Voorstel aan de archivaris sturen").click()
    expect(admin.get_by_text("Uw voorstel wacht op de archivaris")).to_be_visible()

    archivist = signed_in(Role.ARCHIVIST)
    archivist.goto(HERE)
    archivist.get_by_role("link", name="Beslissen").first.click()
    expect(archivist.get_by_text("15 meldingen en dossiers")).to_be_visible()
    seen(archivist, "beslissen")
    archivist.get_by_label("Goedkeuren").check()
    archivist.get_by_role("button", name="Besluit vastleggen").click()
    expect(archivist.get_by_text("Goedgekeurd.")).to_be_visible()
    seen(archivist, "termijnen")
    archivist.goto(f"{HERE}/bewaartermijnen/voorstellen")
    seen(archivist, "voorstellen")
    archivist.goto(HERE)
    seen(archivist, "start")


def seen(page: Page, name: str) -> None:
    """Check a page on a wide screen and on a phone."""
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert problems_on(page) == [], name
