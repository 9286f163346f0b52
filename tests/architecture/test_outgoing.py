"""Nothing calls another machine from a request's place: read from the syntax tree (S12).

From every function that opens a connection its callers are followed upwards, past all that is done
in a block that leaves the place first. None may take a request; at the top stand commands and jobs
of the worker. While tests run, `tests/support/places.py` asks the same of each connection.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import stopintimidatie
from tests.support.source import tree_of

PACKAGE = Path(stopintimidatie.__file__).parent
# What opens a connection itself, and what leaves transaction and place during its block.
OPENERS = {"SMTP", "SMTP_SSL", "urlopen", "build_opener", "create_connection", "HTTPConnection"}
LEAVERS = {"outside", "calling", "heavy_work"}
# Functions that a room hands to the worker, and those called once, at start-up.
HANDED_IN, START_UP = "add_job_kind", "includeme"


@dataclass
class Function:
    """A function with the functions, methods and classes that it calls, by name."""

    module: str
    name: str
    takes_request: bool
    calls: set[str] = field(default_factory=set)
    calls_outside: set[str] = field(default_factory=set)
    opens: bool = False


class Reader(ast.NodeVisitor):
    """Reads the functions of one module; a function within another counts as part of it."""

    def __init__(self, module: str, tree: ast.Module) -> None:
        self.module = module
        self.functions: list[Function] = []
        self.jobs: set[str] = set()
        self._imported: dict[str, str] = {}
        self._class = ""
        self._now: Function | None = None
        self._left = 0
        self.visit(tree)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            self._imported[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._class = node.name
        self.generic_visit(node)
        self._class = ""

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        names = {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}
        if self._now is not None:
            self._now.takes_request |= "request" in names
            self.generic_visit(node)
            return
        name = f"{self._class}.{node.name}" if self._class else node.name
        self._now = Function(f"stopintimidatie.{self.module}", name, "request" in names)
        self.functions.append(self._now)
        self.generic_visit(node)
        self._now = None

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - a name of the library

    def visit_With(self, node: ast.With) -> None:
        leaves = any(_last_word(item.context_expr) in LEAVERS for item in node.items)
        for item in node.items:
            self.visit(item)
        self._left += leaves
        for statement in node.body:
            self.visit(statement)
        self._left -= leaves

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        if _last_word(node) == HANDED_IN:
            self.jobs |= {name for handed in node.args for name in self._callees(handed)}
        if self._now is None:
            return
        self._now.opens |= _last_word(node) in OPENERS
        calls = self._now.calls_outside if self._left else self._now.calls
        calls |= set(self._callees(node.func))

    def _callees(self, called: ast.expr) -> Iterator[str]:
        """Name what is called; a variable is taken for an object of the class of that name."""
        if isinstance(called, ast.Name):
            yield self._whole(called.id)
        elif isinstance(called, ast.Attribute):
            owner = _last_word(called.value)
            if owner == "self":
                yield f"stopintimidatie.{self.module}.{self._class}.{called.attr}"
            elif owner in self._imported:
                yield f"{self._imported[owner]}.{called.attr}"
            yield f"{owner.lower()}.{called.attr}"

    def _whole(self, name: str) -> str:
        return self._imported.get(name, f"stopintimidatie.{self.module}.{name}")


def _last_word(node: ast.AST) -> str:
    while isinstance(node, ast.Call):
        node = node.func
    return str(getattr(node, "attr", "") or getattr(node, "id", ""))


@cache
def read() -> tuple[list[Function], set[str]]:
    """The functions of the package, and the names of those that are jobs."""
    functions: list[Function] = []
    jobs: set[str] = set()
    for path in sorted(PACKAGE.rglob("*.py")):
        relative = path.relative_to(PACKAGE).with_suffix("")
        module = ".".join(relative.parts).removesuffix(".__init__")
        found = Reader(module, tree_of(path))
        functions += found.functions
        jobs |= found.jobs
    return functions, jobs


def names_of(function: Function) -> set[str]:
    """Under which names others call it; a method also by its class, which it is called through."""
    whole = f"{function.module}.{function.name}"
    owner, _, method = function.name.rpartition(".")
    if not owner:
        return {whole}
    by_class = {f"{function.module}.{owner}", f"{owner.lower()}.{method}"}
    # What finds an address is known by its protocol.
    by_protocol = {f"geocoder.{method}"} if function.module.endswith(".geocoder") else set()
    return {whole} | by_class | by_protocol


def in_place() -> tuple[list[Function], list[Function]]:
    """What reaches another machine without leaving its place first: all, and those at the top."""
    functions, _ = read()
    callers = defaultdict(list)
    for function in functions:
        for name in function.calls:
            callers[name].append(function)
    left_first = {name for function in functions for name in function.calls_outside}
    reached = [function for function in functions if function.opens]
    tops = []
    for function in reached:
        above = [caller for name in names_of(function) for caller in callers[name]]
        reached += [caller for caller in above if all(caller is not each for each in reached)]
        if not above and not names_of(function) & left_first:
            tops.append(function)
    return reached, tops


def test_no_function_with_a_request_calls_another_machine_from_its_place() -> None:
    reached, _ = in_place()
    client = "stopintimidatie.core.httpclient"
    named = {f"{function.module}.{function.name}" for function in reached}
    assert {f"{client}.call", f"{client}.open_setting"} <= named, "the client itself is found"
    assert "stopintimidatie.municipalities.sso.openid.discover" in named
    assert "stopintimidatie.core.mail.delivery.Texter.deliver" in named
    guilty = [
        f"{function.module}.{function.name}"
        for function in reached
        if function.takes_request and function.module != client
    ]
    assert guilty == []


def test_what_calls_another_machine_is_a_command_a_job_or_outside() -> None:
    _, jobs = read()
    _, tops = in_place()
    names = {f"{function.module}.{function.name}" for function in tops}
    left = {
        name
        for name in names - jobs
        if not name.startswith("stopintimidatie.cli.") and not name.endswith(f".{START_UP}")
    }
    assert left == set()
    assert names & jobs, "the worker's jobs are found"
