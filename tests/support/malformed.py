"""Malformed requests, as compact tables that are multiplied out: see test_bad_input.py."""

from __future__ import annotations

import copy
import io
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select

from stopintimidatie.core.storage.models import Base
from stopintimidatie.reports.api.openapi import FULL_REPORT
from stopintimidatie.reports.api.queries import DEMO_TOKEN
from tests.support.api import PROBLEM
from tests.support.installation import Installation

REPORTS = "/api/v1/meldingen"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Malformed:
    """One request; `environ` is laid over a plain WSGI environ, so that anything can be wrong."""

    what: str
    path: str = "/"
    method: str = "GET"
    environ: dict[str, Any] = field(default_factory=dict)
    body: bytes = b""


LONG = "a" * 9000
# Raw bytes, as a server hands them on: decoded once from %xx, each byte one latin-1 character.
SEGMENTS = (
    *("\xff", "\xc3", "\xed\xa0\x80", "\x00", "a\x00b", "\n", "\r\nX: y", "\x7f", " ", "%", "%2e"),
    *(".", "..", "...", "__class__", "__getitem__", "_x", "@@x", "@@", "++a++b", "*", "~", "-"),
    *("'", '"', "' OR 1=1 --", "<script>", "${7*7}", "{{7*7}}", ";", "&", "=", "a=b", "\\", "|"),
    *("\xf0\x9f\x98\x80", "\xe2\x80\xae", LONG, "M-0000-0000", "GM0505", "2026-0001", "0", "-1"),
)
FOLDERS = (
    "/",
    "//",
    "/gemeenten/",
    "/gemeenten/dordrecht/",
    "/gemeenten/dordrecht/binnenstad/",
    "/landelijk/",
    "/m/",
    "/huisstijl/",
    "/static/",
    "/api/",
    "/api/v1/",
    "/api/v1/meldingen/",
    "/api/v1/gemeenten/",
)


def paths() -> Iterator[Malformed]:
    for folder in FOLDERS:
        for segment in SEGMENTS:
            yield Malformed("path", folder + segment)
    yield Malformed("deep path", "/a" * 2000)
    yield Malformed("deep path", "/api" + "/v1" * 2000)
    for folder in FOLDERS:
        for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "X" * 500, "get"):
            yield Malformed("method", folder, method)


QUERIES = (
    *("%ff", "a=%ff", "%00=1", "a=%00", "a=%ED%A0%80", "\xff", "a=\xff", "=", "&&&", "a&a&a"),
    *("a" * 50_000, "a=1&" * 5000, "%", "%zz", "a=%", "[]=1", "a[b]=c", "__proto__=1", ";a=1"),
    *("q=%22", "q=*", "q=((((", "q=" + "%28" * 500, "pagina=-1", "pagina=1e9", "pagina=%D9%A3"),
    *(
        "pagina=" + "9" * 400,
        "volgende=//x",
        "volgende=%0d%0aX:y",
        "lat=NaN&lon=4",
        "lat=1e999&lon=4",
    ),
)
QUERIED = ("/", "/aanmelden", "/zoeken", "/gemeenten/dordrecht", "/api/v1/gemeenten", REPORTS)


MAP = "/gemeenten/dordrecht/kaart"
MAPPED = ("vak", "van", "tot", "wijk", "dossier", "patroon", "zoom", "dagdeel")
ODD = (
    *("", "%00", "%ff", "%ED%A0%80", "-1", "0", "9" * 400, "1e999", "NaN", "inf", "%D9%A3"),
    *("0000-00", "9999-12", "1900-01", "2026-13", "2026-1-1", "NaN,NaN,NaN,NaN", "4,51,5", "%27"),
    *("5,52,4,51", "-999,0,999,0", "1e308,1e308,1e308,1e308", "WK050501%00", "2026-0001%00"),
)


def queries() -> Iterator[Malformed]:
    for path in QUERIED:
        for query in QUERIES:
            yield Malformed("query", path, environ={"QUERY_STRING": query})
    for name in MAPPED:
        # What else an answer asks is right.
        points = name in {"vak", "zoom"}
        path, rest = (f"{MAP}-punten.json", "vak=4,51,5,52&zoom=15&") if points else (MAP, "")
        for value in ODD:
            odd = {"QUERY_STRING": f"{rest}{name}={value}"}
            yield Malformed(f"{name} of the map", path, environ=odd)


