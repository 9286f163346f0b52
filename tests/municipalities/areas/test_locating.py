"""Where a place lies."""

import json
from pathlib import Path

import pytest
from shapely.geometry import shape
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from stopintimidatie.municipalities.areas.facts import neighbourhood_facts
from stopintimidatie.municipalities.areas.locator import (
    NOWHERE,
    Locator,
    LocatorCache,
    Method,
    Outline,
    Place,
    locate,
)
from stopintimidatie.municipalities.areas.services import seed_register
from tests.support.areas import (
    MUNICIPALITIES,
    NEIGHBOURHOODS,
    RESERVED,
    load,
    load_town,
    outlines,
    town_locator,
)


@pytest.mark.parametrize(
    ("where", "lat", "lon", "expected"),
    [
        ("in the centre", 52.005, 3.305, ("GM9901", "WK990101", "BU99010100")),
        ("in the hole, which is another's", 52.010, 3.313, ("GM9901", "WK990103", "BU990103AA")),
        ("on the island", 52.062, 3.315, ("GM9901", "WK990104", None)),
        ("in the water", 52.02, 3.347, ("GM9901", "WK990199", None)),
        ("next door", 52.02, 3.375, ("GM9902", "WK990200", "BU99020000")),
        ("where no wijk is near", 52.02, 3.3592, ("GM9901", None, None)),
        ("where no buurt is near", 52.03, 3.325, ("GM9901", "WK990102", None)),
    ],
)
def test_a_place_is_matched_by_outline(
    where: str, lat: float, lon: float, expected: tuple[str | None, str | None, str | None]
) -> None:
    place = town_locator().locate(lat, lon)
    assert place == Place(*expected, Method.OUTLINE), where


@pytest.mark.parametrize(
    ("lat", "lon", "wijk"),
    [(52.0201, 3.305, "WK990101"), (52.0205, 3.305, "WK990102"), (52.02, 3.3515, "WK990199")],
)
def test_in_a_crack_the_nearest_within_250_m_has_it(lat: float, lon: float, wijk: str) -> None:
    place = town_locator().locate(lat, lon)
    assert (place.municipality_code, place.neighbourhood_code) == ("GM9901", wijk)
    assert place.method is Method.NEAREST


@pytest.mark.parametrize(
    ("where", "lat", "lon", "found"),
    [
        ("200 m off the coast", 52.0, 3.30 - 200 / 68_500, True),
        ("300 m off the coast", 52.0, 3.30 - 300 / 68_500, False),
        ("200 m south", 52.0 - 200 / 111_200, 3.31, True),
        ("300 m south", 52.0 - 300 / 111_200, 3.31, False),
    ],
)
def test_beyond_250_m_of_any_outline_nothing_matches(
    where: str, lat: float, lon: float, found: bool
) -> None:
    place = town_locator().locate(lat, lon)
    assert (place != NOWHERE) is found, where


def test_on_a_border_the_smallest_code_has_it_whatever_the_order() -> None:
    found = outlines(MUNICIPALITIES, NEIGHBOURHOODS)
    backwards = Locator({kind: list(reversed(items)) for kind, items in found.items()})
    for locator in (Locator(found), backwards):
        assert locator.locate(52.02, 3.36).municipality_code == "GM9901"
        assert locator.locate(52.01, 3.33).neighbourhood_code == "WK990101"
        assert locator.locate(52.008, 3.313).neighbourhood_code == "WK990101"


def test_levels_never_contradict_each_other() -> None:
    """A wijk drawn over the border of its municipality doesn't pull a place along."""
    found = outlines(MUNICIPALITIES, NEIGHBOURHOODS)
    wide = [
        Outline(item.code, item.parent_code, item.geometry.buffer(0.002))
        for item in next(items for kind, items in found.items() if kind.value == "wijk")
    ]
    locator = Locator({**found, **{kind: wide for kind in found if kind.value == "wijk"}})
    place = locator.locate(52.02, 3.3605)
    assert (place.municipality_code, place.neighbourhood_code) == ("GM9902", "WK990200")


