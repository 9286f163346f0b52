"""WSGI layer between the web server and the application: takes in bodies, refuses bad requests.

A body is read whole before the request gets one of the places in the application, so that a slow
client makes nobody else wait; `transfers` limits how long that may take. Of a body that is too
large for its address nothing is kept. It is still read, up to a bound, because a browser shows no
answer while it is sending.

Headers with which a client could pretend to be a proxy are removed. Of an exception that escapes
the application only the type is logged: its text might quote personal data.
"""

from __future__ import annotations

import gc
import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from io import BytesIO
from queue import SimpleQueue
from typing import Any, Final

import click
from sqlalchemy.exc import SQLAlchemyError

from stopintimidatie import create_app
from stopintimidatie.cli.common import report_start_errors
from stopintimidatie.core.health.views import start_figures
from stopintimidatie.core.jobs.worker import stay_on_one_machine
from stopintimidatie.core.telemetry import log_error
from stopintimidatie.core.web.body import (
    FAULT,
    NO_ROOM,
    TOO_SLOW,
    Bounds,
    Kept,
    NoRoomError,
    TooSlowError,
    Transfer,
    Transfers,
    announced_length,
    most_of,
)
from stopintimidatie.core.web.limits import OUTSIDE, WaitingRoom
from stopintimidatie.core.web.request import ANY_HOST
from stopintimidatie.settings import Settings

log = logging.getLogger(__name__)
# The largest upload (`core/web/limits`) and what the intake drains fit in.
MAXIMUM_BODY_BYTES: Final = 26 * 1024 * 1024
# A film from a telephone fits. Who sends more finds the connection closed.
THROWN_AWAY_BYTES: Final = 256 * 1024 * 1024
# Longer than any address of ours. Above 64 KiB the server itself answers, without our headers.
LONGEST_ADDRESS: Final = 16 * 1024
LARGEST_HEADERS: Final = 64 * 1024
NAME: Final = "stopintimidatie"
_CHUNK: Final = 16 * 1024
_UNREAD: Final = "stopintimidatie.web.unread"
_BREAK_OFF: Final = "stopintimidatie.web.break_off"
# Seconds that the server gets to write the answer before the connection is closed.
_WRITE_SECONDS: Final = 0.1
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


class _ReadUnkeptError(Exception):
    """The body was read to its end, but there was no disk space to keep it."""


class Gateway:
    """A WSGI application around ours, with so many places inside."""

    def __init__(
        self,
        app: Application,
        *,
        places: int,
        scheme: str,
        waiting_room: WaitingRoom | None = None,
        most_of: Callable[[dict[str, Any]], int] = lambda environ: MAXIMUM_BODY_BYTES,
        bounds: Bounds | None = None,
    ) -> None:
        """Wrap an application.

        `most_of` returns from the WSGI environ how many bytes of a body are kept.
        """
        self._app = app
        self._scheme = scheme
        self._turn = waiting_room.turn if waiting_room else nullcontext
        self._most_of = most_of
        self._transfers = Transfers(bounds or Bounds())
        # A queue of tokens: cheaper under load than a semaphore written in Python.
        self._places: SimpleQueue[None] = SimpleQueue()
        for _ in range(places):
            self._places.put(None)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request when it is its turn, and add the headers of the server."""
        self._clean(environ)

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            # No word on which server this is, nor which version.
            own = [("Server", NAME), *(_GOODBYE if environ.get(_UNREAD) else [])]
            given = map(_longer, headers) if environ.get(_BREAK_OFF) else headers
            return start_response(status, [*given, *own], exc_info)

        if refused := self._refused(environ, start):
            return refused
        try:
            environ[OUTSIDE] = self._outside
            with self._whole_body(environ), self._turn(environ), self._place():
                answer = self._app(environ, start)
                return _broken_off(answer) if environ.get(_BREAK_OFF) else answer
        except BodyCutShortError:
            return _plain(start, "400 Bad Request", "Het bericht kwam niet helemaal aan.")
        except Exception as error:
            log_error(log, "an error that the application let through", error)
            return _plain(start, "500 Internal Server Error", "Er ging iets mis. Probeer opnieuw.")

    def _refused(self, environ: dict[str, Any], start: StartResponse) -> list[bytes] | None:
        """Answer a request that no browser or app sends, body unread; return None for others."""
        if _is_without_host(environ):
            environ[_UNREAD] = True
            return _plain(start, "400 Bad Request", "Noem één keer, in Host, welk adres u vraagt.")
        if status := _is_too_long(environ):
            environ[_UNREAD] = True
            return _plain(start, status, "Dit verzoek is te lang. Vraag een korter adres.")
        return None

    @contextmanager
    def _whole_body(self, environ: dict[str, Any]) -> Iterator[None]:
        """Replace the body stream by the whole body, for as long as the request lasts.

        Raises:
            BodyCutShortError: The client stopped before the end.
        """
        length = announced_length(environ)
        if not length and "HTTP_TRANSFER_ENCODING" not in environ:
            environ["wsgi.input"] = BytesIO()
            yield
            return
        with self._transfers.keep() as body:
            try:
                self._fill(environ, body, length)
            except TooSlowError:
                _refuse(environ, TOO_SLOW)
            except NoRoomError:
                _refuse(environ, NO_ROOM)
            except _ReadUnkeptError:
                _answer_with(environ, NO_ROOM)
            yield

    def _fill(self, environ: dict[str, Any], body: Kept, length: int | None) -> None:
        with self._place():  # it may ask the database
            most = min(self._most_of(environ), MAXIMUM_BODY_BYTES)

        def take(transfer: Transfer) -> int:
            if (length or 0) <= most:
                _copy(transfer, body, most)
            if max(length or 0, transfer.taken) > most:
                body.empty()
                # With Expect: 100-continue the client waits for an answer before it sends.
                if environ.get("HTTP_EXPECT", "").lower() != "100-continue":
                    _throw_away(transfer)
            return transfer.taken

        try:
            taken = self._transfers.run(environ["wsgi.input"], take, body)
        except (TooSlowError, NoRoomError):
            if (length or 0) <= most:
                raise
            # Too large it is, and to send it again, and sooner, wouldn't help.
            environ.update({_UNREAD: True, _BREAK_OFF: True, "wsgi.input": BytesIO()})
            return
        if max(length or 0, taken) <= most:
            if length is not None and taken < length:
                raise BodyCutShortError
            environ["CONTENT_LENGTH"] = str(taken)
        else:
            # The application gets the length of a body that is too large, and no content.
            environ["CONTENT_LENGTH"] = str(max(length or 0, taken))
            environ[_UNREAD] = taken >= THROWN_AWAY_BYTES or (length or 0) > taken
        environ["wsgi.input"] = body.stream()

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
        """Free the place of this request in the application during the block."""
        self._places.put(None)
        try:
            yield
        finally:
            self._places.get()


def _plain(start: StartResponse, status: str, text: str) -> list[bytes]:
    body = f"{text}\n".encode()
    start(status, [*_SAFE_HEADERS, ("Content-Length", str(len(body)))])
    return [body]


def _copy(transfer: Transfer, body: Kept, most: int) -> None:
    try:
        while transfer.taken <= most and (part := transfer.read(_CHUNK)):
            body.write(part)
    except NoRoomError:
        # Read the rest, so that the answer has its right length and the client gets to reading it.
        body.empty()
        if _throw_away(transfer):
            raise _ReadUnkeptError from None
        raise


def _throw_away(transfer: Transfer) -> bool:
    """Read and drop the rest of the body: a browser shows no answer while it is sending.

    Return whether the end was reached.
    """
    while transfer.taken < THROWN_AWAY_BYTES:
        if not transfer.read(_CHUNK):
            return True
    return False


def _refuse(environ: dict[str, Any], fault: str) -> None:
    """Have the application answer this fault, then break off the body that isn't finished."""
    _answer_with(environ, fault)
    environ.update({_UNREAD: True, _BREAK_OFF: True})