HEADERS = (
    *("HTTP_AUTHORIZATION", "HTTP_IDEMPOTENCY_KEY", "HTTP_VOLGCODE", "HTTP_COOKIE", "HTTP_HOST"),
    *("HTTP_ACCEPT", "HTTP_ACCEPT_LANGUAGE", "HTTP_ACCEPT_ENCODING", "HTTP_IF_NONE_MATCH"),
    *("HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE", "HTTP_ORIGIN", "HTTP_REFERER", "HTTP_USER_AGENT"),
    *("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_CSRF_TOKEN", "HTTP_HX_REQUEST"),
    *("HTTP_TRANSFER_ENCODING", "HTTP_EXPECT", "CONTENT_TYPE", "CONTENT_LENGTH"),
)
VALUES = (
    "",
    "\x00",
    "\xff\xfe",
    "-1",
    "9" * 5000,
    LONG,
    "\t",
    "a;b;c=d",
    '"',
    "=;=;==",
    "1-,*/*;q=z",
)


def headers() -> Iterator[Malformed]:
    for name in HEADERS:
        for value in VALUES:
            yield Malformed(name, "/aanmelden", environ={name: value})
            yield Malformed(name, REPORTS, "POST", {**good_headers(), name: value}, b"{}")


COOKIES = (
    *("sessie=", "sessie=x", "sessie=" + LONG, "sessie=\xff", "sessie=\x00", 'sessie="', "sessie"),
    *("sessie=%00; sessie=y", "csrf=", "csrf=\xff", "csrf=" + LONG, "=x", ";;;", "a=b" * 3000),
    *(
        "__Host-sessie=x",
        "sessie=é".encode().decode("latin-1"),
        'sessie="\\303\\050"',
        "$Version=1",
    ),
)


def cookies() -> Iterator[Malformed]:
    for value in COOKIES:
        for path in ("/", "/aanmelden", "/gemeenten/dordrecht", "/api/v1/openapi.json"):
            yield Malformed("cookie", path, environ={"HTTP_COOKIE": value})
        yield Malformed("cookie", "/afmelden", "POST", {"HTTP_COOKIE": value, "CONTENT_TYPE": FORM})


def good_headers() -> dict[str, Any]:
    return {
        "HTTP_AUTHORIZATION": f"Bearer {DEMO_TOKEN}",
        "HTTP_IDEMPOTENCY_KEY": str(uuid4()),
        "CONTENT_TYPE": "application/json",
    }


def _posted(what: str, body: bytes) -> Malformed:
    return Malformed(what, REPORTS, "POST", good_headers(), body)


WHOLE = json.dumps(FULL_REPORT).encode()
BODIES = (
    *(b"", b" ", b"nul", b"null", b"true", b"0", b'"x"', b"[]", b"{}", b"[{}]", b"{", b"}", b'"'),
    *(b"[" * 100_000, b'{"a":' * 100_000, b"9" * 6000, b"[NaN]", b"[1e999]", b"-Infinity", b"0x10"),
    *(b"\xef\xbb\xbf" + WHOLE, WHOLE + b"x", WHOLE + WHOLE, WHOLE + b"\x00", WHOLE[:-1], WHOLE[1:]),
    *(WHOLE.decode().encode("utf-16"), WHOLE.replace(b"nl", b"\xff"), WHOLE.replace(b'"', b"'")),
    *(WHOLE.replace(b'"taal"', b'"anoniem"'), WHOLE.replace(b"halte", b"\\ud800"), b"\x1f\x8b\x08"),
    *(
        WHOLE.replace(b"hoek", b"\\u0000"),
        WHOLE.replace(b'"taal"', b'"\\u0000"'),
        b"/**/{}",
        b"{,}",
    ),
    *(b"x" * 1_048_577, b" " * 1_048_577, b'{"x":"' + b"y" * 1_048_000 + b'"}', b"{}" * 500_000),
    *(b'{"__proto__": {}}', b'{"$ref": "#"}', b"<melding/>", b"hoedanigheid=getuige", b"--x\r\n"),
)
WRONG_VALUES: tuple[Any, ...] = (
    *(-1, 0.5, 10**98, "", "x", "\x00", "\ud800", "x" * 6000, [], [None], [[]], {}, {"x": 1}),
)
# Where one of these is right; everywhere else it is wrong.
ALLOWED: dict[str, tuple[Any, ...]] = {
    "omschrijving": ("", "x"),
    "locatie.omschrijving": ("", "x"),
    "locatie.lat": (),
    "locatie.nauwkeurigheidM": (),
    "plegers": ({},),
    "antwoorden": ({},),
    "client": ({},),
    "client.platform": ("", "x"),
    "client.appVersie": ("", "x"),
}


def json_bodies() -> Iterator[Malformed]:
    for body in BODIES:
        yield _posted("json", body)
    for way in ways(FULL_REPORT):
        name = ".".join(way)
        for value in WRONG_VALUES:
            if value not in ALLOWED.get(name, ()):
                yield _posted(f"{name} = {value!r:.30}", changed(FULL_REPORT, way, value))


