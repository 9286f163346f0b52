"""Answers: security headers, static files, stylesheets of colours, tables as CSV and XLSX.

CSV is as Dutch spreadsheets want it: semicolons and a mark for UTF-8. Text that a spreadsheet would
take for a formula is made text (S9): whoever wrote it may be anybody.

Static files are packed here, text only, remembered per version: they are public. A page is packed
when the browser says that its own person asked for it, by an address or from a page of ours. A page
that another site has a browser ask for isn't: who chooses a part of it and measures how well it
packs could guess the rest (BREACH). Random bytes blur the size for who wrote into a page before,
such as a reporter.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
import secrets
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pyramid.authorization import DENY_ALL
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config
from pyramid_retry import is_error_retryable

from stopintimidatie.core.security.policy import ASKED_BY_PERSON
from stopintimidatie.core.tree import Resource
from stopintimidatie.core.web.theme import parse_colour, theme_css

_FORMULA: Final = frozenset("=+-@|%")


def as_text(value: object) -> str:
    """Return a cell that no spreadsheet reckons with. Pure."""
    text = "" if value is None else str(value).replace("\x00", "")
    # Blanks, marks that don't show and wide forms before it don't make it harmless.
    shown = unicodedata.normalize("NFKC", text).lstrip().lstrip("\u200b\u200e\u200f\ufeff\u2060")
    risky = shown[:1] in _FORMULA or text[:1] in ("\t", "\r", "\n")
    return f"'{text}" if shown and risky else text


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return the whole file."""
    return b"".join(csv_lines(columns, rows))


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Yield the file line by line."""
    made = io.StringIO(newline="")
    writer = csv.writer(made, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    yield "\ufeff".encode()
    for row in chain([columns], rows):
        writer.writerow([as_text(cell) for cell in row])
        yield made.getvalue().encode("utf-8", "replace")
        made.seek(0)
        made.truncate()


OFFICE: Final = "application/vnd.openxmlformats-officedocument"
KINDS: Final = {
    "pdf": "application/pdf",
    "xlsx": f"{OFFICE}.spreadsheetml.sheet",
    "docx": f"{OFFICE}.wordprocessingml.document",
    "pptx": f"{OFFICE}.presentationml.presentation",
    "zip": "application/zip",
    "png": "image/png",
    "svg": "image/svg+xml",
}


def kept_response(name: str, body: bytes | None) -> Response:
    """Answer with a file to be kept; the ending of its name says of which kind it is."""
    response = Response(body, content_type=KINDS[name.rpartition(".")[2]])
    response.content_disposition = f'attachment; filename="{name}"'
    return response


def pdf_response(name: str, pdf: bytes | None) -> Response:
    """Answer with a PDF to be kept; its name has no ending."""
    return kept_response(f"{name}.pdf", pdf)


def csv_response(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Answer with a file of these rows.

    Args:
        name: Name of the file without an ending; letters, digits and dashes.
        columns: Heads of the columns.
        rows: Rows, each with a value for every column.
    """
    response = Response(csv_bytes(columns, rows), content_type="text/csv", charset="utf-8")
    response.content_disposition = f'attachment; filename="{name}.csv"'
    return response


