"""Names of places on both databases: loaded in portions, found, and written beside a report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.jobs.models import OutboxJob
from stopintimidatie.core.jobs.services import enqueue
from stopintimidatie.core.storage import Holder
from stopintimidatie.core.storage.personal import erase_document
from stopintimidatie.municipalities.areas import landmarks
from stopintimidatie.municipalities.areas.geojson import AreaFileError
from stopintimidatie.municipalities.areas.landmarks import find_named, find_near, load_landmarks
from stopintimidatie.municipalities.areas.models import Landmark
from stopintimidatie.reports.arrival import jobs
from stopintimidatie.reports.arrival.jobs import ask_for_places
from stopintimidatie.reports.fields import Location
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.words import AreaNames, place_row, place_short
from tests.support.areas import OPERATOR
from tests.support.factories import DORDRECHT, connect, make_report
from tests.support.installation import Installation
from tests.support.keyboard import Keyboard

# In Dordrecht; a degree of longitude is shorter than one of latitude.
LAT, LON = 51.8140, 4.6690


def line(name: str | None, *points: tuple[float, float]) -> dict[str, Any]:
    return feature(name, "LineString", points, "stt_naam")


def feature(name: str | None, kind: str, points: Any, key: str = "naamNL") -> dict[str, Any]:
    shape = {"type": kind, "coordinates": points}
    return {"type": "Feature", "properties": {key: name}, "geometry": shape}


def write(path: Path, features: Sequence[dict[str, Any]]) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


FEATURES = [
    line("Voorstraat", (4.6680, 51.8140), (4.6700, 51.8140)),
    line("Voorstraat", (4.6700, 51.8140), (4.6790, 51.8140)),
    line("Visstraat", (4.6700, 51.8140), (4.6700, 51.8150)),
    line(None, (4.6700, 51.8150), (4.6700, 51.8160)),
    feature("Weizigtpark", "Polygon", [
        [(4.660, 51.80), (4.667, 51.80), (4.667, 51.806), (4.660, 51.806), (4.660, 51.80)]
    ]),
]  # fmt: skip
STOPS = 'stop_name,stop_lat,stop_lon\n"Dordrecht, Spuiboulevard",51.8120,4.6600\n'


def load(installation: Installation, *paths: Path) -> int:
    engine = installation.registry.engine
    with installation.transaction() as session:
        locator = installation.registry.locator_cache.current(session)
    return load_landmarks(engine, locator, paths, actor=OPERATOR, done=ask_here)


def ask_here(session: Session) -> None:
    """As `ask_for_places`, for one of the 343 holders: each is a job."""
    enqueue(session, jobs.NAME_PLACES, DORDRECHT, {})


def test_new_names_are_asked_for_at_every_holder(town: Installation) -> None:
    with town.transaction() as session:
        ask_for_places(session)
        asked = select(OutboxJob.holder).where(OutboxJob.kind == jobs.NAME_PLACES.name)
        assert set(session.scalars(asked)) == set(session.scalars(select(Holder.code)))


@pytest.fixture
def town(installation: Installation) -> Installation:
    connect(installation, DORDRECHT)
    return installation


@pytest.fixture
def streets(tmp_path: Path) -> Path:
    return write(tmp_path / "straten.geojson", FEATURES)


def a_report(
    town: Installation, lat: float | None = LAT, lon: float | None = LON, **more: Any
) -> UUID:
    with town.transaction(DORDRECHT) as session:
        return make_report(session, town, location=Location(lat=lat, lon=lon, **more)).id


def read(town: Installation, number: UUID) -> Report:
    with town.transaction(DORDRECHT) as session:
        return session.get_one(Report, number)


def test_a_file_gives_streets_crossings_parks_and_stops(town: Installation, tmp_path: Path) -> None:
    stops = tmp_path / "stops.txt"
    stops.write_text(STOPS)
    load(town, write(tmp_path / "straten.geojson", FEATURES), stops)
    with town.transaction() as session:
        points = {
            "Voorstraat": (51.8143, 4.6780),
            "Visstraat|Voorstraat": (51.8141, 4.6701),
            "Visstraat": (51.8146, 4.6701),
            "Weizigtpark": (51.8030, 4.6650),
            "Spuiboulevard": (51.8121, 4.6601),
        }
        for name, point in points.items():
            near = find_near(session, *point, 10)[1]
            assert near is not None
            assert near.name == name
        # The unnamed path, and where only one street ends.
        assert find_near(session, 51.8158, 4.6700, 10)[1] == (
            landmarks.Near(landmarks.LandmarkKind.STREET, "Visstraat", 89)
        )
        (street, crossing) = find_named(session, DORDRECHT, "voorstraat")
        assert street.name == "Voorstraat"
        assert street.lat == pytest.approx(51.8140)
        # From the middle of its second part to where the first begins.
        assert street.lon == pytest.approx(4.6745)
        assert 440 < street.accuracy_m < 455
        assert (crossing.name, crossing.accuracy_m) == ("Visstraat en Voorstraat", 10)
        # A name with a single part reaches to its ends, as does a park.
        (street, _), (park,) = (
            find_named(session, DORDRECHT, typed) for typed in ("visstraat", "weizigt")
        )
        assert street.lat == pytest.approx(51.8145)
        assert 50 < street.accuracy_m < 60
        assert 400 < park.accuracy_m < 600


def test_the_operator_reads_which_names_there_are(
    town: Installation, streets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = Keyboard(town, capsys)
    assert "namen" not in typed.type("gebieden", "stand")[1]
    load(town, streets)
    lines = typed.type("gebieden", "stand")[1].splitlines()
    told = [line.split("\t") for line in lines if line.startswith("namen")]
    assert [(kind, number, source) for kind, _, number, source in told] == [
        ("namen: kruising", "1", "straten.geojson"),
        ("namen: park", "1", "straten.geojson"),
        ("namen: straat", "2", "straten.geojson"),
    ]


def test_new_names_take_the_place_of_all_earlier_ones(
    town: Installation, streets: Path, tmp_path: Path
) -> None:
    load(town, streets)
    load(town, write(tmp_path / "anders.geojson", [line("Kaai", (4.668, 51.814), (4.67, 51.814))]))
    with town.transaction() as session:
        assert set(session.scalars(select(Landmark.name))) == {"Kaai"}
        near = find_near(session, LAT, LON, 10)[1]
        assert near is not None
        assert near.name == "Kaai"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"type": "FeatureCollection", "features": []}', "geen enkele naam"),
        ('{"type": "FeatureCollection", "features": [', "geen JSON"),
        (None, "meters"),
    ],
)
def test_a_load_that_breaks_leaves_the_names_in_force(
    town: Installation, streets: Path, tmp_path: Path, text: str | None, told: str
) -> None:
    load(town, streets)
    broken = tmp_path / "kapot.geojson"
    if text is None:
        write(broken, [FEATURES[0], line("Kaai", (105_000, 425_000), (105_100, 425_000))])
    else:
        broken.write_text(text)
    with pytest.raises(AreaFileError, match=told):
        load(town, broken)
    with town.transaction() as session:
        assert find_near(session, LAT, LON, 10)[1] is not None
    load(town, streets)
    with town.transaction() as session:
        unused = Landmark.load != session.scalar(landmarks.load_in_force())
        assert session.scalar(select(func.count()).where(unused)) == 0


def test_a_new_report_is_named_after_it_arrived(town: Installation, streets: Path) -> None:
    load(town, streets)
    report = read(town, a_report(town, accuracy_m=10))
    assert place_row(report, AreaNames(neighbourhood="Binnenstad")) is not None
    before = report.version
    town.run_jobs()
    report = read(town, report.id)
    assert place_row(report, AreaNames()) == "bij de Voorstraat"
    assert place_short(report) == "Voorstraat"
    # An officer who has it open isn't refused for this.
    assert report.version == before


def test_new_names_rename_old_reports(
    town: Installation, streets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "PORTION", 2)
    numbers = [a_report(town) for _ in range(5)]
    town.run_jobs()
    assert {place_short(read(town, number)) for number in numbers} == {""}
    for name in ("Voorstraat", "Kaai"):
        path = tmp_path / f"{name}.geojson"
        load(town, write(path, [line(name, (4.668, 51.814), (4.67, 51.814))]))
        town.run_jobs()
        assert {place_short(read(town, number)) for number in numbers} == {name}


def test_a_report_without_a_point_or_whose_content_went_has_no_name(
    town: Installation, streets: Path
) -> None:
    nowhere, gone = a_report(town, None, None), a_report(town)
    with town.transaction(DORDRECHT) as session:
        session.get_one(Report, gone).state = "overgedragen"
    load(town, streets)
    town.run_jobs()
    for number in (nowhere, gone):
        report = read(town, number)
        assert (report.near_place, report.near_load) == (None, None)


def test_erasing_takes_the_name_away(town: Installation, streets: Path) -> None:
    load(town, streets)
    number = a_report(town)
    town.run_jobs()
    assert read(town, number).near_place
    with town.transaction(DORDRECHT) as session:
        erase_document(town.registry, session, KIND, number)
    assert read(town, number).near_place is None
    load(town, streets)
    town.run_jobs()
    assert read(town, number).near_place is None
