"""Every page of the permission matrix, by each role that may see it, on a phone: accessible.

And nothing in it that the policy blocks.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from lxml.html import HtmlElement, document_fromstring
from playwright.sync_api import Browser, Page
from sqlalchemy import update

from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.workflow import STATES as DOSSIER_STATES
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.workflow import STATES as REPORT_STATES
from tests.support.axe import complaints_of, problems_on
from tests.support.probing import probes
from tests.support.served import in_thread
from tests.support.town import OTHER, OWN, PEOPLE, REHEARSAL, Person, Town, own_town
from tests.support.visible import all_problems_on, problems_without_script

# Answers that are no page of ours: files, JSON, styles.
NO_PAGES = (
    "/api/",
    "/health/",
    "/version",
    "/huisstijl/",
    "/pdf",
    "/bestand",
    "/logo",
    "/volgen/weg",
)
# Pages that come before or without a role.
PEOPLE_WITH_PAGES = [person for person in PEOPLE if person.role is not None]
# Where a page leads to and what it holds differs for each; how it is built is what is judged.
WORDING = {"href", "action", "value", "content", "src", "aria-current", "d", "points", "style"}
PHONE = 390
WIDTHS = (320, PHONE, 1280)
NUMBERS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")


@pytest.fixture(scope="module")
def served_town(town: Town) -> Iterator[str]:
    """The town behind a web server; every request is rehearsed, so nothing stays."""

    def rehearsed(environ: dict[str, Any], start_response: Any) -> Any:
        return town.installation.app({**environ, REHEARSAL: "ja"}, start_response)

    with in_thread(rehearsed) as address:
        yield address


def pages_of(town: Town, person: Person) -> list[str]:
    found = {
        probe.path: None
        for probe in probes(town)
        if probe.person == person
        and probe.place != OTHER
        and probe.view.method == "GET"
        and probe.expected == "ja"
        and not any(part in probe.path for part in NO_PAGES)
    }
    return list(found)


def look_of(html: str) -> set[str]:
    """The page's frame, each block of its content, and what is judged over all of it."""
    page = document_fromstring(html)
    (main,) = page.iter("main")
    block = main
    while len(block) == 1:
        block = block[0]
    look = {shape_of(child) for child in block}
    headings = (heading.tag for heading in page.iter("h1", "h2", "h3", "h4"))
    names = Counter(page.xpath("//@id"))
    twice = sorted(name for name, number in names.items() if number > 1)
    look.add(f"{''.join(tag for tag, _ in groupby(headings))} {twice}")
    main.clear()
    return look | {shape_of(page)}


def shape_of(element: HtmlElement) -> str:
    """How an element is built: siblings that are alike count once, words only as being there."""
    known = {name: NUMBERS.sub("0", v) for name, v in element.items() if name not in WORDING}
    parts: dict[str, None] = {}
    for child in element.iterchildren("*"):
        parts[shape_of(child)] = None
        parts[_words(child.tail)] = None
    return f"<{element.tag} {sorted(known.items())}{_words(element.text)}{''.join(parts)}>"


def _words(text: str | None) -> str:
    return "w" if text and text.strip() else ""


