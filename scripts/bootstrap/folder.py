"""Lock on a data folder: two starts at once would fill it together and share one worker."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from .common import SetupError, say, shared
from .processes import wait_until

SLOT = "start.slot"
SECONDS_FOR_LEFTOVERS = 60


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the lock of this data folder; take it before anything in the folder is touched.

    There are two locks. This process alone holds the one on the folder. The child processes hold
    the one on the file as well: if we are killed it lasts until they have ended, and the next start
    waits for that.

    :raises SetupError: another start is using the folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        ours = os.open(folder, os.O_RDONLY)
        theirs = os.open(folder / SLOT, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SetupError(
            f"De map {folder} is niet te gebruiken ({error.strerror}).\n"
            "Kies een andere map: DATA_DIR=/een/map scripts/run"
        ) from None
    try:
        if not _locked(ours):
            raise SetupError(
                f"Stopintimidatie draait of start al met de gegevens in {folder}.\n"
                "Stop dat, of kies een andere map en poort: DATA_DIR=/een/map PORT=6544 scripts/run"
            )
        _wait_for_leftovers(folder, theirs)
        with shared(theirs):
            yield
    finally:
        os.close(theirs)
        os.close(ours)


def _wait_for_leftovers(folder: Path, theirs: int) -> None:
    if _locked(theirs):
        return
    say("Van een vorige start loopt hier nog iets; wachten tot dat is gestopt…")
    if not wait_until(lambda: _locked(theirs), seconds=SECONDS_FOR_LEFTOVERS):
        raise SetupError(
            f"Van een vorige start loopt na {SECONDS_FOR_LEFTOVERS} seconden nog iets.\n"
            f"Zoek het op en stop het: fuser -v {folder / SLOT}"
        )


def _locked(number: int) -> bool:
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
