"""Every page of the permission matrix, by each role that may see it, on a phone: accessible."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from stopintimidatie.security import Role
from tests.browser.test_pages import problems_on
from tests.functional.test_permission_matrix import probes
from tests.tools.served import in_thread
from tests.town import OTHER, OWN, PEOPLE, REHEARSAL, Person, Town

# Answers that are no page of ours: files, JSON, styles.
NO_PAGES = ("/api/", "/health/", "/version", "/huisstijl/", "/pdf", "/logo", "/volgen/weg")
CASEWORK = (Role.OFFICER, Role.DOSSIER_OWNER)
# Pages that come before or without a role.
PEOPLE_WITH_PAGES = [person for person in PEOPLE if person.role is not None]
# Who mostly gets the same pages goes together: a page whose content and frame (menu, crumbs, foot)
# are each built as ones before isn't opened again.
LOOKALIKES = [
    [person for person in PEOPLE_WITH_PAGES if person.place == OWN and person.role in CASEWORK],
    [person for person in PEOPLE_WITH_PAGES if person.place == OWN and person.role not in CASEWORK],
    [person for person in PEOPLE_WITH_PAGES if person.place != OWN],
]
# Where a page leads to and what it holds differs for each; how it is built is what is judged.
WORDING = re.compile(
    r'(?:href|action|value|content|src)="[^"]*"|aria-current="[a-z]*"|[0-9a-f]{8}-[0-9a-f-]{27}'
)
WORDS = re.compile(r"(?<=>)[^<]*[^<\s][^<]*(?=<)")


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
    """The page's frame and its content as they are built: whether there are words, not which."""
    built = WORDS.sub("w", WORDING.sub("", html))
    before, _, rest = built.partition("<main")
    content, _, after = rest.partition("</main>")
    return {content, before + after}


@contextmanager
def phone_of(town: Town, address: str, browser: Browser, person: Person) -> Iterator[Page]:
    """A narrow page of somebody who signed in."""
    context = browser.new_context(viewport={"width": 390, "height": 900})
    context.add_cookies(
        [{"name": n, "value": v, "url": address} for n, v in town.cookies(person).items()]
    )
    yield context.new_page()
    context.close()


def new_looks(town: Town, person: Person, seen: set[str]) -> Iterator[str]:
    """The addresses of pages this person may see that aren't built like one before."""
    paths = pages_of(town, person)
    assert paths
    for path in paths:
        answer = town.ask(person, path)
        if answer.status_int == 200 and answer.content_type == "text/html":
            look = look_of(answer.text)
            if not look <= seen:
                yield path
            seen |= look


# The look of a page doesn't depend on the database.
@pytest.mark.parametrize("town", ["sqlite"], indirect=True)
@pytest.mark.parametrize("people", LOOKALIKES, ids=lambda people: "+".join(map(str, people)))
def test_pages_of_the_matrix_are_accessible(
    town: Town, served_town: str, chromium_browser: Browser, people: list[Person]
) -> None:
    wrong: dict[str, Any] = {}
    seen: set[str] = set()
    for person in people:
        with phone_of(town, served_town, chromium_browser, person) as page:
            for path in new_looks(town, person, seen):
                page.goto(served_town + path)
                assert path == "/aanmelden" or "/aanmelden" not in page.url
                if found := problems_on(page):
                    wrong[f"{person} {path}"] = found
    assert seen
    assert wrong == {}
