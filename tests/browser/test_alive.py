"""An open inbox tells what came in, and keeps the place; out of sight it asks nothing."""

from __future__ import annotations

import time
from typing import Final

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.conftest import SignIn, post_from_app
from tests.support.axe import problems_on

OFFICER: Final = "oov@dordrecht.example"
DESK: Final = "meldpunt@landelijk.example"
INBOX: Final = "/gemeenten/dordrecht/postvak"
NEW: Final = ".wb-new a"
# Far from every municipality that takes part: the desk places it.
AT_SEA: Final = {"locatie": {"lat": 53.2, "lon": 4.0, "bron": "gps"}}


def polls_of(page: Page) -> list[float]:
    """The moments at which the page asks, from now on."""
    moments: list[float] = []

    def note(request: Request) -> None:
        if "/nieuw?" in request.url:
            moments.append(time.monotonic())

    page.on("request", note)
    return moments


@pytest.mark.parametrize("seconds", [30, pytest.param(5, marks=pytest.mark.alles)])
def test_a_new_report_is_seen_in_an_open_inbox_at_once_and_the_place_is_kept(
    sign_in: SignIn, demo_address: str, seconds: int
) -> None:
    """Within five seconds, which a machine that is busy with other tests may not reach."""
    page = sign_in(OFFICER)
    page.goto(INBOX)
    page.keyboard.press("j")
    page.wait_for_url("**melding=**")
    in_hand, title = page.inner_text("#gekozen-melding"), page.title()
    scrolled = page.evaluate(
        "() => { const list = document.querySelector('.wb-list');"
        " list.scrollTop = 40; return list.scrollTop }"
    )
    reference = post_from_app(demo_address, "Nageroepen bij de sluis")
    page.wait_for_selector(NEW, timeout=seconds * 1000)
    expect(page.locator(NEW)).to_have_text("1 nieuwe – tonen")
    assert page.title() == f"(1) {title}"
    for place in (".si-nav [aria-current] .si-count--new", "#bel > summary .si-count--new"):
        assert page.locator(place).first.text_content() == ", +1 nieuw"
    # Nothing moved: the list shows it only when asked.
    assert reference not in page.content()
    assert page.evaluate("document.querySelector('.wb-list').scrollTop") == scrolled
    assert problems_on(page) == []
    page.click(NEW)
    page.wait_for_selector(f".wb-row:has([href*='{reference}'])")
    assert page.inner_text("#gekozen-melding") == in_hand
    assert page.locator(NEW).is_hidden()
    assert page.title() == title
    assert page.locator(".si-count--new").count() == 0


@pytest.mark.alles
def test_what_is_typed_and_another_view_stay_and_the_desk_hears_of_it_too(
    sign_in: SignIn, demo_address: str
) -> None:
    page, desk = sign_in(OFFICER), sign_in(DESK)
    desk.goto("/landelijk")
    page.goto(f"{INBOX}?toestand=alle")
    page.keyboard.press("5")
    page.fill("#werkbank-paneel textarea", "Hoe laat was het?")
    post_from_app(demo_address, "Nageroepen bij de sluis")
    post_from_app(demo_address, "Nageroepen op zee", **AT_SEA)
    expect(page.locator(NEW)).to_have_text("1 nieuwe in Te doen")
    expect(desk.locator(NEW)).to_have_text("1 nieuwe – tonen")
    assert page.input_value("#werkbank-paneel textarea") == "Hoe laat was het?"
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.click(NEW)
    assert page.input_value("#werkbank-paneel textarea") == "Hoe laat was het?"
    in_hand = desk.inner_text("#gekozen-melding")
    desk.click(NEW)
    expect(desk.locator(NEW)).to_be_hidden()
    assert desk.inner_text("#gekozen-melding") == in_hand


@pytest.mark.alles
def test_a_tab_out_of_sight_asks_nothing_and_after_an_hour_nobody_is_asked_for(
    sign_in: SignIn,
) -> None:
    page = sign_in(OFFICER)
    page.clock.install()
    page.goto(INBOX)
    moments = polls_of(page)
    hidden = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true});"
    page.evaluate(hidden % "true")
    page.clock.run_for(60_000)
    assert moments == []
    page.evaluate(f"{hidden % 'false'} document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(300)
    assert len(moments) == 1
    # As after an hour without a look: the proof is good no more.
    page.route("**/nieuw?**", lambda route: route.fulfill(status=404))
    page.clock.run_for(4_000)
    expect(page.locator(NEW)).to_have_text("Deze lijst wordt niet meer bijgewerkt – verversen")
    asked = len(moments)
    page.clock.run_for(600_000)
    assert len(moments) == asked
    page.unroute("**/nieuw?**")
    page.click(NEW)
    expect(page.locator(NEW)).to_be_hidden()
    page.clock.run_for(4_000)
    page.wait_for_timeout(300)
    assert len(moments) == asked + 1


@pytest.mark.alles
def test_a_server_that_is_away_is_asked_less_and_less_often(sign_in: SignIn) -> None:
    page = sign_in(OFFICER)
    page.clock.install()
    page.goto(INBOX)
    moments = polls_of(page)
    page.route("**/nieuw?**", lambda route: route.abort())
    for _ in range(150):
        page.clock.run_for(2_000)
    # After 4, 12, 28 and 60 seconds, and then each minute; not 75 times.
    assert 5 <= len(moments) <= 8
    assert page.locator(NEW).is_hidden()
