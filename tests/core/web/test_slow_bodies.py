"""Tests of bodies that come slowly or not at all, through the real web server: they time out."""

from __future__ import annotations

import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import partial
from http.client import HTTPConnection
from io import BytesIO
from typing import Any

import pytest

from stopintimidatie.cli.gateway import Gateway
from stopintimidatie.core.web import body
from stopintimidatie.core.web.body import KEPT_IN_MEMORY, Bounds
from tests.support.api import PROBLEM, REPORTS, Api
from tests.support.factories import connect
from tests.support.installation import Installation
from tests.support.served import HOST
from tests.support.waiting import until

# Seconds. The waits in these tests end earlier; only a machine that stands still gets here.
LONGEST = 20
# Bytes of a body that doesn't fit in memory and is allowed everywhere.
LARGE = KEPT_IN_MEMORY + 1
SENDERS = 4
# More than the 1,024 that granian accepts by default.
IDLE = 1_100
# Its answer tells what the server holds: reading threads, and bytes in unnamed files on disk.
SERVER = f"""
import os, sys, threading
from stopintimidatie.cli import server
from stopintimidatie.cli.gateway import Gateway
from stopintimidatie.core.web.body import Bounds

def on_disk():
    found = 0
    for number in os.listdir("/proc/self/fd"):
        try:
            state = os.stat(f"/proc/self/fd/{{number}}")
        except OSError:
            continue
        if state.st_nlink == 0:
            found += state.st_size
    return found

def app(environ, start_response):
    body = environ["wsgi.input"].read()
    fault = environ.get("stopintimidatie.web.body_fault")
    readers = sum(thread.name.startswith("body") for thread in threading.enumerate())
    told = f"{{len(body)}} {{readers}} {{on_disk()}}".encode()
    status = {{"too slow": "408 x", "no room": "503 x"}}.get(fault, "200 OK")
    start_response(status, [("Content-Length", str(len(told)))])
    return [told]

patience = float(sys.argv[2])
bounds = Bounds(
    first_seconds=patience, patience_seconds=patience, bytes_per_second=1_000_000_000,
    longest_seconds=60, senders={SENDERS}, stored_bytes=1_000_000, still_seconds=patience,
)
make = lambda: Gateway(app, places=4, scheme="http", bounds=bounds)
server.run(make, host="{HOST}", port=int(sys.argv[1]), threads=16)
"""


class Server:
    """The real web server with a small application and low limits."""

    def __init__(self, patience: float) -> None:
        with socket.create_server((HOST, 0)) as probe:
            self.port = probe.getsockname()[1]
        command = [sys.executable, "-c", SERVER, str(self.port), str(patience)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        until(self.answers, seconds=LONGEST)

    def answers(self) -> bool:
        assert self.process.poll() is None, "the web server doesn't start"
        try:
            return self.ask("GET / HTTP/1.1").startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    def send(self, head: str, data: bytes = b"") -> socket.socket:
        """Send this on a new connection and return the connection."""
        connection = socket.create_connection((HOST, self.port), timeout=LONGEST)
        connection.sendall(f"{head}\r\nHost: x\r\n\r\n".encode() + data)
        return connection

    def ask(self, head: str, data: bytes = b"") -> bytes:
        """Send a request; return all that comes back until the connection is closed."""
        with self.send(f"{head}\r\nConnection: close", data) as connection:
            return rest_of(connection)

    def state(self) -> tuple[int, int]:
        """Return how many bodies are being read, and how many bytes of them are on disk."""
        _, readers, stored = self.ask("GET / HTTP/1.1").rpartition(b"\r\n\r\n")[2].split()
        return int(readers), int(stored)

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=LONGEST)


