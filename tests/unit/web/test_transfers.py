"""Tests of how long a body may take, with the numbers that docs/operations.md gives."""

from __future__ import annotations

import time

import pytest

from stopintimidatie.web.transfers import Bounds, Transfer

FILM = 25_000_000


def under_way(seconds: float, taken: int, still: float = 0) -> Transfer:
    """Make a body that began `seconds` ago, has `taken` bytes, and got none for `still` seconds."""
    transfer = Transfer(None, Bounds())
    transfer._started = time.monotonic() - seconds
    transfer._latest = time.monotonic() - still
    transfer.taken = taken
    return transfer


@pytest.mark.parametrize("kilobits", [128, 384, 20_000])
def test_a_film_from_a_slow_telephone_gets_through(kilobits: int) -> None:
    speed = kilobits * 1000 / 8
    for part in (0.01, 0.5, 0.999):
        assert under_way(FILM * part / speed, int(FILM * part)).seconds_left > 0


@pytest.mark.parametrize(
    ("seconds", "taken"),
    [
        (31, 0),  # nothing comes
        (600, 4_000_000),  # too slow on average
        (1_801, 200_000_000),  # longer than any body may take
    ],
)
def test_one_that_comes_too_slowly_has_no_time_left(seconds: float, taken: int) -> None:
    assert under_way(seconds, taken).seconds_left < 0


def test_standing_still_for_a_moment_is_no_harm_and_for_longer_is_the_end() -> None:
    assert under_way(25, 0).seconds_left > 0
    assert under_way(60, 2_000_000, still=25).seconds_left > 0
    # Also if very much came before that.
    assert under_way(40, 24_000_000, still=31).seconds_left < 0
