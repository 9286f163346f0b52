"""`gebieden laden`: all or nothing, repeatable, and addresses in step."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.storage import NATIONAL, Holder, enter
from stopintimidatie.municipalities.areas.facts import AreaKind
from stopintimidatie.municipalities.areas.geojson import AreaFileError
from stopintimidatie.municipalities.areas.models import (
    AreaLoad,
    AreaOutline,
    Municipality,
    Neighbourhood,
    Subneighbourhood,
)
from stopintimidatie.municipalities.areas.queries import municipality_by_slug
from stopintimidatie.municipalities.areas.services import add_holder, seed_register
from tests.support.areas import (
    MUNICIPALITIES,
    NEIGHBOURHOODS,
    RESERVED,
    SUBNEIGHBOURHOODS,
    features,
    load,
    load_town,
    neighbourhood_at,
    write_collection,
)


def _count(session: Session, table: type) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def _contents(session: Session) -> dict[str, list[tuple[object, ...]]]:
    tables = (Holder, Municipality, Neighbourhood, Subneighbourhood, AreaOutline)
    return {
        table.__tablename__: sorted(map(tuple, session.execute(select(*table.__table__.c))))
        for table in tables
    }


def test_a_town_is_loaded_with_names_and_addresses(session: Session) -> None:
    load_town(session)
    assert _count(session, AreaOutline) == 2 + 6 + 5
    town = municipality_by_slug(session, "voorbeeldstad")
    assert town is not None
    assert (town.code, town.province) == ("GM9901", "Voorbeeldland")
    centre = neighbourhood_at(session, "GM9901", "binnenstad")
    assert centre is not None
    assert (centre.code, centre.name) == ("WK990101", "Binnenstad")
    slugs = session.scalars(
        select(Neighbourhood.slug).where(Neighbourhood.municipality_code == "GM9901")
    )
    assert set(slugs) == {
        "binnenstad",
        "noord-02",
        "noord-04",
        "havens",
        "groot-water",
        "gemeentebreed",
        "onbekend",
    }


def test_what_a_load_did_is_told_and_logged(session: Session) -> None:
    add_holder(session, NATIONAL)
    steps: list[int] = []
    result = load(session, MUNICIPALITIES, progress=steps.append)
    assert result.summary == "2 gemeenten van 2024 geladen, 1 overgeslagen (buitenland)."
    assert steps == [1, 2, 3]
    enter(session, NATIONAL)
    event = session.scalars(select(AuditEvent)).one()
    assert (event.action, event.actor_kind, event.reason) == (
        "gebieden.geladen",
        "beheerder",
        result.summary,
    )


def test_loading_twice_changes_nothing(session: Session) -> None:
    load_town(session)
    before = _contents(session)
    load_town(session)
    assert _contents(session) == before
    assert _count(session, AreaLoad) == 6


def test_a_half_good_file_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    with Session(engine) as session:
        load_town(session)
        session.commit()
        before = _contents(session)
    bad = features(NEIGHBOURHOODS)
    bad[0]["properties"]["wijknaam"] = "Wijk 01 Nieuwe naam"
    bad[-1]["geometry"] = None
    path = write_collection(tmp_path / "wijken_2024.geojson", bad)
    with pytest.raises(AreaFileError), Session(engine) as session, session.begin():
        load(session, path)
    with Session(engine) as session:
        assert _contents(session) == before


def test_every_municipality_gets_a_holder_and_two_fixed_neighbourhoods(session: Session) -> None:
    load(session, MUNICIPALITIES)
    assert set(session.scalars(select(Holder.code))) == {NATIONAL, "GM9901", "GM9902"}
    codes = set(session.scalars(select(Neighbourhood.code)))
    assert {"GM9901-GB", "GM9901-ON", "GM9902-GB", "GM9902-ON"} <= codes


def test_a_new_name_gives_a_new_address_and_tells_the_old_one(
    session: Session, tmp_path: Path
) -> None:
    load_town(session)
    changed = features(NEIGHBOURHOODS)
    changed[1]["properties"]["wijknaam"] = "Wijk 02 Noorderpark"
    result = load(session, write_collection(tmp_path / "wijken_2025.geojson", changed))
    moves = {(move.code, move.old_slug, move.new_slug) for move in result.moved}
    assert moves == {
        ("WK990102", "noord-02", "noorderpark"),
        ("WK990104", "noord-04", "noord"),
    }


def test_two_that_swap_names_swap_addresses(session: Session, tmp_path: Path) -> None:
    load_town(session)
    changed = features(NEIGHBOURHOODS)
    first, third = changed[0]["properties"], changed[2]["properties"]
    first["wijknaam"], third["wijknaam"] = third["wijknaam"], first["wijknaam"]
    load(session, write_collection(tmp_path / "wijken_2025.geojson", changed))
    havens = neighbourhood_at(session, "GM9901", "havens")
    assert havens is not None
    assert havens.code == "WK990101"


def test_a_municipality_that_was_merged_loses_its_outlines(
    session: Session, tmp_path: Path
) -> None:
    load_town(session)
    _, town, village = features(MUNICIPALITIES)
    town["geometry"]["coordinates"].append(village["geometry"]["coordinates"])
    result = load(session, write_collection(tmp_path / "gemeenten_2025.geojson", [town]))
    assert result.removed == 1
    left = set(session.scalars(select(AreaOutline.municipality_code)))
    assert left == {"GM9901"}
    assert session.get(Municipality, "GM9902") is not None


def test_a_file_of_one_municipality_leaves_the_others_alone(
    session: Session, tmp_path: Path
) -> None:
    load_town(session)
    mine = [f for f in features(NEIGHBOURHOODS) if f["properties"]["gemeentecode"] == "GM9901"]
    result = load(session, write_collection(tmp_path / "wijken_2024.geojson", mine[:-1]))
    assert result.removed == 1
    assert session.get(AreaOutline, "WK990200") is not None
    assert session.get(AreaOutline, "WK990199") is None
    assert session.get(Neighbourhood, "WK990199") is not None


def test_pages_of_one_answer_are_loaded_together(session: Session, tmp_path: Path) -> None:
    load(session, MUNICIPALITIES)
    all_ = features(NEIGHBOURHOODS)
    more = [{"rel": "next", "href": "x"}]
    first = write_collection(tmp_path / "wijken_2024_1.geojson", all_[:3], links=more)
    last = write_collection(tmp_path / "wijken_2024_2.geojson", all_[3:])
    for options in ({}, {"year": 2024}):
        with pytest.raises(AreaFileError, match="volgende bladzijde"):
            load(session, first, **options)
    assert load(session, first, last).loaded == 6


def test_land_and_water_of_one_code_become_one_outline(session: Session, tmp_path: Path) -> None:
    _, town, village = features(MUNICIPALITIES)
    village["properties"].update(gemeentecode="GM9901", gemeentenaam="Voorbeeldstad", water="JA")
    result = load(session, write_collection(tmp_path / "gemeenten_2024.geojson", [town, village]))
    assert result.loaded == 1
    outline = session.get(AreaOutline, "GM9901")
    assert outline is not None
    assert not outline.water


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (NEIGHBOURHOODS, "gemeente GM9901, en die is niet bekend. Laad eerst de gemeenten"),
        (SUBNEIGHBOURHOODS, "wijk WK990101, en die is niet bekend. Laad eerst de wijken"),
    ],
)
def test_what_lies_above_must_be_loaded_first(session: Session, path: Path, words: str) -> None:
    with pytest.raises(AreaFileError, match=words):
        load(session, path)


def test_another_kind_than_asked_for_is_refused(session: Session) -> None:
    with pytest.raises(AreaFileError, match="waar wijken verwacht worden"):
        load(session, MUNICIPALITIES, expected=AreaKind.NEIGHBOURHOOD)


def test_kinds_are_not_mixed(session: Session, tmp_path: Path) -> None:
    mixed = [*features(MUNICIPALITIES), *features(NEIGHBOURHOODS)]
    with pytest.raises(AreaFileError, match="één soort"):
        load(session, write_collection(tmp_path / "alles_2024.geojson", mixed))


def test_without_a_year_people_are_asked_for_it(session: Session, tmp_path: Path) -> None:
    path = write_collection(tmp_path / "gebieden.geojson", features(MUNICIPALITIES))
    with pytest.raises(AreaFileError, match="--jaar"):
        load(session, path)
    assert load(session, path, year=2025).year == 2025


def test_an_empty_collection_is_refused(session: Session, tmp_path: Path) -> None:
    with pytest.raises(AreaFileError, match="geen enkel gebied"):
        load(session, write_collection(tmp_path / "gemeenten_2024.geojson", []))


def test_the_register_is_seeded_from_the_facts_and_again_without_effect(session: Session) -> None:
    seed_register(session, RESERVED)
    before = _contents(session)
    assert _count(session, Municipality) == 342
    assert _count(session, Holder) == 343
    assert _count(session, Neighbourhood) == 342 * 2 + 296
    dordrecht = municipality_by_slug(session, "dordrecht")
    assert dordrecht is not None
    assert neighbourhood_at(session, "GM0505", "binnenstad") is not None
    seed_register(session, RESERVED)
    assert _contents(session) == before


def test_a_page_that_is_new_drives_an_area_from_its_address(session: Session) -> None:
    seed_register(session, RESERVED)
    seed_register(session, RESERVED | {"binnenstad", "dordrecht"})
    assert municipality_by_slug(session, "gemeente-dordrecht") is not None
    assert neighbourhood_at(session, "GM0505", "binnenstad") is None
    assert neighbourhood_at(session, "GM0505", "binnenstad-01") is not None


@pytest.mark.alles
@pytest.mark.echte_gebieden
def test_the_real_outlines_load_over_the_facts(session: Session, echte_gebieden: Path) -> None:
    seed_register(session, RESERVED)
    assert load(session, echte_gebieden / "gemeenten_2024.geojson").loaded == 342
    result = load(session, echte_gebieden / "wijken_2024.geojson")
    assert (result.loaded, result.moved) == (3474, ())
    assert load(session, echte_gebieden / "buurten_2024" / "GM0505.geojson", year=2024).loaded > 50
    assert _count(session, Municipality) == 342
