"""A first look at the map of any municipality transfers few bytes beside Leaflet."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from shapely.geometry.base import BaseGeometry

from stopintimidatie.core.web.responses import ROOT
from stopintimidatie.map.drawing import outlines_json
from tests.support.areas import outlines

MOST = 20_000
TOWNS = {"GM0505", "GM0772", "GM0363", "GM0599", "GM1955", "GM0855"}


def packed(content: bytes) -> int:
    return len(gzip.compress(content))


def test_only_the_page_of_the_map_loads_leaflet() -> None:
    templates = ROOT.parents[2].rglob("*.jinja2")
    loading = [path.name for path in templates if "leaflet" in path.read_text("utf-8")]
    assert loading == ["map.jinja2"]


@pytest.mark.echte_gebieden
def test_outlines_script_and_sheet_are_small(echte_gebieden: Path) -> None:
    own = sum(packed((ROOT / name).read_bytes()) for name in ("js/map.js", "map.css"))
    by_town: dict[str, dict[str, BaseGeometry]] = {}
    for kind in outlines(echte_gebieden / "wijken_2024.geojson").values():
        for outline in kind:
            town = by_town.setdefault(outline.parent_code or "", {})
            town[outline.code] = outline.geometry
    assert by_town.keys() > TOWNS
    sizes = {code: packed(outlines_json(by_town[code])) for code in TOWNS}
    assert {code: size for code, size in sizes.items() if size + own > MOST} == {}
