"""Which word was meant."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stopintimidatie.core.search.highlight import best, is_abuse, letters, mistakes, nearest_word


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ("station", "station", 0),
        ("station", "statoin", 1),
        ("station", "sttion", 1),
        ("station", "stattion", 1),
        ("station", "statiom", 1),
        ("station", "stadions", 2),
        ("ab", "ba", 1),
        ("", "ab", 2),
        ("station", "fiets", 3),
    ],
)
def test_letters_added_dropped_changed_or_swapped_are_mistakes(
    one: str, other: str, count: int
) -> None:
    assert mistakes(one, other, 2) == count
    assert mistakes(other, one, 2) == count


def test_a_short_word_forgives_nothing_and_a_long_one_two_mistakes() -> None:
    known = [(word, letters(word)) for word in ("bus", "halte", "noordpoolkade")]
    assert nearest_word("bys", known) == []
    assert nearest_word("hatle", known) == [(1, "halte")]
    assert nearest_word("hatel", known) == []
    assert nearest_word("nordpolkade", known) == [(2, "noordpoolkade")]


def test_a_swear_word_is_never_proposed() -> None:
    known = [(word, letters(word)) for word in ("trut", "trutje", "hoeren", "truien", "kutwijf")]
    assert nearest_word("trui", known) == []
    assert nearest_word("trutn", known) == []
    assert nearest_word("hoere", known) == []
    assert nearest_word("trruien", known) == [(1, "truien")]


QUOTED = """
    hoer hoertje hoeren teringhoer kankerhoer slet sletje sletten slut sluts trut trutten kech
    kechs kutwijf rotwijf wijven bitch bitches thot teef lul lullen klootzak eikels flikker
    flikkers homo kankerhomo mietje neger negers zandneger negerin mongool mongolen debiel
    achterlijke tyfuslijer klerelijer kolere neuken geneukt geitenneuker pijpen geil geile kont
    tieten kut poesje whore fuck pussy bimbo sukkel viezerik kahba spleetoog orospu zemmel
"""


def test_insults_that_citizens_quote_are_known_in_all_their_forms() -> None:
    assert [word for word in QUOTED.split() if not is_abuse(word)] == []


INNOCENT = """
    trui truien negeren negeerde kleren klein pikdonker pikken flikkeren lesbisch joodse jaloers
    hoera poort pijpleiding regenpijp contact homofobie moffelen befaamd lulu reeks
    mongolie sukkelen tyfoon eikenlaan klittenband pesten schoen hoek
"""


def test_words_that_only_look_like_an_insult_are_proposed() -> None:
    assert [word for word in INNOCENT.split() if is_abuse(word)] == []


def test_few_mistakes_go_before_common_words_and_unseen_words_are_not_proposed() -> None:
    assert best([(2, "vaak", 90), (1, "zelden", 1)]) == "zelden"
    assert best([(1, "zelden", 1), (1, "vaak", 90)]) == "vaak"
    assert best([(1, "onzichtbaar", 0)]) is None


@settings(deadline=None)
@given(st.text(alphabet="abcde", max_size=8), st.text(alphabet="abcde", max_size=8))
def test_counting_mistakes_is_symmetric_and_the_sieve_of_letters_never_loses_a_near_word(
    one: str, other: str
) -> None:
    count = mistakes(one, other, 2)
    assert count == mistakes(other, one, 2)
    assert (count == 0) == (one == other)
    if count <= 2:
        assert (letters(one) ^ letters(other)).bit_count() <= 2 * count
