"""Log lines as the service would write them."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from stopintimidatie.core.telemetry import make_handler


class Lines:
    """Lines that the loggers wrote: as text, as JSON, and those of requests alone."""

    def __init__(self, stream: io.StringIO) -> None:
        self.stream = stream

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    @property
    def access(self) -> list[dict[str, Any]]:
        return [row for row in self.rows if row["naam"] == "stopintimidatie.toegang"]


@contextmanager
def logged(form: str = "json", level: int = logging.INFO) -> Iterator[Lines]:
    """Everything that any logger says, as the service would write it."""
    stream = io.StringIO()
    handler, root = make_handler(form, stream), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(level)
    try:
        yield Lines(stream)
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
