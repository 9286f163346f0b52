"""Bodies under way: each of them has its time, and all together have their room.

The web server's stream waits for ever and can't be told to stop. So a thread of its own reads it,
and the one that needs the body waits for that thread no longer than the bounds say. When it gives
up, the gateway has the connection broken off, with which the reading ends as well.
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

# What one body may take of the memory; more of it goes to the disk.
KEPT_IN_MEMORY: Final = 128 * 1024

T = TypeVar("T")


@dataclass(frozen=True)
class Bounds:
    """What bodies may take of one process of the web server.

    A film of 25 MB has 27 minutes: enough for a telephone that sends 128 kbit a second, a third of
    what plain 3G does.
    """

    # Within this the first bytes come, and the next ones after each read.
    patience_seconds: float = 30
    # What it must do on the average after that, and the end of it all.
    bytes_per_second: int = 16_000
    longest_seconds: float = 1_800
    # Bodies that come in at once. One more takes the place of the slowest, unless that is newer.
    senders: int = 128
    spared_seconds: float = 5
    # On the disk, of all bodies together: four of the largest. Reports never come there.
    stored_bytes: int = 104 * 1024 * 1024


class TooSlowError(Exception):
    """The body comes in too slowly, or stands still."""


class NoRoomError(Exception):
    """There is no place, or no disk, for one body more."""


class Transfer:
    """One body that is coming in. `taken`: the bytes so far."""

    def __init__(self, stream: Any, bounds: Bounds) -> None:
        self._stream = stream
        self._bounds = bounds
        self._started = self._latest = time.monotonic()
        self._end: Future[Any] = Future()
        self.taken = 0

    def read(self, size: int) -> bytes:
        """The next bytes, for the thread that reads.

        :raises InvalidStateError: nobody waits for them any more.
        """
        part: bytes = self._stream.read(size)
        if self._end.done():
            raise InvalidStateError
        self.taken += len(part)
        self._latest = time.monotonic()
        return part

    def carry_out(self, work: Callable[[Transfer], Any]) -> None:
        """Do this with the bytes; the outcome is for who waits, if anybody still does."""
        with suppress(InvalidStateError):
            try:
                self._end.set_result(work(self))
            except Exception as error:
                self._end.set_exception(error)

    def wait(self) -> Any:
        """What the work gave.

        :raises TooSlowError: it takes too long.
        :raises NoRoomError: it had to make place.
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
        """How long it is under way."""
        return time.monotonic() - self._started

    @property
    def speed(self) -> float:
        """Bytes per second."""
        return self.taken / max(self.seconds, 0.001)

    @property
    def seconds_left(self) -> float:
        """How much longer it may take, if nothing more comes."""
        bounds = self._bounds
        on_average = bounds.patience_seconds + self.taken / bounds.bytes_per_second
        still = time.monotonic() - self._latest
        return min(
            min(on_average, bounds.longest_seconds) - self.seconds, bounds.patience_seconds - still
        )


class Transfers:
    """All bodies of a process, under way or in hand."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._lock = threading.Lock()
        self._under_way: set[Transfer] = set()
        self._stored = 0

    def run(self, stream: Any, work: Callable[[Transfer], T]) -> T:
        """Do this with what comes from the stream, in time.

        :raises TooSlowError: it comes too slowly.
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
        """Where a body is put, for as long as its request lasts."""
        body = Kept(self)
        try:
            yield body
        finally:
            body.close()

    def store(self, size: int) -> None:
        """Count so many bytes on the disk.

        :raises NoRoomError: there is no room for them.
        """
        with self._lock:
            if self._stored + size > self._bounds.stored_bytes:
                raise NoRoomError
            self._stored += size

    def release(self, size: int) -> None:
        with self._lock:
            self._stored -= size


class Kept:
    """A body, in memory or on the disk. One thread may write while another closes it."""

    def __init__(self, transfers: Transfers) -> None:
        self._transfers = transfers
        self._lock = threading.Lock()
        self._file = SpooledTemporaryFile(max_size=KEPT_IN_MEMORY)  # noqa: SIM115 (see close)
        self._size = self._stored = 0

    def write(self, part: bytes) -> None:
        """:raises NoRoomError: all bodies together take too much of the disk."""
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
        """Let go of what was written."""
        with self._lock:
            self._file.seek(0)
            self._file.truncate()
            self._transfers.release(self._stored)
            self._size = self._stored = 0

    def stream(self) -> BinaryIO:
        """The body from its beginning."""
        self._file.seek(0)
        return cast("BinaryIO", self._file)

    def close(self) -> None:
        with self._lock:
            self._file.close()
            self._transfers.release(self._stored)
            self._stored = 0