def ways(value: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every property of a message, inner ones too."""
    for name, inner in value.items():
        yield (*above, name)
        if isinstance(inner, dict):
            yield from ways(inner, (*above, name))


def changed(message: dict[str, Any], way: tuple[str, ...], value: Any) -> bytes:
    made = copy.deepcopy(message)
    target = made
    for step in way[:-1]:
        target = target[step]
    target[way[-1]] = value
    return json.dumps(made).encode()


LENGTHS = ("", "0", "-1", "1", "999", "9" * 30, "1e3", "0x10", " 5", "5,5", "\u0663")


def lengths() -> Iterator[Malformed]:
    """Lengths that lie, also for a form and without any key."""
    for length in LENGTHS:
        for terminated in (False, True):
            odd = {"CONTENT_LENGTH": length, "wsgi.input_terminated": terminated}
            yield Malformed("length", REPORTS, "POST", {**good_headers(), **odd}, b'{"x": 1}')
            yield Malformed("length", REPORTS, "POST", odd, b'{"x": 1}')
            yield Malformed("length", "/aanmelden", "POST", {**odd, "CONTENT_TYPE": FORM}, b"a=b")


FORM_BODIES = (
    *(b"", b"&", b"=", b"%ff", b"a=%ff", b"a=%00", b"%00=a", b"a=%ED%A0%80", b"\xff\xfe", b"a&a&a"),
    *(b"__start__=x:mapping", b"__end__=x:mapping", b"__start__=x:sequence&__end__=y:mapping"),
    *(
        b"__start__=:" * 50,
        b"__start__=x:onzin",
        b"__start__=x:rename&__end__=x:rename",
        b"a=1&" * 5000,
    ),
    *(b"__formid__=formulier", b"__start__=a:mapping&" * 400, b"aanmelden=&gebruikersnaam=%00"),
    *(b"csrf_token=%ff", b"csrf_token=", b"csrf_token=x&csrf_token=y", b"a=" + b"b" * 200_000),
)
_PART = b"--x\r\nContent-Disposition: form-data"
PARTS = (
    b"--x\r\n\r\n\r\n--x--",
    _PART + b'; name="\xff"\r\n\r\ny\r\n--x--',
    _PART + b'; name="gebruikersnaam"; filename="a"\r\n\r\ny\r\n--x--',
    _PART + b"\r\n\r\ny\r\n--x--",
    _PART + b'; name="a"\r\nContent-Length: -5\r\n\r\ny\r\n--x--',
    b"--x" * 1000,
)
FORM_TYPES = (
    FORM,
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=x",
    "multipart/form-data; boundary=" + "x" * 500,
    "multipart/form-data; boundary=\xff",
    f"{FORM}; charset=utf-7",
    f"{FORM}; charset=bestaat-niet",
)


def forms() -> Iterator[Malformed]:
    for body in FORM_BODIES:
        for kind in FORM_TYPES:
            yield Malformed("form", "/aanmelden", "POST", {"CONTENT_TYPE": kind}, body)
    for part in PARTS:
        multipart = {"CONTENT_TYPE": "multipart/form-data; boundary=x"}
        yield Malformed("multipart", "/aanmelden", "POST", multipart, part)


KINDS = {
    "paths": paths,
    "queries": queries,
    "headers": headers,
    "cookies": cookies,
    "json": json_bodies,
    "lengths": lengths,
    "forms": forms,
}


# A refusal and a failed attempt to sign in are meant to be written down.
WRITTEN_DOWN = {"audit_event", "audit_subject", "sign_in_attempt"}


def send(app: Any, request: Malformed, cookie: str = "") -> tuple[int, dict[str, str]]:
    """Straight into WSGI, where nothing tidies the request up."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": request.path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "6543",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost:6543",
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        **({"HTTP_COOKIE": cookie} if cookie else {}),
        **request.environ,
    }
    seen: list[tuple[str, list[tuple[str, str]]]] = []
    chunks = app(environ, lambda status, headers, exc_info=None: seen.append((status, headers)))
    for _ in chunks:
        pass
    if hasattr(chunks, "close"):
        chunks.close()
    status, headers = seen[0]
    for name, value in headers:
        assert "\r" not in name + value
        assert "\n" not in name + value
    return int(status[:3]), dict(headers)


def rows(installation: Installation) -> dict[str, int]:
    with installation.owner.connect() as connection:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
            if table.name not in WRITTEN_DOWN
        }


def misbehaviour(app: Any, request: Malformed, cookie: str = "") -> str | None:
    """What is wrong with the answer, if anything."""
    about = f"{request.what}: {request.method} {request.path!r:.60} {request.body!r:.60}"
    try:
        status, headers = send(app, request, cookie)
    except Exception as error:
        return f"{about} raised {type(error).__name__}: {error!s:.80}"
    if status >= 500:
        return f"{about} gave {status}"
    if request.path.startswith("/api/") and status >= 400:
        if headers.get("Content-Type") != PROBLEM:
            return f"{about} gave {status} without a problem document"
        if "API-Version" not in headers:
            return f"{about} gave {status} without its version"
    return None
