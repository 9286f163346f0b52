"""Plain names and addresses of areas."""

import csv
import json
import re
from collections import defaultdict
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stopintimidatie.municipalities.areas.facts import municipality_facts, neighbourhood_facts
from stopintimidatie.municipalities.areas.names import (
    NamedArea,
    PlainName,
    municipality_slugs,
    natural_key,
    neighbourhood_slugs,
    plain_name,
    slugify,
    usable,
)

RESERVED = frozenset({"zoeken", "inbox", "exports", "landelijk"})
AREA_NAMES = st.text(max_size=30) | st.sampled_from(
    [
        "Wijk 01 Noord",
        "Wijk 02 Noord",
        "Noord",
        "noord 02",
        "Zoeken",
        "Onbekend",
        "2026-0007",
        "M-4F7K-2QX9",
        "",
    ]
)
CODES = st.from_regex(r"WK[0-9]{4}[0-9A-Z]{2}", fullmatch=True)


@pytest.mark.parametrize(
    ("official", "name", "number"),
    [
        ("Wijk 01 Binnenstad", "Binnenstad", "01"),
        ("Wijk 08 Crabbehof/Zuidhoven", "Crabbehof/Zuidhoven", "08"),
        ("Wijk 00: Valkenburg", "Valkenburg", "00"),
        ("Wijk01-Arkel", "Arkel", "01"),
        ("Wijk02 Kunrade", "Kunrade", "02"),
        ("Wijke 52 Fluitenberg", "Fluitenberg", "52"),
        ("Moerkapelle wijk 01", "Moerkapelle", "01"),
        ("Wijk 13", "Wijk 13", "13"),
        ("Wijk aan Zee", "Wijk aan Zee", None),
        ("Wijk en Aalburg", "Wijk en Aalburg", None),
        ("1e Exloërmond", "1e Exloërmond", None),
        ("  Oud   Koog a/d Zaan ", "Oud Koog a/d Zaan", None),
    ],
)
def test_the_plain_name_is_what_people_say(official: str, name: str, number: str | None) -> None:
    assert plain_name(official) == PlainName(name, number)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Binnenstad", "binnenstad"),
        ("'s-Gravenhage", "s-gravenhage"),
        ("Súdwest-Fryslân", "sudwest-fryslan"),
        ("Bergen (L.)", "bergen-l"),
        ("Bergen (NH.)", "bergen-nh"),
        ("Nuenen, Gerwen en Nederwetten", "nuenen-gerwen-en-nederwetten"),
        ("Vossepark & Helicon", "vossepark-en-helicon"),
        ("Aalsmeerderbrug/ Oude Meer/ Rozenburg", "aalsmeerderbrug-oude-meer-rozenburg"),
        ("Sint Jansteen – Ørsted", "sint-jansteen-orsted"),
        ("Ĳsselmonde", "ijsselmonde"),
        ("†", ""),
    ],
)
def test_a_slug_is_the_name_without_accents_and_signs(name: str, slug: str) -> None:
    assert slugify(name) == slug


def test_where_two_neighbourhoods_collide_both_carry_their_number() -> None:
    areas = [
        NamedArea("WK169900", "Wijk 00 Roden"),
        NamedArea("WK169901", "Wijk 01 Roden"),
        NamedArea("WK169902", "Wijk 02 Peize"),
    ]
    expected = {"WK169900": "roden-00", "WK169901": "roden-01", "WK169902": "peize"}
    assert neighbourhood_slugs(areas, RESERVED) == expected
    assert neighbourhood_slugs(reversed(areas), RESERVED) == expected


def test_without_a_number_in_the_name_the_end_of_the_code_serves() -> None:
    areas = [NamedArea("WK1970AB", "Zuidwest"), NamedArea("WK197007", "Zuidwest")]
    assert neighbourhood_slugs(areas, RESERVED) == {
        "WK1970AB": "zuidwest-ab",
        "WK197007": "zuidwest-07",
    }


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Wijk 03 Zoeken", "zoeken-03"),
        ("Wijk 03 Onbekend", "onbekend-03"),
        ("Gemeentebreed", "gemeentebreed-03"),
        ("2026-0007", "2026-0007-03"),
        ("M-4F7K-2QX9", "m-4f7k-2qx9-03"),
        ("†", "03"),
    ],
)
def test_a_name_that_would_stand_in_the_way_gets_its_number(name: str, slug: str) -> None:
    assert neighbourhood_slugs([NamedArea("WK990103", name)], RESERVED) == {"WK990103": slug}


