"""Reading a body that may lie about its length; and emptying one that is refused.

Read straight from the server's stream: WebOb's own reading raises when a client sends less than
it announced, and would buffer whatever comes.
"""

from __future__ import annotations

from typing import Any, Final

from stopintimidatie.intake.problems import Kind, ProblemError
from stopintimidatie.intake.strict_json import MAX_BYTES

MAX_DRAINED: Final = 8 * 1024 * 1024
_CHUNK: Final = 64 * 1024
_READ: Final = "stopintimidatie.intake.bytes_read"


def announced_length(environ: dict[str, Any]) -> int | None:
    """What Content-Length says, None without a usable one."""
    text = str(environ.get("CONTENT_LENGTH") or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def read_body(environ: dict[str, Any]) -> bytes:
    """The whole body.

    :raises ProblemError: it is larger than a message may be.
    """
    length = announced_length(environ)
    if length is not None and length > MAX_BYTES:
        raise ProblemError(Kind.TOO_LARGE)
    data = _read(environ, MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ProblemError(Kind.TOO_LARGE)
    return data


def drain(environ: dict[str, Any]) -> None:
    """Take in the rest, so that the client gets to reading the refusal."""
    while environ.get(_READ, 0) < MAX_DRAINED:
        if not _read(environ, min(_CHUNK, MAX_DRAINED - environ.get(_READ, 0))):
            return


def _read(environ: dict[str, Any], most: int) -> bytes:
    """At most so many bytes; never past the announced length, where a server would wait."""
    done = environ.get(_READ, 0)
    if not environ.get("wsgi.input_terminated"):
        most = min(most, (announced_length(environ) or 0) - done)
    parts = []
    while most > 0:
        part = _next(environ["wsgi.input"], min(most, _CHUNK))
        if not part:
            break
        parts.append(part)
        most -= len(part)
    data = b"".join(parts)
    environ[_READ] = done + len(data)
    return data


def _next(stream: Any, most: int) -> bytes:
    try:
        part: bytes = stream.read(most)
    except OSError:
        # The client went away; what came is judged like any other half message.
        return b""
    return part
