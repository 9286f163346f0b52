"""Stops of public transport: read from GTFS, found by name, never guessed."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.municipalities.areas.geocoder import load_stops, locate_stop, points_named
from stopintimidatie.municipalities.areas.geojson import AreaFileError
from stopintimidatie.municipalities.areas.locator import NOWHERE, Method, Place
from stopintimidatie.municipalities.areas.models import TransitStop
from stopintimidatie.municipalities.areas.services import add_holder
from tests.support.areas import OPERATOR, town_locator

STOPS = """\
stop_id,stop_code,stop_name,stop_lat,stop_lon,location_type
1,,"Voorbeeldstad, Centraal Station",52.0050,3.3050,1
2,,"Voorbeeldstad, Centraal Station",52.0051,3.3049,0
3,,"Voorbeeldstad, Kerk",52.0050,3.3051,0
4,,"Voorbeeldambacht, Kerk",52.0200,3.3750,0
5,,"Antwerpen, Kaai",abc,4.4,0
6,,"Parijs, Nord",48.88,2.35,0
7,,"Voorbeeldambacht, Dórp ",52.0200,3.3750,0
"""


@pytest.fixture
def stops(session: Session, tmp_path: Path) -> Session:
    add_holder(session, NATIONAL)
    path = tmp_path / "stops.txt"
    path.write_text(STOPS, encoding="utf-8")
    assert load_stops(session, path, actor=OPERATOR) == 4
    return session


@pytest.mark.parametrize(
    ("name", "town"),
    [
        ("Voorbeeldstad, Centraal Station", "GM9901"),
        ("voorbeeldstad centraal station", "GM9901"),
        ("Centraal Station", "GM9901"),
        ("Voorbeeldambacht, Kerk", "GM9902"),
        ("dorp", "GM9902"),
        ("Kerk", None),
        ("Markt", None),
        ("", None),
        ("?!", None),
        (None, None),
    ],
)
def test_a_stop_is_in_the_municipality_where_all_of_that_name_lie(
    stops: Session, name: str | None, town: str | None
) -> None:
    place = locate_stop(town_locator(), points_named(stops, name))
    assert place.municipality_code == town
    assert place.method is (Method.STOP if town else Method.NONE)


def test_a_stop_tells_wijk_and_buurt_too(stops: Session) -> None:
    place = locate_stop(town_locator(), points_named(stops, "Voorbeeldstad, Kerk"))
    assert place == Place("GM9901", "WK990101", "BU99010100", Method.STOP)
    assert locate_stop(town_locator(), ()) == NOWHERE


def test_a_whole_timetable_replaces_what_was_there(stops: Session, tmp_path: Path) -> None:
    path = tmp_path / "gtfs-nl.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("stops.txt", "\n".join(STOPS.splitlines()[:2]))
    assert load_stops(stops, path, actor=OPERATOR) == 1
    assert stops.scalar(select(func.count()).select_from(TransitStop)) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a,b\n1,2\n", "geen stops.txt"),
        ("stop_name,stop_lat,stop_lon\n", "geen enkele halte"),
        ("\x00\xff", "geen"),
    ],
)
def test_another_file_is_refused_in_words(
    session: Session, tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "stops.txt"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(AreaFileError, match=told):
        load_stops(session, path, actor=OPERATOR)
    with pytest.raises(AreaFileError, match="niet te lezen"):
        load_stops(session, tmp_path / "weg.txt", actor=OPERATOR)
