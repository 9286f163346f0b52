"""The same through the real web server, where bodies come in pieces and lengths lie."""

from __future__ import annotations

import contextlib
import http.client
import json
import shutil
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.reports.api.openapi import FULL_REPORT
from tests.support.api import PROBLEM, REPORTS, Api
from tests.support.installation import Installation, make_settings
from tests.support.served import HOST, as_product

MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def api(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One installation for all: what is asked here has nothing to do with the database."""
    folder = tmp_path_factory.mktemp("intake-server")
    shutil.copy(sqlite_template, folder / "data.sqlite")
    create_key_file(folder / "sleutels.json")
    installation = Installation(make_settings(f"sqlite:///{folder}/data.sqlite", folder))
    yield Api(installation)
    installation.close()


@pytest.fixture(scope="module")
def port(api: Api) -> Iterator[int]:
    """The port of `stopintimidatie web`."""
    with as_product(api.installation.settings) as served:
        yield served.port


def ask(port: int, body: Any, headers: dict[str, str], **options: Any) -> tuple[int, Any, Any]:
    with closing(http.client.HTTPConnection(HOST, port, timeout=20)) as connection:
        connection.request("POST", REPORTS, body, headers, **options)
        answer = connection.getresponse()
        return answer.status, answer.headers, json.loads(answer.read())


def test_a_report_comes_in(api: Api, port: int) -> None:
    before = api.count()
    status, headers, body = ask(port, json.dumps(FULL_REPORT).encode(), api.headers())
    assert status == 201
    assert headers["Location"].endswith(body["kenmerk"])
    assert headers["Server"] == "stopintimidatie"
    assert api.count() == before + 1


def test_the_client_that_sent_too_much_gets_to_read_why(api: Api, port: int) -> None:
    for size in (MEBIBYTE + 1, 3 * MEBIBYTE, 8 * MEBIBYTE):
        status, headers, body = ask(port, b" " * size, api.headers())
        assert (status, headers["Content-Type"]) == (413, PROBLEM)
        assert body["type"].endswith(":te-groot")
        status, _, _ = ask(port, b" " * size, api.headers(Authorization=None))
        assert status == 401


def test_a_body_in_chunks_is_taken_and_bounded_alike(api: Api, port: int) -> None:
    whole = json.dumps(FULL_REPORT).encode()
    pieces = [whole[:10], whole[10:]]
    status, _, _ = ask(port, iter(pieces), api.headers(), encode_chunked=True)
    assert status == 201
    large = (b" " * MEBIBYTE for _ in range(3))
    status, _, body = ask(port, large, api.headers(), encode_chunked=True)
    assert status == 413
    assert body["title"]


def test_chunks_count_and_not_the_length_that_is_told_as_well(api: Api, port: int) -> None:
    """Else a proxy and we could disagree on where the next request begins (RFC 9112, 6.3)."""
    whole, before = json.dumps(FULL_REPORT).encode(), api.count()
    lines = [f"{name}: {value}" for name, value in api.headers().items()]
    lines += ["Host: x", "Transfer-Encoding: chunked", "Content-Length: 3", "Connection: close"]
    head = "\r\n".join([f"POST {REPORTS} HTTP/1.1", *lines]).encode()
    answer = answer_to(port, head + b"\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(whole), whole))
    assert answer.startswith(b"HTTP/1.1 201")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert api.count() == before + 1


def test_half_a_body_leaves_nothing_behind_and_the_server_goes_on(api: Api, port: int) -> None:
    lines = [f"{name}: {value}" for name, value in api.headers().items()]
    head = "\r\n".join([f"POST {REPORTS} HTTP/1.1", "Host: x", *lines, "Content-Length: 900"])
    before = api.count()
    with socket.create_connection((HOST, port), timeout=5) as connection:
        connection.sendall(f"{head}\r\n\r\n".encode() + b'{"hoedanigheid":')
    assert ask(port, b"{}", api.headers())[0] == 400
    assert api.count() == before


HARDLY_HTTP = (
    f"POST {REPORTS} HTTP/1.1\r\nContent-Length: -5",
    f"POST {REPORTS} HTTP/1.1\r\nContent-Length: 5, 6",
    f"POST {REPORTS} HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2",
    f"POST {REPORTS} HTTP/1.1\r\nTransfer-Encoding: gzip",
    f"POST {REPORTS} HTTP/1.1\r\nX\x00Y: z",
    f"POST {REPORTS} HTTP/1.1\r\nIdempotency-Key: x\r\n continued",
    f"POST {REPORTS} HTTP/9.9",
    f"GET /{'a' * 300_000} HTTP/1.1",
    "POST",
    "\x00\x01\x02",
)


def test_what_is_hardly_http_is_refused(api: Api, port: int) -> None:
    before = api.count()
    for head in HARDLY_HTTP:
        status = raw(port, head)
        assert status is None or 400 <= status < 500, head[:80]
    assert api.count() == before


# Request heads without the end of their last line, and the status that refuses each.
REFUSED_AT_THE_DOOR = (
    ("GET / HTTP/1.1", 400),
    ("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost", 400),
    ("GET / HTTP/1.1\r\nHost: a, b", 400),
    ("GET / HTTP/1.0", 400),
    (f"POST {REPORTS} HTTP/1.1\r\nContent-Length: 5", 400),
    (f"GET /{'a' * 30_000} HTTP/1.1\r\nHost: x", 414),
    (f"GET /?{'a' * 30_000} HTTP/1.1\r\nHost: x", 414),
    (f"GET / HTTP/1.1\r\nHost: x\r\nCookie: {'a' * 90_000}", 431),
)


@pytest.mark.parametrize(("head", "status"), REFUSED_AT_THE_DOOR, ids=lambda value: str(value)[:40])
def test_what_no_browser_asks_is_refused_with_our_headers(
    port: int, head: str, status: int
) -> None:
    answer = answer_to(port, f"{head}\r\nConnection: close\r\n\r\n".encode())
    assert int(answer.split(b" ", 2)[1]) == status
    for header in ("content-security-policy", "x-content-type-options", "referrer-policy"):
        assert f"\r\n{header}: ".encode() in answer.lower()
    assert b"\r\ncache-control: no-store\r\n" in answer.lower()


def test_a_watcher_that_is_so_old_that_it_names_no_host_is_answered(port: int) -> None:
    answer = answer_to(port, b"GET /health/live HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 200")


# Refused by the server's library before our code runs; it can't send our headers.
BEFORE_THE_DOOR = (
    "no http at all\r\n\r\n",
    f"GET /{'a' * 70_000} HTTP/1.1\r\nHost: x\r\n\r\n",
    "\r\n".join(["GET / HTTP/1.1", "Host: x", *(f"X{number}: y" for number in range(120)), "", ""]),
)


@pytest.mark.parametrize("request_", BEFORE_THE_DOOR, ids=lambda value: value[:12])
def test_what_the_server_refuses_itself_holds_nothing(port: int, request_: str) -> None:
    head, _, body = answer_to(port, request_.encode()).partition(b"\r\n\r\n")
    assert int(head.split(b" ", 2)[1]) in (400, 414, 431)
    assert body == b""
    assert {line.partition(b":")[0].lower() for line in head.split(b"\r\n")[1:]} <= {
        b"connection",
        b"content-length",
        b"date",
    }


def answer_to(port: int, request: bytes) -> bytes:
    """Send a request; return all bytes that come back."""
    answer = b""
    with socket.create_connection((HOST, port), timeout=20) as connection:
        connection.sendall(request)
        with contextlib.suppress(OSError):
            while part := connection.recv(65536):
                answer += part
    return answer


def test_a_connection_serves_more_than_one_request(api: Api, port: int) -> None:
    with closing(http.client.HTTPConnection(HOST, port, timeout=20)) as connection:
        for _ in range(3):
            connection.request("POST", REPORTS, b"{}", api.headers())
            assert connection.getresponse().read()
            assert connection.sock is not None


def raw(port: int, head: str) -> int | None:
    """The status that this head gets, None when the server hangs up on it."""
    answer = b""
    request = head.encode("latin-1") + b"\r\nHost: x\r\nConnection: close\r\n\r\n"
    connection = socket.create_connection((HOST, port), timeout=20)
    with connection, contextlib.suppress(OSError):
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        while part := connection.recv(65536):
            answer += part
    return int(answer.split(b" ", 2)[1]) if answer else None
