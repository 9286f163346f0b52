"""Request bodies: read to a bound, in bounded time, whatever their announced length.

Read straight from the server's stream: WebOb's own reading raises when a client sends less than
it announced, and pyramid_retry would copy whatever comes, however large, before any view or tween
has a say. So the hook that pyramid_retry asks first, `attempts`, reads forms itself, to a bound;
any other body is left to the view that wants it, which then gets one attempt.

Bodies are received within limits on their time, number and disk space. A read from the web server's
stream can last for ever and can't be cancelled. So a thread reads it, and the request waits for
that thread no longer than the limits allow. Then the gateway closes the connection: the read ends.

Each body has credit, in seconds. Time uses it up and bytes add to it, up to a bound, so a body that
stops soon has none, however much it sent before. When there are too many bodies, the one with the
least credit is broken off, and never the newest: a report that arrives at once always gets in.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, InvalidStateError
from concurrent.futures import wait as wait_for
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, Final, TypeVar, cast
from urllib.parse import unquote_to_bytes

from multipart import MultipartSegment, PushMultipartParser, parse_options_header
from webob.multidict import MultiDict

from stopintimidatie.core.registry import Directive

MAX_FORM: Final = 10_000_000  # of the portal; for a file in it see `limits`
MAX_FIELDS: Final = 2_000
MULTIPART: Final = "multipart/form-data"
FORM_TYPES: Final = ("application/x-www-form-urlencoded", MULTIPART)
_CHUNK: Final = 64 * 1024
_TAKEN: Final = "stopintimidatie.web.bytes_taken"
# Key in the environ for the fault of the body: BROKEN, TOO_LARGE, TOO_SLOW or NO_ROOM.
FAULT: Final = "stopintimidatie.web.body_fault"
BROKEN: Final = "broken"
TOO_LARGE: Final = "too large"
TOO_SLOW: Final = "too slow"
NO_ROOM: Final = "no room"
# Bytes kept of a body where no larger limit is set: a sign-in, or an address without forms.
SMALL: Final = 128 * 1024

# All three go by the first word of an address. How many bytes a form may be there:
FORM_LIMITS: Final = Directive[str, int]("add_form_limit", "form_limits")
# Bodies, forms too, that are left to the views: (registry, WSGI environ) -> how many bytes at most.
STREAMS: Final = Directive[str, Callable[[Any, dict[str, Any]], int]]("add_stream", "streams")
Public = tuple[str | None, str | None]


def _public(prefix: str, back: str | None = None, out: str | None = None) -> tuple[str, Public]:
    """Return a word that begins addresses outside the portal, which ask nobody to sign in.

    `back`: what the page at the word is called. Error pages lead a visitor there, and all have a
    quick exit, `out`: who comes to report has no use for a sign-in page.
    """
    return prefix, (back, out)


PUBLIC_PREFIXES: Final = Directive[str, Public]("add_public_prefix", "public_prefixes", _public)


def is_stream(request: Any) -> bool:
    """Tell whether the view reads this body itself."""
    return first_word(request.environ) in STREAMS.of(request.registry)


def first_word(environ: dict[str, Any]) -> str:
    """Return the first segment of the path, undecoded, for it may be invalid UTF-8."""
    return str(environ.get("PATH_INFO", "")).lstrip("/").partition("/")[0]


def most_of(registry: Any, environ: dict[str, Any]) -> int:
    """Return how many bytes of a body are kept for this address.

    A form of the portal gets the larger limit only with a cookie that the portal gave.
    """
    word = first_word(environ)
    if environ.get("REQUEST_METHOD") != "POST":
        return SMALL
    if word in STREAMS.of(registry):
        return STREAMS.of(registry)[word](registry, environ)
    if word in FORM_LIMITS.of(registry):
        # Percent-encoded it would cost many times its length; a file never comes so.
        most = FORM_LIMITS.of(registry)[word]
        return most if "multipart" in environ.get("CONTENT_TYPE", "") else min(most, SMALL)
    public = word in PUBLIC_PREFIXES.of(registry)
    return SMALL if public or not environ.get("HTTP_COOKIE") else MAX_FORM


def announced_length(environ: dict[str, Any]) -> int | None:
    """Return what Content-Length says; None when it says nothing usable."""
    text = str(environ.get("CONTENT_LENGTH") or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def take(environ: dict[str, Any], most: int) -> bytes:
    """Read the next bytes of the body, never past the announced length: a server would wait."""
    before = environ.get(_TAKEN, 0)
    if not environ.get("wsgi.input_terminated"):
        most = min(most, (announced_length(environ) or 0) - before)
    parts: list[bytes] = []
    # The client may go away; what came is judged like any other half message.
    with suppress(OSError):
        while most > 0 and (part := environ["wsgi.input"].read(min(most, _CHUNK))):
            parts.append(part)
            most -= len(part)
    data = b"".join(parts)
    environ[_TAKEN] = before + len(data)
    return data


def drain(environ: dict[str, Any], most: int) -> None:
    """Take the body in, up to so many bytes in all, so that the client reads the answer."""
    while (left := most - environ.get(_TAKEN, 0)) > 0:
        if not take(environ, min(_CHUNK, left)):
            return


def attempts(request: Any) -> int | None:
    """Return how often pyramid_retry may try this request: 1, or None for as often as is set."""
    environ = request.environ
    length = announced_length(environ)
    if not length and not environ.get("wsgi.input_terminated"):
        request.body = b""
        return None
    if request.content_type not in FORM_TYPES or is_stream(request):
        return 1
    _read_form(request, length)
    return None


def _is_text(data: bytes) -> bool:
    """Tell whether this is UTF-8 once decoded; WebOb would put question marks for what isn't."""
    try:
        unquote_to_bytes(data).decode()
    except UnicodeDecodeError:
        return False
    return True


