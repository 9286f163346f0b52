"""Shortcuts for a test run, which makes some thousand applications in one process.

A server makes one, so there each of these costs nothing worth mentioning; here they were more than
half of an application's start. None of them changes what an application does.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import lru_cache
from types import ModuleType, SimpleNamespace
from typing import Any

import pyramid.config.actions
import pyramid.viewderivers
import pyramid_jinja2
import venusian
from pyramid.util import TopologicalSorter


def take() -> None:
    """Put all of them in place."""
    TopologicalSorter.sorted = _sort_once(TopologicalSorter.sorted)
    for question in ("requestonly", "is_unbound_method"):
        asked = getattr(pyramid.viewderivers, question)
        setattr(pyramid.viewderivers, question, lru_cache(maxsize=2000)(asked))
    # Where an action was asked for is only told when two contradict each other.
    pyramid.config.actions.traceback = SimpleNamespace(extract_stack=_callers)
    pyramid_jinja2._PackageFinder.inspect = SimpleNamespace(stack=_frames)
    venusian.getmembers = _members_that_matter


def _sort_once(sort: Callable[[TopologicalSorter], Any]) -> Callable[[TopologicalSorter], Any]:
    """Pyramid sorts its derivers anew for each view."""

    def remembered(sorter: TopologicalSorter) -> Any:
        asked = (tuple(sorter.names), tuple(sorter.order), tuple(map(id, sorter.values())))
        known = sorter.__dict__.get("_remembered")
        if known is None or known[0] != asked:
            known = sorter._remembered = (asked, sort(sorter))
        return list(known[1])

    return remembered


def _callers(limit: int) -> list[tuple[str, int, str, str]]:
    """As `traceback.extract_stack`, without reading the files for their lines."""
    frame: Any = sys._getframe(1)
    found: list[tuple[str, int, str, str]] = []
    while frame is not None and len(found) < limit:
        code = frame.f_code
        found.append((code.co_filename, frame.f_lineno, code.co_name, ""))
        frame = frame.f_back
    return found[::-1]


def _frames() -> list[tuple[Any]]:
    """As `inspect.stack`, as far as it is used: the frames alone."""
    frame: Any = sys._getframe(1)
    found: list[tuple[Any]] = []
    while frame is not None:
        found.append((frame,))
        frame = frame.f_back
    return found


_members: dict[str, list[tuple[str, Any]]] = {}


def _members_that_matter(module: ModuleType, predicate: None = None) -> list[tuple[str, Any]]:
    """What a scan finds in one of our modules doesn't change any more once it has been read."""
    known = _members.get(module.__name__)
    if known is None:
        found = ((name, vars(module)[name]) for name in sorted(vars(module)))
        known = [pair for pair in found if hasattr(pair[1], venusian.ATTACH_ATTR)]
        _members[module.__name__] = known
    return known
