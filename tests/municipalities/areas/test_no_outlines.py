"""Outlines are CBS's and Kadaster's: the project commits none, only a made-up town."""

import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
MADE_UP = "tests/data/voorbeeldstad/"
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
    assert [name for name in found if not name.startswith(MADE_UP)] == []


@pytest.mark.parametrize("suffix", [".json", ".csv", ".txt"])
def test_no_outline_hides_in_another_file(suffix: str) -> None:
    paths = [REPOSITORY / name for name in _committed() if name.endswith(suffix)]
    assert [p for p in paths if p.is_file() and any(m in p.read_bytes() for m in MARKS)] == []


def test_the_made_up_town_lies_in_the_sea() -> None:
    """So that it can never be taken for, or meet, a real outline."""
    text = "".join(path.read_text() for path in (REPOSITORY / MADE_UP).glob("*.geojson"))
    assert '"Voorbeeldstad"' in text
    assert "[3.3, 52.0]" in text