def _read_form(request: Any, length: int | None) -> None:
    """Put the form where it can be read again and again; note what is wrong with it."""
    environ = request.environ
    most = most_of(request.registry, environ)
    data = take(environ, most + 1)
    short = not environ.get("wsgi.input_terminated") and len(data) < (length or 0)
    # Counted before it is read: ten megabytes of empty fields took five seconds.
    fields = 0 if request.content_type == MULTIPART else data.count(b"&")
    # The length counts too: a body far too large isn't here at all, the gateway threw it away.
    if max(len(data), length or 0) > most or fields >= MAX_FIELDS:
        environ[FAULT] = TOO_LARGE
        drain(environ, 2 * most)
    elif short or (request.content_type == FORM_TYPES[0] and not _is_text(data)):
        environ[FAULT] = BROKEN
    request.body = b"" if FAULT in environ else data
    environ["wsgi.input_terminated"] = False


@dataclass(frozen=True)
class SentFile:
    """A file of a form: its name, and what its bytes were written to."""

    filename: str
    file: Any


def read_multipart(
    read: Callable[[int], bytes], content_type: str, keep: Callable[[], Any] = BytesIO
) -> MultiDict[str, Any]:
    """Read a form with files. WebOb reads by the line: a file of line ends took fifteen seconds.

    Args:
        read: Function that gives the next bytes, at most so many.
        content_type: The header.
        keep: Function that makes what the bytes of a file are written to.

    Raises:
        ValueError: It isn't a whole form, has too many fields, or a text isn't UTF-8.
    """
    form: MultiDict[str, Any] = MultiDict()
    name, filename, value = "", None, BytesIO()
    boundary = parse_options_header(content_type)[1].get("boundary", "")
    parser = PushMultipartParser(boundary, max_segment_count=MAX_FIELDS, strict=True)
    for event in parser.parse_blocking(read, _CHUNK):
        if isinstance(event, MultipartSegment):
            name, filename = event.name, event.filename
            value = keep() if filename else BytesIO()
        elif event is not None:
            value.write(event)
        elif filename:
            form.add(name, SentFile(filename, value))
        else:
            form.add(name, value.getvalue().decode())
    return form


# Bodies that are being received

# Bytes of one body that are kept in memory; a larger body goes to the disk.
KEPT_IN_MEMORY: Final = 128 * 1024

T = TypeVar("T")


@dataclass(frozen=True)
class Bounds:
    """Limits on the bodies that one process of the web server receives.

    A film of 25 MB gets 26 minutes: enough at 128 kbit a second, a third of the speed of plain 3G.
    """

    # Credit of a new body, and the most that a body can have: so long may it stand still.
    first_seconds: float = 15
    patience_seconds: float = 30
    # Bytes that are worth one second of credit: a body that comes more slowly loses credit.
    bytes_per_second: int = 16_000
    longest_seconds: float = 1_800
    # Bodies received at once. One more replaces the one with the least credit.
    senders: int = 128
    # Bytes on disk of all bodies together: four of the largest. A report
    # without a photo is never written to disk.
    stored_bytes: int = 104 * 1024 * 1024
    # Seconds: a body that stood still for so long is broken off when the disk space is used up.
    still_seconds: float = 2


class TooSlowError(Exception):
    """The body comes in too slowly, or has stopped."""


class NoRoomError(Exception):
    """There is no place for another body, or no disk space."""


