"""The one Dutch analyser: text to words, the same for every backend, for snippets and for queries.

Steps: words with their place in the text, fold accents and case, stem until the stem is stable
(once leaves *fietsen* and *fiets* apart), then the small lexicon of `lexicon.py`. Words that
hold a digit (references, postcodes, bus lines) are never stemmed.

`FINGERPRINT` names this version of the rules: an index made by other rules must be rebuilt.
"""

from __future__ import annotations

import hashlib
import re
import threading
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

import Stemmer

from stopintimidatie.search.lexicon import GROUPS, STOP_WORDS

MAX_WORD: Final = 60
"""Longer words are cut, in the index and in the query alike."""
_RULES: Final = 1
_STEM_ROUNDS: Final = 8

_WORD: Final = re.compile(r"[^\W_]+(?:[\u0300-\u036f'’ʼ]+[^\W_]+)*[\u0300-\u036f]*")
_NOT_DECOMPOSED: Final = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
)
_POSSESSIVE: Final = re.compile(r"['’ʼ]s$")
_APOSTROPHES: Final = re.compile(r"['’ʼ]")


class Token(NamedTuple):
    """One word: as folded, its stem, where it stands (characters), and its number in the text."""

    word: str
    stem: str
    start: int
    end: int
    position: int
    stop: bool


def fold(text: str) -> str:
    """Lower case, no accents: 'Café' and 'CAFE' are one word."""
    if text.isascii():
        return text.lower()
    bare = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(char for char in bare if not unicodedata.combining(char))
    return bare.casefold().translate(_NOT_DECOMPOSED)


def _fold_word(text: str) -> str:
    folded = fold(text)
    return _APOSTROPHES.sub("", _POSSESSIVE.sub("", folded))[:MAX_WORD]


_stemmer_of = threading.local()
"""A Stemmer object keeps state while it works: one per thread."""


def _stem_once(word: str) -> str:
    stemmer = getattr(_stemmer_of, "stemmer", None)
    if stemmer is None:
        stemmer = _stemmer_of.stemmer = Stemmer.Stemmer("dutch")
    return str(stemmer.stemWord(word))


def _stable_stem(word: str) -> str:
    for _ in range(_STEM_ROUNDS):
        stem = _stem_once(word)
        if stem == word:
            break
        word = stem
    return word


def lexicon_stems() -> Mapping[str, str]:
    """What the lexicon says in stems: stem of a form -> stem of its group's head."""
    table: dict[str, str] = {}
    for group in GROUPS:
        head = _stable_stem(_fold_word(group.head))
        for form in (group.head, *group.forms):
            table[_stable_stem(_fold_word(form))] = head
    return table


_LEXICON: Final = lexicon_stems()


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The stem of a folded word, as it stands in the index."""
    if any(char.isdigit() for char in word):
        return word
    stable = _stable_stem(word)
    return _LEXICON.get(stable, stable)


@lru_cache(maxsize=50_000)
def _analysed(text: str) -> tuple[str, str, bool]:
    """A word of a text: as folded, its stem, whether it is a stop word."""
    word = _fold_word(text)
    return word, stem(word), word in STOP_WORDS


def tokens(text: str) -> Iterator[Token]:
    """The words of a text in order. Stop words come along, marked: they keep the count right."""
    position = 0
    for match in _WORD.finditer(text):
        word, its_stem, stop = _analysed(match.group())
        if not word:
            continue
        yield Token(word, its_stem, match.start(), match.end(), position, stop)
        position += 1


def stems(text: str) -> set[str]:
    """The stems in a text, each once and without its place: much quicker than `tokens`."""
    found = (_analysed(word) for word in set(_WORD.findall(text)))
    return {its_stem for word, its_stem, stop in found if word and not stop}


def _fingerprint() -> str:
    parts = [str(_RULES), Stemmer.version(), unicodedata.unidata_version]
    parts += [f"{form}>{head}" for form, head in sorted(_LEXICON.items())]
    parts += sorted(STOP_WORDS)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


FINGERPRINT: Final = _fingerprint()
