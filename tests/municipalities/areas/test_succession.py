"""A new year's areas: what ended, what took its place, and that nothing goes back by accident."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.municipalities.areas.geojson import AreaFileError
from stopintimidatie.municipalities.areas.models import (
    AreaOutline,
    FormerArea,
    Municipality,
    Neighbourhood,
)
from stopintimidatie.municipalities.areas.services import successors
from tests.support.areas import (
    MUNICIPALITIES,
    NEIGHBOURHOODS,
    features,
    load,
    load_town,
    write_collection,
)


def merged(folder: Path, year: int, old: str = "GM9902", new: str = "GM9903") -> tuple[Path, Path]:
    """The files of a year in which a municipality is renumbered, its wijken with it."""
    towns, wijken = features(MUNICIPALITIES), features(NEIGHBOURHOODS)
    for feature in [*towns, *wijken]:
        known = feature["properties"]
        if known["gemeentecode"] == old:
            known["gemeentecode"] = new
            if "wijkcode" in known:
                known["wijkcode"] = f"WK{new[2:]}{known['wijkcode'][6:]}"
    return (
        write_collection(folder / f"gemeenten_{year}.geojson", towns),
        write_collection(folder / f"wijken_{year}.geojson", wijken),
    )


def test_a_renumbered_municipality_and_its_wijken_have_successors(
    session: Session, tmp_path: Path
) -> None:
    load_town(session)
    towns, wijken = merged(tmp_path, 2025)
    assert load(session, towns).removed == 1
    assert successors(session, ["GM9902", "WK990200"]) == {"GM9902": "GM9903"}
    load(session, wijken)
    assert successors(session, ["GM9902", "WK990200", None, "WK990101"]) == {
        "GM9902": "GM9903",
        "WK990200": "WK990300",
    }
    former = session.get_one(FormerArea, "WK990200")
    assert (former.last_year, former.ended_in) == (2024, 2025)
    assert former.share == pytest.approx(1, abs=0.01)
    # What was filed under it still is somewhere.
    assert session.get(Neighbourhood, "WK990200") is not None
    assert session.get(Municipality, "GM9902") is not None


def test_successors_of_successors_are_followed(session: Session, tmp_path: Path) -> None:
    load_town(session)
    for path in merged(tmp_path, 2025):
        load(session, path)
    for path in merged(tmp_path, 2026, new="GM9904"):
        load(session, path)
    assert successors(session, ["WK990200"]) == {"WK990200": "WK990400"}


def test_older_outlines_are_refused_unless_asked_for(session: Session, tmp_path: Path) -> None:
    load_town(session)
    for path in merged(tmp_path, 2025):
        load(session, path)
    with pytest.raises(AreaFileError, match="--ouder"):
        load(session, MUNICIPALITIES)
    for path in (MUNICIPALITIES, NEIGHBOURHOODS):
        load(session, path, older=True)
    assert session.get(AreaOutline, "GM9902") is not None
    assert set(session.scalars(select(FormerArea.code))) == {"GM9903", "WK990300", "BU99020000"}
    assert successors(session, ["GM9902"]) == {}
