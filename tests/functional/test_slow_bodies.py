"""Tests of bodies that come slowly or not at all, through the real web server: they time out."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from io import BytesIO
from typing import Any

import pytest

from stopintimidatie.web.gateway import Gateway
from stopintimidatie.web.transfers import KEPT_IN_MEMORY, Bounds
from tests.factories import connect
from tests.functional.api import PROBLEM, REPORTS, Api
from tests.installation import Installation
from tests.tools.served import HOST, until

# Seconds. The waits in these tests end earlier; only a machine that stands still gets here.
LONGEST = 20
SENDERS = 4
# Its answer tells what the server holds: reading threads, and bytes in unnamed files on disk.
SERVER = f"""
import os, sys, threading
from stopintimidatie.cli import webserver
from stopintimidatie.web.gateway import Gateway
from stopintimidatie.web.transfers import Bounds

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

bounds = Bounds(
    patience_seconds=float(sys.argv[2]), bytes_per_second=1_000_000_000, longest_seconds=60,
    senders={SENDERS}, spared_seconds=0.05, stored_bytes=1_000_000,
)
make = lambda: Gateway(app, places=4, scheme="http", bounds=bounds)
webserver.run(make, host="{HOST}", port=int(sys.argv[1]), threads=16)
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

    def send(self, head: str, body: bytes = b"") -> socket.socket:
        """Send this on a new connection and return the connection."""
        connection = socket.create_connection((HOST, self.port), timeout=LONGEST)
        connection.sendall(f"{head}\r\nHost: x\r\n\r\n".encode() + body)
        return connection

    def ask(self, head: str, body: bytes = b"") -> bytes:
        """Send a request; return all that comes back until the connection is closed."""
        with self.send(f"{head}\r\nConnection: close", body) as connection:
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


@pytest.mark.parametrize(
    "head",
    [
        "POST / HTTP/1.1\r\nContent-Length: 9",
        "POST /nowhere HTTP/1.1\r\nContent-Length: 90000000",
        "GET / HTTP/1.1\r\nContent-Length: 9",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked",
    ],
)
def test_a_body_that_does_not_come_gets_its_answer_and_nothing_of_it_stays(
    hasty: Server, head: str
) -> None:
    with hasty.send(head, b"5\r\n" if "chunked" in head else b"12345") as connection:
        answer = rest_of(connection)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"connection: close" in answer.lower()
    assert answer.rpartition(b"\r\n\r\n")[2].startswith(b"0 ")
    # The reading thread ends when the connection is closed.
    until(lambda: hasty.state() == (0, 0), seconds=LONGEST)


def test_unfinished_bodies_take_no_more_of_the_disk_than_is_allowed(patient: Server) -> None:
    half = bytes(KEPT_IN_MEMORY * 3)
    head = "POST / HTTP/1.1\r\nContent-Length: 900000"
    with ExitStack() as stack:
        first = [stack.enter_context(patient.send(head, half)) for _ in range(2)]
        until(lambda: patient.state()[1] > len(half) * 1.5, seconds=LONGEST)
        # There is room for two and a half such bodies: the third is refused, the others stay.
        refused = patient.ask(head, half)
        assert refused.startswith(b"HTTP/1.1 503")
        # A small body needs no disk space and is accepted.
        assert patient.ask("POST / HTTP/1.1\r\nContent-Length: 3", b"abc").startswith(
            b"HTTP/1.1 200"
        )
        assert patient.state()[1] <= 1_000_000
        for connection in first:
            connection.sendall(bytes(900_000 - len(half)))
    until(lambda: patient.state() == (0, 0), seconds=LONGEST)


def test_one_sender_too_many_takes_the_place_of_the_slowest(patient: Server) -> None:
    head = "POST / HTTP/1.1\r\nContent-Length: 9"
    with ExitStack() as stack:
        waiting = [stack.enter_context(patient.send(head)) for _ in range(SENDERS)]
        until(lambda: patient.state()[0] == SENDERS, seconds=LONGEST)
        time.sleep(0.06)  # longer than a new sender is spared
        answer = patient.ask("POST / HTTP/1.1\r\nContent-Length: 3", b"abc")
        assert answer.startswith(b"HTTP/1.1 200")
        until(lambda: patient.state()[0] == SENDERS - 1, seconds=LONGEST)
        assert sum(_is_refused(connection) for connection in waiting) == 1
    until(lambda: patient.state() == (0, 0), seconds=LONGEST)


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


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
class TestAnswers:
    """Checks of the product's own answers to slow bodies and a full server."""

    def ask(
        self, installation: Installation, path: str, bounds: Bounds
    ) -> tuple[str, dict[str, str], str]:
        made = Gateway(installation.app, places=1, scheme="http", bounds=bounds)
        seen: list[Any] = []
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": path,
            "SCRIPT_NAME": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "6543",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "localhost:6543",
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": "9",
            "wsgi.input": Stalled(),
        }
        parts = made(environ, lambda status, headers, info=None: seen.append((status, headers)))
        status, headers = seen[-1]
        return status, dict(headers), b"".join(parts).decode()

    def test_too_slow_and_too_crowded_are_pages_that_say_what_to_do(
        self, installation: Installation
    ) -> None:
        connect(installation)
        slow = self.ask(installation, "/melden", Bounds(patience_seconds=0.01))
        full = self.ask(installation, "/melden", Bounds(senders=0))
        assert (slow[0][:3], full[0][:3]) == ("408", "503")
        assert "te langzaam" in slow[2]
        assert "te druk" in full[2]
        assert int(full[1]["Retry-After"])
        for _, headers, page in (slow, full):
            assert "Ga terug naar de vorige pagina" in page
            assert headers["Connection"] == "close"
            assert "Content-Security-Policy" in headers

    def test_an_app_is_told_to_send_the_same_again(self, installation: Installation) -> None:
        Api(installation)
        for bounds in (Bounds(patience_seconds=0.01), Bounds(senders=0)):
            status, headers, body = self.ask(installation, REPORTS, bounds)
            assert status.startswith("503")
            assert headers["Content-Type"] == PROBLEM
            assert int(headers["Retry-After"])
            assert "dezelfde Idempotency-Key" in body
