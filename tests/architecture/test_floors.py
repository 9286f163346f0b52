"""The house: which room may use which, what files are called and how long they are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Mapper

import stopintimidatie
from stopintimidatie.core.storage.models import Base
from stopintimidatie.rooms import ROOMS, modules_in_order
from tests.support.source import nodes_of

PACKAGE = Path(stopintimidatie.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
# The factory and the commands stand on the rooms.
ORDER = ["settings", "rooms", *modules_in_order(), "", "cli"]
# A name says what is in a file: routing, merging, tombstone, clock instead of acts and pages.
MOST_FILES = 580
MOST_LINES = 450
SHORT = 60
MOST_SHORT = 20
MOST_NAMES = 180
MOST_FUNCTION_LINES = 50


def name_of(path: Path) -> str:
    """Return the module below the package: `reports.page.views`; the package itself is ''."""
    parts = list(path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in FILES}


def floor_of(module: str) -> int:
    """Return the place in the order of the room that a module lies in."""
    parts = module.split(".")
    rooms = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return ORDER.index(next(room for room in rooms if room in ORDER))


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the modules of the package that a file imports, with the line."""
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: a relative import hides the room"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            first, _, rest = name.partition(".")
            if first == "stopintimidatie":
                yield (rest if rest in MODULES else rest.rpartition(".")[0]), node.lineno


# Not while tests are collected: each worker would read the whole package.
@pytest.fixture(scope="module")
def imports() -> dict[str, dict[str, int]]:
    return {module: dict(imported(path)) for module, path in MODULES.items()}


def test_a_module_imports_only_from_its_own_room_and_lower_ones(
    imports: dict[str, dict[str, int]],
) -> None:
    floors = {module: floor_of(module) for module in MODULES}
    climbs = [
        f"{module}, line {line}: {other}"
        for module, others in imports.items()
        for other, line in others.items()
        if floor_of(other) > floors[module]
    ]
    assert not climbs


def test_no_files_import_each_other_in_a_circle(imports: dict[str, dict[str, int]]) -> None:
    left = {module: set(others) - {module} for module, others in imports.items()}
    while free := {module for module, others in left.items() if not others & left.keys()}:
        left = {module: others for module, others in left.items() if module not in free}
    assert not left


def test_each_folder_is_a_room_of_the_list() -> None:
    rooms = {
        name_of(path) for path in [*PACKAGE.glob("*/__init__.py"), *PACKAGE.glob("*/*/__init__.py")]
    }
    files = {name_of(path) for path in PACKAGE.glob("core/*.py")}
    assert rooms | files == set(modules_in_order()) | {"cli"}
    assert len(ROOMS) <= 14


def test_foreign_keys_point_to_lower_floors() -> None:
    stopintimidatie.import_models()
    floors = {
        str(mapper.local_table): floor_of(mapper.class_.__module__.partition(".")[2])
        for mapper in Base.registry.mappers
        if isinstance(mapper, Mapper)
    }
    climbs = [
        f"{table.name} -> {key.referred_table.name}"
        for table in Base.metadata.tables.values()
        for key in table.foreign_key_constraints
        if floors[key.referred_table.name] > floors[table.name]
    ]
    assert not climbs


def test_files_are_few_and_neither_short_nor_long() -> None:
    lines = {
        module: len(path.read_text(encoding="utf-8").splitlines())
        for module, path in MODULES.items()
    }
    short = [
        module
        for module, path in MODULES.items()
        if path.name != "__init__.py" and lines[module] < SHORT
    ]
    assert not {module: count for module, count in lines.items() if count > MOST_LINES}
    assert len(FILES) <= MOST_FILES
    assert len(short) <= MOST_SHORT
    assert len({path.stem for path in FILES}) <= MOST_NAMES


def test_functions_are_short() -> None:
    long = [
        f"{module}: {node.name}"
        for module, path in MODULES.items()
        for node in nodes_of(path)
        if isinstance(node, ast.FunctionDef)
        and (node.end_lineno or 0) - node.lineno >= MOST_FUNCTION_LINES
    ]
    assert not long


# Not to refuse somebody: to keep who gave a role, to count people, to say who could answer.
KNOW_HANDS = {
    "desk.onboarding.services",
    "municipalities.people.parties",
    "municipalities.people.services",
    "municipalities.sso.entry",
    "privacy.police.resources",
}


def test_nobody_but_core_second_asks_which_accounts_are_one_person_to_refuse_somebody() -> None:
    asking = {
        module
        for module, path in MODULES.items()
        if "accounts.hands import" in path.read_text(encoding="utf-8")
    }
    assert {module for module in asking if not module.startswith("core.")} == KNOW_HANDS
