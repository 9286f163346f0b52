"""How far each request was when its process was killed.

Only a test's process is marked (see `nursery`): the product knows nothing of it. Each thread that
takes a report in has a byte in a file that is mapped into memory, so what stands there after
SIGKILL is exactly what was true at that moment.
"""

from __future__ import annotations

import itertools
import mmap
import os
import threading
from collections import Counter
from enum import IntEnum
from pathlib import Path
from typing import Any

from pyramid.router import Router
from sqlalchemy import Engine, event

SLOTS = 256
REPORTS = "/api/v1/meldingen"


class Mark(IntEnum):
    """How far a request is."""

    IDLE = 0
    READING = 1
    # Something was written in the transaction that isn't committed yet.
    WRITING = 2
    # Being committed, or committed and not answered yet.
    COMMITTING = 3


IN_FLIGHT = frozenset({Mark.WRITING, Mark.COMMITTING})


class Marker:
    """Writes the marks of this process, and of the ones it forks."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pid = 0
        self._map: mmap.mmap
        self._numbers = itertools.count()
        self._local = threading.local()
        self._lock = threading.Lock()

    @property
    def posting(self) -> bool:
        """Whether this thread is taking a report in."""
        return bool(getattr(self._local, "posting", False))

    @property
    def now(self) -> Mark:
        """How far this thread is."""
        return Mark(getattr(self._local, "now", Mark.IDLE))

    def enter(self) -> None:
        self._local.posting = True
        self.set(Mark.READING)

    def leave(self) -> None:
        self.set(Mark.IDLE)
        self._local.posting = False

    def set(self, mark: Mark) -> None:
        with self._lock:
            if self._pid != os.getpid():
                self._open()
        if getattr(self._local, "pid", 0) != self._pid:
            self._local.pid, self._local.slot = self._pid, next(self._numbers) % SLOTS
        self._map[self._local.slot] = self._local.now = mark

    def _open(self) -> None:
        path = self._folder / str(os.getpid())
        path.write_bytes(bytes(SLOTS))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), SLOTS)
        self._pid = os.getpid()


def install(folder: Path) -> Marker:
    """Have this process marked from now on."""
    marker = Marker(folder)
    handle = Router.__call__

    def marked(router: Any, environ: dict[str, Any], start_response: Any) -> Any:
        if environ["REQUEST_METHOD"] != "POST" or environ["PATH_INFO"] != REPORTS:
            return handle(router, environ, start_response)
        marker.enter()
        try:
            return handle(router, environ, start_response)
        finally:
            marker.leave()

    Router.__call__ = marked
    _listen(marker)
    return marker


def _listen(marker: Marker) -> None:
    @event.listens_for(Engine, "before_cursor_execute")
    def execute(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if marker.posting and "INSERT" in statement[:2000].upper():
            marker.set(Mark.WRITING)

    @event.listens_for(Engine, "commit")
    def commit(connection: Any) -> None:
        if marker.posting and marker.now is Mark.WRITING:
            marker.set(Mark.COMMITTING)

    @event.listens_for(Engine, "rollback")
    def rollback(connection: Any) -> None:
        if marker.posting:
            marker.set(Mark.READING)


def read(folder: Path) -> Counter[Mark]:
    """How many requests were how far, over all processes of a group."""
    found: Counter[Mark] = Counter()
    for path in folder.iterdir():
        found.update(Mark(byte) for byte in path.read_bytes() if byte)
    return found


def in_flight(folder: Path) -> bool:
    """Whether any request was between its first write and its answer."""
    return any(mark in IN_FLIGHT for mark in read(folder))
