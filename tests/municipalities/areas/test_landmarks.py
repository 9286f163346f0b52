"""A point in words: names of streets, crossings, squares, stops and parks near it."""

from __future__ import annotations

import pytest

from stopintimidatie.municipalities.areas.landmarks import (
    LandmarkKind,
    Near,
    in_words,
    short,
    with_article,
)

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
        (Near(SQUARE, "Admiraalsplein", 6), None, "bij het Admiraalsplein"),
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
        ("Spuiboulevard", "Spuiboulevard"),
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
