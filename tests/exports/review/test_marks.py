"""Marking words in a text, and what is proposed to be marked."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stopintimidatie.core.storage.personal import Fragment
from stopintimidatie.exports.review.rules import (
    BLACK,
    MarkError,
    blackened,
    merged,
    read_marks,
    signs_for,
    suggest,
    with_marks,
    words_at,
)

texts = st.text("abc [](){}<>\n.é😀", min_size=1, max_size=60)


@settings(max_examples=200, deadline=None)
@given(text=texts, data=st.data())
def test_what_was_marked_is_read_back_and_is_gone_from_what_a_recipient_reads(
    text: str, data: st.DataObject
) -> None:
    places = st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))
    spans = merged((a, b) for a, b in data.draw(st.lists(places, max_size=4)) if a < b)
    signs = signs_for([text])
    marked = with_marks(text, spans, signs)
    # A mark at the end may have lost its white space on the way through a form.
    assert read_marks(text, marked, signs) == spans
    assert blackened(text, spans).count(BLACK) >= len(spans)
    left = blackened(text, spans).replace(BLACK, "")
    assert len(left) == len(text) - sum(end - start for start, end in spans)
    assert all(one.strip() == one for one in words_at(text, spans))


@pytest.mark.parametrize(
    ("marked", "told"),
    [
        ("Ik zag [[Sanne.", "te veel of te weinig"),
        ("Ik zag Sanne]].", "te veel of te weinig"),
        ("Ik [[zag [[Sanne]]]].", "te veel of te weinig"),
        ("Ik zag [[Sanna]].", "is veranderd"),
        ("", "is veranderd"),
    ],
)
def test_a_text_that_was_changed_is_refused_with_what_to_do(marked: str, told: str) -> None:
    text = "Ik zag Sanne."
    with pytest.raises(MarkError, match=told):
        read_marks(text, marked, signs_for([text]))


FOUND = [
    ("Ik liep met mijn vriendin Sanne naar huis.", ["Sanne"]),
    ("Sanne riep hem. Toen liep ik met Sanne weg.", ["Sanne", "Sanne"]),
    ("Hij heet Mo van den Berg, zei ze.", ["Mo van den Berg"]),
    ("Het was J. de Vries uit de straat.", ["J. de Vries"]),
    ("Bel 06 12345678 of mail jan@example.org.", ["06 12345678", "jan@example.org"]),
    ("Zijn auto had kenteken 12-ABC-3 en BSN 111222333.", ["12-ABC-3", "111222333"]),
    ("Op vrijdag bij het Stationsplein in Dordrecht.", []),
    ("Ik nam de NS en zag het op Instagram.", []),
    ("Hij stond daar. Daarna ging hij weg. Iemand riep.", []),
]


@pytest.mark.parametrize(("text", "words"), FOUND)
def test_names_numbers_and_plates_are_proposed_and_places_are_not(
    text: str, words: list[str]
) -> None:
    found = suggest(text, ["Dordrecht", "Wijk 01 Binnenstad"])
    assert [text[one.start : one.end] for one in found] == words
    assert all(one.why for one in found)


def test_a_fragment_goes_whatever_the_case_and_the_white_space() -> None:
    assert Fragment("Piet  Verdacht").taken_out_of("het was piet\nverdacht!") == (
        "het was [onleesbaar gemaakt]!"
    )
    short = Fragment("Ed", "X", whole_words=True)
    assert short.taken_out_of("Ed, iedereen en ED") == "X, iedereen en X"


def test_a_name_in_one_text_of_a_report_is_a_name_in_the_others_in_capitals_too() -> None:
    text = "voor de deur van QUIRINUS"
    (one,) = suggest(text, (), ["Ik zag mijn vriend Quirinus."])
    assert text[one.start : one.end] == "QUIRINUS"
