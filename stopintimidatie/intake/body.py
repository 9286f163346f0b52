"""The body of a report: read to a bound, and taken in when it is refused."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError

from stopintimidatie.intake.app_keys import recognise, token_of
from stopintimidatie.intake.problems import Kind, ProblemError
from stopintimidatie.intake.strict_json import MAX_BYTES
from stopintimidatie.intake.uploads import MOST
from stopintimidatie.storage.session import transaction
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


def most_of(registry: Any, environ: dict[str, Any]) -> int:
    """Return how many bytes of this body are kept; addresses for files accept more.

    More than anybody may send is kept only for who has an app key and, for a file, a follow code.
    """
    length = body.announced_length(environ)
    if length is not None and length <= body.SMALL:
        return body.SMALL
    is_file = str(environ.get("PATH_INFO", "")).endswith("/bijlagen")
    if (is_file and not environ.get("HTTP_VOLGCODE")) or not _has_app_key(registry, environ):
        return body.SMALL
    return MOST if is_file else MAX_BYTES


def _has_app_key(registry: Any, environ: dict[str, Any]) -> bool:
    """Tell whether the key counts; yes if the database is away, for then the view answers that."""
    header = environ.get("HTTP_AUTHORIZATION")
    if token_of(header) is None:
        return False
    try:
        with transaction(registry.engine, write=False) as session:
            return recognise(session, header, demo=registry.app_settings.demo) is not None
    except SQLAlchemyError:
        return True


def drain(environ: dict[str, Any]) -> None:
    """Take in the rest, so that the client gets to reading the refusal."""
    body.drain(environ, MAX_DRAINED)
