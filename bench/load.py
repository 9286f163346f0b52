"""Clients that cost little themselves: `python -m bench.load PORT CLIENTS SECONDS [PER_SECOND]`.

One process, one loop, plain sockets and bytes that were made beforehand: an HTTP library would
take more of the processor than the server that is measured. Each client has one kept connection
and sends its next report when the last was answered. With PER_SECOND they send that many together,
at even moments; a report that is late counts from when it was due. Prints the milliseconds of
each, as JSON.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

from stopintimidatie.reports.api.openapi import FULL_REPORT
from stopintimidatie.reports.api.queries import DEMO_TOKEN

BODY: Final = json.dumps(FULL_REPORT).encode()
WARM_UP: Final = 1.0
_CHUNK: Final = 64 * 1024


@dataclass
class Client:
    """One connection, and what is under way on it."""

    connection: socket.socket
    sent_at: float = 0.0
    came: bytes = field(default=b"", repr=False)

    def send(self, key: str) -> None:
        self.came = b""
        self.sent_at = time.perf_counter()
        self.connection.sendall(_HEAD + key.encode() + _END + BODY)

    def read(self) -> bool:
        """Take in what came; whether the answer is whole."""
        part = self.connection.recv(_CHUNK)
        if not part:
            raise ConnectionError("the server closed the connection")
        self.came += part
        head, found, body = self.came.partition(b"\r\n\r\n")
        return bool(found) and len(body) >= _length(head)


_HEAD: Final = (
    "POST /api/v1/meldingen HTTP/1.1\r\n"
    "Host: localhost\r\n"
    f"Authorization: Bearer {DEMO_TOKEN}\r\n"
    "Content-Type: application/json\r\n"
    f"Content-Length: {len(BODY)}\r\n"
    "Idempotency-Key: "
).encode()
_END: Final = b"\r\n\r\n"


def _length(head: bytes) -> int:
    """What an answer says that it is long; anything but 201 ends the measurement."""
    if not head.startswith(b"HTTP/1.1 201 "):
        raise ConnectionError(f"not 201: {head[:40]!r}")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    raise ConnectionError("an answer without its length")


def run(port: int, clients: int, seconds: float) -> list[float]:
    """The milliseconds of each report that was sent and answered within the time."""
    times: list[float] = []
    with selectors.DefaultSelector() as selector:
        for _ in range(clients):
            client = Client(socket.create_connection(("127.0.0.1", port), timeout=60))
            selector.register(client.connection, selectors.EVENT_READ, client)
            client.send(str(uuid4()))
        unheard = clients
        begin = float("inf")
        while (now := time.perf_counter()) < begin + seconds:
            for key, _ in selector.select(timeout=60):
                client = key.data
                if not client.read():
                    continue
                done = time.perf_counter()
                unheard -= 1
                if unheard == 0:
                    begin = done + WARM_UP
                if client.sent_at >= begin and done <= begin + seconds:
                    times.append((done - client.sent_at) * 1000)
                client.send(str(uuid4()))
            if time.perf_counter() - now > 30:
                raise TimeoutError("no answer within 30 seconds")
        for key in list(selector.get_map().values()):
            key.data.connection.close()
    return times


def paced(port: int, clients: int, seconds: float, per_second: float) -> list[float]:
    """Send a report every so often, and return the milliseconds from when each was due."""
    times: list[float] = []
    with selectors.DefaultSelector() as selector:
        # In turn, so that the server finds none of them idle for long.
        addresses = [("127.0.0.1", port)] * clients
        free = deque(Client(socket.create_connection(each, 60)) for each in addresses)
        for client in free:
            selector.register(client.connection, selectors.EVENT_READ, client)
        begin = time.perf_counter()
        moments = [begin + number / per_second for number in range(int(seconds * per_second))]
        waiting = deque(moments)
        while len(times) < len(moments):
            while free and waiting and waiting[0] <= time.perf_counter():
                client = free.popleft()
                client.send(str(uuid4()))
                client.sent_at = waiting.popleft()
            pause = waiting[0] - time.perf_counter() if waiting and free else 60
            for key, _ in selector.select(timeout=max(pause, 0)):
                if key.data.read():
                    times.append((time.perf_counter() - key.data.sent_at) * 1000)
                    free.append(key.data)
        for client in free:
            client.connection.close()
    return times


def main(port: str, clients: str, seconds: str, per_second: str = "") -> None:
    """Print the milliseconds of each report."""
    sizes = int(port), int(clients), float(seconds)
    json.dump(paced(*sizes, float(per_second)) if per_second else run(*sizes), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
