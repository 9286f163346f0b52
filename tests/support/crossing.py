"""The pages to open in a browser: of all that roles may see, each that is built in its own way.

A page that is built as one of an earlier role isn't opened again: each takes seconds.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import groupby
from pathlib import Path

from lxml.html import HtmlElement, document_fromstring
from playwright.sync_api import Browser, Page

from tests.support.probing import probes
from tests.support.shared import locked
from tests.support.town import OTHER, PEOPLE, Person, Town
from tests.support.visible import HEIGHT, problems_without_script

# Answers that are no page of ours: files, JSON, styles.
NO_PAGES = (
    "/openapi.json",
    "/health/",
    "/version",
    "/huisstijl/",
    "/pdf",
    "/bestand",
    "/logo",
    "/volgen/weg",
)
# Where a page leads to and what it holds differs for each; how it is built is what is judged.
WORDING = {"href", "action", "value", "content", "src", "aria-current", "d", "points", "style"}
NUMBERS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")


def pages_of(town: Town, person: Person, under: str = "/") -> list[str]:
    """Return the addresses of the pages that the matrix lets a person see, below an address."""
    found = {
        probe.path: None
        for probe in probes(town)
        if probe.person == person
        and probe.place != OTHER
        and probe.view.method == "GET"
        and probe.expected == "ja"
        and probe.path.startswith(under)
        and not any(part in probe.path for part in NO_PAGES)
    }
    return list(found)


Looks = dict[str, list[str]]


class Crossing:
    """The looks of all pages, and what they offer that only a script can do.

    The workers of a run share the asking: each begins with other people.
    """

    def __init__(self, town: Town, folder: Path) -> None:
        """:param folder: shared by all workers."""
        self.pages: list[tuple[Person, str]] = []
        self.seen: set[str] = set()
        self.for_scripts: dict[str, list[str]] = {}
        worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
        first = worker * len(PEOPLE) // 2 % len(PEOPLE)
        for person in (*PEOPLE[first:], *PEOPLE[:first]):
            _ask_once(town, folder, person)
        for person in PEOPLE:
            looks, wrong = _ask_once(town, folder, person)
            self.for_scripts |= {f"{person}: {path}": found for path, found in wrong.items()}
            self.pages += [(person, path) for path in _new(looks, self.seen)]

    def new_pages(self, town: Town, under: str) -> Iterator[tuple[Person, str]]:
        """Yield the pages of this town below an address that are built as none before."""
        answered = 0
        for person in PEOPLE:
            looks, wrong = look_at_pages(town, person, under)
            assert wrong == {}
            answered += len(looks)
            yield from ((person, path) for path in _new(looks, self.seen))
        assert answered


def _new(looks: Looks, seen: set[str]) -> Iterator[str]:
    for path, look in looks.items():
        if not seen.issuperset(look):
            yield path
        seen |= set(look)


def _ask_once(town: Town, folder: Path, person: Person) -> tuple[Looks, Looks]:
    kept = folder / f"looks-{person}.json"
    with locked(kept.with_suffix(".lock")):
        if not kept.exists():
            kept.write_text(json.dumps(look_at_pages(town, person)), encoding="utf-8")
    looks, wrong = json.loads(kept.read_text(encoding="utf-8"))
    return looks, wrong


def look_at_pages(town: Town, person: Person, under: str = "/") -> tuple[Looks, Looks]:
    """Return by path how the page is built, and what it offers that only a script can do."""
    looks: Looks = {}
    wrong: Looks = {}
    for path in pages_of(town, person, under):
        answer = town.ask(person, path)
        assert answer.status_int < 500, path
        if answer.status_int == 200 and answer.content_type == "text/html":
            looks[path] = sorted(look_of(answer.text))
            if found := problems_without_script(answer.text):
                wrong[path] = found
    return looks, wrong


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
    return {sha256(part.encode()).hexdigest()[:16] for part in look | {shape_of(page)}}


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


def opened(
    town: Town, browser: Browser, address: str, pages: Iterable[tuple[Person, str]]
) -> Iterator[tuple[Person, str, Page]]:
    """Yield each page with a new browser page of the person who may see it."""
    for person, group in groupby(pages, key=lambda page: page[0]):
        context = browser.new_context(viewport={"width": 1280, "height": HEIGHT}, locale="nl-NL")
        context.add_cookies(
            [{"name": n, "value": v, "url": address} for n, v in town.cookies(person).items()]
        )
        for _, path in group:
            page = context.new_page()
            yield person, path, page
            page.close()
        context.close()
