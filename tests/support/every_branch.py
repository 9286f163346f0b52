"""Draws every branch of a template at once, with a value that is anything in place of its data.

Pages of other tests draw the branches that their data lead to. Here both sides of each condition
are drawn, so that a macro, filter or argument that isn't there is found also in a branch that
seldom comes.
"""
# ruff: noqa: N802 - Jinja's visitor calls its methods by the name of the node.

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jinja2 import Environment, nodes
from jinja2.runtime import Context
from jinja2.utils import missing
from jinja2.visitor import NodeTransformer

# A page deeper than this is a template that calls itself.
DEEPEST = 6
MOST_TEMPLATES = 1_000


class Anything(str):
    """A value that has every attribute, can be called, counted and gone through."""

    depth: int

    def __new__(cls, depth: int = 0) -> Anything:
        made = super().__new__(cls, "x")
        made.depth = depth
        return made

    def __getattribute__(self, name: str) -> Any:
        # Jinja's own filters encode what goes into an address.
        if name in ("depth", "encode") or name.startswith("_"):
            return super().__getattribute__(name)
        return Anything(self.depth + 1)

    def _more(self, *args: Any, **values: Any) -> Any:
        return Anything(self.depth + 1)

    __call__ = __getitem__ = __add__ = __radd__ = __sub__ = __rsub__ = _more
    __mul__ = __rmul__ = __mod__ = __truediv__ = __floordiv__ = __neg__ = __round__ = _more

    def __iter__(self) -> Iterator[Any]:
        return iter([Anything(self.depth + 1)] if self.depth < DEEPEST else [])

    def __contains__(self, other: object) -> bool:
        return True

    def __lt__(self, other: object) -> bool:
        return False

    __gt__ = __le__ = __ge__ = __lt__

    def __index__(self) -> int:
        return 1

    def __format__(self, form: str) -> str:
        return "x"


class _EveryBranch(NodeTransformer):
    """Writes a template anew: what a condition chooses between stands one after the other."""

    def visit_If(self, node: nodes.If) -> Any:
        if _names_caller(node.test):
            # Keep the condition: outside a call block there is no `caller` to draw.
            for part in (node, *node.elif_):
                part.body = self._visited(part.body)
            node.else_ = self._visited(node.else_)
            return node
        self.generic_visit(node)
        # The `elif`s have become lists of what stood in them.
        others = [part for part in node.elif_ if isinstance(part, nodes.Node)]
        asked = nodes.ExprStmt(_asked(node.test), lineno=node.lineno)
        return [asked, *node.body, *others, *node.else_]

    def _visited(self, body: list[nodes.Node]) -> list[nodes.Node]:
        return [made for node in body for made in self.visit_list(node)]

    def visit_For(self, node: nodes.For) -> Any:
        self.generic_visit(node)
        if isinstance(node.target, nodes.Tuple):
            node.iter = _split(node.iter, node.target, "rows")
        otherwise, node.else_ = node.else_, []
        return [node, *otherwise]

    def visit_Assign(self, node: nodes.Assign) -> Any:
        self.generic_visit(node)
        if isinstance(node.target, nodes.Tuple) and not isinstance(node.node, nodes.Tuple):
            node.node = _split(node.node, node.target, "row")
        return node

    def visit_CondExpr(self, node: nodes.CondExpr) -> Any:
        self.generic_visit(node)
        return _all(node, node.expr1, node.expr2, _asked(node.test))

    def visit_And(self, node: nodes.And) -> Any:
        self.generic_visit(node)
        return _all(node, node.right, node.left)

    def visit_Or(self, node: nodes.Or) -> Any:
        self.generic_visit(node)
        return _all(node, node.left, node.right)

    def visit_Getattr(self, node: nodes.Getattr) -> Any:
        self.generic_visit(node)
        # Jinja refuses the item before the first one, and no condition guards it here any more.
        return _anything(node) if node.attr in ("previtem", "nextitem") else node

    def visit_Const(self, node: nodes.Const) -> Any:
        return _anything(node) if node.value in (None, "") else node

    def visit_List(self, node: nodes.List) -> Any:
        self.generic_visit(node)
        return node if node.items else _anything(node)

    def visit_Dict(self, node: nodes.Dict) -> Any:
        self.generic_visit(node)
        return node if node.items else _anything(node)


def _names_caller(test: Any) -> bool:
    names = nodes.Tuple([test], "load").find_all(nodes.Name)
    return any(name.name == "caller" for name in names)


def _anything(node: nodes.Expr) -> nodes.Expr:
    return nodes.Name("anything", "load", lineno=node.lineno)


def _asked(test: Any) -> nodes.Expr:
    """Return a condition that is really asked: a parameter that wasn't given can't be."""
    return nodes.Filter(test, "asked", [], [], None, None, lineno=test.lineno)


def _all(node: nodes.Expr, *parts: nodes.Expr | None) -> nodes.Expr:
    """Return an expression that works out all parts and is the first of them."""
    every = nodes.Tuple([part for part in parts if part is not None], "load", lineno=node.lineno)
    return nodes.Filter(every, "first", [], [], None, None, lineno=node.lineno)


def _split(value: Any, target: nodes.Tuple, how: str) -> nodes.Expr:
    count = nodes.Const(len(target.items))
    return nodes.Filter(value, how, [count], [], None, None, lineno=value.lineno)


def _row(value: Any, count: int) -> Any:
    return value if isinstance(value, tuple | list) else tuple(Anything() for _ in range(count))


def _rows(values: Any, count: int) -> list[Any]:
    if isinstance(values, Anything):
        return [_row(values, count)]
    return [_row(value, count) for value in values]


def _list(values: Any) -> Any:
    return values if isinstance(values, Anything) else list(values)


class _AnyContext(Context):
    def resolve_or_missing(self, key: str) -> Any:
        found = super().resolve_or_missing(key)
        return Anything() if found is missing else found


class _EveryBranchEnvironment(Environment):
    context_class = _AnyContext

    def getitem(self, obj: Any, argument: Any) -> Any:
        if obj is None or (isinstance(argument, Anything) and not isinstance(obj, Anything)):
            return Anything()
        return super().getitem(obj, argument)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        written: nodes.Template = _EveryBranch().visit(super()._parse(source, name, filename))
        return written


def with_every_branch(environment: Environment, **known: Any) -> Environment:
    """Return this environment, with templates that draw all branches and data that are anything.

    Our own functions and filters aren't called: their arguments are compared with how they are
    declared. `known` are functions to take in their place.
    """
    made = environment.overlay(cache_size=MOST_TEMPLATES, bytecode_cache=None)
    made.__class__ = _EveryBranchEnvironment
    made.globals = _uncalled(environment.globals) | {"anything": Anything()} | known
    ours = {"row": _row, "rows": _rows, "list": _list, "asked": bool}
    made.filters = _uncalled(environment.filters) | ours
    return made


def _uncalled(functions: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _compared(value)
        if inspect.isfunction(value) and value.__module__.startswith("stopintimidatie")
        else value
        for name, value in functions.items()
    }


def _compared(function: Callable[..., Any]) -> Callable[..., Any]:
    declared = inspect.signature(function)

    def compare(*args: Any, **values: Any) -> Any:
        declared.bind(*args, **values)
        return Anything()

    # Says that Jinja hands the function its context or environment first.
    if (handed := getattr(function, "jinja_pass_arg", None)) is not None:
        compare.jinja_pass_arg = handed  # type: ignore[attr-defined]
    return compare
