"""Lists of cases of which the short suite takes one of each outcome, and `alles` all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest


def one_of_each(
    cases: Iterable[tuple[Any, ...]],
    outcome: Callable[[tuple[Any, ...]], object] = lambda case: case[-1],
) -> list[Any]:
    """Mark each case but the first of its outcome, which is the last of its values."""
    seen, marked = set[object](), list[Any]()
    for case in cases:
        known = outcome(case) in seen
        seen.add(outcome(case))
        marked.append(pytest.param(*case, marks=pytest.mark.alles if known else ()))
    return marked
