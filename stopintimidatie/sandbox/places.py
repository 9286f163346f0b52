"""So many heavy pieces of work at once on this machine, whatever process asked for them.

Each place is a file of which one holds the lock; the kernel gives it back when who holds it dies.
"""

from __future__ import annotations

import fcntl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

AT_ONCE: Final = 2
# In one process, those who are at work included: each keeps what it was sent in memory.
IN_LINE: Final = 4
PATIENCE_SECONDS: Final = 10.0
_LOOK_AGAIN_SECONDS: Final = 0.05


class NoPlaceError(Exception):
    """All places are taken; a little later there is one."""


class Places:
    """The places for one kind of work.

    :param folder: where all processes of this installation on this machine find the same files;
        hidden ones, which a backup copy leaves out.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._paths = [folder / f".{name}-{number}" for number in range(1, AT_ONCE + 1)]
        self._line = threading.BoundedSemaphore(IN_LINE)

    @contextmanager
    def in_line(self) -> Iterator[None]:
        """The right to wait for a place; had at once, or not at all.

        :raises NoPlaceError: enough others of this process wait.
        """
        if not self._line.acquire(blocking=False):
            raise NoPlaceError
        try:
            yield
        finally:
            self._line.release()

    @contextmanager
    def one(self) -> Iterator[None]:
        """A place.

        :raises NoPlaceError: none came free in time.
        """
        end = time.monotonic() + PATIENCE_SECONDS
        while (taken := self._take()) is None:
            if time.monotonic() >= end:
                raise NoPlaceError
            time.sleep(_LOOK_AGAIN_SECONDS)
        with taken:
            yield

    def _take(self) -> IO[str] | None:
        for path in self._paths:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = path.open("w")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
            else:
                return file
        return None
