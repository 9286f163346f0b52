"""A background behind the map: one source, only where the operator chose it, only on that page."""

from __future__ import annotations

import pytest

from stopintimidatie.core.web.responses import CSP
from stopintimidatie.settings import SettingsError, parse_settings
from tests.support.factories import connect
from tests.support.installation import Installation, Variant
from tests.support.officers import officer

pytestmark = pytest.mark.sqlite
MAP = "/gemeenten/dordrecht/kaart"
OWN = "https://kaart.example.nl/{z}/{x}/{y}.png"


def test_switched_off_the_map_names_nobody(installation: Installation) -> None:
    connect(installation)
    page = officer(installation).get(MAP)
    assert page.headers["Content-Security-Policy"] == CSP
    assert "data-tegels" not in page.text


@pytest.mark.parametrize(
    ("background", "host", "source"),
    [("pdok", "service.pdok.nl", "BRT-A"), (OWN, "kaart.example.nl", "kaart.example.nl")],
)
def test_only_the_map_may_load_a_background(
    installation: Installation, variant: Variant, background: str, host: str, source: str
) -> None:
    connect(installation)
    browser = officer(variant(map_background=background))
    page = browser.get(MAP)
    assert f"img-src 'self' https://{host} data:;" in page.headers["Content-Security-Policy"]
    assert source in page.html.select_one("#kaart")["data-bron"]
    for path in ("", "/postvak"):
        other = browser.get(f"/gemeenten/dordrecht{path}")
        assert other.headers["Content-Security-Policy"] == CSP


@pytest.mark.parametrize(
    "address",
    [
        "http://kaart.example.nl/{z}/{x}/{y}.png",
        "https://kaart.example.nl/kaart.png",
        "https://{z}.example.nl/{x}/{y}.png",
        "https://kaart.example.nl;script-src/{z}/{x}/{y}",
        "ja",
    ],
)
def test_an_address_that_is_no_background_is_refused(address: str) -> None:
    with pytest.raises(SettingsError, match=r"map\.background"):
        parse_settings({"map.background": address})