@contextmanager
def page_of(
    town: Town, address: str, browser: Browser, person: Person, width: int = PHONE
) -> Iterator[Page]:
    """Give a browser page of a signed-in person, `width` pixels wide."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    context.add_cookies(
        [{"name": n, "value": v, "url": address} for n, v in town.cookies(person).items()]
    )
    yield context.new_page()
    context.close()


def problems_at(page: Page, address: str, paths: Iterable[str]) -> dict[str, list[str]]:
    """Return by path what is wrong with its page: faults by axe, and what the CSP blocked."""
    complaints = complaints_of(page)
    wrong: dict[str, list[str]] = {}
    for path in paths:
        page.goto(address + path)
        assert "/aanmelden" in path or "/aanmelden" not in page.url
        if found := [*problems_on(page), *complaints]:
            wrong[f"{path} at {page.viewport_size}"] = found
        complaints.clear()
    return wrong


def problems_otherwise(page: Page, address: str, paths: Iterable[str]) -> dict[str, list[str]]:
    """Return by path what is wrong for who reads large or in other colours, or uses no mouse."""
    wrong: dict[str, list[str]] = {}
    for path in paths:
        page.goto(address + path)
        if found := all_problems_on(page):
            wrong[path] = found
    return wrong


def new_looks(town: Town, person: Person, paths: Iterable[str], seen: set[str]) -> Iterator[str]:
    """Yield the paths whose page is built unlike any page in `seen`, and add its look there."""
    for path in paths:
        answer = town.ask(person, path)
        assert answer.status_int < 500, path
        if answer.status_int == 200 and answer.content_type == "text/html":
            look = look_of(answer.text)
            if not look <= seen:
                yield path
            seen |= look


# The look of a page doesn't depend on the database. One test, for who comes later mostly gets pages
# that are built as somebody's before: those aren't opened again.
@pytest.mark.alles
def test_pages_of_the_matrix_are_accessible(
    town: Town, served_town: str, chromium_browser: Browser
) -> None:
    wrong: dict[str, Any] = {}
    seen: set[str] = set()
    for person in PEOPLE_WITH_PAGES:
        paths = new_looks(town, person, pages_of(town, person), seen)
        with page_of(town, served_town, chromium_browser, person) as page:
            wrong |= problems_at(page, served_town, paths)
    assert len(seen) > 200
    assert wrong == {}


@pytest.mark.alles
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("person", PEOPLE_WITH_PAGES, ids=str)
def test_every_page_of_each_role_is_accessible_at_each_width(
    town: Town, served_town: str, chromium_browser: Browser, person: Person, width: int
) -> None:
    paths = list(new_looks(town, person, pages_of(town, person), set()))
    with page_of(town, served_town, chromium_browser, person, width) as page:
        assert problems_at(page, served_town, paths) == {}


# A page of the same build as that of an earlier role isn't judged again: each takes seconds.
@pytest.mark.alles
@pytest.mark.timeout(2400)
@pytest.mark.parametrize("person", PEOPLE_WITH_PAGES, ids=str)
def test_every_page_of_each_role_serves_who_reads_or_works_otherwise(
    town: Town, served_town: str, chromium_browser: Browser, person: Person
) -> None:
    seen: set[str] = set()
    for before in PEOPLE_WITH_PAGES[: PEOPLE_WITH_PAGES.index(person)]:
        list(new_looks(town, before, pages_of(town, before), seen))
    paths = list(new_looks(town, person, pages_of(town, person), seen))
    with page_of(town, served_town, chromium_browser, person, 1280) as page:
        assert problems_otherwise(page, served_town, paths) == {}


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


@pytest.mark.alles
def test_each_fault_of_a_page_is_seen(chromium_browser: Browser) -> None:
    for fault, html in FAULTS.items():
        page = chromium_browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_content(f"<html lang=nl><title>x</title><style>{SHEET}</style><main>{html}</main>")
        if "Tab" in fault:
            page.evaluate("addEventListener('keydown', (event) => event.preventDefault())")
        assert [one for one in all_problems_on(page) if one.startswith(fault)], fault
        page.close()
    nowhere = "<form><input name=x></form><button type=button>Kies</button><a href='#'>Ga</a>"
    assert len(problems_without_script(f"<html><body>{nowhere}</body></html>")) == 3


@pytest.mark.alles
@pytest.mark.parametrize("person", PEOPLE_WITH_PAGES, ids=str)
def test_no_page_of_a_role_offers_what_only_a_script_can_do(town: Town, person: Person) -> None:
    wrong: dict[str, list[str]] = {}
    for path in pages_of(town, person):
        answer = town.ask(person, path)
        shown = answer.status_int == 200 and answer.content_type == "text/html"
        if shown and (found := problems_without_script(answer.text)):
            wrong[path] = found
    assert wrong == {}


@pytest.fixture
def changing_town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Town, str]]:
    """Give a town that the test may change, with the address of the web server that serves it."""
    with own_town(request, "sqlite", tmp_path) as made, in_thread(made.installation.app) as address:
        yield made, address


@pytest.mark.alles
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("model", "place", "state"),
    [
        *((Report, "melding", state.code) for state in REPORT_STATES),
        *((Dossier, "dossier", state.code) for state in DOSSIER_STATES),
    ],
)
def test_pages_of_a_document_in_each_state_are_accessible_to_each_role_at_each_width(
    changing_town: tuple[Town, str],
    chromium_browser: Browser,
    model: type[Report | Dossier],
    place: str,
    state: str,
) -> None:
    town, address = changing_town
    with town.installation.owner.begin() as connection:
        connection.execute(update(model).values(state=state))
    document = town.places[OWN].addresses[place]
    wrong: dict[str, Any] = {}
    seen: set[str] = set()
    for person in PEOPLE_WITH_PAGES:
        paths = [path for path in pages_of(town, person) if path.startswith(document)]
        looks = list(new_looks(town, person, paths, seen))
        for width in WIDTHS:
            with page_of(town, address, chromium_browser, person, width) as page:
                wrong |= problems_at(page, address, looks)
        with page_of(town, address, chromium_browser, person, 1280) as page:
            wrong |= problems_otherwise(page, address, looks)
    assert seen
    assert wrong == {}
