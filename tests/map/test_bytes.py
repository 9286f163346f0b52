"""A first look at the map of any municipality transfers few bytes beside Leaflet."""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from shapely.geometry.base import BaseGeometry
from webob import Request, Response

from stopintimidatie.core.web.responses import ROOT
from stopintimidatie.map import drawing
from tests.support.areas import NEIGHBOURHOODS, outlines
from tests.support.factories import connect
from tests.support.installation import Installation
from tests.support.officers import officer

pytestmark = pytest.mark.sqlite
MOST = 20_000
FILES = "js/map.js", "map.css"
ORIGIN = "http://localhost:6543"
# As a browser asks for what a person opened.
BROWSER = {"Accept-Encoding": "gzip", "Sec-Fetch-Site": "same-origin"}


def by_town(path: Path) -> dict[str, dict[str, BaseGeometry]]:
    """The outlines of the wijken of a file, by municipality."""
    towns: defaultdict[str, dict[str, BaseGeometry]] = defaultdict(dict)
    for kind in outlines(path).values():
        for outline in kind:
            towns[outline.parent_code or ""][outline.code] = outline.geometry
    return towns


def sent(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, shapes: Mapping[str, BaseGeometry]
) -> int:
    """How many bytes of a map with these outlines a server sends, beside Leaflet and the page."""
    monkeypatch.setattr(drawing, "shapes_of", lambda locator, areas: shapes)
    connect(installation)
    cookies = officer(installation).cookies.items()
    cookie = "; ".join(f"{name}={value}" for name, value in cookies)

    def ask(path: str) -> Response:
        # WebTest's own client unpacks what it is given.
        asked = Request.blank(path, base_url=ORIGIN, headers={**BROWSER, "Cookie": cookie})
        answer = asked.get_response(installation.app)
        assert (answer.status_int, answer.content_encoding) == (200, "gzip"), path
        return answer

    page = BeautifulSoup(gzip.decompress(ask("/gemeenten/dordrecht/kaart").body), "lxml")
    fetched = (("src", FILES[0]), ("href", FILES[1]), ("data-grenzen", "kaart-grenzen"))
    found = [page.select(f"[{key}*='{name}']")[0][key] for key, name in fetched]
    return sum(len(ask(str(path)).body) for path in found)


def test_only_the_page_of_the_map_loads_leaflet() -> None:
    templates = ROOT.parents[2].rglob("*.jinja2")
    loading = [path.name for path in templates if "leaflet" in path.read_text("utf-8")]
    assert loading == ["map.jinja2"]


def test_all_that_the_map_fetches_is_sent_packed(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shapes, *_) = by_town(NEIGHBOURHOODS).values()
    assert sent(installation, monkeypatch, shapes) < MOST


@pytest.mark.echte_gebieden
def test_the_map_of_every_municipality_is_few_bytes(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, echte_gebieden: Path
) -> None:
    towns = by_town(echte_gebieden / "wijken_2024.geojson")
    assert len(towns) > 300
    most = max(towns.values(), key=lambda one: len(gzip.compress(drawing.outlines_json(one))))
    # As it stands, unpacked, it would be too much: so this fails where the server doesn't pack.
    assert len(drawing.outlines_json(most)) > MOST
    assert sent(installation, monkeypatch, most) < MOST
