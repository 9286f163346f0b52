"""Every branch of every template can be drawn, and reads nothing that nothing has."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import pytest
from deform import Field
from jinja2 import DictLoader, Environment, StrictUndefined
from jinja2.exceptions import UndefinedError
from jinja2.nodes import Call, Getattr, Macro, Name, NSRef, Template
from jinja2.runtime import LoopContext
from pyramid.request import Request
from pyramid_jinja2 import IJinja2Environment

from stopintimidatie.exports.document import html
from tests.support.every_branch import with_every_branch
from tests.support.installation import ROOT, Installation
from tests.support.source import nodes_of, template_of

pytestmark = pytest.mark.sqlite

PACKAGE = ROOT / "stopintimidatie"
TEMPLATES = sorted(PACKAGE.rglob("*.jinja2"))
# Templates of documents have filters of their own.
DOCUMENTS = Path(html.__file__).parent


def name_of(path: Path) -> str:
    package, _, name = path.relative_to(ROOT).as_posix().partition("/templates/")
    return f"{package.replace('/', '.')}:templates/{name}"


def test_every_branch_of_every_template_can_be_drawn(installation: Installation) -> None:
    portal = installation.registry.queryUtility(IJinja2Environment, name=".jinja2")
    pages = with_every_branch(portal, layout_for=lambda request: "layout.jinja2")
    documents = with_every_branch(html.environment())
    faults = {}
    for path in TEMPLATES:
        of_document = path.is_relative_to(DOCUMENTS)
        environment, name = (documents, path.name) if of_document else (pages, name_of(path))
        try:
            environment.get_template(name).render()
        except Exception as error:
            faults[name_of(path)] = f"{type(error).__name__}: {error}"
    assert faults == {}


@pytest.mark.parametrize(
    "branch",
    [
        "{% if false %}{{ ui.no_such_macro() }}{% endif %}",
        "{% if true %}{% elif false %}{{ ui.tag() }}{% endif %}",
        "{% for row in (1,) %}{% else %}{{ ui.tag('x', wrong=1) }}{% endfor %}",
        "{{ 'x' if true else ui.no_such_macro() }}",
        "{{ true or ui.no_such_macro() }}",
        "{{ 'x' if true else said('x') }}",
        "{% if false %}{{ ui.shade() }}{% endif %}",
    ],
)
def test_a_fault_in_a_branch_that_nothing_leads_to_is_seen(branch: str) -> None:
    source = {
        "ui": "{% macro tag(text, state) %}{{ state.of_anything }}{% endmacro %}"
        "{% macro shade(dark) %}{{ 'x' if dark else '' }}{% endmacro %}",
        "page": '{% import "ui" as ui %}' + branch,
    }
    plain = Environment(loader=DictLoader(source), undefined=StrictUndefined, autoescape=True)
    plain.globals["said"] = say_with
    assert plain.get_template("page").render() in ("", "x", "True")
    with pytest.raises((UndefinedError, TypeError)):
        with_every_branch(plain).get_template("page").render()


def say_with(text: str, count: int) -> str:
    return f"{text} {count}"


def test_templates_read_no_attribute_that_nothing_has() -> None:
    trees = {name_of(path): template_of(path) for path in TEMPLATES}
    libraries: tuple[object, ...] = ("", {}, date, Field, Request, LoopContext)
    known = {name for thing in libraries for name in dir(thing)}
    known |= set(names_in_code()) | set(names_in_templates(trees.values()))
    read = {(node.attr, name) for name, tree in trees.items() for node in tree.find_all(Getattr)}
    assert sorted(pair for pair in read if pair[0] not in known) == []


def names_in_code() -> Iterator[str]:
    """Yield what a thing of ours may be called, and the words that may be keys."""
    for path in PACKAGE.rglob("*.py"):
        for node in nodes_of(path):
            for field in ("name", "id", "arg", "attr"):
                found = getattr(node, field, None)
                # An attribute that is only read may be a mistake here too.
                if isinstance(found, str) and not isinstance(getattr(node, "ctx", None), ast.Load):
                    yield found
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def names_in_templates(trees: Iterable[Template]) -> Iterator[str]:
    """Yield the macros of templates, and what they set."""
    for tree in trees:
        for macro in tree.find_all(Macro):
            yield macro.name
        yield from (name.name for name in tree.find_all(Name) if name.ctx == "store")
        yield from (written.attr for written in tree.find_all(NSRef))
        for call in tree.find_all(Call):
            yield from (given.key for given in call.kwargs)
