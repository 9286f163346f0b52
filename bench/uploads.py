"""Measure what one sender of files costs: `python -m bench.uploads [--seconds 20] [--senders 8]`.

One sender makes reports and sends files with them as fast as the server takes them, while others
report. Prints what the sender was answered, how much disk it took, and how long others waited.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Final

from sqlalchemy import create_engine, text

from bench import machine
from bench.intake import _prepare
from bench.photos import Site
from stopintimidatie.reports.attachments.services import MOST

SECONDS: Final = 20.0
SENDERS: Final = 8
SENDER: Final = "145.53.10.20"
OTHER: Final = "145.53.10.21"
FILE_BYTES: Final = 24_000_000
HEAD: Final = (
    "| database | antwoorden op bestanden | schijf MB | meldingen van anderen | p50 ms"
    " | langste wachttijd ms | langste daarvoor ms |\n|---|---|--:|---|--:|--:|--:|"
)


def sound(size: int = FILE_BYTES) -> bytes:
    """Make a WAV of noise: it is packed anew without much work, and comes out as large."""
    head = b"WAVEfmt \x10\0\0\0\1\0\1\0\x44\xac\0\0\x88\x58\1\0\2\0\x10\0data"
    body = head + size.to_bytes(4, "little") + os.urandom(size)
    return b"RIFF" + (len(body)).to_bytes(4, "little") + body


class Attack:
    """A sender with some threads, until told to stop; counts what it was answered."""

    def __init__(self, port: int, senders: int) -> None:
        self.answers: Counter[int] = Counter()
        self._site = Site(port, SENDER)
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._send) for _ in range(senders)]

    def _send(self) -> None:
        content = bytearray(sound())
        while not self._over.is_set():
            status, receipt = self._site.post()
            if status != 201:
                continue
            for _ in range(MOST):
                content[100:116] = os.urandom(16)
                self.answers[self._site.attach(receipt, bytes(content))] += 1
                if self._over.is_set():
                    return

    def __enter__(self) -> Attack:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *about: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


def report_along(port: int, seconds: float) -> tuple[str, list[float]]:
    """Report as somebody else all the while; return the answers and the milliseconds of each."""
    site, times, end = Site(port, OTHER), [], time.monotonic() + seconds
    answers: Counter[int] = Counter()
    while time.monotonic() < end:
        begin = time.perf_counter()
        answers[site.post()[0]] += 1
        times.append((time.perf_counter() - begin) * 1000)
        time.sleep(0.1)
    return counted(answers), times


def counted(answers: Counter[int]) -> str:
    return ", ".join(f"{count}x {status}" for status, count in sorted(answers.items()))


def used(url: str, owner_url: str, folder: Path) -> float:
    """Return the megabytes of the database on disk."""
    if url.startswith("sqlite"):
        return sum(file.stat().st_size for file in folder.glob("d.sqlite*")) / 1e6
    engine = create_engine(owner_url)
    with engine.connect() as connection:
        size = connection.scalar(text("select pg_database_size(current_database())"))
    engine.dispose()
    return float(size or 0) / 1e6


def row(name: str, owner_url: str, folder: Path, seconds: float, senders: int) -> str:
    """Measure one database and return its row of the table."""
    url = machine.as_application(owner_url)
    _prepare(url, folder)
    port = machine.free_port()
    with machine.process("bench.servers", ("app", url, str(folder), "1"), port):
        Site(port, OTHER).report()
        _, alone = report_along(port, seconds / 4)
        before = used(url, owner_url, folder)
        with Attack(port, senders) as attack:
            reports, times = report_along(port, seconds)
        taken = used(url, owner_url, folder) - before
    return (
        f"| {name} | {counted(attack.answers)} | {taken:.0f} | {reports}"
        f" | {machine.percentile(times, 0.5):.0f} | {max(times):.0f} | {max(alone):.0f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--senders", type=int, default=SENDERS)
    parser.add_argument("--folder", default=tempfile.gettempdir(), help="where SQLite's file lies")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    options = parser.parse_args()
    wanted, how = options.database or ["sqlite", "postgresql"], (options.seconds, options.senders)
    print(HEAD, flush=True)
    with tempfile.TemporaryDirectory(prefix="si-uploads-", dir=options.folder) as name:
        folder = Path(name)
        if "sqlite" in wanted:
            print(row("SQLite", f"sqlite:///{folder}/d.sqlite", folder, *how), flush=True)
        if "postgresql" in wanted:
            with machine.postgres() as server:
                other = folder / "postgresql"
                other.mkdir()
                url = machine.new_database(server, "uploads")
                print(row("PostgreSQL", url, other, *how), flush=True)


if __name__ == "__main__":
    main()
