"""The words and the QR code of a campaign's pictures: how large, and on which lines. Pure.

Words are set as large as their room allows, measured in the font of the house, so that a long name
of a town makes letters smaller and never leaves the picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Final, NamedTuple

import segno

from stopintimidatie.core.web.theme import WHITE, darkened_for, readable_on
from stopintimidatie.exports.document.assets import VENDOR

LEADING: Final = 1.16
SMALLER: Final = 0.96
# The width of a letter that the measured font lacks, in parts of its size; none is wider.
WIDEST: Final = 1.0
# Modules around a QR code.
QUIET: Final = 4
# No line ends behind a first part of fewer letters: 's-Hertogenbosch.
SHORT: Final = 3


class Block(NamedTuple):
    """Lines of words in one size, and their height together."""

    size: float
    lines: Sequence[str]
    height: float


def set_words(words: str, room: tuple[float, float], size: float, weight: int = 400) -> Block:
    """Set words as large as fits in a room of this width and height, and no larger than `size`."""
    return set_pieces([*_pieces(words)], room, size, weight)


def _pieces(words: str) -> Iterator[str]:
    """Yield words with the blank before them; a long one in parts that end with its hyphens."""
    for word in words.split(" "):
        whole = "@" in word or word.find("-") < SHORT
        first, *others = [word] if whole else word.replace("-", "- ").split()
        yield f" {first}"
        yield from others


def set_pieces(
    pieces: Sequence[str], room: tuple[float, float], size: float, weight: int = 400
) -> Block:
    """Set pieces, between which a line may end, as large as fits."""
    while True:
        lines = [*_broken(pieces, room[0] / size, weight)]
        height = len(lines) * size * LEADING
        if height <= room[1] and max(width_of(line, weight) for line in lines) * size <= room[0]:
            return Block(size, lines, height)
        size *= SMALLER


def _broken(pieces: Sequence[str], room: float, weight: int) -> Iterator[str]:
    line = ""
    for piece in pieces:
        if line and width_of(line + piece, weight) > room:
            yield line
            line = ""
        line = (line + piece).lstrip(" ")
    yield line


def width_of(words: str, weight: int) -> float:
    """Return the width of words in this weight, in parts of their size."""
    return sum(_advances(weight).get(ord(letter), WIDEST) for letter in words)


@cache
def _advances(weight: int) -> Mapping[int, float]:
    # Only here: a web process seldom needs to know.
    from fontTools.ttLib import TTFont

    with TTFont(VENDOR / f"fonts/source-sans-3-latin-{weight}-normal.woff") as font:
        em, widths = font["head"].unitsPerEm, font["hmtx"]
        return {letter: widths[name][0] / em for letter, name in font.getBestCmap().items()}


def address_pieces(link: str) -> Sequence[str]:
    """Return an address as people read it, in the pieces between which a line may end."""
    return link.partition("://")[2].replace("/", " /").replace("?", " ?").split()


def qr_code(link: str) -> tuple[int, str]:
    """Return the QR code of an address: its modules with the quiet zone, and the dark as a path."""
    rows = [*map(tuple, segno.make(link, error="m", micro=False).matrix)]
    dark = [(x, y) for y, row in enumerate(rows) for x, module in enumerate(row) if module]
    # A little over its edge: else fine lines show between them.
    drawn = (f"M{x + QUIET} {y + QUIET}h1.02v1.02h-1.02z" for x, y in dark)
    return len(rows) + 2 * QUIET, "".join(drawn)


def colours_of(colour: str) -> Mapping[str, str]:
    """Return the colours of a field and of the words on it, and a strong one for white paper."""
    strong = darkened_for(colour, WHITE)
    return {"field": colour, "on_field": readable_on(colour), "strong": strong}
