"""The analyser and its lexicon: which words are one word."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stopintimidatie.core.search.analysis import (
    GROUPS,
    STOP_WORDS,
    fold,
    lexicon_stems,
    stem,
    tokens,
)


def stems(text: str) -> list[str]:
    """The stems of a text, without stop words."""
    return [token.stem for token in tokens(text) if not token.stop]


@pytest.mark.parametrize(
    "words",
    [
        "naroepen naroepende nageroepen naroept roepen riep geroepen",
        "jongens jongen jong",
        "fiets fietsen fietste",
        "gevolgd volgen volgde achtervolgd",
        "meisjes meisje meid",
        "straten straat",
        "floot gefloten fluit fluiten nafluiten nagefloten",
        "siste sis sissen gesist nasissen",
        "keek kijk kijken gekeken aangekeken",
        "liep loop lopen gelopen",
        "greep grijp grijpen vastgrijpen vastgepakt",
        "hinderen lastigvallen lastiggevallen intimidatie intimideren",
        "bedreigd bedreigen bedreiging dreigen",
        "betasten betast aanraken aangeraakt aanraking",
        "aanranding aangerand",
        "foto foto's gefotografeerd",
        "scooters brommer",
        "politie agent wijkagent",
        "rode rood",
        "blauwe blauw",
    ],
)
def test_these_words_are_one_word(words: str) -> None:
    assert len(set(stems(words))) == 1


@pytest.mark.parametrize(
    "words",
    [
        "betasten aanranding verkrachting bedreigen",
        "station stadion",
        "fluiten roepen sissen kijken lopen volgen grijpen",
        "man vrouw jongen meisje",
        "trap schoppen",
        "bus tram trein metro",
    ],
)
def test_these_words_stay_apart(words: str) -> None:
    assert len(set(stems(words))) == len(words.split())


def test_no_stem_belongs_to_two_groups_of_the_lexicon() -> None:
    heads_of = defaultdict(set)
    for group in GROUPS:
        for form in (group.head, *group.forms):
            (token,) = tokens(form)
            heads_of[token.stem].add(group.head)
    assert {key: heads for key, heads in heads_of.items() if len(heads) > 1} == {}
    assert len({group.head for group in GROUPS}) == len(GROUPS)


def test_every_group_of_the_lexicon_says_why_and_joins_something() -> None:
    table = lexicon_stems()
    for group in GROUPS:
        assert group.reason
        assert group.forms
        assert len({stem(token.word) for form in group.forms for token in tokens(form)}) == 1
    assert all(table[head] == head for head in table.values())


def test_a_stop_word_is_marked_and_keeps_its_place() -> None:
    assert [(token.word, token.position, token.stop) for token in tokens("de Rode  en jas")] == [
        ("de", 0, True),
        ("rode", 1, False),
        ("en", 2, True),
        ("jas", 3, False),
    ]


def test_stop_words_are_written_as_the_analyser_folds_them() -> None:
    assert all(fold(word) == word for word in STOP_WORDS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Café CAFÉ cafe\u0301", ["cafe", "cafe", "cafe"]),
        ("foto's ’s-Gravenhage", ["foto", "gravenhage"]),
        ("M-4F7K-2QX9", ["4f7k", "2qx9"]),
        ("bus-station/plein", ["bus", "station", "plein"]),
        ("a_b 12.30", ["a", "b", "12", "30"]),
        ("Straße Ørsted İzmir ĳsbaan", ["strasse", "orsted", "izmir", "ijsbaan"]),
        ("مرحبا слово", ["مرحبا", "слово"]),
        ("... !? -- \x00", []),
    ],
)
def test_what_a_word_is(text: str, words: list[str]) -> None:
    assert [token.word for token in tokens(text) if not token.stop] == words


def test_words_with_a_digit_are_not_stemmed() -> None:
    assert stems("4faken 3310ab lijnen12") == ["4faken", "3310ab", "lijnen12"]


def test_a_very_long_word_is_cut() -> None:
    (token,) = tokens("x" * 10_000)
    assert len(token.word) == 60
    assert (token.start, token.end) == (0, 10_000)


@settings(deadline=None)
@given(st.text())
def test_any_text_gives_words_that_lie_in_it_in_order(text: str) -> None:
    place = 0
    for number, token in enumerate(tokens(text)):
        assert token.position == number
        assert place <= token.start < token.end <= len(text)
        assert token.word
        assert token.stem
        place = token.end


@settings(deadline=None)
@given(st.text(alphabet="aeiouënstdrgklpij'-", max_size=30))
def test_a_stem_is_stable(text: str) -> None:
    for token in tokens(text):
        assert stem(token.stem) == token.stem