def test_a_municipality_named_like_a_page_gets_another_address() -> None:
    slugs = municipality_slugs([NamedArea("GM9901", "Zoeken")], RESERVED)
    assert slugs == {"GM9901": "gemeente-zoeken"}


def test_all_342_municipalities_have_an_address_of_their_own() -> None:
    areas = [NamedArea(fact.code, fact.name) for fact in municipality_facts()]
    slugs = municipality_slugs(areas, RESERVED)
    assert len(set(slugs.values())) == len(slugs) == 342
    assert slugs["GM0505"] == "dordrecht"
    assert slugs["GM0518"] == "s-gravenhage"
    assert {slugs["GM0373"], slugs["GM0893"]} == {"bergen-nh", "bergen-l"}


def test_the_known_neighbourhoods_belong_to_known_municipalities() -> None:
    codes = {fact.code for fact in municipality_facts()}
    wijken = neighbourhood_facts()
    assert {wijk.municipality_code for wijk in wijken} <= codes
    assert {"GM0505", "GM0772", "GM0855"} <= {wijk.municipality_code for wijk in wijken}
    assert len({wijk.code for wijk in wijken}) == len(wijken)
    assert all(wijk.code[2:6] == wijk.municipality_code[2:] for wijk in wijken)


@given(st.dictionaries(CODES, AREA_NAMES, max_size=12))
def test_slugs_are_always_unique_and_never_in_the_way(names: dict[str, str]) -> None:
    areas = [NamedArea(code, name) for code, name in names.items()]
    slugs = neighbourhood_slugs(areas, RESERVED)
    assert slugs.keys() == names.keys()
    assert len(set(slugs.values())) == len(slugs)
    assert all(usable(slug, {*RESERVED, "gemeentebreed", "onbekend"}) for slug in slugs.values())
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) for slug in slugs.values())


@given(st.dictionaries(CODES, AREA_NAMES, max_size=12), st.randoms())
def test_slugs_do_not_depend_on_the_order(names: dict[str, str], random: Random) -> None:
    areas = [NamedArea(code, name) for code, name in names.items()]
    shuffled = list(areas)
    random.shuffle(shuffled)
    assert neighbourhood_slugs(areas, RESERVED) == neighbourhood_slugs(shuffled, RESERVED)


@given(st.text(max_size=60))
def test_a_slug_of_a_slug_is_itself(text: str) -> None:
    assert slugify(slugify(text)) == slugify(text)


def test_names_are_ordered_as_people_count() -> None:
    names = ["Wijk 10", "Élan", "Wijk 2", "Zuid", "Eland"]
    assert sorted(names, key=natural_key) == ["Élan", "Eland", "Wijk 2", "Wijk 10", "Zuid"]


@pytest.mark.echte_gebieden
def test_every_real_neighbourhood_gets_a_fitting_address(echte_gebieden: Path) -> None:
    features = json.loads((echte_gebieden / "wijken_2024.geojson").read_text())["features"]
    by_municipality: dict[str, list[NamedArea]] = defaultdict(list)
    for feature in features:
        found = feature["properties"]
        by_municipality[found["gemeentecode"]].append(
            NamedArea(found["wijkcode"], found["wijknaam"])
        )
    assert len(by_municipality) == 342
    for areas in by_municipality.values():
        slugs = neighbourhood_slugs(areas, RESERVED)
        assert len(set(slugs.values())) == len(areas)
        assert all(usable(slug, RESERVED) for slug in slugs.values())
    dordrecht = neighbourhood_slugs(by_municipality["GM0505"], RESERVED)
    assert dordrecht["WK050501"] == "binnenstad"


@pytest.mark.echte_gebieden
def test_the_facts_agree_with_the_published_list(echte_gebieden: Path) -> None:
    with (echte_gebieden / "gemeenten_2024.csv").open() as handle:
        published = [
            (row["gemeentecode"], row["gemeentenaam"], row["provincienaam"])
            for row in csv.DictReader(handle)
        ]
    ours = [(fact.code, fact.name, fact.province) for fact in municipality_facts()]
    assert ours == sorted(published)
