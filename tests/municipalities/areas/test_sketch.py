"""The map of a municipality: little to send, and a tap finds the wijk that really lies there."""

from __future__ import annotations

import numpy as np
import shapely

from stopintimidatie.municipalities.areas.drawing import sketch


def test_borders_are_drawn_simply_and_a_tap_is_looked_up_in_them_as_they_are() -> None:
    steps = np.linspace(0, 0.1, 2_001)
    border = [(0.05 + 0.0001 * (number % 2), step) for number, step in enumerate(steps)]
    west = shapely.Polygon([(0, 0), *border, (0, 0.1)])
    east = shapely.Polygon([(0.1, 0), *border, (0.1, 0.1)])
    made = sketch([("WK000001", "West", west), ("WK000002", "Oost", east)])
    assert made is not None
    assert len(made.svg()) < 2_000
    for shape in made.shapes:
        assert shapely.get_num_coordinates(shape.exact) > 2_000
        assert shapely.get_num_coordinates(shape.geometry) < 20
        middle = shape.exact.representative_point()
        assert made.at(middle.x, middle.y) == shape.code
    # A hole too small to draw is not of the wijk around it.
    whole = shapely.box(0, 0, 0.1, 0.1)
    hole = shapely.box(0.05, 0.05, 0.05015, 0.05015)
    holed = sketch([("WK000001", "Om", whole - hole), ("WK000002", "In", hole)])
    assert holed is not None
    point = holed.shapes[1].exact.representative_point()
    assert holed.at(point.x, point.y) == "WK000002"
