"""No regular expression that meets a stranger's text costs more than that text is long.

Who reports anonymously chooses 5,000 signs: one expression that looks again from each of them kept
a processor busy for twelve seconds. The list stands in `tests/support/patterns.py`.
"""

from __future__ import annotations

import re

import pytest

from tests.support.patterns import (
    MOST_GROWTH,
    PACKAGE,
    WHOLE,
    ask_child,
    fault_of,
    find_patterns,
    keys_of,
    listed,
)


def test_every_regular_expression_is_listed_with_what_it_meets() -> None:
    found = {key for path in sorted(PACKAGE.rglob("*.py")) for key in find_patterns(path)}
    known = listed()
    assert sorted(found - known.keys()) == [], "list it in tests/support/patterns.py"
    gone = {key for key, kind in known.items() if kind != "function"} - found
    assert sorted(gone) == [], "it isn't there any more"


def test_what_must_fit_whole_is_nowhere_searched_for() -> None:
    used = re.compile(r"\b(\w+)\.(?:search|split|find(?:all|iter)|subn?)\(")
    searched = {
        path.relative_to(PACKAGE).as_posix(): set(used.findall(path.read_text(encoding="utf-8")))
        for path in PACKAGE.rglob("*.py")
    }
    anywhere = set().union(*searched.values())
    wrong = []
    for key in keys_of(WHOLE):
        path, _, name = key.partition(":")
        # A private one is its own file's; another is imported under its name.
        if name in (searched[path] if name.startswith("_") else anywhere):
            wrong.append(key)
    assert not wrong


@pytest.mark.alles
def test_each_takes_as_long_as_its_text_is() -> None:
    measured, stopped = ask_child()
    assert stopped is None
    kinds = listed()
    asked = {key for key in kinds if kinds[key] in ("whole", "parts", "function")}
    assert {line["key"] for line in measured} == asked
    assert not [fault for line in measured if (fault := fault_of(line))]


@pytest.mark.alles
def test_what_looks_again_from_each_sign_is_refused() -> None:
    (line,), _ = ask_child(r"(?:^|[.!?:;\n-])\s*$")
    assert line["longer"] > MOST_GROWTH * line["seconds"]
    assert fault_of(line)


def test_what_hangs_is_stopped_and_named() -> None:
    measured, stopped = ask_child(r"(a+)+b", "1")
    assert not measured
    assert "given" in str(stopped)
