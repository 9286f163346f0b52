"""A point in words: names of streets, crossings, squares, stops and parks near it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import shapely
from sqlalchemy import event, insert
from sqlalchemy.orm import Session

from stopintimidatie.municipalities.areas.landmarks import (
    LandmarkKind,
    NamedPlace,
    Near,
    cell_of,
    find_named,
    find_near,
    in_words,
    short,
    with_article,
)
from stopintimidatie.municipalities.areas.models import Landmark, LandmarkLoad
from stopintimidatie.municipalities.areas.names import slugify

CROSSING, SQUARE, STOP, STREET, PARK = LandmarkKind


@pytest.mark.parametrize(
    ("near", "accuracy", "words"),
    [
        (
            Near(CROSSING, "Visstraat|Voorstraat", 4),
            10,
            "op de kruising van de Visstraat en de Voorstraat",
        ),
        (
            Near(CROSSING, "Achterom|Voorstraat", 22),
            10,
            "bij de kruising van Achterom en de Voorstraat, 20 m",
        ),
        (Near(SQUARE, "Admiraalsplein", 0), 10, "op het Admiraalsplein"),
        (Near(SQUARE, "Admiraalsplein", 38), None, "bij het Admiraalsplein, 40 m"),
        (Near(SQUARE, "Admiraalsplein", 6), None, "op het Admiraalsplein"),
        (Near(SQUARE, "Admiraalsplein", 60), 80, "bij het Admiraalsplein"),
        (Near(STOP, "Centraal Station", 18), 5, "bij halte Centraal Station, 20 m"),
        (Near(STREET, "Voorstraat", 3), 5, "bij de Voorstraat"),
        (Near(STREET, "Voorstraat", 61), 10, "bij de Voorstraat, 60 m"),
        (Near(PARK, "Weizigtpark", 0), 10, "in het Weizigtpark"),
        (Near(PARK, "Weizigtpark", 120), 10, "bij het Weizigtpark, 120 m"),
    ],
)
def test_a_point_is_said_as_people_say_it(near: Near, accuracy: int | None, words: str) -> None:
    assert in_words(near, accuracy) == words


def test_a_distance_below_the_accuracy_isn_t_said() -> None:
    assert in_words(Near(STREET, "Voorstraat", 40), 41) == "bij de Voorstraat"
    assert in_words(Near(STREET, "Voorstraat", 41), 40) == "bij de Voorstraat, 40 m"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Achterom", "Achterom"),
        ("Grote Markt", "de Grote Markt"),
        ("De Hoven", "De Hoven"),
        ("'t Vissertje", "'t Vissertje"),
        ("Begijnhof", "het Begijnhof"),
        ("Weeskinderendijk", "de Weeskinderendijk"),
    ],
)
def test_each_kind_of_name_gets_its_article(name: str, words: str) -> None:
    assert with_article(name) == words


def test_a_list_has_the_name_alone() -> None:
    assert short(Near(CROSSING, "Visstraat|Voorstraat", 22)) == "Visstraat en Voorstraat"
    assert short(Near(STOP, "Centraal Station", 22)) == "halte Centraal Station"
    assert short(Near(STREET, "Voorstraat", 60)) == "Voorstraat"


# A town of three streets: 0.0001 degrees of latitude are some 11 m, of longitude some 7 m.
LAT, LON = 52.0001, 4.9001
SHAPES = [
    (STREET, "Voorstraat", shapely.LineString([(4.9000, 52.0000), (4.9012, 52.0000)])),
    (STREET, "Visstraat", shapely.LineString([(4.9012, 52.0000), (4.9012, 52.0009)])),
    (CROSSING, "Visstraat|Voorstraat", shapely.Point(4.9012, 52.0000)),
    (PARK, "Weizigtpark", shapely.box(4.9000, 52.0012, 4.9020, 52.0019)),
    (SQUARE, "Admiraalsplein", shapely.box(4.9025, 52.0000, 4.9028, 52.0003)),
    (STOP, "Centraal Station", shapely.Point(4.9020, 52.0015)),
]


def store(session: Session, shapes: list[Any], finished: bool = True) -> int:
    load = LandmarkLoad(source="test", loaded_at=datetime.now(UTC) if finished else None)
    session.add(load)
    session.flush()
    for kind, name, shape in shapes:
        cell = cell_of(shape.centroid.y, shape.centroid.x)
        row = {"load": load.number, "kind": kind, "name": name}
        session.execute(insert(Landmark), [{**row, "cell": cell, "wkb": shape.wkb}])
        points = shapely.MultiPoint([shape.centroid]).wkb
        town = {"municipality_code": "GM0505", "name_key": slugify(name), "wkb": points}
        session.execute(insert(Landmark), [{**row, **town}])
    return load.number


@pytest.mark.parametrize(
    ("lat", "lon", "near"),
    [
        (52.0001, 4.9003, Near(STREET, "Voorstraat", 11)),
        (52.0001, 4.9011, Near(CROSSING, "Visstraat|Voorstraat", 13)),
        (52.0006, 4.9013, Near(STREET, "Visstraat", 7)),
        (52.0013, 4.9012, Near(PARK, "Weizigtpark", 0)),
        (52.0001, 4.9026, Near(SQUARE, "Admiraalsplein", 0)),
        (52.0005, 4.9026, Near(SQUARE, "Admiraalsplein", 22)),
        (52.0015, 4.9021, Near(STOP, "Centraal Station", 7)),
        (52.0022, 4.9041, Near(PARK, "Weizigtpark", 148)),
        (52.0100, 4.9000, None),
    ],
)
def test_the_place_that_people_would_name_is_found(
    session: Session, lat: float, lon: float, near: Near | None
) -> None:
    number = store(session, SHAPES)
    assert find_near(session, lat, lon, 10) == (number, near)


def test_a_vague_point_is_at_no_place(session: Session) -> None:
    number = store(session, SHAPES)
    assert find_near(session, LAT, LON, 101) == (number, None)
    assert find_near(session, LAT, LON, None)[1] is not None


def test_names_count_once_they_are_all_loaded(session: Session) -> None:
    assert find_near(session, LAT, LON, 10) == (None, None)
    assert find_named(session, "GM0505", "voorstraat") == []
    store(session, SHAPES, finished=False)
    assert find_near(session, LAT, LON, 10) == (None, None)
    assert find_named(session, "GM0505", "voorstraat") == []


def test_a_street_is_found_by_what_was_typed(session: Session) -> None:
    store(session, SHAPES)

    def names(typed: str, town: str = "GM0505") -> list[str]:
        return [place.name for place in find_named(session, town, typed)]

    assert names("straat") == ["Visstraat", "Voorstraat", "Visstraat en Voorstraat"]
    assert names("Voorstraat 12") == ["Voorstraat", "Visstraat en Voorstraat"]
    assert names("hoek Voorstraat en Visstr") == ["Visstraat en Voorstraat"]
    assert names("halte centraal") == ["halte Centraal Station"]
    assert names("%") == names("") == names("Kerkstraat") == names("voorstraat", "GM0772") == []
    square = SHAPES[4][2].centroid
    assert find_named(session, "GM0505", "admiraal") == [
        NamedPlace(SQUARE, "Admiraalsplein", square.y, square.x, 10)
    ]


def test_one_statement_with_an_index_finds_a_name(session: Session) -> None:
    store(session, SHAPES)
    statements: list[tuple[str, Any]] = []

    def note(_c: Any, _u: Any, statement: str, values: Any, *_: Any) -> None:
        statements.append((statement, values))

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    find_near(session, LAT, LON, 10)
    find_named(session, "GM0505", "straat")
    event.remove(engine, "before_cursor_execute", note)
    assert len(statements) == 2
    for statement, values in statements:
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        told = " ".join(row[-1] for row in plan)
        assert "USING INDEX ix_landmark" in told, told
