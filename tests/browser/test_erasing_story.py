"""A report is erased by two people: one proposes it, another one refuses it and then does it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.encryption import create_key_file
from tests.support.axe import problems_on
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import PASSWORD, Installation, make_settings
from tests.support.served import in_thread

pytestmark = pytest.mark.alles
TOWN = "/gemeenten/dordrecht"


@pytest.fixture
def served(
    chromium_browser: Browser, sqlite_template: Path, tmp_path: Path
) -> Iterator[tuple[Installation, str]]:
    """A town at an address."""
    shutil.copy(sqlite_template, tmp_path / "data.sqlite")
    create_key_file(tmp_path / "sleutels.json")
    running = Installation(make_settings(f"sqlite:///{tmp_path}/data.sqlite", tmp_path))
    connect(running, DORDRECHT)
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


def test_a_report_is_proposed_refused_proposed_and_erased(
    served: tuple[Installation, str], chromium_browser: Browser
) -> None:
    running, address = served
    with running.transaction(DORDRECHT) as session:
        reference = make_report(session, running).reference
    report = f"{TOWN}/binnenstad/{reference}"

    def as_role(role: Role, path: str) -> Page:
        user = make_user(running, (DORDRECHT, role), name=f"De {role.label}")
        page = chromium_browser.new_context(base_url=address, locale="nl-NL").new_page()
        page.goto("/aanmelden")
        page.fill("[name=gebruikersnaam]", user)
        page.fill("[name=wachtwoord]", PASSWORD)
        page.click("button[name=aanmelden]")
        page.goto(path)
        return page

    first = as_role(Role.PRIVACY_OFFICER, f"{report}/gegevens-wissen")
    look(first, "voorstellen")
    first.get_by_label("niet meer nodig voor het doel").check()
    first.get_by_role("button", name="Wissen voorstellen").click()
    look(first, "alleen")
    expect(first.get_by_text("U mag het zelf vanaf")).to_be_visible()

    second = as_role(Role.DOSSIER_OWNER, TOWN)
    look(second, "start")
    second.get_by_role("link", name="Wissen om na te kijken: 1").first.click()
    look(second, "lijst")
    second.get_by_role("link", name=reference).click()
    look(second, "nakijken")
    second.get_by_label("Niet wissen", exact=True).check()
    look(second, "weigeren")
    second.get_by_label("Waarom niet?").fill("De melder doet nog aangifte.")
    second.get_by_role("button", name="Vastleggen").click()
    expect(second.get_by_text("Het voorstel is geweigerd.")).to_be_visible()

    first.goto(f"{report}/gegevens-wissen")
    expect(first.get_by_text("De melder doet nog aangifte.")).to_be_visible()
    look(first, "geweigerd")
    first.get_by_label("niet meer nodig voor het doel").check()
    first.get_by_role("button", name="Wissen voorstellen").click()
    expect(first.get_by_text("Een ander dan u kijkt mee.")).to_be_visible()
    look(first, "wacht")

    second.goto(f"{report}/wissen-nakijken")
    second.get_by_label("Voorgoed wissen").check()
    second.get_by_label("Typ het kenmerk over").fill(reference)
    look(second, "wissen")
    second.get_by_role("button", name="Vastleggen").click()
    expect(second.get_by_text("De gegevens zijn gewist.")).to_be_visible()
    second.goto(f"{TOWN}/wissen")
    expect(second.get_by_text("gewist door De dossierhouder")).to_be_visible()
    look(second, "lijst-na")