def rest_of(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


@pytest.fixture(scope="module")
def hasty() -> Iterator[Server]:
    server = Server(patience=0.2)
    yield server
    server.close()


@pytest.fixture(scope="module")
def patient() -> Iterator[Server]:
    server = Server(patience=LONGEST)
    yield server
    server.close()


@pytest.fixture
def many_files() -> Iterator[None]:
    """Let this process have enough connections open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 2 * IDLE)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("POST / HTTP/1.1\r\nContent-Length: 9", 408),
        # The application refuses the length, which it gets; to come sooner wouldn't help.
        ("POST /nowhere HTTP/1.1\r\nContent-Length: 90000000", 200),
        ("GET / HTTP/1.1\r\nContent-Length: 9", 408),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked", 408),
    ],
)
def test_a_body_that_does_not_come_gets_its_answer_and_nothing_of_it_stays(
    hasty: Server, head: str, status: int
) -> None:
    with hasty.send(head, b"5\r\n" if "chunked" in head else b"12345") as connection:
        answer = rest_of(connection)
    assert answer.startswith(f"HTTP/1.1 {status}".encode())
    assert b"connection: close" in answer.lower()
    assert answer.rpartition(b"\r\n\r\n")[2].startswith(b"0 ")
    # The reading thread ends when the connection is closed.
    until(lambda: hasty.state() == (0, 0), seconds=LONGEST)


@pytest.mark.alles
def test_unfinished_bodies_take_no_more_of_the_disk_than_is_allowed(patient: Server) -> None:
    half = bytes(KEPT_IN_MEMORY * 3)
    head = "POST / HTTP/1.1\r\nContent-Length: 900000"
    with ExitStack() as stack:
        first = [stack.enter_context(patient.send(head, half)) for _ in range(2)]
        until(lambda: patient.state()[1] > len(half) * 1.5, seconds=LONGEST)
        # There is room for two and a half such bodies: the third is refused, the others stay. It
        # arrived whole, so it gets a whole answer, and its connection isn't broken off.
        with closing(HTTPConnection(HOST, patient.port, timeout=LONGEST)) as third:
            third.request("POST", "/", bytes(900_000))
            refused = third.getresponse()
            assert refused.status == 503
            assert refused.read().startswith(b"0 ")
        # A small body needs no disk space and is accepted.
        assert patient.ask("POST / HTTP/1.1\r\nContent-Length: 3", b"abc").startswith(
            b"HTTP/1.1 200"
        )
        assert patient.state()[1] <= 1_000_000
        for connection in first:
            connection.sendall(bytes(900_000 - len(half)))
    until(lambda: patient.state() == (0, 0), seconds=LONGEST)


def test_one_sender_too_many_takes_the_place_of_one_that_stands_still(patient: Server) -> None:
    head = "POST / HTTP/1.1\r\nContent-Length: 9"
    with ExitStack() as stack:
        waiting = [stack.enter_context(patient.send(head)) for _ in range(SENDERS)]
        until(lambda: patient.state()[0] == SENDERS, seconds=LONGEST)
        answer = patient.ask("POST / HTTP/1.1\r\nContent-Length: 3", b"abc")
        assert answer.startswith(b"HTTP/1.1 200")
        until(lambda: patient.state()[0] == SENDERS - 1, seconds=LONGEST)
        assert sum(_is_refused(connection) for connection in waiting) == 1
    until(lambda: patient.state() == (0, 0), seconds=LONGEST)


def test_idle_connections_keep_nobody_away(patient: Server, many_files: None) -> None:
    with ExitStack() as stack:
        idle = [
            stack.enter_context(socket.create_connection((HOST, patient.port), timeout=LONGEST))
            for _ in range(IDLE)
        ]
        assert patient.ask("GET / HTTP/1.1").startswith(b"HTTP/1.1 200")
        # The server still has all of them: the answer didn't wait until one was closed.
        idle[0].setblocking(False)
        with pytest.raises(BlockingIOError):
            idle[0].recv(1)


def _is_refused(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(12) == b"HTTP/1.1 503"
    except BlockingIOError:
        return False


class Stalled(BytesIO):
    """A stream whose reads take long and return nothing."""

    def read(self, size: int | None = -1, /) -> bytes:
        time.sleep(0.2)
        return b""


@pytest.mark.sqlite
class TestAnswers:
    """Checks of the product's own answers to slow bodies and a full server."""

    def ask(
        self, installation: Installation, path: str, bounds: Bounds, stream: BytesIO, **more: str
    ) -> tuple[str, dict[str, str], str]:
        most_of = partial(body.most_of, installation.app.registry)
        made = Gateway(installation.app, places=1, scheme="http", bounds=bounds, most_of=most_of)
        seen: list[Any] = []
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": path,
            "SCRIPT_NAME": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "6543",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "localhost:6543",
            "CONTENT_TYPE": "multipart/form-data; boundary=x",
            "CONTENT_LENGTH": str(LARGE),
            "wsgi.input": stream,
            **more,
        }
        parts = made(environ, lambda status, headers, info=None: seen.append((status, headers)))
        status, headers = seen[-1]
        return status, dict(headers), b"".join(parts).decode()

    def too_slow(self, installation: Installation, path: str, **more: str) -> Any:
        return self.ask(installation, path, Bounds(first_seconds=0.01), Stalled(), **more)

    def no_room(self, installation: Installation, path: str, **more: str) -> Any:
        return self.ask(installation, path, Bounds(stored_bytes=0), BytesIO(bytes(LARGE)), **more)

    def test_too_slow_and_too_crowded_are_pages_that_say_what_to_do(
        self, installation: Installation
    ) -> None:
        connect(installation)
        slow = self.too_slow(installation, "/melden")
        full = self.no_room(installation, "/melden")
        assert (slow[0][:3], full[0][:3]) == ("408", "503")
        assert "te langzaam" in slow[2]
        assert "te druk" in full[2]
        assert int(full[1]["Retry-After"])
        # What wasn't read to its end is broken off; what was gets an ordinary answer.
        assert slow[1]["Connection"] == "close"
        assert full[1]["Content-Length"] == str(len(full[2].encode()))
        for _, headers, page in (slow, full):
            assert "Ga terug naar de vorige pagina" in page
            assert "Content-Security-Policy" in headers

    def test_an_app_is_told_to_send_the_same_again(self, installation: Installation) -> None:
        key = {"HTTP_AUTHORIZATION": Api(installation).headers()["Authorization"]}
        for ask in (self.too_slow, self.no_room):
            status, headers, text = ask(installation, REPORTS, **key)
            assert status.startswith("503")
            assert headers["Content-Type"] == PROBLEM
            assert int(headers["Retry-After"])
            assert "dezelfde Idempotency-Key" in text

    def test_nothing_on_disk_is_kept_for_who_has_no_key_or_no_code(
        self, installation: Installation
    ) -> None:
        key = Api(installation).headers()["Authorization"]
        files = f"{REPORTS}/x/bijlagen"
        strangers: list[tuple[str, dict[str, str]]] = [
            (REPORTS, {}),
            (REPORTS, {"HTTP_AUTHORIZATION": "Bearer of-nobody"}),
            (files, {"HTTP_AUTHORIZATION": "Bearer of-nobody", "HTTP_VOLGCODE": "X"}),
        ]
        for path, headers in strangers:
            assert self.no_room(installation, path, **headers)[0].startswith("401")
        no_code = {"HTTP_AUTHORIZATION": key, "CONTENT_TYPE": "multipart/form-data; boundary=x"}
        assert self.no_room(installation, files, **no_code)[0].startswith("404")
        assert self.no_room(installation, files, **no_code, HTTP_VOLGCODE="X")[0].startswith("503")
