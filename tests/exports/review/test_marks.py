"""Marking words in a text, and what is proposed to be marked."""

from __future__ import annotations

from time import process_time

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
    tells_minor,
    whole,
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
    assert read_marks(text, marked, signs) == whole(text, spans)
    assert blackened(text, spans).count(BLACK) >= len(spans)
    left = blackened(text, spans).replace(BLACK, "")
    assert len(left) == len(text) - sum(end - start for start, end in spans)
    assert all(one.strip() == one for one in words_at(text, spans))


@pytest.mark.parametrize(
    ("marked", "left"),
    [
        ("Bel 06-[[12 34]] 56 78.", "Bel [zwartgemaakt]."),
        ("Bel (0[[78]]) 123 45 67.", "Bel [zwartgemaakt]."),
        ("Ik zag San[[ne]] staan.", "Ik zag [zwartgemaakt] staan."),
        ("Ik zag [[Anne]]-Fleur staan.", "Ik zag [zwartgemaakt] staan."),
        ("Op 01-12-2026 om [[10]].15 uur", "Op 01-12-2026 om [zwartgemaakt] uur"),
    ],
)
def test_a_mark_takes_the_whole_of_a_number_or_a_name(marked: str, left: str) -> None:
    text = marked.replace("[[", "").replace("]]", "")
    assert blackened(text, read_marks(text, marked, signs_for([text]))) == left


def test_a_common_first_name_that_begins_a_sentence_is_proposed() -> None:
    text = "Het was druk. Sanne stond daar. Toen ging zij weg. Wil je bellen?"
    assert words_at(text, [hint.span for hint in suggest(text)]) == ["Sanne"]


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


AGE, TIME = "een leeftijd onder de 18", "een tijd op de klok"
ADDRESS, ROLE = "een adres of huisnummer", "een rol die naar één persoon wijst"
POINTS = [
    ("Ik ben 14 jaar en liep daar.", "14 jaar", AGE),
    ("Het was een meisje van 13 dat daar stond.", "13", AGE),
    ("Mijn dochter is veertien.", "veertien", AGE),
    ("Een 15-jarige jongen riep.", "15-jarige", AGE),
    ("Jongens van zestien, zeventien op scooters.", "zestien, zeventien", AGE),
    ("Twee jongens van een jaar of twaalf.", "een jaar of twaalf", AGE),
    ("Om 15.40 uur riep hij.", "15.40 uur", TIME),
    ("Het was 15:40.", "15:40", TIME),
    ("Rond kwart voor zes stond hij er.", "kwart voor zes", TIME),
    ("Half vijf was het, bij half om half.", "Half vijf", TIME),
    ("Gisteravond, een uur of tien.", "een uur of tien", TIME),
    ("Toezicht tussen 19 en 23 uur.", "19 en 23 uur", TIME),
    ("Ik woon op nummer 12 in de Prinsenstraat.", "nummer 12 in de Prinsenstraat", ADDRESS),
    ("Hij woont Prinsenstraat 12.", "Prinsenstraat 12", ADDRESS),
    ("Op de Burgemeester de Raadtsingel 31a.", "Burgemeester de Raadtsingel 31a", ADDRESS),
    ("Postcode is 3311 AB.", "3311 AB", ADDRESS),
    ("De juf van groep 5 zag het.", "juf van groep 5", ROLE),
    ("Mijn buurman riep. Dat is mijn straat.", "Mijn buurman", ROLE),
    ("Het was mijn baas.", "mijn baas", ROLE),
    ("De eigenaar van de snackbar lachte.", "eigenaar van de snackbar", ROLE),
    ("De conciërge zag het.", "conciërge", ROLE),
]


@pytest.mark.parametrize(("text", "words", "why"), POINTS)
def test_what_points_to_somebody_without_a_name_is_proposed(
    text: str, words: str, why: str
) -> None:
    (only,) = suggest(text)
    assert (text[only.start : only.end], only.why) == (words, why)
    assert tells_minor([only]) == (why == AGE)


COUNTS = [
    "Ik woon hier al 14 jaar. Dat is 3 jaar geleden.",
    "Een groep van vijf. Een man van 45, een vrouw van 117.",
    "Twee jongens van rond de dertig.",
    "De bus kostte 12.50 euro. Op 12.05.2026 gebeurde het.",
    "Het duurde 2 uur. Twee uur later. Dat scheelt tien minuten.",
    "Op het Stationsplein 3 jongens, in de Prinsenstraat 12 keer.",
    "Ik zat in bus nummer 5.",
    "Mijn vriendin en mijn moeder. Zijn jas was rood.",
    "Als trainer van een loopgroep meld ik dit. Ze volgden me drie straten lang.",
    "Een halve straat verder, half huilend. Zij was een van de drie.",
]


@pytest.mark.parametrize("text", COUNTS)
def test_counts_durations_and_lines_of_buses_are_not_proposed(text: str) -> None:
    assert not suggest(text)


@settings(max_examples=100, deadline=None)
@given(
    before=st.sampled_from(["", "Ik riep. ", "Hij zei niets; ", "oké… "]),
    point=st.sampled_from(POINTS),
    after=st.sampled_from(["", " Toen liep ik door.", "\nIemand riep."]),
)
def test_where_it_stands_in_a_text_makes_no_difference(
    before: str, point: tuple[str, str, str], after: str
) -> None:
    text, words, _ = point
    marked = {(before + text + after)[s.start : s.end] for s in suggest(before + text + after)}
    assert words in marked


def test_a_long_text_is_looked_at_within_a_moment() -> None:
    for piece in ("Aa de van ", "half ", "van 13, ", "1 ", "a", "Prinsenstraat "):
        text = (piece * 20_000)[:20_000]
        began = process_time()
        suggest(text)
        assert process_time() - began < 5, piece


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
