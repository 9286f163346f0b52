"""Charts and pieces of maps as SVG, made by the server: the same in a page and in a PDF.

Pure functions of numbers, so the same figures always give the same bytes. A chart never stands
alone: whoever shows one also shows its table, and uses the summary here as alternative text.
A number that may not be told (a small cell) is None and is drawn as "<5", never as a length.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Container, Iterable, Sequence
from typing import Final
from xml.sax.saxutils import escape

from stopintimidatie.core.web.theme import INK, WHITE, darkened_for, mix, readable_on

Item = tuple[str, int | None]

# Quoted, for a name with a figure isn't a word of CSS; no spaces, which the PDF's drawer keeps.
FONT = "'Source Sans 3','Segoe UI','Noto Sans',Arial,sans-serif"
HIDDEN = "<5"
MUTED = "#5b6470"
GRID = "#d9dee5"
BESIDE = "#8a93a0"
# The height of a bar with the room around it.
BAR_ROW: Final = 21


def bar_chart(
    items: Sequence[Item],
    *,
    colour: str,
    width: int = 340,
    labels: int = 150,
    before: Sequence[int] = (),
) -> str:
    """Draw horizontal bars with their numbers: for counts by form or kind of place.

    `before`: a number of another period beside each, drawn as a line.
    """
    strong = darkened_for(colour, WHITE)
    row, room = BAR_ROW, width - labels - 34
    top = _highest([*(number for _, number in items), *before])
    parts = [_line(labels, 0, labels, row * len(items), GRID)]
    for index, (label, number) in enumerate(items):
        y = index * row
        parts.append(_text(labels - 7, y + 14.5, shorten(label, labels), anchor="end"))
        length = 0 if number is None else room * number / top
        parts.append(_bar(labels, y + 4, length, row - 8, strong))
        beside = room * before[index] / top if before else 0
        if before:
            parts.append(_bar(labels + beside - 1, y + 2, 2, row - 4, BESIDE))
        parts.append(_text(labels + max(length, beside) + 5, y + 14.5, _shown(number), weight=600))
    return _svg(width, row * len(items), parts)


def heat_table(
    columns: Sequence[str],
    rows: Sequence[tuple[str, Sequence[int | None]]],
    *,
    colour: str,
    width: int = 340,
) -> str:
    """Draw weekday by part of day: the darker, the more; every cell also says its number."""
    left, head, height = 76, 20, 25
    cell = (width - left) / max(len(columns), 1)
    top = _highest(number for _, cells in rows for number in cells)
    parts = [
        _text(left + cell * (i + 0.5), 13, name, anchor="middle", colour=MUTED)
        for i, name in enumerate(columns)
    ]
    for index, (label, cells) in enumerate(rows):
        y = head + index * height
        parts.append(_text(left - 8, y + 16.5, label, anchor="end"))
        for column, number in enumerate(cells):
            parts += _heat_cell(left + column * cell, y, cell, height, number, top, colour)
    return _svg(width, head + height * len(rows), parts)


def sparkline(numbers: Sequence[int], top: int, *, width: int = 84, height: int = 20) -> str:
    """Draw a line of numbers without scale or words, in the colour of the text around it.

    `top`: the number that the full height stands for, one for all lines of a page.
    """
    top = max(top, 1)
    apart = (width - 4) / max(len(numbers) - 1, 1)
    points = [
        (2 + place * apart, height - 2 - (height - 4) * number / top)
        for place, number in enumerate(numbers)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    return (
        f'<svg class="si-spark" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        ' aria-hidden="true" focusable="false">'
        f'<polyline points="{line}" fill="none" stroke="currentColor" stroke-width="1.5"'
        ' stroke-linejoin="round"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="currentColor"/></svg>'
    )


def trend_chart(
    items: Sequence[Item],
    *,
    colour: str,
    width: int = 700,
    marks: Container[str] = (),
    before: Sequence[int] = (),
) -> str:
    """Draw columns over time with a quiet scale; thin labels out when there is no room for all.

    `marks`: labels of columns before which a line stands; `before`: as in `bar_chart`.
    """
    strong = darkened_for(colour, WHITE)
    height, left, floor, ceiling = 130, 26, 110, 14
    top = _scale_top(_highest([*(number for _, number in items), *before]))
    room = floor - ceiling
    parts = _scale(left, width, floor, room, top)
    step = (width - left) / max(len(items), 1)
    every = -(-len(items) // (width // 55))
    for index, (label, number) in enumerate(items):
        x = left + index * step
        tall = 0 if number is None else room * number / top
        wide = min(step * 0.62, 34)
        parts.append(_bar(x + (step - wide) / 2, floor - tall, wide, tall, strong))
        if before:
            y = floor - room * before[index] / top
            parts.append(_bar(x + (step - wide) / 2 - 2, y - 1, wide + 4, 2, BESIDE))
        if label in marks:
            parts.append(_bar(x - 1, 2, 2, floor - 2, INK))
        if number is None or number > 0:
            parts.append(_text(x + step / 2, floor - tall - 4, _shown(number), "middle", 600, 10))
        if (len(items) - 1 - index) % every == 0:
            # The last label stays within the drawing.
            middle = min(x + step / 2, width - 19)
            parts.append(_text(middle, height - 5, label, "middle", 400, 10.5, MUTED))
    return _svg(width, height, parts)


def bar_summary(subject: str, items: Sequence[Item]) -> str:
    """Say in the alternative text what the chart shows, most frequent first."""
    if not items:
        return f"{subject}: geen gegevens."
    listed = ", ".join(f"{label} {_shown(number)}" for label, number in items)
    return f"{subject}: {listed}. Dezelfde cijfers staan in de tabel."


def heat_summary(
    subject: str, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[int | None]]]
) -> str:
    """Say in the alternative text which three cells are busiest; the table has the rest."""
    cells = [
        (number, label, columns[index])
        for label, numbers in rows
        for index, number in enumerate(numbers)
        if number
    ]
    busiest = sorted(cells, key=lambda cell: -cell[0])[:3]
    if not busiest:
        return f"{subject}: geen gegevens."
    listed = ", ".join(f"{day} {part} {number}" for number, day, part in busiest)
    return f"{subject}. Drukste momenten: {listed}. Alle cijfers staan in de tabel."


def data_uri(svg: str) -> str:
    """Return a picture for ``<img src>``: an inline ``<svg>`` gets no alternative text in a PDF."""
    return "data:image/svg+xml;base64," + b64encode(svg.encode()).decode("ascii")


def shorten(label: str, room: int) -> str:
    """Cut the label to what fits before the bars (about 7 units a letter, for a wide font)."""
    letters = max(int((room - 10) / 7), 4)
    return label if len(label) <= letters else label[: letters - 1].rstrip() + "…"


def _shown(number: int | None) -> str:
    return HIDDEN if number is None else str(number)


def _highest(numbers: Iterable[int | None]) -> int:
    return max((number for number in numbers if number is not None), default=0) or 1


def _scale_top(highest: int) -> int:
    """Return the top of the scale: round and even, so that the middle line is whole too."""
    size = 1
    while highest > 10 * size:
        size *= 10
    return next(top * size for top in (2, 4, 6, 8, 10) if top * size >= highest)


def _scale(left: float, width: float, floor: float, room: float, top: int) -> list[str]:
    parts = []
    for share in (0, 0.5, 1):
        y = floor - room * share
        parts.append(_line(left, y, width, y, GRID if share else MUTED))
        parts.append(_text(left - 6, y + 3.5, str(round(top * share)), "end", 400, 10, MUTED))
    return parts


def _heat_cell(
    x: float, y: float, wide: float, tall: float, number: int | None, top: int, colour: str
) -> list[str]:
    strong = darkened_for(colour, WHITE)
    share = 0.0 if not number else 0.12 + 0.88 * number / top
    fill = mix(WHITE, strong, share) if number else "#f6f7f9"
    ink = MUTED if number == 0 else readable_on(fill)
    return [
        _bar(x + 1, y + 1, wide - 2, tall - 2, fill),
        _text(
            x + wide / 2,
            y + tall / 2 + 4,
            _shown(number),
            "middle",
            600 if number else 400,
            12,
            ink,
        ),
    ]


def _svg(width: float, height: float, parts: Sequence[str]) -> str:
    body = "".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width)}" height="{_n(height)}" '
        f'viewBox="0 0 {_n(width)} {_n(height)}" font-family="{FONT}">{body}</svg>'
    )


def _text(
    x: float,
    y: float,
    words: str,
    anchor: str = "start",
    weight: int = 400,
    size: float = 12,
    colour: str = INK,
) -> str:
    return (
        f'<text x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}" font-weight="{weight}" '
        f'text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'
    )


def _bar(x: float, y: float, wide: float, tall: float, colour: str) -> str:
    if wide <= 0 or tall <= 0:
        return ""
    return f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(wide)}" height="{_n(tall)}" fill="{colour}"/>'


def _line(x: float, y: float, to_x: float, to_y: float, colour: str) -> str:
    return (
        f'<line x1="{_n(x)}" y1="{_n(y)}" x2="{_n(to_x)}" y2="{_n(to_y)}" '
        f'stroke="{colour}" stroke-width="1"/>'
    )


def _n(number: float) -> str:
    """Write a number without a needless fraction, so that equal charts are equal bytes."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


