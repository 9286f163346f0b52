"""A background behind the map, in a browser: drawn and named, and from that one source alone."""

from __future__ import annotations

import shutil
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.encryption import create_key_file
from tests.browser.conftest import Enter
from tests.support.factories import connect
from tests.support.installation import Installation, make_settings

pytestmark = pytest.mark.alles
MAP = "/gemeenten/dordrecht/kaart"
SOURCE, OTHER = "https://tegels.example", "https://elders.example"
# One blue pixel.
PIXEL = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPj/HwADAgH/p9sS3AAAAABJRU5ErkJggg=="
)
ADD_PICTURE = """
(address) => new Promise((done) => {
  document.addEventListener('securitypolicyviolation', () => done('blocked'));
  const picture = new Image();
  picture.onload = () => done('loaded');
  picture.src = address;
})
"""


@pytest.fixture
def dordrecht(sqlite_template: Path, tmp_path: Path) -> Iterator[Installation]:
    """Dordrecht, connected, where the operator chose a background."""
    shutil.copy(sqlite_template, tmp_path / "data.sqlite")
    create_key_file(tmp_path / "sleutels.json")
    chosen = {"map_background": f"{SOURCE}/{{z}}/{{x}}/{{y}}.png"}
    running = Installation(make_settings(f"sqlite:///{tmp_path}/data.sqlite", tmp_path, **chosen))
    connect(running)
    yield running
    running.close()


def test_a_background_is_drawn_and_named_on_the_map_alone(enter: Enter) -> None:
    page = enter(Role.OFFICER)
    asked: list[str] = []

    def answer(route: Route) -> None:
        # What the policy of a page blocks never comes here.
        asked.append(route.request.url)
        assert "referer" not in route.request.headers
        route.fulfill(body=PIXEL, content_type="image/png")

    page.route(f"{SOURCE}/**", answer)
    page.route(f"{OTHER}/**", answer)
    page.goto(MAP)
    tile = page.locator("img.leaflet-tile-loaded").first
    expect(tile).to_be_visible()
    assert tile.evaluate("tile => tile.naturalWidth") == 1
    expect(page.locator(".leaflet-control-attribution")).to_have_text("tegels.example")
    expect(page.locator(".leaflet-interactive").first).to_be_visible()
    assert {url[: len(SOURCE)] for url in asked} == {SOURCE}
    assert page.evaluate(ADD_PICTURE, f"{OTHER}/1/1/1.png") == "blocked"
    page.goto("/gemeenten/dordrecht/postvak")
    assert page.evaluate(ADD_PICTURE, f"{SOURCE}/1/1/1.png") == "blocked"
