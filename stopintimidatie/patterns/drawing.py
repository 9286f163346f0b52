"""The evidence on a small map, drawn here and asked of nobody else. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from stopintimidatie.web import mapping
from stopintimidatie.web.contrast import WHITE, darkened_for

WIDTH: Final = 420
HEIGHT: Final = 320
AROUND: Final = 3.2
"""So many radii from the middle to the nearest edge."""

Spots = Sequence[tuple[float, float]]


def evidence_map(inside: Spots, around: Spots, *, radius_m: float, colour: str, place: str) -> str:
    """The reports of a pattern in its circle, and the others of that time nearby in grey.

    :param inside: metres east and north of the middle.
    """
    strong = darkened_for(colour, WHITE)
    scale = HEIGHT / 2 / (AROUND * max(radius_m, 50))
    parts = [
        *mapping.grid(WIDTH, HEIGHT, scale),
        f'<circle cx="{WIDTH / 2:g}" cy="{HEIGHT / 2:g}" r="{radius_m * scale:.1f}"'
        f' fill="{strong}" fill-opacity="0.12" stroke="{strong}" stroke-width="1.5"'
        ' stroke-dasharray="5 3"/>',
        *_dots(around, scale, 4, "#8a94a3"),
        *_dots(inside, scale, 5.5, strong),
        *mapping.scale_bar(HEIGHT, scale),
        mapping.words_at(WIDTH - 14, HEIGHT - 14, place, anchor="end"),
        mapping.north(WIDTH),
    ]
    return mapping.picture(WIDTH, HEIGHT, parts)


def _dots(spots: Spots, scale: float, size: float, colour: str) -> list[str]:
    placed = [(WIDTH / 2 + east * scale, HEIGHT / 2 - north * scale) for east, north in spots]
    return [
        mapping.dot(x, y, size, colour) for x, y in placed if 0 <= x <= WIDTH and 0 <= y <= HEIGHT
    ]


def map_summary(inside: int, around: int, radius_m: int, place: str) -> str:
    """The picture for who doesn't see it."""
    return (
        f"Kaartje van {place}: {inside} meldingen binnen een cirkel van {radius_m} meter, en"
        f" {around} andere in de omgeving. De afstand tot het midden staat in de tabel."
    )
