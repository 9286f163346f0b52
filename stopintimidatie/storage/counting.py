"""Counting without counting everything: a list needs to know how long it is up to a point."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

# Up to here a page tells the exact number; beyond it, "meer dan".
COUNTED: Final = 2_500


def count_at_most(session: Session, statement: Select[Any], most: int) -> int:
    """How many rows the statement finds; one more than `most` when there are more."""
    some = statement.limit(most + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0
