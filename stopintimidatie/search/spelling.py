"""Did you mean: the known word that is nearest to a mistyped one.

Pure: a backend brings the words that occur in what the visitor may see (a word from elsewhere
would give away that it exists) with how often they occur; this picks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

MIN_LENGTH: Final = 4
"""Shorter words have too many neighbours to guess."""
LONG: Final = 8
"""From this length on two mistakes are forgiven."""


def allowed(word: str) -> int:
    """How many mistakes are forgiven."""
    if len(word) < MIN_LENGTH:
        return 0
    return 2 if len(word) >= LONG else 1


def letters(word: str) -> int:
    """A set of the letters as bits: a cheap first sieve before counting mistakes."""
    mask = 0
    for char in word:
        mask |= 1 << (ord(char) % 61)
    return mask


def mistakes(one: str, other: str, at_most: int) -> int:
    """How many letters were added, dropped, changed or swapped; `at_most + 1` when more."""
    if abs(len(one) - len(other)) > at_most:
        return at_most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, char in enumerate(one, start=1):
        previous, row = row, [i] + [0] * len(other)
        for j, against in enumerate(other, start=1):
            cost = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (char != against))
            if i > 1 and j > 1 and char == other[j - 2] and one[i - 2] == against:
                cost = min(cost, before[j - 2] + 1)
            row[j] = cost
        if min(row) > at_most and (not before or min(previous) > at_most):
            return at_most + 1
        before = previous
    return min(row[-1], at_most + 1)


def near(word: str, known: Iterable[tuple[str, int]]) -> list[tuple[int, str]]:
    """(mistakes, word) of the known words that could be meant; `known` is (word, letters)."""
    limit = allowed(word)
    if not limit:
        return []
    mask = letters(word)
    found = []
    for other, other_mask in known:
        if abs(len(other) - len(word)) > limit or (mask ^ other_mask).bit_count() > 2 * limit:
            continue
        count = mistakes(word, other, limit)
        if 0 < count <= limit and other[:1].isalpha():
            found.append((count, other))
    return found


def best(candidates: Iterable[tuple[int, str, int]]) -> str | None:
    """The word to propose from (mistakes, word, documents): few mistakes first, then common."""
    ranked = sorted((count, -documents, word) for count, word, documents in candidates if documents)
    return ranked[0][2] if ranked else None
