"""Whoosh is used by its documented interface, so that another release can stand in."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import stopintimidatie

PACKAGE: Final = Path(stopintimidatie.__file__).parent
BACKEND: Final = PACKAGE / "core/search/whoosh"
MOST_LINES: Final = 700
# Each has a page in Whoosh's own documentation (docs/source/api).
DOCUMENTED: Final = frozenset(
    {
        "whoosh",  # for columns, fields, formats
        "whoosh.analysis",
        "whoosh.collectors",
        "whoosh.filedb.filestore",
        "whoosh.query",
        "whoosh.scoring",
        "whoosh.searching",
        "whoosh.sorting",
        "whoosh.writing",
    }
)


def _imports(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (module, name) of everything that is imported, of a file that names Whoosh."""
    text = path.read_text()
    # To parse the whole package takes over a second.
    for node in ast.walk(ast.parse(text if "whoosh" in text else "")):
        if isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)


def test_only_documented_modules_of_whoosh_are_imported_and_only_by_its_backend() -> None:
    for path in PACKAGE.rglob("*.py"):
        for module, name in _imports(path):
            if module.split(".")[0] == "whoosh":
                assert BACKEND in path.parents, path
                assert module in DOCUMENTED, path
                assert not name.startswith("_"), path


def test_nothing_that_whoosh_keeps_to_itself_is_touched() -> None:
    for path in BACKEND.glob("*.py"):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
                owner = ast.unparse(node.value)
                assert owner in ("self", "cls") or node.attr.startswith("__"), (path, owner)


def test_the_backend_stays_small() -> None:
    lines = sum(len(path.read_text().splitlines()) for path in BACKEND.glob("*.py"))
    assert lines <= MOST_LINES
