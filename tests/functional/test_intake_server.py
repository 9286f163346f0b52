"""The same through the real web server, where bodies come in pieces and lengths lie."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from waitress import wasyncore
from waitress.server import create_server

from stopintimidatie.cli.servers import MAXIMUM_BODY_BYTES
from stopintimidatie.intake.examples import FULL_REPORT
from tests.functional.api import PROBLEM, REPORTS, Api
from tests.installation import Installation

MEBIBYTE = 1024 * 1024
HOST = "127.0.0.1"


@pytest.fixture
def api(installation: Installation) -> Api:
    return Api(installation)


@pytest.fixture
def port(api: Api) -> Iterator[int]:
    """A waitress of this test's own, set as `stopintimidatie web` sets it."""
    server = create_server(
        api.installation.app, host=HOST, port=0, max_request_body_size=MAXIMUM_BODY_BYTES
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server.effective_port
    # First the workers, for they wake the server when they are done; then the sockets, in the
    # server's own thread, which would stumble if they were closed under its feet.
    server.task_dispatcher.shutdown()
    server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map, ignore_all=True))
    thread.join(10)


def ask(port: int, body: Any, headers: dict[str, str], **options: Any) -> tuple[int, Any, Any]:
    with closing(http.client.HTTPConnection(HOST, port, timeout=20)) as connection:
        connection.request("POST", REPORTS, body, headers, **options)
        answer = connection.getresponse()
        return answer.status, answer.headers, json.loads(answer.read())


def test_a_report_comes_in(api: Api, port: int) -> None:
    status, headers, body = ask(port, json.dumps(FULL_REPORT).encode(), api.headers())
    assert status == 201
    assert headers["Location"].endswith(body["kenmerk"])
    assert api.count() == 1


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


def test_half_a_body_leaves_nothing_behind_and_the_server_goes_on(api: Api, port: int) -> None:
    lines = [f"{name}: {value}" for name, value in api.headers().items()]
    head = "\r\n".join([f"POST {REPORTS} HTTP/1.1", "Host: x", *lines, "Content-Length: 900"])
    with socket.create_connection((HOST, port), timeout=5) as connection:
        connection.sendall(f"{head}\r\n\r\n".encode() + b'{"hoedanigheid":')
    assert ask(port, b"{}", api.headers())[0] == 400
    assert api.count() == 0


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
    for head in HARDLY_HTTP:
        status = raw(port, head)
        # RFC 9112 asks 501 of a server for a coding it doesn't know; that is waitress speaking.
        assert status is None or 400 <= status < 500 or (status == 501 and "gzip" in head)
    assert api.count() == 0


def raw(port: int, head: str) -> int | None:
    """The status that this head gets, None when the server hangs up on it."""
    answer = b""
    request = head.encode("latin-1") + b"\r\nHost: x\r\nConnection: close\r\n\r\n"
    connection = socket.create_connection((HOST, port), timeout=5)
    with connection, contextlib.suppress(OSError):
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        while part := connection.recv(65536):
            answer += part
    return int(answer.split(b" ", 2)[1]) if answer else None