class Transfer:
    """One body that is being received; `taken` counts the bytes so far."""

    def __init__(self, stream: Any, bounds: Bounds, kept: Kept | None = None) -> None:
        self._stream = stream
        self._bounds = bounds
        self._started = self._latest = time.monotonic()
        self._credit_ends = self._started + bounds.first_seconds
        self._end: Future[Any] = Future()
        self.taken = 0
        self.kept = kept

    def read(self, size: int) -> bytes:
        """Read the next bytes; called by the reading thread.

        Raises:
            InvalidStateError: The request no longer waits for them.
        """
        part: bytes = self._stream.read(size)
        if self._end.done():
            raise InvalidStateError
        self.taken += len(part)
        self._latest = time.monotonic()
        earned = self._credit_ends + len(part) / self._bounds.bytes_per_second
        self._credit_ends = min(earned, self._latest + self._bounds.patience_seconds)
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

        Raises:
            TooSlowError: The body took too long.
            NoRoomError: The body had to make place for another.
        """
        while not wait_for([self._end], timeout=max(0, self.seconds_left)).done:
            if self.seconds_left <= 0:
                self.give_up(TooSlowError())
        return self._end.result()

    def give_up(self, why: Exception) -> None:
        """End the waiting with this error and drop the body, unless it is complete already."""
        try:
            self._end.set_exception(why)
        except InvalidStateError:
            return
        if self.kept:
            self.kept.close()

    @property
    def still(self) -> float:
        """Return the seconds since the last bytes."""
        return time.monotonic() - self._latest

    @property
    def credit(self) -> float:
        """Return the seconds of credit that are left."""
        return self._credit_ends - time.monotonic()

    @property
    def seconds_left(self) -> float:
        """Return the seconds that the body has left if nothing more comes."""
        longest = self._started + self._bounds.longest_seconds - time.monotonic()
        return min(self.credit, longest)


class Transfers:
    """All bodies that a process is receiving or keeping."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._lock = threading.Lock()
        self._under_way: set[Transfer] = set()
        # Bytes on disk of each body that is kept now.
        self._stored: dict[Kept, int] = {}

    def run(self, stream: Any, work: Callable[[Transfer], T], kept: Kept | None = None) -> T:
        """Call `work` with the body of this stream in another thread; return what it returns.

        Args:
            stream: The body as it comes in.
            work: Function that reads it.
            kept: Place where `work` keeps the body.

        Raises:
            TooSlowError: The body comes in too slowly.
            NoRoomError: The body had to make place for others.
        """
        transfer = Transfer(stream, self._bounds, kept)
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
        least = None
        with self._lock:
            if len(self._under_way) >= self._bounds.senders:
                least = min(self._under_way, key=lambda other: other.credit)
                self._under_way.remove(least)
            self._under_way.add(transfer)
        if least:
            least.give_up(NoRoomError())

    @contextmanager
    def keep(self) -> Iterator[Kept]:
        """Give a place to keep a body, and free it after the block."""
        kept = Kept(self)
        with self._lock:
            self._stored[kept] = 0
        try:
            yield kept
        finally:
            kept.close()

    def store(self, kept: Kept, size: int) -> None:
        """Count this many bytes on the disk for a body, breaking off bodies that stand still.

        Raises:
            NoRoomError: All bodies together would take too much, and all are moving.
            InvalidStateError: The body is closed.
        """
        while stillest := self._count(kept, size):
            stillest.give_up(NoRoomError())

    def _count(self, kept: Kept, size: int) -> Transfer | None:
        """Count the bytes and return None, or return the body that must go first."""
        with self._lock:
            if kept not in self._stored:
                raise InvalidStateError
            if sum(self._stored.values()) - self._stored[kept] + size <= self._bounds.stored_bytes:
                self._stored[kept] = size
                return None
            others = [
                other
                for other in self._under_way
                if other.kept is not kept and other.kept and self._stored.get(other.kept)
            ]
            stillest = max(others, key=lambda other: other.still, default=None)
            if stillest is None or stillest.still < self._bounds.still_seconds:
                raise NoRoomError
            self._under_way.remove(stillest)
            return stillest

    def release(self, kept: Kept) -> None:
        """Count nothing more for a body that is closed; what it still writes is refused."""
        with self._lock:
            self._stored.pop(kept, None)


class Kept:
    """A received body, in memory or on disk. One thread may write while another closes it."""

    def __init__(self, transfers: Transfers) -> None:
        self._transfers = transfers
        self._lock = threading.Lock()
        self._file = SpooledTemporaryFile(max_size=KEPT_IN_MEMORY)  # noqa: SIM115 (see close)
        self._size = 0

    def write(self, part: bytes) -> None:
        """Add bytes to the body; only one thread does.

        Raises:
            NoRoomError: All bodies together take too much disk space.
            InvalidStateError: The body is closed.
        """
        size = self._size + len(part)
        if size > KEPT_IN_MEMORY:
            # Outside the lock: this may close other bodies.
            self._transfers.store(self, size)
        with self._lock:
            if self._file.closed:
                raise InvalidStateError
            self._file.write(part)
            self._size = size

    def empty(self) -> None:
        """Drop what was written."""
        with self._lock:
            if self._file.closed:
                raise InvalidStateError
            self._file.seek(0)
            self._file.truncate()
            self._size = 0
        self._transfers.store(self, 0)

    def stream(self) -> BinaryIO:
        """Return the body as a file, at its beginning."""
        self._file.seek(0)
        return cast("BinaryIO", self._file)

    def close(self) -> None:
        """Free what the body takes."""
        with self._lock:
            self._file.close()
        self._transfers.release(self)
