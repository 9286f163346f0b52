"""What the workers of one test run share: a folder, and turns in making what stands in it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

FOLDER_VARIABLE = "STOPINTIMIDATIE_TEST_SERVICES"


def run_folder() -> Path:
    """The folder of this run; it goes when the run ends."""
    return Path(os.environ[FOLDER_VARIABLE])


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """One worker at a time; the kernel lets go when a worker dies."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
