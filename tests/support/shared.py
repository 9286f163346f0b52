"""What the workers of one test run share: a folder, and turns in making what stands in it."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

FOLDER_VARIABLE = "STOPINTIMIDATIE_TEST_SERVICES"


def run_folder() -> Path:
    """The folder of this run; it goes when the run ends. A benchmark is a run of its own."""
    if FOLDER_VARIABLE not in os.environ:
        os.environ[FOLDER_VARIABLE] = tempfile.mkdtemp(prefix="si-run-")
        atexit.register(shutil.rmtree, os.environ[FOLDER_VARIABLE], ignore_errors=True)
    return Path(os.environ[FOLDER_VARIABLE])


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """One worker at a time; the kernel lets go when a worker dies."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
