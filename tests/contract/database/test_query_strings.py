"""S4: no page fails on what stands in its address: every page × every parameter that is read.

The names of the parameters are found in the code: what views read from the query, and the fields
of forms in templates that are sent with GET. PostgreSQL takes no NUL in a text, and no half of a
surrogate pair; both are refused where the query of a request is read, before any page looks.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain, product
from pathlib import Path

import pytest

import stopintimidatie
from tests.support.api import PROBLEM
from tests.support.probing import Probe, allowed_views
from tests.support.town import Town

pytestmark = pytest.mark.judged_once

PACKAGE = Path(stopintimidatie.__file__).parent
UNREADABLE = ("%00", "a%00b", "%ED%A0%80")
LONG = "a" * 10_000
# How the code calls what holds the parameters of a request.
SOURCE = re.compile(r"\brequest\.(GET|params)\b|\bquery_pairs\(|\bself\._given\b|\bpairs\b")
# Calls that name parameters themselves.
CALLS = re.compile(r"\b(with_params|toggled|Query)\(request")
READERS = {"get", "getall", "getone"}
NAME = re.compile(r"[a-z_]+")
ADDRESS = re.compile(r"[?&]([a-z_]+)=")


def names_in(path: Path) -> Iterator[str]:
    """Yield the names of the parameters that a module reads, or puts in an address."""
    source = path.read_text(encoding="utf-8")
    yield from ADDRESS.findall(source)
    if not SOURCE.search(source) and not CALLS.search(source):
        return
    tree = ast.parse(source)
    assigned = [node for node in ast.walk(tree) if isinstance(node, ast.Assign | ast.AnnAssign)]
    constants = {name: node.value for node in assigned for name in names_of(node)}
    held = {name for name, value in constants.items() if value and is_source(value, set())}
    for node in ast.walk(tree):
        for asked in asked_in(node, held):
            known = constants.get(asked.id) if isinstance(asked, ast.Name) else asked
            name = getattr(known, "value", None)
            if isinstance(name, str) and NAME.fullmatch(name):
                yield name


def names_of(node: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def is_source(node: ast.AST, held: set[str]) -> bool:
    """Tell whether this is what holds the parameters, or a variable that was made of it."""
    named = isinstance(node, ast.Name) and node.id in held
    return named or SOURCE.search(ast.unparse(node)) is not None


def asked_in(node: ast.AST, held: set[str]) -> Iterator[ast.AST]:
    """Yield what names a parameter here."""
    match node:
        case ast.Call(func=ast.Attribute(value=value, attr=attr), args=[name, *_]):
            if attr in READERS and is_source(value, held):
                yield name
        case ast.Call(func=ast.Name(id="toggled" | "Query"), args=[_, *names]):
            yield from names
        case ast.Call(func=ast.Name(id="with_params"), keywords=words):
            yield from (ast.Constant(word.arg) for word in words if word.arg)
        case ast.Subscript(value=value, slice=name):
            if is_source(value, held):
                yield name
        case ast.Compare(left=name, ops=[ast.In() | ast.NotIn()], comparators=[value]):
            if is_source(value, held):
                yield name
        case ast.ListComp(generators=[ast.comprehension(iter=value, ifs=tests)]):
            # value for name, value in query_pairs(request) if name == "melding"
            if is_source(value, held):
                yield from (c for test in tests for c in getattr(test, "comparators", ()))


def fields_in(path: Path) -> Iterator[str]:
    """Yield the names in a template's addresses, and of the fields of its forms sent with GET."""
    source = path.read_text(encoding="utf-8")
    yield from ADDRESS.findall(source)
    for form in re.findall(r"<form[^>]*method=\"get\".*?</form>", source, re.DOTALL):
        yield from re.findall(r"name=\"([a-z_]+)\"", form)


@cache
def parameters() -> list[str]:
    modules, templates = PACKAGE.rglob("*.py"), PACKAGE.rglob("*.jinja2")
    found = chain(map(names_in, modules), map(fields_in, templates))
    return sorted(set(chain.from_iterable(found)))


def misread(town: Town, probe: Probe, name: str, value: str) -> str | None:
    """Return what is wrong with the answer to a page with this parameter, if anything."""
    answer = town.ask(probe.person, f"{probe.path}?{name}={value}")
    if value == LONG:
        right = answer.status_int < 500
    elif probe.path.startswith("/api/"):
        right = (answer.status_int, answer.content_type) == (400, PROBLEM)
    else:
        right = answer.status_int == 400 and "Wij konden niet lezen" in answer.text
    return None if right else f"{probe} ?{name}={value[:20]}: {answer.status}"


def pages(town: Town) -> list[Probe]:
    return list(allowed_views(town, "GET"))


def test_the_parameters_are_found() -> None:
    known = {"wijk", "q", "gemeente", "pagina", "volgende", "taal", "lat", "nummer", "staat"}
    assert known <= set(parameters())
    assert len(parameters()) > 50


@pytest.mark.alles
@pytest.mark.short_on("postgresql")
def test_a_page_refuses_what_is_unreadable_and_takes_what_is_long(town: Town) -> None:
    """Some pages in turns, each parameter on one of them, with the kinds of value in turns."""
    some, names, kinds = pages(town)[::16], parameters(), (*UNREADABLE, LONG)
    asked = [
        (some[turn % len(some)], name, kinds[turn % len(kinds)]) for turn, name in enumerate(names)
    ]
    assert {probe.path for probe, _, _ in asked} == {probe.path for probe in some}
    assert [fault for one in asked if (fault := misread(town, *one))] == []


@pytest.mark.alles
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kinds", [UNREADABLE, (LONG,)], ids=["unreadable", "long"])
def test_each_page_with_each_parameter(town: Town, kinds: Sequence[str]) -> None:
    """All pages × all parameters; of what is refused before any page, one kind each, in turns."""
    couples = list(product(pages(town), parameters()))
    assert len(couples) > 250 * 60
    faults = (
        misread(town, probe, name, kinds[turn % len(kinds)])
        for turn, (probe, name) in enumerate(couples)
    )
    assert [fault for fault in faults if fault] == []


@pytest.mark.alles
def test_a_name_is_refused_alike_and_a_form_with_such_an_address(town: Town) -> None:
    assert misread(town, pages(town)[0], "a%00b", "1") is None
    for probe in list(allowed_views(town, "POST"))[::40]:
        fields = {"csrf_token": town.token(probe.person)}
        answer = town.ask(probe.person, f"{probe.path}?wijk=%00", "POST", fields)
        assert answer.status_int == 400, probe
