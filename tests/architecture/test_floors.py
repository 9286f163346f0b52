"""The floors of the house, read from the syntax tree and from the tables."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import stopintimidatie
from stopintimidatie.storage.models import Base
from tests.architecture.floors import ORDER

PACKAGE = Path(stopintimidatie.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imported_rooms(path: Path) -> Iterator[tuple[str, int]]:
    """The rooms a module imports, with the line."""
    package = ["stopintimidatie", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, node.module or ""]).strip(".")
            names = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "stopintimidatie" and len(parts) > 1:
                yield (parts[1] if parts[1] in ORDER else "__init__"), node.lineno


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_lower_floors(path: Path) -> None:
    room = room_of(path)
    assert room in ORDER, f"{room} has no floor: add it to tests/architecture/floors.py"
    floor = ORDER.index(room)
    climbs = [
        f"line {line}: {other}"
        for other, line in imported_rooms(path)
        if ORDER.index(other) > floor
    ]
    assert not climbs


def test_rooms_are_included_from_the_bottom_up() -> None:
    floors = [ORDER.index(room) for room in stopintimidatie.ROOMS]
    assert floors == sorted(floors)
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")} - {"cli"}
    assert rooms == set(stopintimidatie.ROOMS)


def test_foreign_keys_point_to_lower_floors() -> None:
    stopintimidatie.import_models()
    rooms = {
        mapper.local_table.name: mapper.class_.__module__.split(".")[1]  # type: ignore[attr-defined]
        for mapper in Base.registry.mappers
    }
    climbs = [
        f"{table.name} -> {key.referred_table.name}"
        for table in Base.metadata.tables.values()
        for key in table.foreign_key_constraints
        if ORDER.index(rooms[key.referred_table.name]) > ORDER.index(rooms[table.name])
    ]
    assert not climbs
