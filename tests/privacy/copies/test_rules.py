"""Words that a copy proposes to mark: those that point to others."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from stopintimidatie.exports.review.rules import known_words
from stopintimidatie.privacy.copies.rules import (
    File,
    Names,
    Part,
    conduct,
    files_of,
    final,
    proposed,
)
from stopintimidatie.privacy.subjects.rules import Wanted

MAN = Wanted(names=("Dennis Hoekstra",))


OTHERS = Names.of(["Bas Kuipers", "Fatima el Amrani"])


def given(text: str, *, own_report: bool = False) -> str:
    """The text as somebody gets it when nobody changes a mark."""
    spans = proposed(text, MAN, OTHERS, known_words(["Weizigtpark"]), own_report=own_report)
    return Part("a", "b", "c", text=text, spans=spans).given.replace("[zwartgemaakt]", "#")


def test_a_reporter_keeps_the_own_day_and_place() -> None:
    text = "De melder zag op 3 mei bij de bushalte Bas Kuipers."
    assert given(text) == "De melder zag op 3 mei bij de bushalte #."


def test_in_the_own_report_a_given_name_and_a_time_are_the_own() -> None:
    text = "Gebeld met Dennis. Het was om 22.15 uur, met Bas."
    left = given(text, own_report=True)
    assert left == "Gebeld met Dennis. Het was om 22.15 uur, met #."


@pytest.mark.parametrize(
    ("text", "left"),
    [
        # Somebody else with the same given name or surname.
        ("Wij spraken Dennis Jansen daar.", "Wij spraken # daar."),
        ("Wij spraken Piet Hoekstra daar.", "Wij spraken # daar."),
        ("Piet Hoekstra was daar.", "# was daar."),
        ("Wij spraken Dennis-Jan daar.", "Wij spraken # daar."),
        # A first name behind a point.
        ("Het was laat. Sanne liep weg.", "Het was laat. # liep weg."),
        ("Het was laat. Toen Dennis Hoekstra kwam.", "Het was laat. Toen Dennis Hoekstra kwam."),
        ("Bel 06-12 34 56 78 over Dennis Hoekstra.", "Bel # over Dennis Hoekstra."),
    ],
)
def test_no_name_or_number_is_split_and_a_first_name_behind_a_point_is_one(
    text: str, left: str
) -> None:
    assert given(text) == left


def test_an_attachment_that_stays_out_is_named() -> None:
    file = File(uuid4(), uuid4(), "M-1-bijlage-1.jpg", "image/jpeg", 3)
    part = Part("a", "b", "Foto 1", (("Grootte", "3 B"),), file=file)
    assert files_of(final([part])) == [file]
    (left,) = final([replace(part, out=True)])
    assert left.file is None
    assert ("Niet meegegeven", "er staan anderen op") in left.facts


def test_it_does_not_show_how_much_went_after_each_other() -> None:
    text = "Bas Kuipers Fatima el Amrani.\nDennis Hoekstra belde."
    assert given(text) == "#.\nDennis Hoekstra belde."
    silent = Part("a", "b", "c", text="Zij weet het.", spans=((0, 13),))
    assert final([silent]) == ()


@pytest.mark.parametrize(
    ("reports", "words"),
    [
        ([["naroepen", "hinderlijk_volgen"], ["naroepen"]], "naroepen, en ander hinderlijk gedrag"),
        ([["naroepen"], ["naroepen"]], "naroepen"),
        ([["vastpakken"]], "hinderlijk gedrag op straat"),
        ([], "hinderlijk gedrag op straat"),
    ],
)
def test_conduct_that_one_report_names_is_not_told(reports: list[list[str]], words: str) -> None:
    # He knows whom he grabbed, and so who told it.
    assert conduct(reports) == words
