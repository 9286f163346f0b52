"""Between the web server and the application: what a server on its own would leave to us.

A body is taken in whole before the request gets one of the places in the application, so that a
slow client holds up nobody. Of a body that is larger than any page takes nothing is kept; it is
taken in up to a bound, for a browser that is still sending doesn't show the answer.
Headers with which a client could pretend to be a proxy go out. What escapes the application is
told by its kind alone: its text might quote personal data.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from io import BytesIO
from queue import SimpleQueue
from tempfile import SpooledTemporaryFile
from typing import Any, Final

from stopintimidatie.telemetry.logs import log_error
from stopintimidatie.web.aside import OUTSIDE
from stopintimidatie.web.body import announced_length
from stopintimidatie.web.waiting_room import WaitingRoom

log = logging.getLogger(__name__)
# The largest form of the house (/verificatie, 25 MB) and what the intake drains fit in.
MAXIMUM_BODY_BYTES: Final = 26 * 1024 * 1024
# A film from a telephone fits. Who sends more finds the connection closed.
THROWN_AWAY_BYTES: Final = 256 * 1024 * 1024
KEPT_IN_MEMORY: Final = 512 * 1024
NAME: Final = "stopintimidatie"
_CHUNK: Final = 64 * 1024
_UNREAD: Final = "stopintimidatie.web.unread"
_GOODBYE: Final = [("Connection", "close")]
_OF_PROXIES: Final = frozenset(
    f"HTTP_{name}"
    for name in (
        "FORWARDED",
        "X_FORWARDED_BY",
        "X_FORWARDED_FOR",
        "X_FORWARDED_HOST",
        "X_FORWARDED_PORT",
        "X_FORWARDED_PREFIX",
        "X_FORWARDED_PROTO",
        "X_FORWARDED_SSL",
        "X_REAL_IP",
    )
)
_SAFE_HEADERS: Final = [
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
]

StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


class BodyCutShortError(Exception):
    """The client went away before it had sent what it announced."""


class Gateway:
    """A WSGI application around ours, with so many places inside."""

    def __init__(
        self, app: Application, *, places: int, scheme: str, waiting_room: WaitingRoom | None = None
    ) -> None:
        self._app = app
        self._scheme = scheme
        self._turn = waiting_room.turn if waiting_room else nullcontext
        # A queue of tokens: cheaper under load than a semaphore written in Python.
        self._places: SimpleQueue[None] = SimpleQueue()
        for _ in range(places):
            self._places.put(None)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        self._clean(environ)

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            # No word on which server this is, nor which version.
            own = [("Server", NAME), *(_GOODBYE if environ.get(_UNREAD) else [])]
            return start_response(status, [*headers, *own], exc_info)

        try:
            environ[OUTSIDE] = self._outside
            with _whole_body(environ), self._turn(environ), self._place():
                return self._app(environ, start)
        except BodyCutShortError:
            return _plain(start, "400 Bad Request", "Het bericht kwam niet helemaal aan.")
        except Exception as error:
            log_error(log, "an error that the application let through", error)
            return _plain(start, "500 Internal Server Error", "Er ging iets mis. Probeer opnieuw.")

    def _clean(self, environ: dict[str, Any]) -> None:
        environ["wsgi.url_scheme"] = self._scheme
        if environ["SERVER_PROTOCOL"] == "HTTP/1":
            environ["SERVER_PROTOCOL"] = "HTTP/1.0"
        for name in _OF_PROXIES.intersection(environ):
            del environ[name]

    @contextmanager
    def _place(self) -> Iterator[None]:
        self._places.get()
        try:
            yield
        finally:
            self._places.put(None)

    @contextmanager
    def _outside(self) -> Iterator[None]:
        """For a request that has a place: it is another's for the time of the block."""
        self._places.put(None)
        try:
            yield
        finally:
            self._places.get()


def forget_http_variables() -> None:
    """Granian puts this process's environment among the headers: HTTP_PROXY must not be one."""
    for name in [name for name in os.environ if name.startswith("HTTP_")]:
        del os.environ[name]


def _plain(start: StartResponse, status: str, text: str) -> list[bytes]:
    body = f"{text}\n".encode()
    start(status, [*_SAFE_HEADERS, ("Content-Length", str(len(body)))])
    return [body]


@contextmanager
def _whole_body(environ: dict[str, Any]) -> Iterator[None]:
    """The body in hand instead of a stream, for as long as the request lasts.

    :raises BodyCutShortError: not all of it came.
    """
    length = announced_length(environ)
    chunked = "HTTP_TRANSFER_ENCODING" in environ
    if not length and not chunked:
        environ["wsgi.input"] = BytesIO()
        yield
        return
    with SpooledTemporaryFile(max_size=KEPT_IN_MEMORY) as body:
        _fill(environ, body, length)
        yield


def _fill(environ: dict[str, Any], body: Any, length: int | None) -> None:
    if (length or 0) <= MAXIMUM_BODY_BYTES:
        taken = _copy(environ["wsgi.input"], body)
        if length is not None and taken < length:
            raise BodyCutShortError
        environ["CONTENT_LENGTH"] = str(taken)
        if taken > MAXIMUM_BODY_BYTES:
            body.truncate(0)
            _throw_away(environ, None)
    else:
        _throw_away(environ, length)
    # Of a body that is too large the application sees the length and nothing else.
    body.seek(0)
    environ["wsgi.input"] = body


def _copy(stream: Any, body: Any) -> int:
    taken = 0
    while taken <= MAXIMUM_BODY_BYTES and (part := stream.read(_CHUNK)):
        body.write(part)
        taken += len(part)
    return taken


def _throw_away(environ: dict[str, Any], length: int | None) -> None:
    """Take in what is still coming, unless the client asks first, or it is endless."""
    taken = 0
    if environ.get("HTTP_EXPECT", "").lower() != "100-continue":
        while taken < THROWN_AWAY_BYTES and (part := environ["wsgi.input"].read(_CHUNK)):
            taken += len(part)
    environ[_UNREAD] = taken >= THROWN_AWAY_BYTES or (length or 0) > taken
