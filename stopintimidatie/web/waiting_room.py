"""Addresses where a form keeps the processor busy: so many of them at a time, the others wait.

They wait outside the application, where they hold none of its places. Who waits too long, or comes
when too many wait, is let through with a note: the view shows the form again, and does no work.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Any, Final

ADDRESSES_KEY: Final = "stopintimidatie.web.waiting_room"
_TURNED_AWAY: Final = "stopintimidatie.web.turned_away"
# Judging a password takes four threads and 64 MiB by itself; two, for they wait for their threads.
AT_A_TIME: Final = 2
# Of the 256 threads that take in bodies; and for as long as somebody waits for a page.
MOST_WAITING: Final = 32
LONGEST_WAIT_SECONDS: Final = 10.0


def add_waiting_room(config: Any, address: str) -> None:
    """Directive: forms sent to this address (no variable parts) go through the waiting room."""

    def register() -> None:
        config.registry.setdefault(ADDRESSES_KEY, set()).add(address)

    config.action(("waiting room", address), register)


def is_turned_away(request: Any) -> bool:
    """Whether this form must be shown again, with words that say when to come back."""
    return bool(request.environ.get(_TURNED_AWAY))


class WaitingRoom:
    """One for each process, in front of the application of this registry."""

    def __init__(self, registry: Any) -> None:
        self._addresses = frozenset(registry.get(ADDRESSES_KEY, ()))
        self._turns = BoundedSemaphore(AT_A_TIME)
        self._waiting = BoundedSemaphore(MOST_WAITING)

    @contextmanager
    def turn(self, environ: dict[str, Any]) -> Iterator[None]:
        """Wait for a turn, where this request needs one, and have it for as long as this lasts."""
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
