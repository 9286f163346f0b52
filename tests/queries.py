"""Counting the statements that a piece of work sends to the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event

from tests.installation import Installation


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
        if not statement.startswith(("BEGIN", "SET ", "SELECT set_config")):
            counted.statements.append(statement)

    event.listen(installation.engine, "before_cursor_execute", note)
    try:
        yield counted
    finally:
        event.remove(installation.engine, "before_cursor_execute", note)
