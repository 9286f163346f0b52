"""The map as a picture, and as shapes for a script. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry

from stopintimidatie.core.web import charts
from stopintimidatie.core.web.theme import WHITE, darkened_for, mix
from stopintimidatie.map.rules import Area, Point
from stopintimidatie.municipalities.areas.facts import neighbourhood_facts
from stopintimidatie.municipalities.areas.locator import Locator
from stopintimidatie.reports.page.map import Plane, path

Shapes = Mapping[str, BaseGeometry]
WIDTH, HEIGHT = 760, 620
# The share of the colour at each level.
DARK: Final = (0.0, 0.14, 0.28, 0.42, 0.56, 0.7)
CIRCLE_PX, LETTER_PX = 17, 7
# The outlines of a town, in bytes; drawn coarser until they fit.
MOST_BYTES: Final = 11_000
DEGREES, COARSER, DECIMALS = 0.0001, 1.4, 4


def shapes_of(locator: Locator, areas: Sequence[Area]) -> tuple[Shapes, bool]:
    """Return the outlines of these areas by code, or the middles where no outlines are loaded.

    And whether they are outlines.
    """
    codes = {area.code for area in areas}
    outlines = locator.outlines_of(codes)
    if outlines:
        return outlines, True
    middles = (fact for fact in neighbourhood_facts() if fact.code in codes)
    return {fact.code: shapely.Point(fact.lon, fact.lat) for fact in middles}, False


def draw(areas: Sequence[Area], shapes: Shapes, points: Sequence[Point], colour: str) -> str:
    """Draw the areas, each with its number, and the points of a list.

    The window is that of the points where there are any, else that of the land.
    """
    strong = darkened_for(colour, WHITE)
    dots = [shapely.Point(point.lon, point.lat) for point in points]
    land = [shapes[area.code] for area in areas if area.code in shapes and not area.water]
    edges = shapely.total_bounds(dots or land or list(shapes.values()))
    plane = Plane.within(edges.tolist(), WIDTH, HEIGHT)
    drawn = [(area, plane.placed(shapes[area.code])) for area in areas if area.code in shapes]
    seen = [(area, shape) for area, shape in drawn if not shape.is_empty]
    parts = [_shape(area, shape, strong) for area, shape in seen]
    parts += [charts.dot(*plane.pixel(point.lat, point.lon), 6, strong) for point in points]
    for area, shape in seen:
        parts += _words(area, shape)
    parts += [*charts.scale_bar(HEIGHT, plane.scale), charts.north(WIDTH)]
    return charts.picture(WIDTH, HEIGHT, parts)


def _shape(area: Area, shape: BaseGeometry, strong: str) -> str:
    fill = mix(WHITE, strong, DARK[area.level])
    if shape.geom_type != "Point":
        return path(shape, fill)
    return (
        f'<circle cx="{shape.x:.1f}" cy="{shape.y:.1f}" r="{CIRCLE_PX}" fill="{fill}"'
        f' stroke="{charts.BORDER}"/>'
    )


def _words(area: Area, shape: BaseGeometry) -> list[str]:
    """Write the number in its area, and the name above it where that has room."""
    middle = shape.representative_point()
    x, y, wide = middle.x, middle.y + 4, len(area.name) * LETTER_PX
    words = [] if area.water else [charts.words_at(x, y, str(area.number), size=13, weight=600)]
    round_it = shapely.box(x - wide / 2, y - 28, x + wide / 2, y)
    fits = shape.geom_type == "Point" or shape.contains(round_it)
    above = y - (CIRCLE_PX + 6 if shape.geom_type == "Point" else 15)
    return [*words, charts.words_at(x, above, area.name, size=12)] if fits else words


def outlines_json(shapes: Shapes) -> bytes:
    """Return the shapes as GeoJSON, coarser until they are few bytes; borders stay shared."""
    codes = sorted(shapes)
    exact, degrees = [shapes[code] for code in codes], DEGREES
    if all(shape.geom_type == "Point" for shape in exact):
        return _collection(codes, exact)
    while True:
        coarse = shapely.coverage_simplify(exact, degrees)
        made = _collection(codes, coarse)
        if len(made) <= MOST_BYTES or degrees > 1:
            return made
        degrees *= COARSER


def _collection(codes: Sequence[str], shapes: Sequence[BaseGeometry]) -> bytes:
    rounded = shapely.transform(shapes, lambda xy: xy.round(DECIMALS))
    features: list[Any] = [
        {"type": "Feature", "properties": {"c": code}, "geometry": shapely.geometry.mapping(shape)}
        for code, shape in zip(codes, rounded, strict=True)
    ]
    whole = {"type": "FeatureCollection", "features": features}
    return json.dumps(whole, separators=(",", ":")).encode()