def test_with_wijken_alone_the_municipality_follows_from_the_wijk() -> None:
    locator = Locator(outlines(NEIGHBOURHOODS))
    assert locator.locate(52.005, 3.305).municipality_code == "GM9901"


@pytest.mark.parametrize(
    ("lat", "lon"), [(float("nan"), 3.3), (52.0, float("inf")), (53.0, 3.3), (12.15, -68.27)]
)
def test_what_lies_nowhere_matches_nothing(lat: float, lon: float) -> None:
    assert town_locator().locate(lat, lon) == NOWHERE


def test_production_without_outlines_matches_nothing(session: Session) -> None:
    seed_register(session, RESERVED)
    cache = LocatorCache(demo=False)
    assert locate(session, cache, 51.8133, 4.6690) == NOWHERE


def test_a_demo_without_outlines_guesses_by_the_middle_of_the_wijk(session: Session) -> None:
    seed_register(session, RESERVED)
    place = locate(session, LocatorCache(demo=True), 51.8133, 4.6690)
    assert (place.municipality_code, place.neighbourhood_code) == ("GM0505", "WK050501")
    assert place.method is Method.CENTRE


def test_a_demo_never_guesses_beyond_5_km_or_into_water() -> None:
    locator = Locator({}, neighbourhood_facts())
    assert locator.locate(53.2194, 6.5665) == NOWHERE
    codes = {fact.code for fact in neighbourhood_facts() if fact.water}
    guesses = {locator.locate(f.lat, f.lon).neighbourhood_code for f in neighbourhood_facts()}
    assert codes
    assert not guesses & codes


def test_a_demo_with_outlines_no_longer_guesses(session: Session) -> None:
    seed_register(session, RESERVED)
    load_town(session)
    assert locate(session, LocatorCache(demo=True), 51.8133, 4.6690) == NOWHERE


def test_new_outlines_are_noticed_by_a_running_process(engine: Engine) -> None:
    cache = LocatorCache(demo=False)
    with Session(engine) as session:
        assert locate(session, cache, 52.005, 3.305) == NOWHERE
        load(session, MUNICIPALITIES)
        session.commit()
    with Session(engine) as session:
        first = cache.current(session)
        assert first.locate(52.005, 3.305).municipality_code == "GM9901"
        assert cache.current(session) is first
        load(session, NEIGHBOURHOODS)
        session.commit()
    with Session(engine) as session:
        assert locate(session, cache, 52.005, 3.305).neighbourhood_code == "WK990101"


@pytest.mark.alles
@pytest.mark.echte_gebieden
def test_every_real_wijk_is_found_by_a_point_inside_it(echte_gebieden: Path) -> None:
    paths = [echte_gebieden / f"{kind}_2024.geojson" for kind in ("gemeenten", "wijken")]
    locator = Locator(outlines(*paths))
    features = json.loads(paths[1].read_text())["features"]
    wrong = []
    for feature in features:
        point = shape(feature["geometry"]).representative_point()
        place = locator.locate(point.y, point.x)
        if place.neighbourhood_code != feature["properties"]["wijkcode"]:
            wrong.append((feature["properties"]["wijknaam"], place))
    assert len(wrong) <= 5, wrong


@pytest.mark.echte_gebieden
@pytest.mark.parametrize(
    ("where", "lat", "lon", "municipality"),
    [
        ("Statenplein, Dordrecht", 51.8142, 4.6715, "GM0505"),
        ("Stratumseind, Eindhoven", 51.4359, 5.4807, "GM0772"),
        ("Tilburg station", 51.5606, 5.0833, "GM0855"),
        ("the North Sea", 53.5, 3.5, None),
        ("Kralendijk", 12.151, -68.276, None),
        ("Antwerpen", 51.2194, 4.4025, None),
    ],
)
def test_real_places_are_found(
    echte_gebieden: Path, where: str, lat: float, lon: float, municipality: str | None
) -> None:
    locator = Locator(outlines(echte_gebieden / "gemeenten_2024.geojson"))
    assert locator.locate(lat, lon).municipality_code == municipality, where
