"""Counting of the database statements of a piece of code, and a search for slow query plans."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event

from tests.support.installation import Installation


@dataclass
class Counted:
    """What was sent, BEGIN and the like apart."""

    statements: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.statements)


@contextmanager
def count_queries(installation: Installation) -> Iterator[Counted]:
    """Collect the statements sent on any connection of the installation."""
    counted = Counted()

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA ", "SET ", "SELECT set_config")):
            counted.statements.append(statement)

    event.listen(installation.engine, "before_cursor_execute", note)
    try:
        yield counted
    finally:
        event.remove(installation.engine, "before_cursor_execute", note)


# A step of a plan that reads all rows of a holder, or of a table.
_WIDE = re.compile(r"SCAN (?!CONSTANT|\d|\()|SEARCH .*\((holder|giver|receiver)=\?\)$")


@contextmanager
def collect_wide_loops(installation: Installation) -> Iterator[dict[str, str]]:
    """Collect query plan steps that read all rows of a holder for each row of a list (SQLite)."""
    found: dict[str, str] = {}
    explained: set[str] = set()

    def note(
        conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
    ) -> None:
        if statement.startswith(("SELECT", "WITH")) and statement not in explained:
            explained.add(statement)
            asking = conn.connection.driver_connection.cursor()
            plan = asking.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            found.update(dict.fromkeys(_wide_loops(plan), " ".join(statement.split())))

    event.listen(installation.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(installation.engine, "before_cursor_execute", note)


def _wide_loops(plan: Sequence[tuple[int, int, int, str]]) -> Iterator[str]:
    """Yield the wide steps that run once for each row of another step.

    Of the steps below one parent the first is the outer loop; the others run for each of its rows.
    """
    parents = {number: (parent, told) for number, parent, _, told in plan}
    begun = set()
    for _, parent, _, told in plan:
        if not told.startswith(("SEARCH", "SCAN")):
            continue
        often, above = parent in begun, parent
        begun.add(parent)
        while above in parents:
            above, part = parents[above]
            if part.startswith("LIST SUBQUERY"):
                # Asked once, wherever it stands.
                break
            often = often or "CORRELATED" in part
        if often and _WIDE.match(told):
            yield told
