"""Weigh the house: code lines, views, tables, wording in Python, seconds of the short suite.

    python -m bench.code [--rooms] [--hold]

A code line holds a token that is no comment and no docstring. `bench/code.json` holds the figures
that may not be exceeded; tests/architecture/test_weight.py compares. `--rooms` prints the sub-rooms
as well. `--hold` writes today's figures down: after a change that made the house lighter, or with
a reason in the commit. The seconds of the suite are those that `bench.suite` measured last.
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import re
import tempfile
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import stopintimidatie
from bench import suite
from stopintimidatie import configure
from stopintimidatie.core.registry import CATEGORY
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.core.storage.models import Base
from stopintimidatie.rooms import ROOMS, modules_in_order
from tests.support.declared_views import views
from tests.support.installation import make_settings
from tests.support.source import nodes_of, tree_of

PACKAGE: Final = Path(stopintimidatie.__file__).parent
HELD: Final = Path(__file__).with_suffix(".json")
# What a page says is made in these files, or in a domain module that draws (`core.web`).
PAGE_FILES: Final = frozenset({"views", "pages", "panels", "words", "steps"})
WORDING: Final = re.compile(r"[A-Za-zÀ-ÿ]{2}[,;:]? [A-Za-zÀ-ÿ]{2}")
DOCUMENTED: Final = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
NO_CODE: Final = frozenset((
    *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT),
    *(tokenize.ENCODING, tokenize.ENDMARKER),
))  # fmt: skip


class Module:
    """A file of the package: its tree, and the numbers of its code lines."""

    def __init__(self, path: Path) -> None:
        """Read the file and take its docstrings out."""
        source = path.read_text(encoding="utf-8")
        self.parts = path.relative_to(PACKAGE).with_suffix("").parts
        self.tree, self.nodes = tree_of(path), nodes_of(path)
        lines = set[int]()
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type not in NO_CODE:
                lines.update(range(token.start[0], token.end[0] + 1))
        self.lines = lines - set(_docstrings(self.nodes))

    @property
    def room(self) -> str:
        """The sub-room of this file, its room, or its own name where it stands in no room."""
        room = self.parts[0] if self.parts[0] in ROOMS else "los"
        inside = self.parts[1] if len(self.parts) > 1 else ""
        return f"{room}.{inside}" if inside in ROOMS.get(room, ()) else room

    def within(self, node: ast.AST) -> int:
        """Count the code lines of a node."""
        return len(self.lines & _span(node))

    @property
    def imports(self) -> int:
        """The number of code lines that import."""
        imports = (n for n in self.nodes if isinstance(n, ast.Import | ast.ImportFrom))
        return sum(self.within(node) for node in imports)

    @property
    def wording(self) -> tuple[int, int]:
        """The functions that make rows or sentences for a page, and their code lines."""
        draws = any(
            isinstance(n, ast.ImportFrom) and "stopintimidatie.core.web" in str(n.module)
            for n in self.tree.body
        )
        if not draws and self.parts[-1] not in PAGE_FILES:
            return 0, 0
        saying = [node for node in self.nodes if isinstance(node, ast.FunctionDef) and _says(node)]
        return len(saying), len(self.lines & set().union(*map(_span, saying)))


def _span(node: ast.AST) -> set[int]:
    return set(range(node.lineno, node.end_lineno + 1))  # type: ignore[attr-defined]


def _docstrings(nodes: Iterable[ast.AST]) -> Iterator[int]:
    for node in nodes:
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False):
            yield from _span(node.body[0])


def _says(function: ast.FunctionDef) -> bool:
    """Tell whether a function holds words for a page; a refusal (`raise`) doesn't count."""
    refused = {id(n) for r in ast.walk(function) if isinstance(r, ast.Raise) for n in ast.walk(r)}
    documented = set(_docstrings(ast.walk(function)))
    return any(
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in refused
        and node.lineno not in documented
        and WORDING.search(node.value) is not None
        for statement in function.body
        for node in ast.walk(statement)
    )


def _calls(nodes: Iterable[ast.AST], name: str) -> int:
    calls = (node.func for node in nodes if isinstance(node, ast.Call))
    return sum(isinstance(called, ast.Name) and called.id == name for called in calls)


def weigh() -> dict[str, int]:
    """Measure every figure that is held, by its name."""
    modules = [Module(path) for path in sorted(PACKAGE.rglob("*.py"))]
    lines = Counter[str]()
    for module in modules:
        lines[module.room.partition(".")[0]] += len(module.lines)
    with tempfile.TemporaryDirectory() as folder:
        create_key_file(Path(folder) / "sleutels.json")
        config = configure(make_settings(f"sqlite:///{folder}/leeg.sqlite", Path(folder)))
        config.commit()
        registered = len(list(views(config)))
        directives = len(config.introspector.get_category(CATEGORY))
        config.registry.engine.dispose()
    templates = PACKAGE.rglob("*.jinja2")
    wording = [module.wording for module in modules]
    total = sum(lines.values())
    return {
        "code lines": total,
        **{f"code lines of {room}": number for room, number in sorted(lines.items())},
        "code lines per view": round(total / registered),
        "views": registered,
        "files": len(modules),
        "sub-rooms": len(modules_in_order()) - len(ROOMS),
        "tables": len(Base.metadata.tables),
        "directives": directives,
        "imports, per mille of the code": round(1000 * sum(m.imports for m in modules) / total),
        "lines of templates": sum(len(path.read_bytes().splitlines()) for path in templates),
        "uses of Paging": sum(_calls(m.nodes, "Paging") for m in modules if "web" not in m.parts),
        "functions with words for a page": sum(functions for functions, _ in wording),
        "code lines of these functions": sum(inside for _, inside in wording),
        "seconds of the short suite": suite.seconds(),
    }


def held() -> dict[str, int]:
    """Read the figures that may not be exceeded."""
    figures: dict[str, int] = json.loads(HELD.read_text(encoding="utf-8"))
    return figures


def main() -> None:
    """Print each figure beside the one that is held."""
    parser = argparse.ArgumentParser(prog="python -m bench.code")
    parser.add_argument("--rooms", action="store_true", help="print the sub-rooms too")
    parser.add_argument("--hold", action="store_true", help=f"write the figures to {HELD.name}")
    asked = parser.parse_args()
    now = weigh()
    if asked.hold:
        HELD.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")
    limits = held()
    for name, number in now.items():
        print(f"{number:>8,}  {number - limits.get(name, 0):>+6,}  {name}")
    if asked.rooms:
        lines = Counter[str]()
        for path in PACKAGE.rglob("*.py"):
            module = Module(path)
            lines[module.room] += len(module.lines)
        for room, number in lines.most_common():
            print(f"{number:>8,}  {room}")


if __name__ == "__main__":
    main()
