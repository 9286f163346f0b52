"""Words that a copy proposes to mark: others, and all that points to who reported."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from stopintimidatie.privacy.copies.rules import File, Others, Part, files_of, final, proposed
from stopintimidatie.privacy.copies.words import conduct
from stopintimidatie.privacy.subjects.rules import Wanted

MAN = Wanted(names=("Dennis Hoekstra",))


def given(text: str, *, hide_reporter: bool = True) -> str:
    """The text as somebody gets it when nobody changes a mark."""
    others = Others.of(["Bas Kuipers"], ["Fatima el Amrani"], ["Weizigtpark"])
    spans = proposed(text, MAN, others, hide_reporter=hide_reporter)
    return Part("a", "b", "c", text=text, spans=spans).given.replace("[zwartgemaakt]", "#")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Dennis Hoekstra is hier bekend.", "Dennis Hoekstra is hier bekend."),
        # A sentence about the reporter goes whole, with the man's own name.
        ("Volgens de meldster pakte Dennis Hoekstra haar arm. Hij ontkent.", "# Hij ontkent."),
        ("Zij wil niet dat Dennis Hoekstra dit weet.", "#"),
        ("Dennis Hoekstra zoekt een oud-klasgenoot op.", "#"),
        ("Mag Fatima gebeld worden over Dennis Hoekstra?", "#"),
        (
            "Wij spreken af: zij spreken D. Hoekstra aan.",
            "Wij spreken af: zij spreken D. Hoekstra aan.",
        ),
        # In a sentence without the reporter only the place, the day or the clothes are marked.
        ("Dennis Hoekstra stond bij de bushalte.", "Dennis Hoekstra stond bij #."),
        ("Dennis Hoekstra noemde een rode jas.", "Dennis Hoekstra noemde een #."),
        ("Dennis Hoekstra kwam vorige week, en in juni.", "Dennis Hoekstra kwam #, en in #."),
        (
            "Bas Kuipers sprak Dennis Hoekstra in het Weizigtpark.",
            "# sprak Dennis Hoekstra in #.",
        ),
        # A shortened word ends no sentence; a name ends with its line.
        ("De melder noemt art. 246 Sr over Dennis Hoekstra.", "#"),
        (
            "Het is Dennis Hoekstra\nGaat over Dennis Hoekstra",
            "Het is Dennis Hoekstra\nGaat over Dennis Hoekstra",
        ),
    ],
)
def test_what_points_to_who_reported_is_proposed_to_go(text: str, left: str) -> None:
    assert given(text) == left


def test_a_reporter_keeps_the_own_day_and_place() -> None:
    text = "De melder zag op 3 mei bij de bushalte Bas Kuipers."
    assert given(text, hide_reporter=False) == "De melder zag op 3 mei bij de bushalte #."


def test_in_the_own_report_a_given_name_and_a_time_are_the_own() -> None:
    text = "Gebeld met Dennis. Het was om 22.15 uur, met Bas."
    others = Others.of(["Bas Kuipers"], [], [])
    spans = proposed(text, MAN, others, hide_reporter=False, own_report=True)
    left = Part("a", "b", "c", text=text, spans=spans).given
    assert left == "Gebeld met Dennis. Het was om 22.15 uur, met [zwartgemaakt]."


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
    assert given(text, hide_reporter=False) == left


def test_an_attachment_that_stays_out_is_named() -> None:
    file = File(uuid4(), uuid4(), "M-1-bijlage-1.jpg", "image/jpeg", 3)
    part = Part("a", "b", "Foto 1", (("Grootte", "3 B"),), file=file)
    assert files_of(final([part])) == [file]
    (left,) = final([replace(part, out=True)])
    assert left.file is None
    assert ("Niet meegegeven", "er staan anderen op") in left.facts


def test_it_does_not_show_how_much_went_after_each_other() -> None:
    text = "Zij weet het. Haar moeder weet het.\nHaar zus ook.\nDennis Hoekstra belde."
    assert given(text) == "#\nDennis Hoekstra belde."
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
