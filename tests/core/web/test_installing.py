"""The page to report on can be put on a telephone's first screen, and keeps nothing there."""

from __future__ import annotations

from io import BytesIO
from urllib.parse import urljoin

import pytest
from PIL import Image

from stopintimidatie.core.web.responses import CSP, ROOT
from tests.support.installation import Installation


@pytest.mark.parametrize(
    ("address", "installs"),
    [
        ("/melden", True),
        ("/melden/dordrecht", True),
        ("/volgen", True),
        ("/volgen/bestaat-niet", True),
        ("/privacy", False),
        ("/aanmelden", False),
    ],
)
def test_only_pages_to_report_and_to_follow_can_be_installed(
    installation: Installation, address: str, installs: bool
) -> None:
    page = installation.visitor().get(address, status="*")
    assert bool(page.html.select("link[rel=manifest]")) is installs
    assert page.headers["Cache-Control"] == "no-store"


def test_the_manifest_says_nothing_on_a_shared_phone_and_its_pictures_are_there(
    installation: Installation,
) -> None:
    assert "manifest-src 'self'" in CSP.split("; ")
    visitor = installation.visitor()
    link = visitor.get("/melden").html.select_one("link[rel=manifest]")["href"]
    answer = visitor.get(link)
    assert answer.content_type == "application/json"
    told = answer.json
    assert {told["name"], told["short_name"]} == {"Melden"}
    assert told["start_url"] == told["scope"] == "/melden"
    for icon in told["icons"]:
        picture = visitor.get(urljoin(link, icon["src"]))
        assert picture.content_type == icon["type"]
        if icon["sizes"] != "any":
            size = Image.open(BytesIO(picture.body)).size
            assert "x".join(map(str, size)) == icon["sizes"]


def test_no_script_of_ours_keeps_a_page() -> None:
    for script in (ROOT / "js").glob("*.js"):
        source = script.read_text(encoding="utf-8")
        assert "serviceWorker" not in source, script.name
        assert "caches." not in source, script.name
