"""Outlines are CBS's and Kadaster's: the project commits none, only made-up ones."""

import json
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
MADE_UP = "tests/data/voorbeeldstad/"
DRAWN_FOR_THE_DEMO = "stopintimidatie/demo/scenarios/straten.geojson"
GEOMETRY = {".geojson", ".gpkg", ".shp", ".gml", ".kml", ".topojson", ".wkt", ".wkb", ".fgb"}
MARKS = (b'"MultiPolygon"', b'"Polygon"', b"MULTIPOLYGON", b"POLYGON ((")


def _committed() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=False
    )
    if listed.returncode:
        return [
            str(path.relative_to(REPOSITORY))
            for folder in ("stopintimidatie", "tests", "docs", "bench", "deploy")
            for path in (REPOSITORY / folder).rglob("*")
            if path.is_file()
        ]
    return [name for name in listed.stdout.decode().split("\0") if name]


def test_no_file_of_outlines_is_committed() -> None:
    found = [name for name in _committed() if Path(name).suffix.lower() in GEOMETRY]
    others = [name for name in found if not name.startswith(MADE_UP)]
    assert others == [DRAWN_FOR_THE_DEMO]


def test_the_places_of_the_demo_are_drawn_by_hand() -> None:
    """Their names come from its stories: each shape is a line, a point or a box."""
    drawn = json.loads((REPOSITORY / DRAWN_FOR_THE_DEMO).read_text())
    assert "Verzonnen" in drawn["name"]
    assert max(len(str(place["geometry"]).split("],")) for place in drawn["features"]) <= 8


@pytest.mark.parametrize("suffix", [".json", ".csv", ".txt"])
def test_no_outline_hides_in_another_file(suffix: str) -> None:
    paths = [REPOSITORY / name for name in _committed() if name.endswith(suffix)]
    assert [p for p in paths if p.is_file() and any(m in p.read_bytes() for m in MARKS)] == []


def test_the_made_up_town_lies_in_the_sea() -> None:
    """So that it can never be taken for, or meet, a real outline."""
    text = "".join(path.read_text() for path in (REPOSITORY / MADE_UP).glob("*.geojson"))
    assert '"Voorbeeldstad"' in text
    assert "[3.3, 52.0]" in text
