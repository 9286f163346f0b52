"""All 342 municipalities and 20,000 points on land, against a plain reading of the outlines.

The plain reading asks every outline of the file about every point: no tree, no parent, no nearest.
Where the two differ there must be a reason: the point lies in no outline (a crack, or just off the
coast of a simplified drawing) and the nearest has it, or in two, and the smallest code has it.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from stopintimidatie.municipalities.areas.facts import AreaKind
from stopintimidatie.municipalities.areas.locator import Locator, Method
from tests.support.areas import outlines

POINTS = 20_000
pytestmark = pytest.mark.echte_gebieden


class PlainReading:
    """The outlines of a file, each asked about all points at once."""

    def __init__(self, path: Path) -> None:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        self.codes = np.array([feature["id"] for feature in features])
        shapes = [shapely.geometry.shape(feature["geometry"]) for feature in features]
        self.shapes = shapely.make_valid(np.array(shapes, dtype=object))
        shapely.prepare(self.shapes)

    def holders(self, points: NDArray[Any]) -> list[list[str]]:
        """Per point the codes of all outlines that hold it."""
        found: list[list[str]] = [[] for _ in points]
        for code, outline in zip(self.codes, self.shapes, strict=True):
            for index in np.flatnonzero(shapely.intersects_xy(outline, points)):
                found[index].append(str(code))
        return found


@pytest.fixture(scope="module")
def plain(echte_gebieden: Path) -> PlainReading:
    return PlainReading(echte_gebieden / "gemeenten_2024.geojson")


@pytest.fixture(scope="module")
def locator(echte_gebieden: Path) -> Locator:
    files = [echte_gebieden / f"{kind}_2024.geojson" for kind in ("gemeenten", "wijken")]
    return Locator(outlines(*files, *sorted((echte_gebieden / "buurten_2024").glob("*.geojson"))))


def on_land(plain: PlainReading, number: int) -> NDArray[Any]:
    """So many points, evenly over the land: the same ones every time."""
    random = np.random.default_rng(2024)
    west, south, east, north = shapely.total_bounds(plain.shapes)
    land: list[Any] = []
    while len(land) < number:
        tried = random.uniform((west, south), (east, north), (5000, 2))
        land += [p for p, held in zip(tried, plain.holders(tried), strict=True) if held]
    return np.array(land[:number])


@pytest.mark.alles
def test_every_municipality_has_the_point_at_its_centre(
    plain: PlainReading, locator: Locator, echte_gebieden: Path
) -> None:
    with (echte_gebieden / "gemeenten_2024.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 342
    centres = np.array([[float(row["lon"]), float(row["lat"])] for row in rows])
    read = plain.holders(centres)
    found = [locator.locate(lat, lon).municipality_code for lon, lat in centres]
    elsewhere = {
        row["gemeentenaam"]: (held, mine)
        for row, held, mine in zip(rows, read, found, strict=True)
        if mine != row["gemeentecode"]
    }
    # The centre of a municipality in parts may lie outside it: then the plain reading agrees.
    assert all(mine in held or not held for held, mine in elsewhere.values()), elsewhere
    assert len(elsewhere) <= 5, elsewhere
    for code, outline in zip(plain.codes, plain.shapes, strict=True):
        inside = outline.representative_point()
        assert locator.locate(inside.y, inside.x).municipality_code == code


@pytest.mark.alles
def test_points_on_land_are_routed_as_a_plain_reading_says(
    plain: PlainReading, locator: Locator
) -> None:
    points = on_land(plain, POINTS)
    places = [locator.locate(lat, lon) for lon, lat in points]
    wrong = [
        (point.tolist(), held, place)
        for point, held, place in zip(points, plain.holders(points), places, strict=True)
        if place.municipality_code != min(held)
    ]
    assert not wrong
    with_wijk = sum(place.neighbourhood_code is not None for place in places)
    with_buurt = sum(place.subneighbourhood_code is not None for place in places)
    assert with_wijk > POINTS * 0.99
    assert with_buurt > POINTS * 0.97


@pytest.mark.alles
def test_levels_never_contradict_each_other(plain: PlainReading, locator: Locator) -> None:
    for lon, lat in on_land(plain, 2_000):
        place = locator.locate(lat, lon)
        digits = str(place.municipality_code)[2:]
        assert place.neighbourhood_code is None or place.neighbourhood_code[2:6] == digits
        if place.subneighbourhood_code is not None and place.neighbourhood_code is not None:
            assert place.subneighbourhood_code[2:8] == place.neighbourhood_code[2:]


@pytest.mark.alles
def test_what_lies_near_another_municipality_says_so(plain: PlainReading, locator: Locator) -> None:
    """By another way of measuring: RD-like metres, and the boundary of every other outline."""
    points = on_land(plain, 3_000)
    codes = {code: index for index, code in enumerate(plain.codes)}
    tree = shapely.STRtree(plain.shapes)
    for lon, lat in points:
        place = locator.locate(lat, lon)
        scale = np.array([111_195 * np.cos(np.radians(lat)), 111_195])
        near = [
            str(plain.codes[index])
            for index in tree.query(shapely.Point(lon, lat).buffer(0.01))
            if index != codes[place.municipality_code]
            and metres(plain.shapes[index], np.array([lon, lat]), scale) <= 50
        ]
        assert (place.near_municipality_code in near) == bool(near), (lat, lon, near, place)
    assert any(locator.locate(lat, lon).near_municipality_code for lon, lat in points)
    assert all(
        locator.locate(lat, lon).method in (Method.OUTLINE, Method.NEAREST) for lon, lat in points
    )


def metres(outline: Any, point: NDArray[Any], scale: NDArray[Any]) -> float:
    flat = shapely.transform(outline, lambda xy: (xy - point) * scale)
    return float(shapely.Point(0, 0).distance(flat))


@pytest.mark.alles
def test_all_buurten_are_loaded_and_in_the_tree(locator: Locator) -> None:
    assert len(locator._layers[AreaKind.SUBNEIGHBOURHOOD].outlines) == 14_566