def _answer_with(environ: dict[str, Any], fault: str) -> None:
    """Have the application answer this fault with its own error page."""
    environ.update({"wsgi.input": BytesIO(), "CONTENT_LENGTH": "0"})
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ[FAULT] = fault


def _longer(header: tuple[str, str]) -> tuple[str, str]:
    name, value = header
    return (name, str(int(value) + 1)) if name.lower() == "content-length" else header


def _broken_off(answer: Iterable[bytes]) -> Iterator[bytes]:
    """Yield one byte less than Content-Length says, so that the server closes the connection.

    Otherwise the server would wait for the rest of the body for ever, and keep a thread for it.
    """
    yield b"".join(answer)
    time.sleep(_WRITE_SECONDS)


def _is_without_host(environ: dict[str, Any]) -> bool:
    """Tell whether the Host header is missing or given twice (RFC 9112, 3.2)."""
    host = environ.get("HTTP_HOST") or ""
    if not host and environ["SERVER_PROTOCOL"] == "HTTP/1.0":
        # HTTP/1.0 needs no Host header, and some monitoring programs use it.
        environ.pop("HTTP_HOST", None)
        return not environ["PATH_INFO"].startswith(ANY_HOST)
    return not host or "," in host


def _is_too_long(environ: dict[str, Any]) -> str | None:
    """Return the error status for an address or headers too long for any browser, or None.

    The server's own answer to these lacks our security headers.
    """
    address = len(environ.get("PATH_INFO", "")) + len(environ.get("QUERY_STRING", ""))
    if address > LONGEST_ADDRESS:
        return "414 URI Too Long"
    headers = (len(value) for name, value in environ.items() if name.startswith("HTTP_"))
    return "431 Request Header Fields Too Large" if sum(headers) > LARGEST_HEADERS else None


# A process that serves

# Python's own 700 makes a request of some thousands of objects pay for several searches.
THRESHOLDS: Final = (50_000, 20, 50)


def spare_what_stays() -> None:
    """Spare what stays once the application stands: its modules and views are never garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


def check_application(settings: Settings) -> None:
    """Make the application, for the errors alone: tell them to a person, and exit with code 1."""
    try:
        with report_start_errors():
            stay_on_one_machine(settings)
            create_app(settings).registry.engine.dispose()
    except click.ClickException as error:
        click.echo(error.message, err=True)
        sys.exit(1)


def make_gateway(settings: Settings) -> Gateway:
    """Make what a process serves, with the application in it."""
    # The database may be away when a process is replaced; it was asked before the first one began.
    with suppress(SQLAlchemyError):
        stay_on_one_machine(settings)
    app = create_app(settings)
    start_figures(app.registry, settings.metrics_port)
    spare_what_stays()
    scheme = settings.public_address.partition(":")[0]
    return Gateway(
        app,
        places=settings.web_threads,
        scheme=scheme,
        waiting_room=WaitingRoom(app.registry),
        most_of=partial(most_of, app.registry),
    )
