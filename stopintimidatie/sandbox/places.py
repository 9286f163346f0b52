"""Limit on how many heavy tasks run at once on this machine, in all processes together.

Each place is a lock on a file; the kernel frees it when the process that holds it dies.
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
# Most tasks of one process that run or wait: each keeps its upload in memory.
IN_LINE: Final = 4
PATIENCE_SECONDS: Final = 10.0
_LOOK_AGAIN_SECONDS: Final = 0.05


class NoPlaceError(Exception):
    """All places are taken; trying again a little later helps."""


class Places:
    """The places for one kind of task.

    :param folder: where all processes of this installation on this machine find the lock files;
        hidden files, which a backup leaves out.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._paths = [folder / f".{name}-{number}" for number in range(1, AT_ONCE + 1)]
        self._line = threading.BoundedSemaphore(IN_LINE)

    @contextmanager
    def in_line(self) -> Iterator[None]:
        """Take one of the few positions in the queue for a place, without waiting.

        :raises NoPlaceError: the queue of this process is full.
        """
        if not self._line.acquire(blocking=False):
            raise NoPlaceError
        try:
            yield
        finally:
            self._line.release()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Hold a place during the block; wait a while for one.

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