def xlsx_response(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Answer with a sheet: days and numbers as such, all else as text; see `csv_response`."""
    # Not among the imports above: a process that makes no sheet needn't keep it in memory.
    from xlsxwriter import Workbook

    made = io.BytesIO()
    # In memory: else it leaves files on the disk.
    options = {"in_memory": True, "default_date_format": "dd-mm-yyyy"}
    with Workbook(made, options) as book:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        for at, cells in enumerate(chain([columns], rows)):
            for column, cell in enumerate(cells):
                if isinstance(cell, date):
                    sheet.write_datetime(at, column, cell)
                elif isinstance(cell, int):
                    sheet.write_number(at, column, cell)
                else:
                    sheet.write_string(at, column, as_text(cell))
        sheet.autofit()
    return kept_response(f"{name}.xlsx", made.getvalue())


# Headers, errors included; and what may be kept by a cache

CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Permitted-Cross-Domain-Policies": "none",
}
# A picture that somebody uploaded, opened by itself: it runs nothing, fetches nothing, is nowhere.
PICTURE_CSP = (
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; sandbox"
)
# The page on which somebody may press a button to send along where they are; nowhere else.
LOCATING = "camera=(), geolocation=(self), microphone=(), payment=(), usb=()"
# The source outside whose pictures the map shows behind our own data, where the operator chose it.
BACKGROUNDS: Final = {
    "geen": "",
    "pdok": "https://service.pdok.nl/brt/achtergrondkaart/wmts/v2_0/standaard/EPSG:3857/{z}/{x}/{y}.png",
}
# Headers that a public answer, such as a municipality's logo in an app, may set itself.
PUBLIC_MAY_DIFFER = frozenset({"Cross-Origin-Resource-Policy"})
HSTS = "max-age=31536000; includeSubDomains"
FOR_EVER = "public, max-age=31536000, immutable"
FOR_AN_HOUR = "public, max-age=3600"
PUBLIC_FILES = ("/static/", "/huisstijl/")


def background_of(settings: Any) -> str:
    """Return the address of pictures behind the map, with {z}, {x} and {y}; empty for none."""
    return str(BACKGROUNDS.get(settings.map_background, settings.map_background))


def map_csp(settings: Any) -> str:
    """Return the policy of the page with the map: it may show pictures of that one source."""
    host = urlsplit(background_of(settings)).netloc
    return CSP.replace("img-src 'self'", f"img-src 'self' https://{host}") if host else CSP


def cache_control(path: str, query: str, status: int) -> str:
    """Return how long to keep it: a page never, a static file with its hash for ever."""
    if status not in (200, 304):
        return "no-store"
    if path.startswith("/huisstijl/"):
        return FOR_EVER
    if path.startswith("/static/"):
        return FOR_EVER if query.startswith("v=") else FOR_AN_HOUR
    return "no-store"


def headers_tween(handler: Callable[[Any], Any], registry: Any) -> Callable[[Any], Any]:
    """Make the outermost tween: nothing answers around it.

    The commit and the writing of the trail happen outside the exception views; what goes wrong
    there gets its page here, unless the request will be tried again.
    """
    https = bool(registry.app_settings.https)
    own = PICTURE_CSP, LOCATING, map_csp(registry.app_settings)

    def tween(request: Any) -> Any:
        try:
            response = handler(request)
        except Exception as error:
            if is_error_retryable(request, error):
                raise
            response = request.invoke_exception_view(sys.exc_info())
        path, query = (request.environ.get(name, "") for name in ("PATH_INFO", "QUERY_STRING"))
        if path.startswith(PUBLIC_FILES):
            pack(request, response)
        elif request.environ.get("HTTP_SEC_FETCH_SITE") in ASKED_BY_PERSON:
            pack_page(request, response)
        headers = response.headers
        for name, value in HEADERS.items():
            chosen = name in PUBLIC_MAY_DIFFER and name in headers
            if not chosen and headers.get(name) not in own:
                headers[name] = value
        if https:
            headers["Strict-Transport-Security"] = HSTS
        # A page that is the same for everybody says so itself.
        if headers.get("Cache-Control") != FOR_AN_HOUR or response.status_int != 200:
            headers["Cache-Control"] = cache_control(path, query, response.status_int)
        return response

    return tween


# ``/huisstijl/<colour>.css``: a node per colour, without any row behind it.

SUFFIX = ".css"


class ThemeFolder(Resource):
    """Folder of the stylesheets of the municipalities' colours."""

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]

    def __getitem__(self, name: str) -> Resource:
        colour = name.removesuffix(SUFFIX)
        if not name.endswith(SUFFIX) or colour.startswith("#") or colour != colour.lower():
            raise KeyError(name)
        try:
            parse_colour(colour)
        except ValueError:
            raise KeyError(name) from None
        return ThemeSheet(name, self, colour)


class ThemeSheet(Resource):
    """The stylesheet of one colour."""

    def __init__(self, name: str, parent: Any, colour: str) -> None:
        super().__init__(name, parent)
        self.colour = colour

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]


# Static files: an address with their hash, and packed where the browser can unpack.

ROOT = Path(__file__).parent / "static"
PACKED_TYPES = ("text/css", "text/javascript", "application/javascript", "image/svg+xml")


@lru_cache(maxsize=256)
def _hash_of(path: Path, changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def static_url(name: str) -> str:
    """Return the address of one of our static files: ``/static/app.css?v=1f0c…``.

    A file that set-up hasn't fetched (yet) must not take the page down: it goes without a hash.
    """
    path = ROOT / name
    try:
        return f"/static/{name}?v={_hash_of(path, path.stat().st_mtime_ns)}"
    except FileNotFoundError:
        return f"/static/{name}"


MOST_RANDOM_BYTES = 64
# The fastest level of gzip makes the inbox a sixth larger, and saves 0.4 ms.
PAGE_LEVEL = 6
# Comments for builders, a tenth of what a stylesheet weighs; a licence begins with an exclamation.
CSS_COMMENT = re.compile(rb"/\*(?!!).*?\*/\s*", re.DOTALL)


def pack_page(request: Any, response: Any) -> None:
    """Replace the body of a page by its packed form, which is as long as chance has it."""
    wanted = "gzip" in request.headers.get("Accept-Encoding", "")
    if not wanted or response.content_type != "text/html" or response.content_encoding is not None:
        return
    body, packed = response.body, io.BytesIO()
    name = secrets.token_hex(secrets.randbelow(MOST_RANDOM_BYTES))
    with gzip.GzipFile(name, "wb", PAGE_LEVEL, packed, mtime=0) as stream:
        stream.write(body)
    if len(packed.getvalue()) < len(body):
        response.body = packed.getvalue()
        response.content_encoding = "gzip"
        response.vary = ["Accept-Encoding", "Sec-Fetch-Site"]


@lru_cache(maxsize=64)
def _packed(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=9, mtime=0)


def pack(request: Any, response: Any) -> None:
    """Replace the body by its packed form, if that is wanted and worth it."""
    response.vary = ["Accept-Encoding"]
    wanted = "gzip" in request.headers.get("Accept-Encoding", "")
    if response.status_int != 200 or not wanted or response.content_type not in PACKED_TYPES:
        return
    body = response.body
    if len(body) > 500 and response.content_encoding is None:
        if response.content_type == "text/css":
            body = CSS_COMMENT.sub(b"", body)
        response.body = _packed(body)
        response.content_encoding = "gzip"
        response.etag = None
        response.content_md5 = None


@view_config(context=ThemeSheet, permission=NO_PERMISSION_REQUIRED, request_method="GET")
def theme_sheet(context: ThemeSheet, request: Any) -> Response:
    """Answer ``/huisstijl/0b5394.css``: public, and the same for ever."""
    return Response(theme_css(context.colour), content_type="text/css", charset="utf-8")
