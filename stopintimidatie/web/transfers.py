"""Request bodies that are being received, with limits on their time, number and disk space.

A read from the web server's stream can last for ever and can't be cancelled. So a thread reads it,
and the request waits for that thread no longer than the limits allow. Then the gateway has the
connection closed, which ends the read as well.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, InvalidStateError
from concurrent.futures import wait as wait_for
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, Final, TypeVar, cast

# Bytes of one body that are kept in memory; a larger body goes to the disk.
KEPT_IN_MEMORY: Final = 128 * 1024

T = TypeVar("T")


@dataclass(frozen=True)
class Bounds:
    """Limits on the bodies that one process of the web server receives.

    A video of 25 MB gets 27 minutes: enough at 128 kbit a second, a third of the speed of plain 3G.
    """

    # The first bytes, and each next part, must come within this time.
    patience_seconds: float = 30
    # Average speed that is needed after that, and the longest that any body may take.
    bytes_per_second: int = 16_000
    longest_seconds: float = 1_800
    # Bodies received at once. One more replaces the slowest, if that has had `spared_seconds`.
    senders: int = 128
    spared_seconds: float = 5
    # Bytes on disk of all bodies together: four of the largest. Reports are never written to disk.
    stored_bytes: int = 104 * 1024 * 1024


class TooSlowError(Exception):
    """The body comes in too slowly, or has stopped."""


class NoRoomError(Exception):
    """There is no place for another body, or no disk space."""


class Transfer:
    """One body that is being received; `taken` counts the bytes so far."""

    def __init__(self, stream: Any, bounds: Bounds) -> None:
        self._stream = stream
        self._bounds = bounds
        self._started = self._latest = time.monotonic()
        self._end: Future[Any] = Future()
        self.taken = 0

    def read(self, size: int) -> bytes:
        """Read the next bytes; called by the reading thread.

        :raises InvalidStateError: the request no longer waits for them.
        """
        part: bytes = self._stream.read(size)
        if self._end.done():
            raise InvalidStateError
        self.taken += len(part)
        self._latest = time.monotonic()
        return part

    def carry_out(self, work: Callable[[Transfer], Any]) -> None:
        """Call `work` in the reading thread and keep its result or exception for `wait`."""
        with suppress(InvalidStateError):
            try:
                self._end.set_result(work(self))
            except Exception as error:
                self._end.set_exception(error)

    def wait(self) -> Any:
        """Wait for the result of the work and return it.

        :raises TooSlowError: the body took too long.
        :raises NoRoomError: the body had to make place for another.
        """
        while not wait_for([self._end], timeout=max(0, self.seconds_left)).done:
            if self.seconds_left <= 0:
                self.give_up(TooSlowError())
        return self._end.result()

    def give_up(self, why: Exception) -> None:
        with suppress(InvalidStateError):
            self._end.set_exception(why)

    @property
    def seconds(self) -> float:
        """Return the seconds since the body began."""
        return time.monotonic() - self._started

    @property
    def speed(self) -> float:
        """Return the average speed in bytes per second."""
        return self.taken / max(self.seconds, 0.001)

    @property
    def seconds_left(self) -> float:
        """Return the seconds that the body has left if nothing more comes."""
        bounds = self._bounds
        on_average = bounds.patience_seconds + self.taken / bounds.bytes_per_second
        still = time.monotonic() - self._latest
        return min(
            min(on_average, bounds.longest_seconds) - self.seconds, bounds.patience_seconds - still
        )


class Transfers:
    """All bodies that a process is receiving or keeping."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._lock = threading.Lock()
        self._under_way: set[Transfer] = set()
        self._stored = 0

    def run(self, stream: Any, work: Callable[[Transfer], T]) -> T:
        """Call `work` with the body of this stream in another thread; return what it returns.

        :raises TooSlowError: the body comes in too slowly.
        :raises NoRoomError: too many others are sending, or it had to make place for them.
        """
        transfer = Transfer(stream, self._bounds)
        self._admit(transfer)
        try:
            reader = threading.Thread(target=transfer.carry_out, args=(work,), daemon=True)
            reader.name = "body"
            reader.start()
            return cast("T", transfer.wait())
        finally:
            with self._lock:
                self._under_way.discard(transfer)

    def _admit(self, transfer: Transfer) -> None:
        with self._lock:
            if len(self._under_way) >= self._bounds.senders:
                slowest = min(self._under_way, key=lambda other: other.speed, default=None)
                if slowest is None or slowest.seconds < self._bounds.spared_seconds:
                    raise NoRoomError
                slowest.give_up(NoRoomError())
                self._under_way.discard(slowest)
            self._under_way.add(transfer)

    @contextmanager
    def kept(self) -> Iterator[Kept]:
        """Give a place to keep a body, and free it after the block."""
        body = Kept(self)
        try:
            yield body
        finally:
            body.close()

    def store(self, size: int) -> None:
        """Count this many bytes more on the disk.

        :raises NoRoomError: all bodies together would take too much.
        """
        with self._lock:
            if self._stored + size > self._bounds.stored_bytes:
                raise NoRoomError
            self._stored += size

    def release(self, size: int) -> None:
        with self._lock:
            self._stored -= size


class Kept:
    """A received body, in memory or on disk. One thread may write while another closes it."""

    def __init__(self, transfers: Transfers) -> None:
        self._transfers = transfers
        self._lock = threading.Lock()
        self._file = SpooledTemporaryFile(max_size=KEPT_IN_MEMORY)  # noqa: SIM115 (see close)
        self._size = self._stored = 0

    def write(self, part: bytes) -> None:
        """Add bytes to the body.

        :raises NoRoomError: all bodies together take too much disk space.
        """
        with self._lock:
            if self._file.closed:
                raise InvalidStateError
            size = self._size + len(part)
            if size > KEPT_IN_MEMORY:
                self._transfers.store(size - self._stored)
                self._stored = size
            self._file.write(part)
            self._size = size

    def empty(self) -> None:
        """Drop what was written."""
        with self._lock:
            self._file.seek(0)
            self._file.truncate()
            self._transfers.release(self._stored)
            self._size = self._stored = 0

    def stream(self) -> BinaryIO:
        """Return the body as a file, at its beginning."""
        self._file.seek(0)
        return cast("BinaryIO", self._file)

    def close(self) -> None:
        with self._lock:
            self._file.close()
            self._transfers.release(self._stored)
            self._stored = 0
