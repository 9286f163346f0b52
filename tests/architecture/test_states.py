"""A state or a delivery is a member of an enum: no code has a bare word for one.

Templates compare with a code's word; it must be the code of some state.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final

import pytest
from jinja2 import nodes

import stopintimidatie
from tests.support.source import template_of, tree_of

PACKAGE: Final = Path(stopintimidatie.__file__).parent
NAMES: Final = ("state", "delivery")


def is_state(node: ast.expr) -> bool:
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name) | ast.Subscript(slice=ast.Constant(name)):
            return name in NAMES
    return False


def values_of(node: ast.AST) -> list[ast.expr]:
    """Return what is compared with a state here, or given to one."""
    match node:
        case ast.Compare(left=left, comparators=others) if any(map(is_state, [left, *others])):
            return [left, *others]
        case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
            pairs = zip(targets, values, strict=True)
            return [value for target, value in pairs if is_state(target)]
        case ast.Assign(targets=targets, value=value) if any(map(is_state, targets)):
            return [value]
        case ast.keyword(arg=name, value=value) if name in NAMES:
            return [value]
        case ast.Call(func=ast.Attribute(value=owner, attr=name), args=values):
            return values if is_state(owner) and name != "label" else []
        case ast.Dict(keys=keys, values=values):
            named = zip(keys, values, strict=True)
            return [value for key, value in named if getattr(key, "value", None) in NAMES]
    return []


def words_of(value: ast.expr, constants: Mapping[str, ast.expr]) -> Iterator[str]:
    """Yield the bare words that a value may be, or that it is a collection of."""
    match value:
        case ast.Constant(value=str(word)):
            yield word
        case ast.Name(id=name) if name in constants:
            yield from words_of(constants[name], {})
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            yield from (word for part in parts for word in words_of(part, constants))
        case ast.IfExp(body=left, orelse=right) | ast.BinOp(left=left, right=right):
            yield from (*words_of(left, constants), *words_of(right, constants))
        case ast.Call(func=ast.Name(id="set" | "frozenset" | "tuple"), args=parts):
            yield from (word for part in parts for word in words_of(part, constants))


def bare_words(tree: ast.Module) -> Iterator[str]:
    """Yield the line and the word."""
    constants = {
        node.target.id: node.value
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value
    }
    for node in ast.walk(tree):
        for value in values_of(node):
            yield from (f"{value.lineno} {word}" for word in words_of(value, constants))


def test_no_bare_word_is_compared_with_a_state_or_given_to_one() -> None:
    words = {path: list(bare_words(tree_of(path))) for path in sorted(PACKAGE.rglob("*.py"))}
    bare = {path.relative_to(PACKAGE): found for path, found in words.items() if found}
    assert not bare, "take the member of the enum"


@pytest.mark.parametrize(
    "code",
    [
        "report.state == 'nieuw'",
        "'nieuw' != state",
        "report.state in {'nieuw'}",
        "Report.state.in_(('nieuw',))",
        "report.state = 'nieuw' if late else State.OPEN",
        "report.delivery, report.area = 'nieuw', None",
        "make(state='nieuw')",
        "{'state': 'nieuw'}",
        "row['state'] == 'nieuw'",
        "OPEN: Final = frozenset({'nieuw'})\nreport.state in OPEN",
    ],
)
def test_a_bare_word_is_seen(code: str) -> None:
    assert [word.split()[1] for word in bare_words(ast.parse(code))] == ["nieuw"]


def enums(base: type[StrEnum] = StrEnum) -> Iterator[type[StrEnum]]:
    for kind in base.__subclasses__():
        yield from (kind, *enums(kind))


def test_templates_compare_with_the_codes_of_states() -> None:
    stopintimidatie.import_models()
    states = [kind for kind in enums() if kind.__name__.endswith(("State", "Delivery"))]
    codes = {state.value for kind in states for state in kind}
    compared = {
        (path.name, word.value)
        for path in PACKAGE.rglob("*.jinja2")
        for node in template_of(path).find_all(nodes.Compare)
        if isinstance(node.expr, nodes.Getattr) and node.expr.attr in NAMES
        for operand in node.ops
        for word in operand.find_all(nodes.Const)
    }
    assert len(compared) > 30
    assert not [place for place in compared if place[1] not in codes]
