"""Measure what photos cost others: `python -m bench.photos [--scans 1000] [--database sqlite]`.

Sends four photos that are made to cost time at once, while a client asks for `/health/live` and for
a page. Then measures how long an honest photo of twelve megapixels takes, from sending to answer.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from bench import machine
from bench.intake import _prepare
from stopintimidatie.reports.api.openapi import FULL_REPORT
from stopintimidatie.reports.api.queries import DEMO_TOKEN
from tests.support.photos import layered_jpeg, telephone_photo

AT_ONCE: Final = 4
SCANS: Final = 1_000
HONEST: Final = 10
LONGEST: Final = 300.0
PAGES: Final = ("/health/live", "/aanmelden", "/api/v1/openapi.json")
HEAD: Final = (
    "| database | aanval: antwoorden | duur s | "
    + " | ".join(f"langste wachttijd {page} ms" for page in PAGES)
    + " | foto van 12 megapixel p50 ms | vier tegelijk: antwoorden | duur ms |\n"
    + "|---|---|--:|"
    + "--:|" * len(PAGES)
    + "--:|---|--:|"
)
_BOUNDARY: Final = "grens"


class Site:
    """The server that is measured, as an app calls it."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Any]:
        """Return the status and the body of an answer, asked for on a new connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LONGEST)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent |= {"Host": "localhost:6543", "Authorization": f"Bearer {DEMO_TOKEN}"}
        with contextlib.closing(connection):
            connection.request(method, path, body or None, sent)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def report(self) -> dict[str, str]:
        key = {"Content_Type": "application/json", "Idempotency_Key": str(uuid4())}
        body = json.dumps(FULL_REPORT).encode()
        status, answer = self.ask("POST", "/api/v1/meldingen", body, **key)
        assert status == 201, answer
        receipt: dict[str, str] = json.loads(answer)
        return receipt

    def attach(self, receipt: dict[str, str], content: bytes) -> int:
        head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="bestand"; filename="a"\r\n'
        body = f"{head}\r\n".encode() + content + f"\r\n--{_BOUNDARY}--\r\n".encode()
        path = f"/api/v1/meldingen/{receipt['kenmerk']}/bijlagen"
        kind = f"multipart/form-data; boundary={_BOUNDARY}"
        code = receipt["volgcode"]
        return self.ask("POST", path, body, Content_Type=kind, Volgcode=code)[0]


def at_once(site: Site, content: bytes) -> tuple[str, float]:
    """Send a photo four times at once; return the statuses and the seconds until the last one."""
    receipts = [site.report() for _ in range(AT_ONCE)]
    heard: list[int] = []
    senders = [
        threading.Thread(target=lambda mine=receipt: heard.append(site.attach(mine, content)))
        for receipt in receipts
    ]
    begin = time.perf_counter()
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return " ".join(map(str, sorted(heard))), time.perf_counter() - begin


@contextlib.contextmanager
def watching(site: Site, path: str) -> Iterator[list[float]]:
    """Ask for a page again and again during the block; yield the list of times in milliseconds."""
    times: list[float] = []
    over = threading.Event()

    def ask() -> None:
        while not over.wait(0.05):
            begin = time.perf_counter()
            assert site.ask("GET", path)[0] == 200
            times.append((time.perf_counter() - begin) * 1000)

    asker = threading.Thread(target=ask)
    asker.start()
    try:
        yield times
    finally:
        over.set()
        asker.join()


def honest(site: Site, content: bytes) -> list[float]:
    """Return the milliseconds each photo takes, sent one by one, each with a new report."""
    times = []
    for _ in range(HONEST):
        receipt = site.report()
        begin = time.perf_counter()
        assert site.attach(receipt, content) == 201
        times.append((time.perf_counter() - begin) * 1000)
    return times


def row(name: str, url: str, folder: Path, scans: int) -> str:
    """Measure one database and return its row of the table."""
    url = machine.as_application(url)
    _prepare(url, folder)
    port = machine.free_port()
    with machine.process("bench.servers", ("app", url, str(folder), "1"), port):
        site = Site(port)
        site.report()
        for path in PAGES:
            site.ask("GET", path)
        photo = telephone_photo()
        usual = machine.percentile(honest(site, photo), 0.5)
        together, milliseconds = at_once(site, photo)
        with contextlib.ExitStack() as stack:
            watched = [stack.enter_context(watching(site, path)) for path in PAGES]
            answers, seconds = at_once(site, layered_jpeg(scans))
            time.sleep(0.2)
        waits = " | ".join(f"{max(times):.0f}" for times in watched)
    return (
        f"| {name} | {answers} | {seconds:.1f} | {waits} | {usual:.0f}"
        f" | {together} | {milliseconds * 1000:.0f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scans", type=int, default=SCANS)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    options = parser.parse_args()
    wanted = options.database or ["sqlite", "postgresql"]
    print(HEAD, flush=True)
    with tempfile.TemporaryDirectory(prefix="si-photos-", dir="/tmp") as name:
        folder = Path(name)
        if "sqlite" in wanted:
            print(row("SQLite", f"sqlite:///{folder}/d.sqlite", folder, options.scans), flush=True)
        if "postgresql" in wanted:
            with machine.postgres() as server:
                other = folder / "postgresql"
                other.mkdir()
                url = machine.new_database(server, "photos")
                print(row("PostgreSQL", url, other, options.scans), flush=True)


if __name__ == "__main__":
    main()
