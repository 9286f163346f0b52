"""The map as a picture, and as shapes for a script. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry

from stopintimidatie.core.web import charts
from stopintimidatie.core.web.theme import WHITE, darkened_for, mix
from stopintimidatie.map.rules import Area
from stopintimidatie.municipalities.areas.facts import neighbourhood_facts
from stopintimidatie.municipalities.areas.locator import Locator
from stopintimidatie.reports.page.map import Plane, path

Shapes = Mapping[str, BaseGeometry]
WIDTH, HEIGHT = 480, 390
NETHERLANDS: Final = shapely.box(3.3, 50.7, 7.3, 53.6)
# The share of the colour at the first level.
DARK: Final = 0.14
CIRCLE_PX, LETTER_PX, DOT_PX = 17, 7, 6
# The outlines of a town, in bytes; drawn coarser until they fit.
MOST_BYTES: Final = 12_000
DEGREES, COARSER, COARSEST, DECIMALS = 0.0001, 1.4, 0.001, 4


def shapes_of(locator: Locator, areas: Sequence[Area]) -> Shapes:
    """Return the outlines of these areas by code, or the middles where no outlines are loaded."""
    codes = {area.code for area in areas}
    middles = (fact for fact in neighbourhood_facts() if fact.code in codes)
    points = {fact.code: shapely.Point(fact.lon, fact.lat) for fact in middles}
    return locator.outlines_of(codes) or points


def has_outlines(shapes: Shapes) -> bool:
    """Tell whether these shapes are outlines, and not middles."""
    return any(shape.geom_type != "Point" for shape in shapes.values())


def draw(areas: Sequence[Area], shapes: Shapes, points: Sequence[Any], colour: str) -> str:
    """Draw the areas, each with its number, and the points of a list.

    The window is that of the points where there are any, else that of the land.
    """
    strong = darkened_for(colour, WHITE)
    dots = [shapely.Point(point.lon, point.lat) for point in points]
    land = [shapes[area.code] for area in areas if area.code in shapes and not area.water]
    edges = shapely.total_bounds(dots or land or list(shapes.values()) or [NETHERLANDS])
    plane = Plane.within(edges.tolist(), WIDTH, HEIGHT)
    drawn = [(area, _drawn(plane, shapes[area.code])) for area in areas if area.code in shapes]
    seen = [(area, shape) for area, shape in drawn if not shape.is_empty]
    parts = [path(shape, mix(WHITE, strong, DARK * area.level)) for area, shape in seen]
    parts += [charts.dot(*plane.pixel(point.lat, point.lon), DOT_PX, strong) for point in points]
    taken = [shapely.box(0, 0, WIDTH, HEIGHT).exterior, *(shape for _, shape in seen)]
    for area, shape in seen:
        parts += _words(area, shape, [] if has_outlines(shapes) else taken)
    parts += [*charts.scale_bar(HEIGHT, plane.scale), charts.north(WIDTH)]
    return charts.picture(WIDTH, HEIGHT, parts)


def _drawn(plane: Plane, shape: BaseGeometry) -> BaseGeometry:
    seen = plane.placed(shape)
    return seen.buffer(CIRCLE_PX) if shape.geom_type == "Point" else seen


def _words(area: Area, shape: BaseGeometry, taken: list[BaseGeometry]) -> list[str]:
    """Write the number in its area, and the name where that has room.

    `taken`: what a name below a circle may not lie over, the names so far too; empty where areas
    have outlines, and the name goes above the number.
    """
    middle = shape.representative_point()
    x, y, wide = middle.x, middle.y + 4, len(area.name) * LETTER_PX / 2
    base = y + CIRCLE_PX + 14 if taken else y - 15
    room = shapely.box(x - wide, base - 13, x + wide, base)
    fits = not any(map(room.intersects, taken)) if taken else shape.contains(room)
    if taken and fits:
        taken.append(room)
    number = charts.words_at(x, y, str(area.number), size=13, weight=600)
    return [number, *([charts.words_at(x, base, area.name)] if fits else [])]


def outlines_json(shapes: Shapes) -> bytes:
    """Return the shapes as GeoJSON, coarser until they are few bytes; borders stay shared."""
    codes = sorted(shapes)
    exact, degrees = [shapes[code] for code in codes], DEGREES
    made = _collection(codes, exact)
    while has_outlines(shapes) and len(made) > MOST_BYTES and degrees < COARSEST:
        made = _collection(codes, list(shapely.coverage_simplify(exact, degrees)))
        degrees *= COARSER
    return made


def _collection(codes: Sequence[str], shapes: Sequence[BaseGeometry]) -> bytes:
    rounded = shapely.transform(shapes, lambda xy: xy.round(DECIMALS))
    features: list[Any] = [
        {"type": "Feature", "properties": {"c": code}, "geometry": shapely.geometry.mapping(shape)}
        for code, shape in zip(codes, rounded, strict=True)
    ]
    whole = {"type": "FeatureCollection", "features": features}
    return json.dumps(whole, separators=(",", ":")).encode()
