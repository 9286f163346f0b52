"""Queue for forms that cost much processor time, such as signing in: only a few run at a time.

Requests wait here outside the application, so they hold none of its places. A request that waits
too long, or comes when the queue is full, is passed on with a mark: its view shows the form again
and does no work.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Any, Final

from stopintimidatie.registry import Directive

_TURNED_AWAY: Final = "stopintimidatie.web.turned_away"
# Checking a password takes four threads and 64 MiB; two at a time, for each waits for threads.
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
        if not self._is_for(environ):
            yield
            return
        has_turn = self._wait()
        environ[_TURNED_AWAY] = not has_turn
        try:
            yield
        finally:
            if has_turn:
                self._turns.release()

    def _is_for(self, environ: dict[str, Any]) -> bool:
        return environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"] in self._addresses

    def _wait(self) -> bool:
        if not self._waiting.acquire(blocking=False):
            return False
        try:
            return self._turns.acquire(timeout=LONGEST_WAIT_SECONDS)
        finally:
            self._waiting.release()
