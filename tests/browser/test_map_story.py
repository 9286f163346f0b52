"""The map beside its list: both ways, by keyboard, without script, and asking nobody outside."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from stopintimidatie.core.security import Role
from tests.browser.conftest import Enter, SignIn
from tests.support.factories import make_report
from tests.support.installation import Installation
from tests.support.visible import all_problems_on

pytestmark = pytest.mark.alles
MAP = "/gemeenten/dordrecht/kaart"
OFFICER = "oov@dordrecht.example"


def test_an_officer_goes_from_the_list_to_the_map_to_a_report_by_keyboard(
    enter: Enter, dordrecht: Installation
) -> None:
    with dordrecht.transaction() as session:
        reference = make_report(session, dordrecht).reference
    page = enter(Role.OFFICER, path=MAP)
    expect(page.locator(".leaflet-interactive").first).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("tr.si-map-on")).to_contain_text("Binnenstad")
    expect(page.locator(".si-map-shape-on")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url("**wijk=WK050501*")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("path.si-map-point.si-map-shape-on").first).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{reference}")


def test_a_point_leads_to_its_row(enter: Enter, dordrecht: Installation) -> None:
    with dordrecht.transaction() as session:
        make_report(session, dordrecht)
    page = enter(Role.OFFICER, path=f"{MAP}?postvak=ja")
    page.locator("path.si-map-point").click()
    expect(page.locator("[data-punt] a")).to_be_focused()
    expect(page.locator("[data-punt].si-map-on")).to_have_count(1)


def test_the_map_asks_nobody_outside_and_can_be_used_by_everybody(
    sign_in: SignIn, demo_address: str
) -> None:
    page = sign_in(OFFICER)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for address in (MAP, f"{MAP}?postvak=ja"):
        page.goto(address)
        expect(page.locator(".leaflet-interactive").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert all_problems_on(page) == []
    assert [url for url in asked if not url.startswith((demo_address, "data:"))] == []


def test_without_script_there_is_a_picture_and_the_list(sign_in: SignIn) -> None:
    page = sign_in(OFFICER, scripts=False)
    page.goto(f"{MAP}?wijk=WK050501")
    picture = page.locator("#kaart img")
    assert picture.evaluate("picture => picture.naturalWidth") > 0
    expect(page.locator(".si-list__item").first).to_be_visible()


def test_without_the_library_the_picture_takes_its_place(sign_in: SignIn) -> None:
    page = sign_in(OFFICER)
    page.route("**/leaflet.js*", lambda route: route.abort())
    page.goto(MAP)
    expect(page.locator("#kaart img")).to_be_visible()
