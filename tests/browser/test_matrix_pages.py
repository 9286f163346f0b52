"""Every page of the permission matrix, by each role that may see it, on a phone: accessible."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser
from waitress.server import create_server

from tests.browser.test_pages import problems_on
from tests.functional.test_permission_matrix import probes
from tests.town import OTHER, PEOPLE, REHEARSAL, Person, Town

# Answers that are no page of ours: files, JSON, styles.
NO_PAGES = ("/api/", "/health/", "/huisstijl/", "/pdf", "/logo")
# Pages that come before or without a role.
PEOPLE_WITH_PAGES = [person for person in PEOPLE if person.role is not None]


@pytest.fixture(scope="module")
def served_town(town: Town) -> Iterator[str]:
    """The town behind a web server; every request is rehearsed, so nothing stays."""

    def rehearsed(environ: dict[str, Any], start_response: Any) -> Any:
        return town.installation.app({**environ, REHEARSAL: "ja"}, start_response)

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    server = create_server(rehearsed, host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(timeout=5)


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


# The look of a page doesn't depend on the database.
@pytest.mark.parametrize("town", ["sqlite"], indirect=True)
@pytest.mark.parametrize("person", PEOPLE_WITH_PAGES, ids=str)
def test_pages_of_the_matrix_are_accessible(
    town: Town, served_town: str, chromium_browser: Browser, person: Person
) -> None:
    context = chromium_browser.new_context(viewport={"width": 390, "height": 900})
    context.add_cookies(
        [{"name": n, "value": v, "url": served_town} for n, v in town.cookies(person).items()]
    )
    page = context.new_page()
    paths = pages_of(town, person)
    assert paths
    wrong = {}
    for path in paths:
        answer = page.goto(served_town + path)
        assert answer is not None
        assert path == "/aanmelden" or "/aanmelden" not in page.url
        if "text/html" in answer.headers.get("content-type", "") and (found := problems_on(page)):
            wrong[path] = found
    context.close()
    assert wrong == {}
