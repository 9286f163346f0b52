"""The map of a dossier as a picture, from the metres in its content. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Final

from stopintimidatie.exports.content import MapArea, MapContent, MapSpot
from stopintimidatie.web import mapping
from stopintimidatie.web.contrast import WHITE, darkened_for, mix

WIDTH: Final = 700
SMALL: Final = 300
# A letter of the name of an area is so wide, of its size.
LETTER: Final = 0.55


def whole_map(content: MapContent, *, colour: str) -> str:
    """The map with the names of areas and the letters of spots."""
    return _drawn(content, WIDTH, colour, small=False)


def small_map(content: MapContent, *, colour: str) -> str:
    """The same ground for page one: where it is, in one glance."""
    return _drawn(content, SMALL, colour, small=True)


def _drawn(content: MapContent, width: int, colour: str, *, small: bool) -> str:
    scale = width / content.width_m
    height = round(content.height_m * scale)
    strong = darkened_for(colour, WHITE)
    land = mix(strong, WHITE, 0.82)
    parts = [
        *(() if any(area.rings for area in content.areas) else mapping.grid(width, height, scale)),
        *(_area(area, scale, land) for area in content.areas if area.rings),
        *_around_middles(content.areas, scale, land),
        *_names(content.areas, scale, (width, height), small=small),
        *_spots(content.spots, scale, strong, small=small),
        *mapping.scale_bar(height, scale),
        mapping.north(width),
        f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" fill="none"'
        f' stroke="#c3cad3"/>',
    ]
    return mapping.picture(width, height, parts)


def _area(area: MapArea, scale: float, land: str) -> str:
    rings = [
        mapping.ring((x * scale, y * scale) for x, y in zip(ring[::2], ring[1::2], strict=True))
        for ring in area.rings
    ]
    ground = land if area.home or area.number else WHITE
    look = f'fill="{ground}" stroke-width="{2.2 if area.home else 1}"'
    return f'<path d="{" ".join(rings)}" fill-rule="evenodd" stroke="{mapping.BORDER}" {look}/>'


def _around_middles(areas: Iterable[MapArea], scale: float, land: str) -> Iterator[str]:
    for area in areas:
        if not area.rings:
            yield (
                f'<circle cx="{area.x * scale:.1f}" cy="{area.y * scale:.1f}" r="16" fill="{land}"'
                f' stroke="{mapping.BORDER}"/>'
            )


def _names(
    areas: Iterable[MapArea], scale: float, room: tuple[float, float], *, small: bool
) -> Iterator[str]:
    """The name under the number; on the small map of the own neighbourhood and numbers alone."""
    width, height = room
    # The arrow and the scale have their corners.
    taken = [(width - 40.0, 18.0, 44.0), (50.0, height - 24.0, 60.0)]
    size = 11 if small else 12
    for area in sorted(areas, key=lambda area: (not area.home, not area.number, area.name)):
        x, y = area.x * scale, area.y * scale
        if area.number:
            yield mapping.words_at(x, y + 5, area.number, size=15, weight=700)
        if small and not area.home:
            continue
        half = len(area.name) * size * LETTER / 2
        below = 4 if not area.number else 20 if area.rings else 29
        x, y = min(max(x, half + 4), width - half - 4), y + below
        if y < height - 4 and not any(_touch(x, y, half, size, other) for other in taken):
            taken.append((x, y, half))
            yield mapping.words_at(x, y, area.name, size=size, weight=600 if area.home else 400)


def _touch(x: float, y: float, half: float, size: float, other: tuple[float, float, float]) -> bool:
    """Whether words here would run through others."""
    return abs(y - other[1]) < size + 4 and abs(x - other[0]) < half + other[2]


def _spots(spots: Iterable[MapSpot], scale: float, strong: str, *, small: bool) -> Iterator[str]:
    """The more reports, the larger; the smallest on top."""
    for spot in sorted(spots, key=lambda spot: -spot.number):
        x, y = spot.x * scale, spot.y * scale
        size = 4 + 2 * math.sqrt(spot.number) if small else 8 + 2.4 * math.sqrt(spot.number - 1)
        yield (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{min(size, 22):.1f}" fill="{strong}"'
            f' fill-opacity="0.88" stroke="{WHITE}" stroke-width="1.2"/>'
        )
        if not small:
            yield (
                f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle" font-size="11.5"'
                f' font-weight="700" fill="{WHITE}">{spot.letter}</text>'
            )
