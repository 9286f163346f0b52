"""R2 over real connections: cut at any byte, or fifty at once over two servers: one report."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from random import Random
from typing import Any

import pytest

from tests.crash import checks
from tests.crash.clients import HOST, PATH, TIME_OUT, headers_of, send
from tests.crash.ledger import Entry, Ledger
from tests.crash.site import Group, Site

pytestmark = [pytest.mark.judged_once, pytest.mark.short_on("postgresql")]

POSTS = 50
# How many bytes of the answer are read before the connection is cut.
READ = (0, 1, 20, 300)
RESET = struct.pack("ii", 1, 0)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(Random(8))


@pytest.fixture
def web(site: Site) -> Iterator[Group]:
    group = site.web()
    group.start()
    yield group
    group.kill()


def request(entry: Entry) -> bytes:
    lines = [f"{name}: {value}" for name, value in headers_of(entry).items()]
    head = [f"POST {PATH} HTTP/1.1", f"Host: {HOST}", f"Content-Length: {len(entry.body)}", *lines]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + entry.body


def cut(port: int, entry: Entry, *, sent: int | None = None, read: int = 0) -> None:
    """Send so much of a request, read so much of its answer, and hang up hard."""
    with socket.create_connection((HOST, port), timeout=TIME_OUT) as connection:
        connection.sendall(request(entry)[:sent])
        if read:
            assert connection.recv(read)
        # No goodbye: what was on its way is lost.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def post(port: int, entry: Entry, ledger: Ledger) -> int:
    with closing(HTTPConnection(HOST, port, timeout=TIME_OUT)) as connection:
        status, answer, _ = send(connection, entry)
    ledger.answered(entry, status, answer)
    return status


def new(ledger: Ledger) -> Entry:
    entry = ledger.next(new=True)
    assert entry
    return entry


def one_each(site: Site, ledger: Ledger) -> None:
    found = checks.compare(site.installation, ledger)
    assert found.clean, found
    assert found.acknowledged == len(ledger.entries)
    assert not ledger.contradictions
    checks.check_log(site.log)


@pytest.mark.alles
def test_an_answer_that_was_cut_off_is_given_again(site: Site, web: Group, ledger: Ledger) -> None:
    port = web.port or 0
    for read in READ:
        entry = new(ledger)
        cut(port, entry, read=read)
        # At once, while the first may still be at work, and once more.
        assert [post(port, entry, ledger) for _ in range(2)] == [201, 201]
    one_each(site, ledger)


def test_a_request_that_was_cut_off_leaves_its_key_free(
    site: Site, web: Group, ledger: Ledger
) -> None:
    port = web.port or 0
    entries = [new(ledger) for _ in range(3)]
    for entry, part in zip(entries, (0.3, 0.9, 0.999), strict=True):
        cut(port, entry, sent=int(len(request(entry)) * part))
    found = checks.look(site.installation)
    assert [sum(found.parts(entry)) for entry in entries] == [0, 0, 0]
    assert [post(port, entry, ledger) for entry in entries] == [201, 201, 201]
    one_each(site, ledger)


@pytest.mark.alles
def test_fifty_posts_of_one_key_over_two_servers_are_one_report(
    site: Site, web: Group, ledger: Ledger
) -> None:
    other = site.web(web_processes=2)
    other.start()
    ports = [web.port or 0, other.port or 0]
    entry, start = new(ledger), threading.Barrier(POSTS)
    statuses: list[int] = []

    def one(number: int) -> None:
        start.wait()
        statuses.append(post(ports[number % len(ports)], entry, ledger))

    together(one)
    assert len(statuses) == POSTS
    # Who waited five seconds in vain is asked to come back.
    assert set(statuses) <= {201, 409}
    assert statuses.count(201) > POSTS // 2
    assert [post(port, entry, ledger) for port in ports] == [201, 201]
    one_each(site, ledger)


def together(one: Any) -> None:
    threads = [threading.Thread(target=one, args=(number,)) for number in range(POSTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
