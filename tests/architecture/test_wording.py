"""Docstrings begin with what to do, and names say what they name (docs/dev/style.md).

Ruff's `D` and `D401` ask for docstrings; this is what they don't see. A verb that is missing goes
into `verbs.txt`, in its base form.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import stopintimidatie
from tests.support.source import nodes_of

PACKAGE = Path(stopintimidatie.__file__).parent
HERE = Path(__file__).parent
RIDDLES = {"what", "who", "whose", "whom", "whether", "how", "where", "which", "when", "why"}
# A comment, or the docstring of a module or an attribute, that begins like this asks a question.
RIDDLE = re.compile(
    r'^\s*(?:#|""")\s?(?:What|Who|Whose|Whom|Whether|Which|So many|So much|So long|Of|How|Where'
    r"|When|Why)\b.*",
    re.MULTILINE,
)
# Each says something only to who wrote it.
EMPTY_NAMES = {"found", "one", "told", "place_of", "what"}
# These stand in rows, in frozen documents and in the log: they keep the name that they have there.
STORED = {"dossiers/models.py": {"what"}, "exports/redaction/content.py": {"what"}}
# A property is named like an attribute; the docstring of a command is its Dutch help.
NOT_AN_ORDER = {"property", "cached_property", "reify", "setter", "command", "group"}


def lines_of(name: str) -> list[str]:
    """Return the lines of a file beside this one."""
    return (HERE / name).read_text(encoding="utf-8").splitlines()


VERBS = frozenset(lines_of("verbs.txt"))


def begins_well(node: ast.FunctionDef | ast.ClassDef, docstring: str) -> bool:
    """Tell whether a function begins with an order, and a class with anything but a riddle."""
    first, *rest = docstring.split(maxsplit=2)
    if isinstance(node, ast.ClassDef):
        return first.lower() not in RIDDLES
    named = {ast.unparse(each).partition("(")[0].split(".")[-1] for each in node.decorator_list}
    if named & NOT_AN_ORDER:
        return True
    return first.rstrip(",:;").lower() in VERBS and not (rest and rest[0] == "of")


def faults(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the first lines that don't begin as they must, with the number of the line."""
    for node in nodes:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            docstring = ast.get_docstring(node)
            if docstring and not begins_well(node, docstring):
                yield f"{node.lineno}: {docstring.splitlines()[0]}"


def empty_names(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the names given here that say nothing, with the number of the line."""
    for node in nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                pass
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                pass
            case _:
                continue
        if name.strip("_") in EMPTY_NAMES:
            yield f"{node.lineno}: {name}"


STYLE = (PACKAGE.parent / "docs" / "dev" / "style.md").read_text(encoding="utf-8")
# Of each example: the file, and what stands in it now.
AFTERS = re.findall(r"`([\w/]+\.py)`\n\n +```python\n.*?# after\n(.*?)\n +```", STYLE, re.DOTALL)


def test_docstrings_begin_with_a_verb_in_the_imperative() -> None:
    found = {
        path.relative_to(PACKAGE).as_posix(): list(faults(nodes_of(path)))
        for path in sorted(PACKAGE.rglob("*.py"))
    }
    faulty = {name: lines for name, lines in found.items() if lines}
    assert not faulty, "docs/dev/style.md says how; a missing verb goes into verbs.txt"


def test_comments_answer_instead_of_asking() -> None:
    for path in PACKAGE.rglob("*.py"):
        assert RIDDLE.findall(path.read_text(encoding="utf-8")) == [], path
    assert RIDDLE.findall("# Who there are\nx = 1  # When it ends\n# People") == ["# Who there are"]


def test_names_say_what_they_name() -> None:
    for path in PACKAGE.rglob("*.py"):
        stored = STORED.get(path.relative_to(PACKAGE).as_posix(), set())
        names = list(empty_names(nodes_of(path)))
        assert [name for name in names if name.split()[-1] not in stored] == [], path


def test_an_empty_name_is_seen_wherever_it_is_given() -> None:
    written = ["found = 1", "def f(one): ...", "class C:\n    what: str", "[1 for told in x]"]
    assert [list(empty_names(ast.walk(ast.parse(text)))) for text in written] == [
        ["1: found"],
        ["1: one"],
        ["2: what"],
        ["1: told"],
    ]
    assert not list(empty_names(ast.walk(ast.parse("report = what(found, one=told)"))))


def test_the_list_of_verbs_holds_base_forms_in_order() -> None:
    assert sorted(VERBS) == lines_of("verbs.txt")
    assert not [verb for verb in VERBS if verb.endswith("ing") and verb != "bring"]
    assert not VERBS & RIDDLES


def test_an_order_is_told_from_a_riddle() -> None:
    written = [
        'def f(): "Return the rows."',
        'def f(): "Return, if there is one, the row."',
        'def f(): "The rows."',
        'def f(): "Who leaves the page has left it."',
        'def f(): "Count of the rows."',
        'class C: "A row of the log."',
        'class C: "What the log holds."',
        '@property\ndef f(): "The rows."',
        '@group.command("toon")\ndef f(): "Toon de meldingen."',
    ]
    assert [not list(faults(ast.walk(ast.parse(text)))) for text in written] == [
        *(True, True, False, False, False),
        *(True, False, True, True),
    ]


def test_the_examples_of_the_style_stand_in_the_code() -> None:
    """Each line of an example is found in its file, in order; what it leaves out may be between."""
    assert len(AFTERS) == 10
    for name, after in AFTERS:
        rest = (PACKAGE / name).read_text(encoding="utf-8")
        for line in filter(None, map(str.strip, after.splitlines())):
            assert line in rest, f"{name}: {line}"
            rest = rest.partition(line)[2]
