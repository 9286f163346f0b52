"""Which functions code may reach, read from the compiled names in it; nothing is run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib import import_module
from pkgutil import walk_packages
from types import CodeType, FunctionType, ModuleType
from typing import Any

import stopintimidatie

PACKAGE = "stopintimidatie"
# How deep functions are looked for in collections and objects: tables of tables of functions.
DEPTH = 3


def name_of(function: FunctionType) -> str:
    """Its module within the package, and its name there."""
    return f"{function.__module__.removeprefix(f'{PACKAGE}.')}:{function.__qualname__}"


def functions_of_house() -> dict[str, FunctionType]:
    """All functions and methods of the package, by name; also of what is imported late."""
    found = walk_packages(stopintimidatie.__path__, f"{PACKAGE}.")
    modules = [import_module(each.name) for each in found if not each.name.endswith("__main__")]
    values = [value for module in modules for value in vars(module).values()]
    # Objects are of a class that stands in a module as well.
    wanted = [value for value in values if isinstance(value, (FunctionType, type))]
    return {name_of(made): made for value in wanted for made in functions_in(value)}


def reached(start: Any, ends: Callable[[FunctionType], bool]) -> dict[str, FunctionType]:
    """All functions that `start` may reach, itself too; what one that `ends` reaches isn't seen."""
    seen: dict[str, FunctionType] = {}
    waiting = list(functions_in(start))
    while waiting:
        function = waiting.pop()
        if name_of(function) not in seen:
            seen[name_of(function)] = function
            waiting += () if ends(function) else _named_by(function)
    return seen


@cache
def names_in(function: FunctionType) -> frozenset[str]:
    """All names of variables and attributes in the code of a function, and of those inside it."""
    return frozenset(name for code in _codes(function.__code__) for name in code.co_names)


def values_of(function: FunctionType) -> Iterator[Any]:
    """What a function names: of its module, of a module of the house, and of its closure."""
    names = names_in(function)
    for name in names & function.__globals__.keys():
        value = function.__globals__[name]
        yield value
        if isinstance(value, ModuleType) and value.__name__.startswith(PACKAGE):
            yield from (vars(value)[inner] for inner in names & vars(value).keys())
    for cell in function.__closure__ or ():
        yield cell.cell_contents


def functions_in(value: Any, depth: int = DEPTH) -> Iterator[FunctionType]:
    """The functions of the house in a value: of a class its methods, of a table its members."""
    value = getattr(value, "__wrapped__", value)
    if isinstance(value, FunctionType):
        # What a library made while it ran may have no module.
        if (value.__module__ or "").startswith(PACKAGE):
            yield value
    elif isinstance(value, type):
        if value.__module__.startswith(PACKAGE):
            for member in vars(value).values():
                inner = getattr(member, "__func__", getattr(member, "fget", member))
                yield from functions_in(inner, 0) if isinstance(inner, FunctionType) else ()
    elif depth and not isinstance(value, ModuleType):
        for member in _members(value):
            yield from functions_in(member, depth - 1)


def _members(value: Any) -> Iterator[Any]:
    if isinstance(value, partial):
        yield from (value.func, *value.args, *value.keywords.values())
    elif isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, (tuple, list, set, frozenset)):
        yield from value
    elif type(value).__module__.startswith(PACKAGE):
        yield type(value)
        yield from getattr(value, "__dict__", {}).values()
        yield from (getattr(value, name, None) for name in getattr(value, "__slots__", ()))


@cache
def _named_by(function: FunctionType) -> tuple[FunctionType, ...]:
    return tuple(made for value in values_of(function) for made in functions_in(value))


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
