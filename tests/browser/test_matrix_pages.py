"""Every page of the permission matrix, by each role that may see it, in each state: for everybody.

Accessible on a phone and on a screen, in the dark, in forced colours, at 200%, by Tab alone and
without a script; and nothing in it that the policy blocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from sqlalchemy import update

from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.workflow import DossierState
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.workflow import ReportState
from tests.support.axe import complaints_of
from tests.support.crossing import Crossing, opened
from tests.support.served import in_thread
from tests.support.shared import run_folder
from tests.support.town import OWN, REHEARSAL, Person, Town, own_town
from tests.support.visible import all_problems_on, problems_without_script

pytestmark = [pytest.mark.alles, pytest.mark.timeout(900)]

# The pages are divided over as many tests, which workers share.
PARTS = 12


@pytest.fixture(scope="module")
def served_town(town: Town) -> Iterator[str]:
    """The town behind a web server; every request is rehearsed, so nothing stays."""

    def rehearsed(environ: dict[str, Any], start_response: Any) -> Any:
        return town.installation.app({**environ, REHEARSAL: "ja"}, start_response)

    with in_thread(rehearsed) as address:
        yield address


@pytest.fixture(scope="module")
def crossing(town: Town) -> Crossing:
    return Crossing(town, run_folder())


def problems_of(
    town: Town, address: str, browser: Browser, pages: Iterable[tuple[Person, str]]
) -> dict[str, list[str]]:
    """Return by person and path what is wrong with a page, and what the CSP blocked in it."""
    wrong: dict[str, list[str]] = {}
    for person, path, page in opened(town, browser, address, pages):
        complaints = complaints_of(page)
        page.goto(address + path)
        assert "/aanmelden" in path or "/aanmelden" not in page.url
        # Wait for the parts that load by themselves, such as similar reports: they are judged too.
        page.locator(".htmx-request").first.wait_for(state="hidden")
        if found := [*all_problems_on(page), *complaints]:
            wrong[f"{person}: {path}"] = found
    return wrong


# How a page looks doesn't depend on the database. What comes later is mostly built as a page before
# it: that isn't opened again.
@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_of_each_role_serves_everybody(
    town: Town, served_town: str, chromium_browser: Browser, crossing: Crossing, part: int
) -> None:
    pages = crossing.pages[part::PARTS]
    assert len(pages) > 10
    assert problems_of(town, served_town, chromium_browser, pages) == {}


def test_no_page_of_a_role_offers_what_only_a_script_can_do(crossing: Crossing) -> None:
    assert len(crossing.seen) > 200
    assert crossing.for_scripts == {}


@pytest.fixture
def changing_town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Town, str]]:
    """Give a town that the test may change, with the address of the web server that serves it."""
    with own_town(request, "sqlite", tmp_path) as made, in_thread(made.installation.app) as address:
        yield made, address


@pytest.mark.parametrize(
    ("model", "place", "state"),
    [
        *((Report, "melding", state.value) for state in ReportState),
        *((Dossier, "dossier", state.value) for state in DossierState),
    ],
)
def test_pages_of_a_document_in_each_state_serve_everybody(
    changing_town: tuple[Town, str],
    chromium_browser: Browser,
    crossing: Crossing,
    model: type[Report | Dossier],
    place: str,
    state: str,
) -> None:
    town, address = changing_town
    with town.installation.owner.begin() as connection:
        connection.execute(update(model).values(state=state))
    pages = crossing.new_pages(town, town.places[OWN].addresses[place])
    assert problems_of(town, address, chromium_browser, pages) == {}


FAULTS = {
    "dark": "<p class='dark'>slecht te lezen</p>",
    "forced colours": "<p class='forced'>ook zo</p>",
    "cut off at 200%": "<p class='cut'>Dit past niet meer als letters groter zijn</p>",
    "covered at 200%": "<a href='/x' class='under'>onder</a><p class='over'>hierboven</p>",
    "focus doesn't show": "<a href='/x' class='bare'>zonder rand</a>",
    "Tab comes to 0 of 1": "<a href='/x' id='val'>eerste</a>",
}
SHEET = """
  body { background: #fff; color: #000; }
  @media (prefers-color-scheme: dark) { .dark { background: #000; color: #333; } }
  @media (forced-colors: active) {
    .forced { forced-color-adjust: none; background: #777; color: #666; } }
  .cut { width: 300px; height: 24px; overflow: hidden; }
  .under { display: block; } .over { margin-top: -1.1em; background: #fff; position: relative; }
  :focus { outline: 3px solid } .bare { outline: none !important }
"""


def test_each_fault_of_a_page_is_seen(chromium_browser: Browser) -> None:
    for fault, html in FAULTS.items():
        page = chromium_browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_content(f"<html lang=nl><title>x</title><style>{SHEET}</style><main>{html}</main>")
        if "Tab" in fault:
            page.evaluate("addEventListener('keydown', (event) => event.preventDefault())")
        assert [problem for problem in all_problems_on(page) if problem.startswith(fault)], fault
        page.close()
    nowhere = "<form><input name=x></form><button type=button>Kies</button><a href='#'>Ga</a>"
    assert len(problems_without_script(f"<html><body>{nowhere}</body></html>")) == 3
