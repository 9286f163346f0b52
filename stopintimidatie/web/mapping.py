"""Pieces of a map that the server draws itself: rings, dots, names, a scale. Pure.

No tiles, and nobody is asked. Whoever shows a map also shows a table with the same information.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from xml.sax.saxutils import escape

from stopintimidatie.web.charts import FONT
from stopintimidatie.web.contrast import WHITE

METRES_OF_DEGREE: Final = 111_320
GROUND: Final = "#f3f5f8"
LAND: Final = "#dfe8f1"
BORDER: Final = "#4a5560"
LETTERS: Final = "#1b2430"
_STEPS: Final = (20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)


def picture(width: float, height: float, parts: Iterable[str]) -> str:
    """The whole picture, on its ground."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}"'
        f' viewBox="0 0 {width:g} {height:g}" font-family="{FONT}">'
        f'<rect width="{width:g}" height="{height:g}" fill="{GROUND}"/>{"".join(parts)}</svg>'
    )


def ring(points: Iterable[Sequence[float]]) -> str:
    """One closed line, for the `d` of a path."""
    return "M" + "L".join(f"{point[0]:.1f} {point[1]:.1f}" for point in points) + "Z"


def dot(x: float, y: float, size: float, colour: str) -> str:
    """Somewhere that something happened."""
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:g}" fill="{colour}"'
        f' fill-opacity="0.75" stroke="{WHITE}"/>'
    )


def step(scale: float) -> int:
    """A round number of metres that is some fifty pixels or more at so many pixels a metre."""
    return next((metres for metres in _STEPS if metres * scale >= 50), _STEPS[-1])


def grid(width: float, height: float, scale: float) -> list[str]:
    """Quiet lines, a step of the scale apart, through the middle."""
    apart = step(scale) * scale
    lines = []
    for way, length, other in (("x", width, height), ("y", height, width)):
        at = length / 2 % apart
        while at < length:
            across = "y" if way == "x" else "x"
            lines.append(
                f'<line {way}1="{at:.1f}" {way}2="{at:.1f}" {across}1="0" {across}2="{other:g}"'
                ' stroke="#e1e5eb"/>'
            )
            at += apart
    return lines


def scale_bar(height: float, scale: float) -> list[str]:
    """How long a piece of ground is, in the corner below left."""
    metres, y = step(scale), height - 14
    words = f"{metres // 1000} km" if metres >= 1000 else f"{metres} m"
    return [
        f'<line x1="14" x2="{14 + metres * scale:.1f}" y1="{y:g}" y2="{y:g}" stroke="{LETTERS}"'
        ' stroke-width="2"/>',
        words_at(14, y - 6, words, anchor="start"),
    ]


def north(width: float) -> str:
    """Which way is up; the arrow is drawn, for not every font has one."""
    x, y = width - 16, 10
    arrow = f'<path d="M{x} {y}l4 11h-3v5h-2v-5h-3Z" fill="{LETTERS}"/>'
    return words_at(width - 26, 22, "noord", anchor="end") + arrow


def words_at(
    x: float, y: float, words: str, *, size: float = 12, anchor: str = "middle", weight: int = 400
) -> str:
    """Words that stay readable on whatever lies below: a white edge first, the letters on it."""
    where = (
        f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size:g}"'
        f' font-weight="{weight}"'
    )
    safe = escape(words)
    return (
        f'<text {where} fill="{WHITE}" stroke="{WHITE}" stroke-width="3"'
        f' stroke-linejoin="round" aria-hidden="true">{safe}</text>'
        f'<text {where} fill="{LETTERS}">{safe}</text>'
    )
