"""The body of a report: read to a bound, and taken in when it is refused."""

from __future__ import annotations

from typing import Any, Final

from stopintimidatie.intake.problems import Kind, ProblemError
from stopintimidatie.intake.strict_json import MAX_BYTES
from stopintimidatie.intake.uploads import MOST
from stopintimidatie.web import body

MAX_DRAINED: Final = 8 * 1024 * 1024


def read_body(environ: dict[str, Any]) -> bytes:
    """The whole body.

    :raises ProblemError: it is larger than a message may be.
    """
    length = body.announced_length(environ)
    if length is not None and length > MAX_BYTES:
        raise ProblemError(Kind.TOO_LARGE)
    data = body.take(environ, MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ProblemError(Kind.TOO_LARGE)
    return data


def most_of(environ: dict[str, Any]) -> int:
    """Return how many bytes this address of the API accepts; addresses for files accept more."""
    return MOST if str(environ.get("PATH_INFO", "")).endswith("/bijlagen") else MAX_BYTES


def drain(environ: dict[str, Any]) -> None:
    """Take in the rest, so that the client gets to reading the refusal."""
    body.drain(environ, MAX_DRAINED)
