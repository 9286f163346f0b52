"""Test that reports come in while three officers browse an inbox with a flood of reports."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from http.client import HTTPConnection
from random import Random

import pytest

from stopintimidatie.core.security import Role
from tests.crash.clients import HOST, TIME_OUT, Apps
from tests.crash.ledger import Ledger
from tests.crash.site import Site
from tests.support.crowds import crowd
from tests.support.factories import DORDRECHT, connect, make_user

pytestmark = [pytest.mark.judged_once, pytest.mark.short_on("postgresql")]

OFFICERS = 3
PAGES = ("", "?toestand=nieuw", "?vorm=naroepen", "?pagina=3", "?toestand=alle")


def click(site: Site, port: int, stop: threading.Event, seen: list[int]) -> None:
    """Open pages of the inbox one after another until `stop`; add each status to `seen`."""
    browser = site.installation.browser(make_user(site.installation, (DORDRECHT, Role.OFFICER)))
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    with closing(HTTPConnection(HOST, port, timeout=3 * TIME_OUT)) as connection:
        while not stop.is_set():
            page = PAGES[len(seen) % len(PAGES)]
            address = f"/gemeenten/dordrecht/postvak{page}"
            connection.request("GET", address, headers={"Cookie": cookie, "Host": "localhost:6543"})
            answer = connection.getresponse()
            answer.read()
            seen.append(answer.status)


@pytest.mark.alles
@pytest.mark.parametrize(
    ("there", "more"), [(1_200, 60), pytest.param(5_000, 600, marks=pytest.mark.alles)]
)
def test_every_report_is_taken_in_while_officers_click_through_a_flood(
    site: Site, there: int, more: int
) -> None:
    connect(site.installation, DORDRECHT)
    crowd(site.installation, there)
    web = site.web()
    web.start()
    assert web.port
    stop, seen = threading.Event(), list[int]()
    apps = Apps(Ledger(Random(12)), [web.port])
    officers = [
        threading.Thread(target=click, args=(site, web.port, stop, seen)) for _ in range(OFFICERS)
    ]
    for officer in officers:
        officer.start()
    try:
        with apps.sending():
            deadline = time.monotonic() + 240
            while len(apps.ledger.acknowledged) < more or len(seen) < 2 * len(PAGES):
                assert time.monotonic() < deadline, f"{len(seen)} pages"
                time.sleep(0.02)
    finally:
        stop.set()
        for officer in officers:
            officer.join()
    assert [refusal.status for refusal in apps.refusals] == []
    assert apps.garbled == []
    assert set(seen) == {200}
