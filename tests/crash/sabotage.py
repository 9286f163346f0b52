"""A server that lies: it answers before it commits. The harness has to catch it.

Without this the tests of this folder would prove nothing: they would pass as well if they looked
the wrong way.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from stopintimidatie.core.storage.session import Row
from stopintimidatie.reports.arrival import services as arrival_services
from tests.crash.marks import Mark, Marker

LATE = 0.05


def install(marker: Marker) -> None:
    """Have the intake write and commit a moment after its answer."""
    intake: Any = arrival_services
    honest = intake.write_rows

    def write(*given: Any) -> None:
        # Nobody is left to hear that it went wrong.
        with contextlib.suppress(DBAPIError):
            honest(*given)

    def late(engine: Engine, holder: str, rows: Iterable[Row], wait_milliseconds: int) -> None:
        marker.set(Mark.COMMITTING)
        threading.Timer(LATE, write, (engine, holder, list(rows), wait_milliseconds)).start()

    intake.write_rows = late
