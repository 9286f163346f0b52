"""Reading bodies that may lie about their length.

Read straight from the server's stream: WebOb's own reading raises when a client sends less than
it announced, and pyramid_retry would copy whatever comes, however large, before any view or tween
has a say. So the hook that pyramid_retry asks first, `attempts`, reads forms itself, to a bound;
any other body is left to the view that wants it, which then gets one attempt.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from stopintimidatie.registry import Directive

MAX_FORM: Final = 10_000_000
FORM_TYPES: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
_CHUNK: Final = 64 * 1024
_TAKEN: Final = "stopintimidatie.web.bytes_taken"
_FAULT: Final = "stopintimidatie.web.body_fault"
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


def _public(prefix: str, way_back: str | None = None) -> tuple[str, str | None]:
    """Return a word that begins addresses outside the portal, which ask nobody to sign in.

    :param way_back: what the page at the word itself is called. Error pages lead a visitor there;
        who comes to report has no use for a sign-in page.
    """
    return prefix, way_back


PUBLIC_PREFIXES: Final = Directive[str, str | None]("add_public_prefix", "public_prefixes", _public)


def is_stream(request: Any) -> bool:
    """Whether the view reads this body itself."""
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
        return FORM_LIMITS.of(registry)[word]
    public = word in PUBLIC_PREFIXES.of(registry)
    return SMALL if public or not environ.get("HTTP_COOKIE") else MAX_FORM


def announced_length(environ: dict[str, Any]) -> int | None:
    """What Content-Length says; None when it says nothing usable."""
    text = str(environ.get("CONTENT_LENGTH") or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def taken(environ: dict[str, Any]) -> int:
    """How many bytes of the body were read so far."""
    count: int = environ.get(_TAKEN, 0)
    return count


def take(environ: dict[str, Any], most: int) -> bytes:
    """The next bytes of the body, never past the announced length, where a server would wait."""
    if not environ.get("wsgi.input_terminated"):
        most = min(most, (announced_length(environ) or 0) - taken(environ))
    parts = []
    while most > 0:
        part = _next(environ["wsgi.input"], min(most, _CHUNK))
        if not part:
            break
        parts.append(part)
        most -= len(part)
    data = b"".join(parts)
    environ[_TAKEN] = taken(environ) + len(data)
    return data


def _next(stream: Any, most: int) -> bytes:
    try:
        part: bytes = stream.read(most)
    except OSError:
        # The client went away; what came is judged like any other half message.
        return b""
    return part


def drain(environ: dict[str, Any], most: int) -> None:
    """Take the body in, up to so many bytes in all, so that the client reads the answer."""
    while taken(environ) < most:
        if not take(environ, min(_CHUNK, most - taken(environ))):
            return


def fault_of(environ: dict[str, Any]) -> str | None:
    """Return what was wrong with the body: BROKEN, TOO_LARGE, TOO_SLOW or NO_ROOM; else None."""
    found: str | None = environ.get(_FAULT)
    return found


def set_fault(environ: dict[str, Any], fault: str) -> None:
    environ[_FAULT] = fault


def attempts(request: Any) -> int | None:
    """How often pyramid_retry may try this request: 1, or None for as often as is set."""
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
    """Whether this is UTF-8 once decoded; WebOb would put question marks for what isn't."""
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
    # What is far too large isn't here at all: the gateway threw it away.
    if max(len(data), length or 0) > most:
        environ[_FAULT] = TOO_LARGE
        drain(environ, 2 * most)
    elif short or (request.content_type == FORM_TYPES[0] and not _is_text(data)):
        environ[_FAULT] = BROKEN
    request.body = b"" if fault_of(environ) else data
    environ["wsgi.input_terminated"] = False
