"""Requests of an app, read strictly: an addition, one file, the size of a body, parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Final, TypeVar
from uuid import UUID

import colander
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header
from sqlalchemy.exc import SQLAlchemyError

from stopintimidatie.core.forms import Text
from stopintimidatie.core.forms.messages import (
    MAX_BYTES,
    FieldError,
    JsonError,
    Record,
    errors_of,
    loads,
    member,
)
from stopintimidatie.core.sandbox.process import memory_file
from stopintimidatie.core.storage.session import transaction
from stopintimidatie.core.web import body
from stopintimidatie.core.web.limits import PUBLIC_UPLOAD, PUBLIC_UPLOAD_FORM
from stopintimidatie.reports.api.problems import Kind, ProblemError
from stopintimidatie.reports.api.queries import recognise, token_of
from stopintimidatie.reports.arrival.schema import LAT, LON, MESSAGE
from stopintimidatie.reports.attachments.cleaner import too_large
from stopintimidatie.reports.conversation.services import LONGEST_TEXT
from stopintimidatie.reports.vocabulary import Language

MOST_ERRORS: Final = 100
UUID_TEXT: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
# One character at least that is neither blank nor a control character; and no NUL.
SAYS_SOMETHING: Final = (
    r"^[^\u0000]*[^\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
    r"[^\u0000]*$"
)


class FilledText(Text):
    """Text that says something."""

    def from_json(self, value: Any) -> Any:
        """Refuse a text of blanks alone."""
        clean = super().from_json(value)
        if clean is colander.null:
            raise ValueError("Schrijf hier wat u wilt zeggen.")
        return clean

    def describe(self, node: Any) -> dict[str, Any]:
        """Return the JSON Schema of the type."""
        return {**super().describe(node), "minLength": 1, "pattern": SAYS_SOMETHING}


ADDITION: Final = member(
    "aanvulling",
    Record(),
    "Wat de melder toevoegt of antwoordt.",
    member(
        "tekst",
        FilledText(LONGEST_TEXT, json=True),
        "In eigen woorden, zonder namen van anderen.",
        required=True,
        example="Het was bij de halte aan de kant van het station.",
    ),
)


CONTACT: Final = member(
    "contactgegevens",
    Record(at_least_one=True),
    "Het nieuwe telefoonnummer of e-mailadres; wat ontbreekt, blijft zoals het was.",
    MESSAGE["melder"]["telefoon"],
    MESSAGE["melder"]["email"],
)


def _filled(node: colander.SchemaNode, given: dict[str, Any]) -> None:
    if not given:
        raise colander.Invalid(node, "Vul telefoon of email in.")


CONTACT.validator = _filled


def read_object(node: colander.SchemaNode, sent: bytes) -> dict[str, Any]:
    """Return the members of an object, as this node describes it.

    Raises:
        ProblemError: It is not JSON, or no such object; with every wrong field.
    """
    try:
        members: dict[str, Any] = node.deserialize(loads(sent))
        return members
    except JsonError as error:
        raise ProblemError(Kind.BODY, error.detail) from None
    except colander.Invalid as invalid:
        errors = tuple(errors_of(invalid))
        raise ProblemError(Kind.FIELDS, errors=errors[:MOST_ERRORS]) from None


def check_media_type(request: Any) -> None:
    """Refuse anything but application/json; a charset may only be UTF-8."""
    media_type, *parameters = request.environ.get("CONTENT_TYPE", "").lower().split(";")
    charsets = [p.strip() for p in parameters if p.strip().startswith("charset=")]
    if media_type.strip() != "application/json" or not set(charsets) <= _UTF_8:
        raise ProblemError(Kind.MEDIA_TYPE)


_UTF_8: Final = frozenset({"charset=utf-8", 'charset="utf-8"'})


def idempotency_key_of(request: Any) -> UUID:
    """Return the key by which an app sends the same again.

    Raises:
        ProblemError: It is no UUID.
    """
    text = request.headers.get("Idempotency-Key", "").strip()
    if not UUID_TEXT.fullmatch(text):
        raise ProblemError(Kind.IDEMPOTENCY_KEY)
    return UUID(text)


# One file out of a multipart body: read as a stream, to a bound, into memory and nowhere else.

FIELD: Final = "bestand"
_CHUNK: Final = 64 * 1024
# RFC 2046 knows fewer characters; clients use more.
_BOUNDARY: Final = re.compile(r"[ -~]{0,99}[!-~]", re.ASCII)


def boundary_of(environ: dict[str, Any]) -> str:
    """Return what stands between the parts of a multipart body.

    Raises:
        ProblemError: This isn't a multipart body, or one without a usable boundary.
    """
    try:
        media_type, options = parse_options_header(str(environ.get("CONTENT_TYPE", "")))
    except ValueError:
        raise ProblemError(Kind.NOT_MULTIPART) from None
    boundary = str(options.get("boundary", ""))
    if media_type.lower() != body.MULTIPART or not _BOUNDARY.fullmatch(boundary):
        raise ProblemError(Kind.NOT_MULTIPART)
    return boundary


def refuse_large(environ: dict[str, Any]) -> None:
    """Refuse a body that says itself that it is too large.

    Raises:
        ProblemError: It is.
    """
    if (body.announced_length(environ) or 0) > PUBLIC_UPLOAD_FORM:
        raise _too_large()


def _too_large() -> ProblemError:
    return ProblemError(Kind.FILE_TOO_LARGE, str(too_large()))


@contextmanager
def received(environ: dict[str, Any], boundary: str) -> Iterator[BinaryIO]:
    """Give the one file of a body, in memory, while it is needed.

    Raises:
        ProblemError: There is no file, more than one, too large, or not multipart at all.
    """
    with memory_file() as file:
        try:
            complete = _copy(environ, boundary, file)
        except (MultipartError, UnicodeError):
            raise ProblemError(Kind.FILE_MISSING) from None
        if not complete:
            raise ProblemError(Kind.FILE_MISSING)
        yield file


def _copy(environ: dict[str, Any], boundary: str, file: BinaryIO) -> bool:
    """Write the bytes of the file; tell whether there was one."""
    is_file, size, total = False, 0, 0
    with PushMultipartParser(boundary, max_segment_count=1, strict=True) as parser:
        while chunk := body.take(environ, _CHUNK):
            total += len(chunk)
            for event in parser.parse(chunk):
                if isinstance(event, MultipartSegment):
                    is_file = event.name == FIELD and event.filename is not None
                elif event is not None and is_file:
                    size += len(event)
                    if size > PUBLIC_UPLOAD:
                        raise _too_large()
                    file.write(event)
            if total > PUBLIC_UPLOAD_FORM:
                raise _too_large()
    return is_file and size > 0


# The body of a report: read to a bound, and taken in when it is refused.

MAX_DRAINED: Final = 8 * 1024 * 1024


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
    return PUBLIC_UPLOAD_FORM if is_file else MAX_BYTES


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


# The parameters of a question: each once, nothing else, every wrong one named at once.

# A number as JSON writes it, of limited length; programs write 0.0000001 as 1e-07.
COORDINATE: Final = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
MUNICIPALITY: Final = re.compile(r"GM[0-9]{4}", re.ASCII)

T = TypeVar("T")


class Query:
    """Parameters of a request, read one by one; what was wrong is remembered and told at once."""

    def __init__(self, request: Any, *known: str) -> None:
        self._given = request.GET
        self._languages = request.accept_language
        self._errors = [
            FieldError((name,), "Deze parameter bestaat niet. Laat hem weg.")
            for name, _ in self._given.items()
            if name not in known
        ]

    def _read(self, name: str, default: T, needed: bool, reader: Callable[[str], T]) -> T:
        values = self._given.getall(name)
        if not values and not needed:
            return default
        try:
            return reader(values[0] if len(values) == 1 else "")
        except ValueError as error:
            self._errors.append(FieldError((name,), str(error)))
            return default

    def coordinate(self, name: str) -> float:
        """Return `lat` or `lon`, within its bounds."""
        return self._read(name, 0.0, True, lambda text: _coordinate(name, text))

    def language(self) -> str:
        """Return `taal`; else the first that we have of `Accept-Language`; else Dutch."""
        return self._read("taal", self._accepted(), False, _language)

    def _accepted(self) -> str:
        """Read what a browser or phone is set to; nonsense is as if the header weren't there."""
        codes = [language.value for language in Language]
        return str(self._languages.lookup(language_tags=codes, default=Language.NL.value))

    def municipality(self) -> str | None:
        """Return `gemeente`, by its form alone."""
        return self._read("gemeente", None, False, _municipality)

    def check(self) -> None:
        """Refuse the request when a parameter was wrong.

        Raises:
            ProblemError: With every wrong parameter.
        """
        if self._errors:
            raise ProblemError(Kind.FIELDS, errors=tuple(self._errors))


def _coordinate(name: str, text: str) -> float:
    if not COORDINATE.fullmatch(text):
        raise ValueError("Geef één getal in graden, zoals 51.8133.")
    node = LAT if name == "lat" else LON
    return float(node.typ.check(float(text)))


def _language(text: str) -> str:
    codes = [language.value for language in Language]
    if text not in codes:
        raise ValueError(f"Kies een van: {', '.join(codes)}.")
    return text


def _municipality(text: str) -> str:
    if not MUNICIPALITY.fullmatch(text):
        raise ValueError("Geef één CBS-code van een gemeente, zoals GM0505.")
    return text
