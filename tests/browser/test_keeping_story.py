"""A reporter withdraws, thinks again, and a year later has the report kept for the police."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.core.storage.retention import years
from stopintimidatie.privacy.retention.models import RetentionSchedule
from stopintimidatie.privacy.retention.rules import NOT_HANDLED, Choice, Schedule
from stopintimidatie.reports.models import Report
from tests.support.api import Api, report
from tests.support.axe import problems_on
from tests.support.factories import DORDRECHT, connect, make_user
from tests.support.following import page_of
from tests.support.installation import PASSWORD, Installation, make_settings
from tests.support.served import in_thread

pytestmark = pytest.mark.alles
STORY = "Drie jongens bij de kaasmarkt."


class House:
    """A municipality behind a web server; the reporter's phone and desks of officers."""

    def __init__(self, running: Installation, browser: Browser, address: str) -> None:
        self.running = running
        self.browser = browser
        self.address = address
        self.api = Api(running)
        self.receipt: Any = self.api.post(report(omschrijving=STORY)).json
        self.number = 0

    def follow(self) -> Page:
        """The reporter's page on a phone without scripts."""
        page = self._page(390, scripts=False)
        page.goto("/volgen")
        page.fill("[name=kenmerk]", self.receipt["kenmerk"])
        page.fill("[name=volgcode]", self.receipt["volgcode"])
        page.click("button[name=bekijken]")
        return page

    def sign_in(self, role: Role, width: int = 1280) -> Page:
        page = self._page(width)
        page.goto("/aanmelden")
        page.fill("[name=gebruikersnaam]", make_user(self.running, (DORDRECHT, role)))
        page.fill("[name=wachtwoord]", PASSWORD)
        page.click("button[name=aanmelden]")
        return page

    def _page(self, width: int, *, scripts: bool = True) -> Page:
        return self.browser.new_context(
            viewport={"width": width, "height": 900},
            java_script_enabled=scripts,
            base_url=self.address,
            locale="nl-NL",
        ).new_page()

    def look(self, page: Page, name: str) -> None:
        """Have axe judge a page with scripts; keep a picture where a folder is named for it."""
        self.number += 1
        if folder := os.environ.get("SHOTS"):
            page.screenshot(path=f"{folder}/{self.number:02}-{name}.png", full_page=True)
        if page.evaluate("() => typeof window") and name.startswith("axe"):
            assert problems_on(page) == [], name


@pytest.fixture
def house(chromium_browser: Browser, sqlite_template: Path, tmp_path: Path) -> Iterator[House]:
    shutil.copy(sqlite_template, tmp_path / "data.sqlite")
    create_key_file(tmp_path / "sleutels.json")
    running = Installation(make_settings(f"sqlite:///{tmp_path}/data.sqlite", tmp_path))
    connect(running, DORDRECHT)
    with in_thread(running.app) as address:
        yield House(running, chromium_browser, address)
    for context in chromium_browser.contexts:
        context.close()
    running.close()


def end_long_ago(house: House) -> None:
    """The report isn't handled since 350 days, and the archivist approved a year for that."""
    then = utc_now() - timedelta(days=350)
    terms = Schedule({NOT_HANDLED: Choice("8.2", years(1))})
    with house.running.transaction(DORDRECHT) as session:
        row = session.scalars(select(Report)).one()
        row.state, row.ended_reason, row.ended_at = "niet_in_behandeling", "test", then
        session.add(
            RetentionSchedule(
                holder=DORDRECHT,
                number=1,
                content=terms.as_json(),
                approved=True,
                effective_from=then,
                proposed_by="Bo",
            )
        )


def test_a_reporter_withdraws_thinks_again_and_later_has_it_kept(house: House) -> None:
    phone = house.follow()
    phone.get_by_role("link", name="Melding intrekken").click()
    house.look(phone, "intrekken")
    phone.get_by_role("button", name="Ja, trek mijn melding in").click()
    house.look(phone, "ingetrokken")

    officer = house.sign_in(Role.OFFICER)
    officer.goto(page_of(house.receipt))
    expect(officer.get_by_role("heading", name="Ingetrokken door de melder")).to_be_visible()
    expect(officer.get_by_text("kaasmarkt")).to_have_count(0)
    house.look(officer, "axe-medewerker-ingetrokken")

    phone.get_by_role("button", name="Toch niet intrekken").click()
    expect(phone.get_by_text("Uw melding is terug.")).to_be_visible()
    house.look(phone, "terug")
    officer.goto(page_of(house.receipt))
    expect(officer.get_by_text("kaasmarkt").first).to_be_visible()

    end_long_ago(house)
    phone = house.follow()
    expect(phone.get_by_text("Uw melding wordt vernietigd op")).to_be_visible()
    house.look(phone, "dag-van-vernietigen")
    phone.get_by_role("button", name="Bewaar mijn melding voor een aangifte").click()
    house.look(phone, "bewaard")
    expect(phone.get_by_text("Uw melding blijft bewaard.").first).to_be_visible()

    head = house.sign_in(Role.PROCESS_OWNER)
    head.goto("/gemeenten/dordrecht/bevriezingen")
    expect(head.get_by_role("link", name=house.receipt["kenmerk"])).to_be_visible()
    house.look(head, "axe-lijst")
    head.goto("/gemeenten/dordrecht/bevriezen")
    house.look(head, "axe-bevriezen")
    head.goto("/gemeenten/dordrecht/bevriezingen")
    head.get_by_role("link", name=house.receipt["kenmerk"]).click()
    house.look(head, "axe-besluit")
    officer = house.sign_in(Role.OFFICER, width=390)
    officer.goto(page_of(house.receipt))
    house.look(officer, "axe-medewerker-bevroren")
