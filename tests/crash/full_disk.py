"""SQLite on a disk that is full, whenever the test says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

NO_LIMIT = 1_000_000_000


def install(limit: Path) -> None:
    """From now on no database of this process grows beyond what stands in this file."""

    @event.listens_for(Engine, "begin")
    def begin(connection: Any) -> None:
        # It may be taken away at any moment, also between looking and reading.
        try:
            pages = limit.read_text(encoding="ascii")
        except FileNotFoundError:
            pages = ""
        connection.connection.cursor().execute(f"PRAGMA max_page_count = {int(pages or NO_LIMIT)}")
