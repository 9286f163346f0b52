"""Limits on uploads and on heavy work: how large a file is, how much runs at once, who waits.

Every file that people upload has its size here; forms and texts take it from here. The settings
`attachments.…_megabytes` say how much all files of a report, a sender or an app are together.

Each place is a lock on a file; the kernel frees it when the process that holds it dies.

Heavy work of a request is done outside its transaction and its place in the application. So the
work holds no lock and keeps no other request waiting. The number of requests that do it at once is
limited for the whole machine.

A queue holds forms that cost much processor time, such as signing in: a few run at a time. Requests
wait here outside the application, so they hold none of its places. A request that waits too long,
or comes when the queue is full, is passed on with a mark: its view shows the form again and does no
work.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import BoundedSemaphore
from typing import IO, Any, Final

from stopintimidatie.core.registry import Directive
from stopintimidatie.core.storage.files import try_lock
from stopintimidatie.core.storage.session import between_transactions
from stopintimidatie.core.text import _
from stopintimidatie.core.web.body import MAX_FORM

# Uploads: bytes of a file

# From somebody who doesn't sign in: through an app, at `/volgen` or at `/verificatie`.
PUBLIC_UPLOAD: Final = 25_000_000
# The form with that file in it.
PUBLIC_UPLOAD_FORM: Final = PUBLIC_UPLOAD + 100_000
# A photo, sound or video of an officer; its form is one of the portal, with other questions.
PORTAL_UPLOAD: Final = MAX_FORM - 500_000
LOGO_UPLOAD: Final = 1_000_000
CSV_UPLOAD: Final = 200_000


# Places

AT_ONCE: Final = 2
# Most tasks of one process that run or wait: each keeps its upload in memory.
IN_LINE: Final = 4
PATIENCE_SECONDS: Final = 10.0
_LOOK_AGAIN_SECONDS: Final = 0.05


class NoPlaceError(Exception):
    """All places are taken; trying again a little later helps."""


class Places:
    """The places for one kind of task.

    Args:
        folder: Where all processes of this installation on this machine find the lock files;
            hidden files, which a backup leaves out.
        name: The kind of task.
        at_once: The number of places.
    """

    def __init__(self, folder: Path, name: str, at_once: int = AT_ONCE) -> None:
        self._paths = [folder / f".{name}-{number}" for number in range(1, at_once + 1)]
        self._line = threading.BoundedSemaphore(IN_LINE)

    @contextmanager
    def in_line(self) -> Iterator[None]:
        """Take one of the few positions in the queue for a place, without waiting.

        Raises:
            NoPlaceError: The queue of this process is full.
        """
        if not self._line.acquire(blocking=False):
            raise NoPlaceError
        try:
            yield
        finally:
            self._line.release()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold a place during the block; wait a while for one.

        Raises:
            NoPlaceError: None came free in time.
        """
        end = time.monotonic() + PATIENCE_SECONDS
        while (taken := self._take()) is None:
            if time.monotonic() >= end:
                raise NoPlaceError
            time.sleep(_LOOK_AGAIN_SECONDS)
        with taken:
            yield

    def _take(self) -> IO[str] | None:
        return next((lock for path in self._paths if (lock := try_lock(path))), None)


# Heavy work

TOO_BUSY: Final = _(
    "Er worden nu veel bestanden tegelijk nagekeken. Uw bestand is niet bewaard. Wacht een halve"
    " minuut, kies het bestand opnieuw en verstuur het nog een keer."
)
# Key in the WSGI environ of a context manager that frees the request's place during a block.
OUTSIDE: Final = "stopintimidatie.web.outside"


@contextmanager
def outside(request: Any) -> Iterator[None]:
    """Do the block outside the request's transaction and its place in the application."""
    place: AbstractContextManager[None] = request.environ.get(OUTSIDE, nullcontext)()
    with between_transactions(request), place:
        yield


@contextmanager
def heavy_work(request: Any, places: Places | None = None) -> Iterator[None]:
    """Do the block outside the request's transaction and place, with a place for heavy work.

    Whether the request may wait is decided before it frees its place in the application: waiting
    requests keep their upload in memory, so only a few may. `places`: others than for cleaning.

    Raises:
        NoPlaceError: No place for heavy work came free within a few seconds.
    """
    places = places or request.registry.cleaning_places
    with places.in_line(), outside(request), places.hold():
        yield


# Queue

_TURNED_AWAY: Final = "stopintimidatie.web.turned_away"
# Checking a password keeps one core busy, with 46 MiB.
AT_A_TIME: Final = 2
# At most so many of the 256 threads that receive bodies wait here, and at most so long.
MOST_WAITING: Final = 32
LONGEST_WAIT_SECONDS: Final = 10.0


def _address(address: str) -> tuple[str, str]:
    """Return the fixed path from which forms go through the queue."""
    return address, address


WAITING_ROOMS: Final = Directive[str, str]("add_waiting_room", "waiting_rooms", _address)


def is_turned_away(request: Any) -> bool:
    """Tell whether this form must be shown again, with a message to come back later."""
    return bool(request.environ.get(_TURNED_AWAY))


class WaitingRoom:
    """The queue of one process, in front of the application."""

    def __init__(self, registry: Any) -> None:
        self._addresses = frozenset(WAITING_ROOMS.of(registry))
        self._turns = BoundedSemaphore(AT_A_TIME)
        self._waiting = BoundedSemaphore(MOST_WAITING)

    @contextmanager
    def turn(self, environ: dict[str, Any]) -> Iterator[None]:
        """Wait for a turn if this request needs one, and hold it during the block."""
        if environ["REQUEST_METHOD"] != "POST" or environ["PATH_INFO"] not in self._addresses:
            yield
            return
        has_turn = self._wait()
        environ[_TURNED_AWAY] = not has_turn
        try:
            yield
        finally:
            if has_turn:
                self._turns.release()

    def _wait(self) -> bool:
        if not self._waiting.acquire(blocking=False):
            return False
        try:
            return self._turns.acquire(timeout=LONGEST_WAIT_SECONDS)
        finally:
            self._waiting.release()
