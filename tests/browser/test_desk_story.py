"""A Monday at the national desk: forty reports of every kind, decided on with keys alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.reports.models import Report
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import PASSWORD, Installation, make_settings
from tests.support.served import in_thread

pytestmark = pytest.mark.alles

NOWHERE: Final[dict[str, Any]] = {"lat": None, "lon": None}
EINDHOVEN: Final[dict[str, Any]] = {"lat": 51.4381, "lon": 5.4752}
# A kind of report, how many there are, what is known of it, and the acts that decide on it: a key,
# or a text that is typed. Texts begin with a space.
KINDS: Final[list[tuple[int, dict[str, Any], tuple[str, ...]]]] = [
    (14, {}, ("6", "Enter")),
    (5, {**NOWHERE, "location_text": "bij het station van Tilburg"}, ("6", "Enter")),
    (
        4,
        {**NOWHERE, "location_text": "bij de grote brug"},
        ("6", " Zwijndrecht", "Tab", " De brug.", "Tab", "Enter"),
    ),
    (2, EINDHOVEN, ("6", "Enter")),
    (4, {**NOWHERE, "description": "test 123"}, ("4", "4")),
    (2, {**NOWHERE, "description": "Op het strand in Spanje."}, ("4", "2")),
    (2, {**NOWHERE, "description": "Het was ergens."}, ("4", "1")),
    (1, {**NOWHERE, "description": "De buren maken lawaai."}, ("4", "3")),
    (2, {**NOWHERE, "description": "Nog eens hetzelfde."}, ("3", "1")),
    (3, {**NOWHERE, "description": "Een man riep."}, ("5", "1")),
    (1, {"urgent": True}, ("6", "Enter")),
]


@pytest.fixture
def desk(
    chromium_browser: Browser, sqlite_template: Path, tmp_path: Path
) -> Iterator[tuple[Installation, Page]]:
    shutil.copy(sqlite_template, tmp_path / "data.sqlite")
    create_key_file(tmp_path / "sleutels.json")
    running = Installation(make_settings(f"sqlite:///{tmp_path}/data.sqlite", tmp_path))
    connect(running, DORDRECHT)
    user = make_user(running, (NATIONAL, Role.NATIONAL_DESK))
    with in_thread(running.app) as address:
        context = chromium_browser.new_context(base_url=address, locale="nl-NL")
        page = context.new_page()
        page.goto("/aanmelden")
        page.fill("[name=gebruikersnaam]", user)
        page.fill("[name=wachtwoord]", PASSWORD)
        page.click("button[name=aanmelden]")
        yield running, page
        context.close()
    running.close()


def fill_queue(running: Installation) -> dict[str, tuple[str, ...]]:
    """Forty reports at the desk; the acts for each, by its reference."""
    acts: dict[str, tuple[str, ...]] = {}
    with running.transaction() as session:
        for number, known, keys in KINDS:
            for _ in range(number):
                given = {
                    k: v
                    for k, v in known.items()
                    if k not in {"lat", "lon", "urgent", "location_text", "description"}
                }
                report = make_report(session, running, holder=NATIONAL, **given)
                for name, value in known.items():
                    setattr(report, name, value)
                report.received_at = utc_now() - timedelta(hours=100 - len(acts))
                acts[report.reference] = keys
    return acts


def decide(page: Page, reference: str, acts: tuple[str, ...]) -> int:
    """Decide on the report in hand with these acts; the number of acts."""
    for number, act in enumerate(acts):
        if act.startswith(" "):
            page.keyboard.type(act.strip())
        else:
            page.keyboard.press(act)
        if number == 0:
            expect(page.locator(".wb-panel h3")).to_be_visible()
            expect(page.locator(".wb-panel :focus")).to_have_count(1)
    expect(page.locator(".wb-head", has_text=reference)).to_have_count(0)
    return len(acts)


def test_a_queue_of_forty_is_emptied_with_three_acts_or_fewer_for_most(
    desk: tuple[Installation, Page],
) -> None:
    running, page = desk
    acts = fill_queue(running)
    assert len(acts) == 40
    counted = []
    page.goto("/landelijk")
    for _ in range(40):
        reference = page.locator("#gekozen-melding ~ .si-meta").inner_text().strip()
        counted.append(decide(page, reference, acts[reference]))
    expect(page.locator(".wb-list")).to_contain_text("U bent klaar")
    print(f"acts per report: {sorted(counted)}, median {median(counted)}")  # noqa: T201
    assert median(counted) <= 3
    with clock_at(utc_now() + timedelta(minutes=11)):
        running.run_jobs()
    with running.transaction(NATIONAL) as session:
        left = session.scalars(
            select(Report.reference).where(
                Report.state == "nieuw", Report.delivery == "te_routeren"
            )
        ).all()
    # A colleague decides on the one that is no harassment.
    assert len(left) == 1
