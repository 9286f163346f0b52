"""Tests of how long a body may take, and which one goes when there are too many."""

from __future__ import annotations

import threading
from io import BytesIO

import pytest

from stopintimidatie.core.web import body
from stopintimidatie.core.web.body import Bounds, NoRoomError, Transfer, Transfers

FILM = 25_000_000


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(body, "time", made)
    return made


class Zeros:
    """A stream that always has bytes."""

    def read(self, size: int) -> bytes:
        return bytes(size)


def sent(clock: Clock, *steps: tuple[float, int]) -> Transfer:
    """Make a body of which, after so many seconds, so many bytes came; and so on."""
    transfer = Transfer(Zeros(), Bounds())
    for seconds, size in steps:
        clock.now += seconds
        if size:
            transfer.read(size)
    return transfer


@pytest.mark.parametrize("kilobits", [128, 384, 20_000])
def test_a_film_from_a_slow_telephone_gets_through(clock: Clock, kilobits: int) -> None:
    part = FILM // 500
    transfer = Transfer(Zeros(), Bounds())
    for _ in range(500):
        clock.now += part / (kilobits * 1000 / 8)
        assert transfer.seconds_left > 0
        transfer.read(part)


@pytest.mark.parametrize(
    "steps",
    [
        [(16, 0)],  # nothing comes
        [(10, 60_000)] * 10,  # too slow
        [(10, 1_000_000)] * 181,  # longer than any body may take
        [(1, 21_000_000), *[(25, 16_384)] * 2],  # very much at first, and then nearly nothing
    ],
)
def test_one_that_comes_too_slowly_has_no_time_left(
    clock: Clock, steps: list[tuple[float, int]]
) -> None:
    assert sent(clock, *steps).seconds_left < 0


def test_standing_still_for_a_moment_is_no_harm_and_for_longer_is_the_end(clock: Clock) -> None:
    assert sent(clock, (14, 0)).seconds_left > 0
    assert sent(clock, (35, 2_000_000), (25, 0)).seconds_left > 0
    # Also if very much came before that.
    assert sent(clock, (9, 24_000_000), (31, 0)).seconds_left < 0


class Paused(BytesIO):
    """A stream that gives its bytes, and the end only when told."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.stands_still = threading.Event()
        self.rest = threading.Event()

    def read(self, size: int | None = -1, /) -> bytes:
        if part := super().read(size):
            return part
        self.stands_still.set()
        self.rest.wait(20)
        return b""


class Crowd:
    """Bodies that are being received at once."""

    def __init__(self, bounds: Bounds) -> None:
        self.transfers = Transfers(bounds)
        self.ends: dict[str, str] = {}
        self.threads: dict[str, threading.Thread] = {}
        self.streams: list[Paused] = []

    def start(self, name: str, size: int) -> None:
        """Begin a body that stands still after so many bytes."""
        stream = Paused(bytes(size))
        self.streams.append(stream)
        thread = threading.Thread(target=self._take, args=(name, stream))
        self.threads[name] = thread
        thread.start()
        assert stream.stands_still.wait(20)

    def _take(self, name: str, stream: BytesIO) -> None:
        try:
            self.take(stream)
            self.ends[name] = "whole"
        except NoRoomError:
            self.ends[name] = "broken off"

    def take(self, stream: BytesIO) -> int:
        """Receive and keep this body and return its size."""
        with self.transfers.keep() as kept:

            def work(transfer: Transfer) -> int:
                while part := transfer.read(16_384):
                    kept.write(part)
                return transfer.taken

            return self.transfers.run(stream, work, kept)

    def finish(self) -> dict[str, str]:
        for stream in self.streams:
            stream.rest.set()
        for thread in self.threads.values():
            thread.join(20)
        return self.ends


def test_one_too_many_takes_the_place_of_who_stands_still_longest_however_new_the_others_are(
    clock: Clock,
) -> None:
    crowd = Crowd(Bounds(senders=3))
    crowd.start("moving", 400_000)
    crowd.start("burst", 33_000)
    clock.now += 4
    crowd.start("fresh", 0)
    assert crowd.take(BytesIO(b"report")) == 6
    crowd.threads["burst"].join(20)
    assert crowd.ends == {"burst": "broken off"}
    # A place taken by somebody who began just now is no reason to refuse a report either.
    crowd.start("fresh too", 0)
    assert crowd.take(BytesIO(b"report")) == 6
    assert crowd.finish()["moving"] == "whole"


def test_a_full_disk_is_cleared_of_who_stands_still_and_not_of_who_is_moving(
    clock: Clock,
) -> None:
    crowd = Crowd(Bounds(stored_bytes=1_000_000))
    crowd.start("first", 500_000)
    clock.now += 1
    crowd.start("second", 400_000)
    with pytest.raises(NoRoomError):
        crowd.take(BytesIO(bytes(300_000)))
    clock.now += 1
    assert crowd.take(BytesIO(bytes(300_000))) == 300_000
    assert crowd.finish() == {"first": "broken off", "second": "whole"}
