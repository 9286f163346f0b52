"""The one clock of the house. It stands below everything and needs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_standing_still: ContextVar[datetime | None] = ContextVar("standing_still", default=None)


def utc_now() -> datetime:
    """This moment, aware, in UTC."""
    return _standing_still.get() or datetime.now(UTC)


@contextmanager
def clock_at(moment: datetime) -> Iterator[None]:
    """Let the clock stand still: the demo replays the past, and tests choose their day."""
    token = _standing_still.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _standing_still.reset(token)
