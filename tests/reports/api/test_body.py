"""Bodies that lie about their length are read to a bound, and never waited for."""

from __future__ import annotations

import io
from typing import Any

import pytest

from stopintimidatie.core.forms.messages import MAX_BYTES
from stopintimidatie.reports.api.problems import Kind, ProblemError
from stopintimidatie.reports.api.requests import MAX_DRAINED, drain
from stopintimidatie.reports.api.views import read_body


class Stream(io.BytesIO):
    """Remembers how much was taken, and how much was asked for at most."""

    def read(self, size: int | None = -1) -> bytes:
        assert size is not None
        assert size > 0
        return super().read(size)


class BrokenStream:
    def read(self, size: int) -> bytes:
        raise OSError("the client disconnected")


def environ(body: bytes, length: str | None, *, terminated: bool = False) -> dict[str, Any]:
    made: dict[str, Any] = {"wsgi.input": Stream(body)}
    if length is not None:
        made["CONTENT_LENGTH"] = length
    if terminated:
        made["wsgi.input_terminated"] = True
    return made


def test_a_body_is_read_as_long_as_announced_and_no_further() -> None:
    assert read_body(environ(b"abcdef", "4")) == b"abcd"


def test_a_body_that_is_shorter_than_announced_is_what_came() -> None:
    assert read_body(environ(b"abc", "400")) == b"abc"


@pytest.mark.parametrize("length", [None, "", "-5", "abc", "1e3", "٣", "9" * 50])
def test_an_odd_length_is_no_length(length: str | None) -> None:
    assert read_body(environ(b"abc", length)) == b""


def test_a_chunked_body_is_read_without_a_length() -> None:
    assert read_body(environ(b"abc", None, terminated=True)) == b"abc"


def test_a_mebibyte_is_taken_and_a_byte_more_is_not() -> None:
    whole = b"x" * MAX_BYTES
    assert read_body(environ(whole, str(len(whole)))) == whole
    for terminated in (True, False):
        with pytest.raises(ProblemError) as caught:
            read_body(environ(whole + b"x", str(len(whole) + 1), terminated=terminated))
        assert caught.value.kind is Kind.TOO_LARGE
    with pytest.raises(ProblemError):
        read_body(environ(whole + b"x", None, terminated=True))


def test_a_client_that_goes_away_gives_half_a_message() -> None:
    assert read_body({"wsgi.input": BrokenStream(), "CONTENT_LENGTH": "5"}) == b""


def test_a_refused_body_is_taken_in_up_to_eight_mebibytes() -> None:
    small = environ(b"x" * 3_000_000, "3000000")
    drain(small)
    assert small["wsgi.input"].tell() == 3_000_000
    for length, terminated in ((str(20_000_000), False), (None, True)):
        large = environ(b"x" * 20_000_000, length, terminated=terminated)
        drain(large)
        assert large["wsgi.input"].tell() == MAX_DRAINED


def test_what_was_read_before_counts_towards_the_eight() -> None:
    large = environ(b"x" * 20_000_000, None, terminated=True)
    with pytest.raises(ProblemError):
        read_body(large)
    drain(large)
    assert large["wsgi.input"].tell() == MAX_DRAINED


def test_nothing_is_drained_when_nothing_was_announced() -> None:
    nothing = environ(b"x" * 100, None)
    drain(nothing)
    assert nothing["wsgi.input"].tell() == 0
