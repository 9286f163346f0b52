"""How many reports come in, and how fast: the real server, beside a bare handler."""

from __future__ import annotations

import http.client
import json
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from bench import machine
from stopintimidatie import install
from stopintimidatie.audit import SYSTEM
from stopintimidatie.intake.app_keys import DEMO_TOKEN, make_demo_key
from stopintimidatie.intake.examples import FULL_REPORT
from stopintimidatie.storage.encryption import create_key_file
from tests.factories import connect
from tests.installation import Installation, make_settings

SECONDS, WARM_UP = 4.0, 1.0
CLIENTS = (1, 8)
BODY = json.dumps(FULL_REPORT).encode()
HEAD = (
    "| database | clients | meldingen/s | p50 ms | p99 ms"
    " | kaal: /s | kaal: p50 ms | verhouding |\n"
    "|---|--:|--:|--:|--:|--:|--:|--:|"
)


@dataclass(frozen=True)
class Measured:
    """What some clients saw in the time they had."""

    rate: float
    times: list[float]

    @property
    def p50(self) -> float:
        return statistics.median(self.times) * 1000

    @property
    def p99(self) -> float:
        return machine.percentile(self.times, 0.99) * 1000


def rows(name: str, url: str, folder: Path) -> Iterator[str]:
    """The lines of the table for one database."""
    _prepare(url, folder)
    for clients in CLIENTS:
        app, bare = (_served(kind, url, folder, clients) for kind in ("app", "bare"))
        yield (
            f"| {name} | {clients} | {app.rate:.0f} | {app.p50:.1f} | {app.p99:.1f} "
            f"| {bare.rate:.0f} | {bare.p50:.1f} | {app.rate / bare.rate:.2f} |"
        )


def _prepare(url: str, folder: Path) -> None:
    settings = make_settings(url, folder)
    create_key_file(settings.key_file)
    install(settings)
    installation = Installation(settings)
    connect(installation)
    with installation.transaction() as session:
        make_demo_key(session, SYSTEM)
    installation.close()


def _served(kind: str, url: str, folder: Path, clients: int) -> Measured:
    port = machine.free_port()
    with machine.process("bench.servers", (kind, url, str(folder)), port):
        return _measure(port, clients)


def _measure(port: int, clients: int) -> Measured:
    """Clients on kept connections, each sending its next report when the last was answered."""
    begin = time.perf_counter() + WARM_UP
    seen: list[list[float]] = [[] for _ in range(clients)]
    threads = [
        threading.Thread(target=_client, args=(port, begin, times), daemon=True) for times in seen
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times = [time for client in seen for time in client]
    return Measured(len(times) / SECONDS, times)


def _client(port: int, begin: float, times: list[float]) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        while (start := time.perf_counter()) < begin + SECONDS:
            connection.request("POST", "/api/v1/meldingen", BODY, _headers())
            answer = connection.getresponse()
            answer.read()
            if answer.status != 201:
                raise RuntimeError(f"{answer.status} instead of 201")
            done = time.perf_counter()
            if start >= begin and done <= begin + SECONDS:
                times.append(done - start)


def _headers() -> dict[str, str]:
    return {
        "Authorization": f"Bearer {DEMO_TOKEN}",
        "Content-Type": "application/json",
        "Idempotency-Key": str(uuid4()),
    }
