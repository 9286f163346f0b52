"""Apps that keep sending: each its next report when the last was answered, as long as it takes."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from stopintimidatie.reports.api.queries import DEMO_TOKEN
from tests.crash.ledger import Entry, Ledger

HOST = "127.0.0.1"
PATH = "/api/v1/meldingen"
TIME_OUT = 20
PATIENCE = 0.02


def headers_of(entry: Entry) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {DEMO_TOKEN}",
        "Content-Type": "application/json",
        "Idempotency-Key": entry.key,
    }


def send(connection: http.client.HTTPConnection, entry: Entry) -> tuple[int, Any, dict[str, str]]:
    """Send a report over a kept connection: status, answer, headers."""
    entry.sent += 1
    connection.request("POST", PATH, entry.body, headers_of(entry))
    answer = connection.getresponse()
    text = answer.read()
    return answer.status, json.loads(text), {k.lower(): v for k, v in answer.headers.items()}


@dataclass
class Refusal:
    """An answer that isn't 201: how long it took, and whether it told what to do."""

    status: int
    seconds: float
    headers: dict[str, str]
    body: Any


@dataclass
class Apps:
    """Some apps, each on a connection of its own, spread over the ports."""

    ledger: Ledger
    ports: Sequence[int]
    number: int = 4
    # How many all of them send together in a second; 0: as fast as they are answered.
    per_second: int = 0
    # For apps that come over https, as through the proxy.
    secure: ssl.SSLContext | None = None
    refusals: list[Refusal] = field(default_factory=list)
    # Answers that no client can read, and answers that never came: a server may give neither.
    garbled: list[str] = field(default_factory=list)
    # Connections that broke before an answer came.
    broken: list[str] = field(default_factory=list)
    new: bool = True
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def sending(self) -> Iterator[None]:
        """They send as long as the block lasts."""
        self._stop.clear()
        threads = [threading.Thread(target=self._app, args=(i,)) for i in range(self.number)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def finish(self, seconds: float = 30) -> None:
        """Send what wasn't acknowledged again, until all is."""
        self.new = False
        with self.sending():
            deadline = time.monotonic() + seconds
            while self.ledger.unacknowledged and time.monotonic() < deadline:
                time.sleep(PATIENCE)
        assert not self.ledger.unacknowledged, "the server doesn't take what it refused before"
        self.new = True

    def _app(self, number: int) -> None:
        port = self.ports[number % len(self.ports)]
        connection = self._connection(port)
        started, sent = time.monotonic(), 0
        while not self._stop.is_set():
            if self.per_second:
                sent += 1
                due = started + (sent + number / self.number) * self.number / self.per_second
                self._stop.wait(max(0, due - time.monotonic()))
            entry = self.ledger.next(new=self.new)
            if entry is None or not self._sent(connection, entry):
                connection.close()
                self._stop.wait(PATIENCE)
        connection.close()

    def _connection(self, port: int) -> http.client.HTTPConnection:
        if self.secure is None:
            return http.client.HTTPConnection(HOST, port, timeout=TIME_OUT)
        return http.client.HTTPSConnection("localhost", port, timeout=TIME_OUT, context=self.secure)

    def _sent(self, connection: http.client.HTTPConnection, entry: Entry) -> bool:
        start = time.monotonic()
        try:
            status, answer, headers = send(connection, entry)
        except (OSError, http.client.HTTPException, ValueError) as error:
            if isinstance(error, TimeoutError | ValueError):
                self.garbled.append(repr(error))
            self.broken.append(repr(error))
            self.ledger.unanswered(entry)
            return False
        self.ledger.answered(entry, status, answer)
        if status != 201:
            self.refusals.append(Refusal(status, time.monotonic() - start, headers, answer))
        return status == 201
