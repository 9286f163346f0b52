"""How much two reports are alike: the rules, whatever the reports."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stopintimidatie.core.text import AMSTERDAM
from stopintimidatie.reports.triage.rules import SIMILAR, WEIGHTS, Traits, compare, distance_m
from stopintimidatie.reports.triage.similar import circumstances, known_stems, reasons, words_for
from stopintimidatie.reports.vocabulary import (
    Form,
    OffenderAge,
    OffenderCount,
    TimePrecision,
    Transport,
)

FRIDAY = datetime(2026, 11, 20, 22, 40, tzinfo=AMSTERDAM)
HERE = Traits(
    moment=FRIDAY,
    lat=51.8133,
    lon=4.6690,
    forms=frozenset({"naroepen", "hinderlijk_volgen"}),
    count="3_5",
    group=True,
    age="16_17",
    transport="te_voet",
    words=circumstances("Bij de bushalte volgden ze me"),
)


def _maybe(values: Any) -> Any:
    return st.none() | st.sampled_from([term.value for term in values])


TRAITS = st.builds(
    Traits,
    moment=st.datetimes(datetime(2024, 1, 1), datetime(2026, 12, 1)).map(
        lambda moment: moment.replace(tzinfo=AMSTERDAM)
    ),
    precision=_maybe(TimePrecision),
    lat=st.none() | st.floats(51.80, 51.83),
    lon=st.none() | st.floats(4.64, 4.70),
    subneighbourhood=st.none() | st.sampled_from(["BU05050101", "BU05050102"]),
    neighbourhood=st.none() | st.sampled_from(["WK050501", "WK050502"]),
    forms=st.frozensets(st.sampled_from([form.value for form in Form]), max_size=4),
    count=_maybe(OffenderCount),
    group=st.none() | st.booleans(),
    age=_maybe(OffenderAge),
    transport=_maybe(Transport),
    words=st.frozensets(st.sampled_from(sorted(known_stems())), max_size=5),
)


@settings(max_examples=150, deadline=None)
@given(TRAITS, TRAITS)
def test_the_score_lies_between_nothing_and_all_and_is_the_same_both_ways(
    one: Traits, other: Traits
) -> None:
    there, back = compare(one, other), compare(other, one)
    assert 0.0 <= there.score <= 1.0
    assert abs(there.score - back.score) < 1e-9
    assert there.double == back.double
    assert all(part is None or 0.0 <= part <= 1.0 for part in there.parts.values())
    assert set(there.parts) == set(WEIGHTS)


@settings(max_examples=100, deadline=None)
@given(TRAITS, TRAITS)
def test_no_report_with_a_point_is_more_like_another_than_like_itself(
    one: Traits, other: Traits
) -> None:
    one = replace(one, lat=51.81, lon=4.67)
    assert compare(one, other).score <= compare(one, one).score + 1e-9


@settings(max_examples=60, deadline=None)
@given(TRAITS, TRAITS)
def test_there_is_always_a_reason_and_none_is_empty(one: Traits, other: Traits) -> None:
    found = reasons(one, other, compare(one, other))
    assert found
    assert all(found)


@given(st.floats(0, 900), st.floats(1, 90))
def test_nearer_is_never_less_alike(metres: float, more: float) -> None:
    def at(distance: float) -> Traits:
        assert HERE.lat is not None
        return replace(HERE, lat=HERE.lat + distance / 110_574)

    assert compare(HERE, at(metres)).score >= compare(HERE, at(metres + more)).score


def test_the_weights_are_a_whole() -> None:
    assert abs(sum(WEIGHTS.values()) - 1) < 1e-9


def test_one_evening_at_one_place_by_one_group_is_double_and_a_day_later_is_similar() -> None:
    again = compare(HERE, replace(HERE, moment=FRIDAY + timedelta(minutes=20)))
    assert again.double
    assert again.score > 0.95
    later = compare(HERE, replace(HERE, moment=FRIDAY + timedelta(days=7)))
    assert not later.double
    assert later.score > SIMILAR


def test_other_offenders_are_not_double() -> None:
    assert not compare(HERE, replace(HERE, count="1")).double
    assert compare(HERE, replace(HERE, count="onbekend")).double


def test_a_vague_time_is_never_double() -> None:
    assert not compare(HERE, replace(HERE, precision="dagdeel")).double


def test_the_other_side_of_town_in_another_year_is_not_similar() -> None:
    other = replace(HERE, lat=51.79, moment=FRIDAY - timedelta(days=400, hours=9))
    assert compare(HERE, other).score < SIMILAR


def test_reasons_say_where_when_and_what_in_words() -> None:
    assert HERE.lat is not None
    six_days = replace(HERE, moment=FRIDAY - timedelta(days=7), lat=HERE.lat + 38 / 110_574)
    assert reasons(HERE, six_days, compare(HERE, six_days)) == [
        "38 m",
        "7 dagen eerder",
        "zelfde tijdstip",
        "ook op vrijdag",
        "zelfde vormen",
        "ook drie tot vijf daders, leeftijd 16 of 17, te voet",
        "zelfde woorden: bushalte, volgen",
    ]


def test_distance_is_about_right() -> None:
    assert 1_080 < distance_m(51.8133, 4.6690, 51.8133, 4.6848) < 1_095


APPEARANCES = (
    "een donkere man met krullen en een rode jas",
    "blonde jongen, wit, groot, sterk, Nederlands uiterlijk",
    "Marokkaans, Turks, Pools, Surinaams, negroïde, Aziatisch, getint, blank",
    "baard, snor, bril, tatoeage, pet, capuchon, hoofddoek, keppel, kruis om de nek",
    "dik, dun, kaal, oud, jong, mank, lange benen, blauwe ogen, zwart haar",
    "moslim, christen, jood, homo, lesbisch, transgender, accent, gebroken Nederlands",
)


def test_words_about_appearance_never_make_reports_alike() -> None:
    for text in APPEARANCES:
        assert circumstances(text) == frozenset(), text
    told = "Bij de bushalte volgden ze me. "
    assert {circumstances(told + text) for text in APPEARANCES} == {circumstances(told)}


def test_traits_have_no_room_for_appearance() -> None:
    names = {field.name for field in fields(Traits)}
    assert not {name for name in names if "appearance" in name or "gender" in name}


def test_words_are_said_as_people_write_them() -> None:
    assert words_for(circumstances("De fatbikes bij de haltes, nageroepen")) == [
        "fatbike",
        "halte",
        "roepen",
    ]
