"""The register on both databases: filled at installation, loaded from files, asked by many."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from stopintimidatie.core.storage import NATIONAL, make_engine, transaction
from stopintimidatie.municipalities.areas.geojson import AreaFileError
from stopintimidatie.municipalities.areas.locator import LocatorCache, Method, locate
from stopintimidatie.municipalities.areas.models import AreaOutline, Municipality, Neighbourhood
from stopintimidatie.municipalities.areas.queries import (
    all_municipalities,
    municipality_by_code,
    municipality_by_slug,
    neighbourhoods_of,
    unknown_neighbourhood_code,
)
from tests.support.areas import (
    NEIGHBOURHOODS,
    features,
    load,
    load_town,
    neighbourhood_at,
    write_collection,
)
from tests.support.installation import make_settings

pytestmark = pytest.mark.both_databases


@pytest.fixture
def engine(database_url: str, tmp_path: Path) -> Iterator[Engine]:
    """An installed database, without the application."""
    engine = make_engine(make_settings(database_url, tmp_path))
    yield engine
    engine.dispose()


@pytest.fixture
def town(engine: Engine) -> Engine:
    """The made-up town loaded beside the real register."""
    with transaction(engine, NATIONAL) as session:
        load_town(session)
    return engine


def test_a_new_installation_knows_every_municipality(engine: Engine) -> None:
    with transaction(engine, write=False) as session:
        assert session.scalar(select(func.count()).select_from(Municipality)) == 342
        names = [row.name for row in all_municipalities(session)]
        dordrecht = municipality_by_slug(session, "dordrecht")
        assert dordrecht is not None
        assert dordrecht is municipality_by_code(session, "GM0505")
        assert municipality_by_slug(session, "atlantis") is None
    assert names.index("'s-Gravenhage") > names.index("Rotterdam")


def test_neighbourhoods_stand_in_the_order_people_expect(town: Engine) -> None:
    with transaction(town, write=False) as session:
        names = [row.slug for row in neighbourhoods_of(session, "GM9901")]
    assert names == [
        "binnenstad",
        "havens",
        "noord-02",
        "noord-04",
        "groot-water",
        "gemeentebreed",
        "onbekend",
    ]


def test_every_municipality_has_its_two_fixed_neighbourhoods(engine: Engine) -> None:
    with transaction(engine, write=False) as session:
        for code in ("GM0772-GB", unknown_neighbourhood_code("GM0772")):
            found = session.get(Neighbourhood, code)
            assert found is not None
            assert found is neighbourhood_at(session, "GM0772", found.slug)


def test_a_failed_load_leaves_the_database_as_it_was(town: Engine, tmp_path: Path) -> None:
    bad = features(NEIGHBOURHOODS)
    bad[0]["properties"]["wijknaam"] = "Anders"
    bad[-1]["geometry"]["coordinates"] = []
    path = write_collection(tmp_path / "wijken_2024.geojson", bad)
    with pytest.raises(AreaFileError), transaction(town, NATIONAL) as session:
        load(session, path)
    with transaction(town, write=False) as session:
        assert neighbourhood_at(session, "GM9901", "binnenstad") is not None
        assert session.scalar(select(func.count()).select_from(AreaOutline)) == 13


def test_a_place_is_found_by_many_at_once(town: Engine) -> None:
    cache = LocatorCache(demo=False)

    def ask(number: int) -> str | None:
        with transaction(town, write=False) as session:
            return locate(session, cache, 52.005, 3.301 + number / 10_000).neighbourhood_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(64))) == {"WK990101"}


@pytest.mark.alles
@pytest.mark.short_on("postgresql")
@pytest.mark.echte_gebieden
def test_the_real_outlines_place_the_town_halls(engine: Engine, echte_gebieden: Path) -> None:
    with transaction(engine, NATIONAL) as session:
        load(session, echte_gebieden / "gemeenten_2024.geojson")
        result = load(session, echte_gebieden / "wijken_2024.geojson")
        for code in ("GM0505", "GM0772"):
            load(session, echte_gebieden / "buurten_2024" / f"{code}.geojson", year=2024)
    assert (result.loaded, result.removed, result.moved) == (3474, 0, ())
    cache = LocatorCache(demo=True)
    with transaction(engine, write=False) as session:
        dordrecht = locate(session, cache, 51.8133, 4.6690)
        sea = locate(session, cache, 53.1, 4.2)
        wijk = session.get(Neighbourhood, dordrecht.neighbourhood_code)
    assert (dordrecht.municipality_code, dordrecht.method) == ("GM0505", Method.OUTLINE)
    assert dordrecht.subneighbourhood_code is not None
    assert wijk is not None
    assert wijk.slug == "binnenstad"
    assert sea.municipality_code is None
