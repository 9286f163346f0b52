"""Words marked in a text, with signs around them that anybody can type. Pure.

    Ik liep met [[Sanne]] naar huis.

The text itself must stay as it was: who changes a word of the reporter by accident is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

# The first of these of which no text holds a sign itself; the last nobody types.
SIGNS: Final = (("[[", "]]"), ("{{", "}}"), ("<<", ">>"), ("((", "))"))
RARE: Final = ("⟦", "⟧")
BLACK: Final = "[zwartgemaakt]"

Span = tuple[int, int]


class MarkError(ValueError):
    """This can't be read as the text with marks; the message says what to do, in Dutch."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What stands before and behind marked words."""

    begin: str
    end: str


def signs_for(texts: Iterable[str]) -> Signs:
    joined = "\n".join(texts)
    for begin, end in SIGNS:
        if begin[0] not in joined and end[0] not in joined:
            return Signs(begin, end)
    return Signs(*RARE)


def with_marks(text: str, spans: Sequence[Span], signs: Signs) -> str:
    """The text to mark in, with what is marked already."""
    parts, position = [], 0
    for start, end in merged(spans):
        parts += [text[position:start], signs.begin, text[start:end], signs.end]
        position = end
    return "".join([*parts, text[position:]])


def read_marks(text: str, marked: str, signs: Signs) -> tuple[Span, ...]:
    """Where the marks are in the text.

    :raises MarkError: a sign is missing, or the text isn't as it was.
    """
    spans, plain, rest = [], "", marked
    while signs.begin in rest or signs.end in rest:
        before, found, behind = rest.partition(signs.begin)
        inside, closed, rest = behind.partition(signs.end)
        if not found or not closed or signs.begin in inside or signs.end in before:
            raise MarkError(
                f"Er staat een teken te veel of te weinig. Zet {signs.begin} voor en {signs.end}"
                " achter elk stuk, en geen markering in een andere."
            )
        plain += before
        spans.append((len(plain), len(plain) + len(inside)))
        plain += inside
    plain += rest
    if plain.strip() != text.strip():
        raise MarkError(
            "De tekst van de melder is veranderd. Zet alleen tekens om de woorden heen; haal uw"
            " andere wijzigingen weg, of open de pagina opnieuw."
        )
    shift = len(text) - len(text.lstrip()) - (len(plain) - len(plain.lstrip()))
    return merged((start + shift, end + shift) for start, end in spans if start < end)


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """In order, none over another."""
    done: list[Span] = []
    for start, end in sorted(spans):
        if done and start <= done[-1][1]:
            done[-1] = (done[-1][0], max(end, done[-1][1]))
        else:
            done.append((start, end))
    return tuple(done)


def blackened(text: str, spans: Iterable[Span]) -> str:
    """The text as a recipient reads it."""
    parts, position = [], 0
    for start, end in merged(spans):
        parts += [text[position:start], BLACK]
        position = end
    return "".join([*parts, text[position:]])


def words_at(text: str, spans: Iterable[Span]) -> list[str]:
    return [text[start:end].strip() for start, end in spans if text[start:end].strip()]
