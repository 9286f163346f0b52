"""`stopintimidatie web` as an operator has it: told to stop under load, killed, and looked at."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import threading
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select

from stopintimidatie.cli.gateway import MAXIMUM_BODY_BYTES
from stopintimidatie.reports.api.models import IdempotencyKey
from tests.support.api import REPORTS, Api
from tests.support.installation import Installation
from tests.support.served import BODY, HOST, Served, as_product, post
from tests.support.waiting import until

CLIENTS = 6
FAR_TOO_LARGE = MAXIMUM_BODY_BYTES + 3_000_000


@pytest.fixture
def api(installation: Installation) -> Api:
    return Api(installation)


@dataclass
class Client(threading.Thread):
    """Sends reports, each on a connection of its own, until nobody listens; keeps the ledger."""

    api: Api
    port: int
    acknowledged: set[str] = field(default_factory=set)
    other: list[int] = field(default_factory=list)
    unheard: int = 0

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        while True:
            key = str(uuid4())
            try:
                status = post(self.port, self.api, key)
            except ConnectionRefusedError:
                return
            except (OSError, http.client.HTTPException):
                self.unheard += 1
                continue
            if status == 201:
                self.acknowledged.add(key)
            else:
                self.other.append(status)


def stored(api: Api) -> set[str]:
    """The keys of all reports that came in."""
    with api.installation.transaction() as session:
        return {str(key) for key in session.scalars(select(IdempotencyKey.key))}


def half_a_report(port: int, api: Api) -> socket.socket:
    """A connection on which the first half of a report was sent."""
    headers = api.headers(Content_Length=str(len(BODY)), Host="localhost")
    lines = [f"{name}: {value}" for name, value in headers.items()]
    connection = socket.create_connection((HOST, port), timeout=20)
    head = "\r\n".join([f"POST {REPORTS} HTTP/1.1", *lines])
    connection.sendall(f"{head}\r\n\r\n".encode() + BODY[:100])
    return connection


def load_on(served: Served, api: Api) -> list[Client]:
    clients = [Client(api, served.port) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    until(lambda: all(len(client.acknowledged) >= 3 for client in clients), seconds=30)
    return clients


@pytest.mark.alles
@pytest.mark.both_databases
@pytest.mark.short_on("postgresql")
def test_a_stop_under_load_answers_every_request_that_was_taken(api: Api) -> None:
    processes = 1 if api.installation.settings.sqlite else 2
    with as_product(api.installation.settings, processes=processes) as served:
        clients = load_on(served, api)
        with half_a_report(served.port, api) as slow:
            served.process.send_signal(signal.SIGTERM)
            until(lambda: not listens(served.port))
            slow.sendall(BODY[100:])
            assert slow.recv(12) == b"HTTP/1.1 201"
        assert served.process.wait(timeout=20) == 0
        for client in clients:
            client.join(timeout=20)
    acknowledged = set[str]().union(*(client.acknowledged for client in clients))
    # One more: the slow one.
    assert len(stored(api)) == len(acknowledged) + 1
    assert acknowledged < stored(api)
    assert all(status < 500 for client in clients for status in client.other)


def listens(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=5).close()
    except OSError:
        return False
    return True


@pytest.mark.sqlite
class TestProcesses:
    """What has nothing to do with the database."""

    @pytest.mark.alles
    def test_one_that_dies_is_replaced_and_ctrl_c_ends_all(
        self, api: Api, capfd: pytest.CaptureFixture[str]
    ) -> None:
        with as_product(api.installation.settings, processes=2) as served:
            killed, other = served.workers()
            os.kill(killed, signal.SIGKILL)
            until(lambda: len(set(served.workers()) - {killed}) == 2)
            assert other in served.workers()
            # On a busy machine both may still be starting.
            until(served.answers, seconds=30)
            assert all(post(served.port, api, str(uuid4())) == 201 for _ in range(8))
            capfd.readouterr()
            # As the terminal does it: to every process at once.
            os.killpg(served.process.pid, signal.SIGINT)
            assert served.process.wait(timeout=20) == 0
            assert capfd.readouterr().err == ""

    @pytest.mark.alles
    def test_the_main_one_killed_outright_takes_the_others_along(self, api: Api) -> None:
        with as_product(api.installation.settings, processes=2) as served:
            workers = served.workers()
            served.process.kill()
            until(lambda: not any(Path(f"/proc/{number}").exists() for number in workers))
            assert not listens(served.port)

    @pytest.mark.alles
    def test_a_file_that_is_far_too_large_gets_the_page_that_says_so(self, api: Api) -> None:
        """Also for a browser, which looks at the answer once all of it went out."""
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        with (
            as_product(api.installation.settings) as served,
            closing(http.client.HTTPConnection(HOST, served.port, timeout=20)) as connection,
        ):
            connection.request("POST", "/verificatie", b"x" * FAR_TOO_LARGE, headers)
            answer = connection.getresponse()
            assert answer.status == 413
            assert "Dit is te groot" in answer.read().decode()