# Maps: no tiles, and nobody is asked. Whoever shows one also shows a table of the same.

METRES_OF_DEGREE: Final = 111_320
GROUND: Final = "#f3f5f8"
LAND: Final = "#dfe8f1"
BORDER: Final = "#4a5560"
LETTERS: Final = "#1b2430"
_STEPS: Final = (20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)


def picture(width: float, height: float, parts: Iterable[str]) -> str:
    """Draw the whole picture, on its ground."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}"'
        f' viewBox="0 0 {width:g} {height:g}" font-family="{FONT}">'
        f'<rect width="{width:g}" height="{height:g}" fill="{GROUND}"/>{"".join(parts)}</svg>'
    )


def ring(points: Iterable[Sequence[float]]) -> str:
    """Write one closed line, for the `d` of a path."""
    return "M" + "L".join(f"{point[0]:.1f} {point[1]:.1f}" for point in points) + "Z"


def dot(x: float, y: float, size: float, colour: str) -> str:
    """Draw somewhere that something happened."""
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:g}" fill="{colour}"'
        f' fill-opacity="0.75" stroke="{WHITE}"/>'
    )


def step(scale: float) -> int:
    """Return a round number of metres that is some fifty pixels or more, given pixels a metre."""
    return next((metres for metres in _STEPS if metres * scale >= 50), _STEPS[-1])


def grid(width: float, height: float, scale: float) -> list[str]:
    """Draw quiet lines, a step of the scale apart, through the middle."""
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
    """Draw how long a piece of ground is, in the corner below left."""
    metres, y = step(scale), height - 14
    words = f"{metres // 1000} km" if metres >= 1000 else f"{metres} m"
    return [
        f'<line x1="14" x2="{14 + metres * scale:.1f}" y1="{y:g}" y2="{y:g}" stroke="{LETTERS}"'
        ' stroke-width="2"/>',
        words_at(14, y - 6, words, anchor="start"),
    ]


def north(width: float) -> str:
    """Draw which way is up; the arrow is drawn, for not every font has one."""
    x, y = width - 16, 10
    arrow = f'<path d="M{x} {y}l4 11h-3v5h-2v-5h-3Z" fill="{LETTERS}"/>'
    return words_at(width - 26, 22, "noord", anchor="end") + arrow


def words_at(
    x: float, y: float, words: str, *, size: float = 12, anchor: str = "middle", weight: int = 400
) -> str:
    """Draw words that stay readable on whatever lies below: a white edge, then the letters."""
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
