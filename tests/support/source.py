"""The source of the package, parsed once in a process: many a rule of the code reads all of it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from jinja2 import Environment, nodes

_READER = Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do"], autoescape=True)


@cache
def tree_of(path: Path) -> ast.Module:
    """The tree of a file. Change nothing in it."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """All that stands in a file, in the order of `ast.walk`."""
    return tuple(ast.walk(tree_of(path)))


@cache
def template_of(path: Path) -> nodes.Template:
    """The tree of a template. Change nothing in it."""
    return _READER.parse(path.read_text(encoding="utf-8"))
