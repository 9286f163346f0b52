"""One file out of a multipart body: read as a stream, to a bound, into memory and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Final

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from stopintimidatie.intake.problems import Kind, ProblemError
from stopintimidatie.reports.cleaning import LIMIT, too_large
from stopintimidatie.sandbox.process import memory_file
from stopintimidatie.web import body

FIELD: Final = "bestand"
MEDIA_TYPE: Final = "multipart/form-data"
# The file, and some room for the lines around it.
MOST: Final = LIMIT + 100_000
_CHUNK: Final = 64 * 1024
# RFC 2046 knows fewer characters; clients use more.
_BOUNDARY: Final = re.compile(r"[ -~]{0,99}[!-~]", re.ASCII)


def boundary_of(environ: dict[str, Any]) -> str:
    """What stands between the parts.

    :raises ProblemError: this isn't a multipart body, or one without a usable boundary.
    """
    try:
        media_type, options = parse_options_header(str(environ.get("CONTENT_TYPE", "")))
    except ValueError:
        raise ProblemError(Kind.NOT_MULTIPART) from None
    boundary = str(options.get("boundary", ""))
    if media_type.lower() != MEDIA_TYPE or not _BOUNDARY.fullmatch(boundary):
        raise ProblemError(Kind.NOT_MULTIPART)
    return boundary


def refuse_large(environ: dict[str, Any]) -> None:
    """:raises ProblemError: it says itself that it is too large."""
    if (body.announced_length(environ) or 0) > MOST:
        raise _too_large()


def _too_large() -> ProblemError:
    return ProblemError(Kind.FILE_TOO_LARGE, str(too_large()))


@contextmanager
def received(environ: dict[str, Any], boundary: str) -> Iterator[BinaryIO]:
    """The one file of the body.

    :raises ProblemError: no file, more than one, too large, or not multipart at all.
    """
    with memory_file() as file:
        try:
            found = _copy(environ, boundary, file)
        except (MultipartError, UnicodeError):
            raise ProblemError(Kind.FILE_MISSING) from None
        if not found:
            raise ProblemError(Kind.FILE_MISSING)
        yield file


def _copy(environ: dict[str, Any], boundary: str, file: BinaryIO) -> bool:
    """Write the file's bytes; whether there was one."""
    found, size, total = False, 0, 0
    with PushMultipartParser(boundary, max_segment_count=1, strict=True) as parser:
        while chunk := body.take(environ, _CHUNK):
            total += len(chunk)
            for event in parser.parse(chunk):
                if isinstance(event, MultipartSegment):
                    found = event.name == FIELD and event.filename is not None
                elif event is not None and found:
                    size += len(event)
                    if size > LIMIT:
                        raise _too_large()
                    file.write(event)
            if total > MOST:
                raise _too_large()
    return found and size > 0
