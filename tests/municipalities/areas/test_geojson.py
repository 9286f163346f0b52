"""Reading CBS/PDOK files, and what people are told when a file is no good."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stopintimidatie.municipalities.areas.facts import AreaKind
from stopintimidatie.municipalities.areas.geojson import AreaFileError
from stopintimidatie.municipalities.areas.sources import read_areas, read_header
from tests.support.areas import (
    MUNICIPALITIES,
    NEIGHBOURHOODS,
    SUBNEIGHBOURHOODS,
    features,
    write_collection,
)

PDOK_FIXTURE = "fixtures/pdok_ogc_buurten_items.json"


def test_the_kind_follows_from_the_properties() -> None:
    kinds = [
        {area.kind for area in read_areas(path) if area}
        for path in (MUNICIPALITIES, NEIGHBOURHOODS, SUBNEIGHBOURHOODS)
    ]
    assert kinds == [
        {AreaKind.MUNICIPALITY},
        {AreaKind.NEIGHBOURHOOD},
        {AreaKind.SUBNEIGHBOURHOOD},
    ]


def test_what_lies_abroad_is_passed_over() -> None:
    areas = list(read_areas(MUNICIPALITIES))
    assert areas[0] is None
    assert [area.code for area in areas if area] == ["GM9901", "GM9902"]


def test_water_is_kept_and_flagged() -> None:
    water = {area.code: area.water for area in read_areas(NEIGHBOURHOODS) if area}
    assert water["WK990199"]
    assert not water["WK990101"]


def test_a_subneighbourhood_knows_its_neighbourhood_and_may_have_letters_in_its_code() -> None:
    parents = {area.code: area.parent_code for area in read_areas(SUBNEIGHBOURHOODS) if area}
    assert parents["BU990103AA"] == "WK990103"


def test_the_year_comes_from_the_name_of_the_file() -> None:
    assert read_header(NEIGHBOURHOODS).year == 2024


def test_the_year_may_also_stand_inside(tmp_path: Path) -> None:
    path = write_collection(tmp_path / "w.json", features(NEIGHBOURHOODS), name="wijken_2025")
    assert read_header(path).year == 2025


def test_a_page_that_is_not_the_last_says_so(tmp_path: Path) -> None:
    links = [{"rel": "self", "href": "x"}, {"rel": "next", "href": "y"}]
    path = write_collection(tmp_path / "w.json", features(NEIGHBOURHOODS), links=links)
    assert read_header(path).more_pages


def _change(key: str, value: Any) -> Callable[[Any], None]:
    def change(feature: Any) -> None:
        feature["properties"][key] = value

    return change


def _drop(key: str) -> Callable[[Any], None]:
    return lambda feature: feature["properties"].pop(key)


def _geometry(value: Any) -> Callable[[Any], None]:
    return lambda feature: feature.__setitem__("geometry", value)


POLYGON = "Polygon"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_drop("wijknaam"), "wijknaam is leeg"),
        (_change("wijknaam", "x" * 300), "te lang"),
        (_change("wijknaam", 5), "geen tekst"),
        (_change("wijkcode", "WK12"), "geen code van een wijk"),
        (_change("gemeentecode", "GM9902"), "hoort volgens de code niet bij GM9902"),
        (lambda f: f.__setitem__("properties", None), "kenmerken"),
        (lambda f: f["properties"].clear(), "geen gemeente, wijk of buurt"),
        (_geometry(None), "geen vlak"),
        (_geometry({"type": "Point", "coordinates": [3.3, 52]}), "geen vlak"),
        (_geometry({"type": POLYGON, "coordinates": []}), "leeg"),
        (_geometry({"type": POLYGON, "coordinates": None}), "leeg"),
        (_geometry({"type": POLYGON, "coordinates": {"a": 1}}), "coördinaten"),
        (_geometry({"type": POLYGON}), "coördinaten"),
        (_geometry({"type": POLYGON, "coordinates": [[[3, 52], [3, 53]]]}), "coördinaten"),
        (_geometry({"type": POLYGON, "coordinates": [[["a", "b"]] * 4]}), "coördinaten"),
        (_geometry({"type": POLYGON, "coordinates": [[[3, 52]] * 4]}), "leeg"),
        (
            _geometry({"type": POLYGON, "coordinates": [[[9e4, 4e5], [9e4, 5e5], [1e5, 5e5]] * 2]}),
            "WGS84",
        ),
    ],
)
def test_a_bad_feature_is_named_in_the_message(
    tmp_path: Path, change: Callable[[Any], None], words: str
) -> None:
    good, bad = features(NEIGHBOURHOODS)[0], copy.deepcopy(features(NEIGHBOURHOODS)[1])
    change(bad)
    path = write_collection(tmp_path / "w.json", [good, bad])
    with pytest.raises(AreaFileError, match=words) as caught:
        list(read_areas(path))
    assert "gebied 2" in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_crossed_outline_is_repaired(tmp_path: Path) -> None:
    feature = features(NEIGHBOURHOODS)[1]
    bow_tie = [[3.30, 52.0], [3.32, 52.02], [3.32, 52.0], [3.30, 52.02], [3.30, 52.0]]
    feature["geometry"] = {"type": "Polygon", "coordinates": [bow_tie]}
    (area,) = read_areas(write_collection(tmp_path / "w.json", [feature]))
    assert area is not None
    assert area.outline.is_valid
    assert area.outline.area > 0


def _read_whole(path: Path) -> None:
    read_header(path)
    list(read_areas(path))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "geen JSON"),
        (b"gemeentecode;naam", "geen"),
        (b'{"type": "FeatureCollection", "features": [{"type": "Fea', "geen JSON"),
        (b'{"type": "Feature"}', "geen GeoJSON"),
        (b"[]", "geen GeoJSON"),
        (b"\xff\xfe\x00", "geen"),
        (b'{"type": "FeatureCollection", "features": [NaN]}', "geen"),
    ],
)
def test_a_file_that_is_no_area_file_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "gebieden_2024.geojson"
    path.write_bytes(content)
    with pytest.raises(AreaFileError, match=words):
        _read_whole(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(AreaFileError, match="bestaat niet"):
        read_header(tmp_path / "nergens.geojson")


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(AreaFileError, match="niet te lezen"):
        read_header(tmp_path)


@pytest.mark.echte_gebieden
def test_an_answer_of_pdok_is_understood(echte_gebieden: Path) -> None:
    path = echte_gebieden / PDOK_FIXTURE
    (area,) = read_areas(path)
    assert area is not None
    assert (area.code, area.parent_code, area.name) == ("BU07721110", "WK077211", "Binnenstad")
    assert read_header(path).more_pages
    assert json.loads(path.read_text())["numberReturned"] == 1
