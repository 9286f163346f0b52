"""Snippets: what is marked, which stretch is shown."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from stopintimidatie.core.search.backend import Text
from stopintimidatie.core.search.highlight import highlight, snippets
from stopintimidatie.core.search.query import SearchQuery, Vocabulary, parse


def query(text: str) -> SearchQuery:
    """A query without fields."""
    return parse(text, Vocabulary())


def shown(text: str, asked: str) -> str:
    """A highlighted text with stars around what is marked."""
    pieces = highlight(text, query(asked))
    return "".join(f"*{piece.text}*" if piece.marked else piece.text for piece in pieces)


def test_other_forms_and_compounds_are_marked_whole() -> None:
    assert shown("Hij floot bij het Stationsplein!", "fluiten station") == (
        "Hij *floot* bij het *Stationsplein*!"
    )


def test_a_phrase_is_marked_only_where_it_stands_with_the_stop_words_in_it() -> None:
    assert shown("rode jas, een jas, rode jas", '"rode jas"') == (
        "*rode* *jas*, een jas, *rode* *jas*"
    )
    assert shown("op de hoek van de straat", '"hoek van de straat"') == (
        "op de *hoek* *van* *de* *straat*"
    )


def test_excluded_words_and_stop_words_are_not_marked() -> None:
    assert shown("de tram en de bus", "bus -tram de") == "de tram en de *bus*"


def test_the_stretch_with_most_different_words_is_shown() -> None:
    text = "fluiten " + "vulling " * 80 + "fluiten bij station " + "vulling " * 80
    (snippet,) = snippets([Text("omschrijving", text)], query("fluiten station"))
    marked = [piece.text for piece in snippet.pieces if piece.marked]
    assert marked == ["fluiten", "station"]
    assert snippet.pieces[0].text == "…"


def test_the_two_texts_that_say_most_come_first() -> None:
    texts = [
        Text("een", "fluiten"),
        Text("twee", "fluiten station jas"),
        Text("drie", "fluiten station"),
        Text("vier", "niets"),
    ]
    found = snippets(texts, query("fluiten station jas"))
    assert [snippet.name for snippet in found] == ["twee", "drie"]


def test_without_a_match_the_first_text_that_says_something_is_shown() -> None:
    (snippet,) = snippets([Text("leeg", " \n"), Text("tekst", "Hij liep.")], query("station"))
    assert (snippet.name, snippet.pieces[0].text) == ("tekst", "Hij liep.")
    assert snippets([], query("station")) == ()


@settings(deadline=None)
@given(st.text(), st.text(max_size=40))
def test_the_pieces_of_any_text_are_that_text(text: str, asked: str) -> None:
    assert "".join(piece.text for piece in highlight(text, query(asked))) == text


@settings(deadline=None)
@given(st.text(alphabet="ab fluiten\n", max_size=2_000))
def test_a_snippet_is_a_stretch_of_its_text(text: str) -> None:
    for snippet in snippets([Text("tekst", text)], query("fluiten")):
        inside = "".join(piece.text for piece in snippet.pieces).removeprefix("…").removesuffix("…")
        assert inside in text
        assert len(inside) <= 220
