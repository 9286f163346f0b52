"""Whoever sets the point of a report has the place named that it is at."""

from __future__ import annotations

import ast
from pathlib import Path

import stopintimidatie
from tests.support.source import nodes_of, tree_of

PACKAGE = Path(stopintimidatie.__file__).parent
POINT = {"lat", "lon"}
# What asks for the name: the arrival of a report (`add_arrival("plek", …)`).
ASKING = {"announce", "move_report"}


def sets_a_point(node: ast.AST) -> bool:
    """Tell whether this is `report.lat = …`; a plane or a spot has a point of its own."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    parts = [part for target in targets for part in ast.walk(target)]
    return any(
        isinstance(part, ast.Attribute)
        and part.attr in POINT
        and getattr(part.value, "id", "") == "report"
        for part in parts
    )


def test_whoever_sets_a_point_has_it_named() -> None:
    setting = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        if not any(map(sets_a_point, nodes_of(path))):
            continue
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef) and any(map(sets_a_point, ast.walk(node))):
                called = {
                    getattr(call.func, "id", "")
                    for call in ast.walk(node)
                    if isinstance(call, ast.Call)
                }
                setting[f"{path.name}:{node.name}"] = called & ASKING
    assert setting
    assert {name for name, asked in setting.items() if not asked} == set()
    # Handing a report on ends in `announce` as well, for who receives it.
    assert setting == {"services.py:_place": ASKING}
