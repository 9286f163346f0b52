"""The tests stand in the rooms of what they test; what crosses rooms has a folder of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from stopintimidatie.rooms import modules_in_order
from tests.support.installation import ROOT

TESTS = ROOT / "tests"
# What a test may stand in besides a room; docs/dev/tests.md tells what each is for.
CROSSING = {"architecture", "bench", "browser", "cli", "contract", "crash", "scripts", "whole"}
NO_TESTS = {"data", "support"}
IMPORTS = re.compile(r"^ *from (\S+) import (\([^)]*\)|.*)", re.MULTILINE)


def test_every_folder_of_tests_is_a_room_or_crosses_rooms() -> None:
    rooms = {name.replace(".", "/") for name in modules_in_order()}
    folders = {path.parent.relative_to(TESTS).as_posix() for path in TESTS.rglob("*.py")} - {"."}
    inside = {name for name in folders if name.partition("/")[0] not in CROSSING | NO_TESTS}
    assert inside <= rooms, "no rooms of stopintimidatie/rooms.py"
    assert not [path for name in NO_TESTS for path in (TESTS / name).rglob("test_*.py")]


def test_docs_tell_what_each_crossing_folder_is_for() -> None:
    page = (ROOT / "docs" / "dev" / "tests.md").read_text(encoding="utf-8")
    assert not [name for name in CROSSING | NO_TESTS if f"`tests/{name}`" not in page]


def test_no_module_reads_what_stands_in_a_test_module() -> None:
    paths = [*TESTS.rglob("*.py"), *(ROOT / "bench").rglob("*.py")]
    imported = {(path.name, name) for path in paths for name in imports_of(path)}
    assert not [(path, name) for path, name in imported if ".test_" in name]


def imports_of(path: Path) -> Iterator[str]:
    """Yield what a file imports from modules; by their lines, for there are many files."""
    for module, names in IMPORTS.findall(path.read_text(encoding="utf-8")):
        yield from (f"{module}.{name.strip()}" for name in names.strip("()").split(","))
