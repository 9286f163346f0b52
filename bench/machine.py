"""On what the figures were made, and the servers that a measurement needs."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

import psycopg
from sqlalchemy import create_engine

from stopintimidatie.core.storage import database
from tests.support import postgres_guard

FIGURES = Path(__file__).parents[1] / "docs" / "benchmarks.md"
# As a careful operator runs it: a commit is on the disk. Connections over a socket only.
SAFE = {
    "listen_addresses": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "256MB",
    "max_connections": "100",
    "timezone": "UTC",
    "log_min_messages": "warning",
}


def description(postgres: str) -> str:
    """The machine and the versions in one paragraph."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    parts = (
        f"{os.cpu_count()} kernen, {memory:.0f} GiB geheugen, {platform.system()}",
        f"Python {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version} (WAL, synchronous = FULL)",
        f"PostgreSQL {postgres} (fsync aan)",
        f"granian {version('granian')}, WeasyPrint {version('weasyprint')}",
    )
    return "; ".join(parts)


def told(command: str, before: str) -> str:
    """By which command, when, on what and under which load something was measured.

    :param before: the load when it began.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"`{command}`, {date.today():%d-%m-%Y}: {os.cpu_count()} kernen, {memory:.0f} GiB,"
        f" {platform.system()}, Python {platform.python_version()}; belasting {before} bij het"
        f" begin, {load()} aan het eind."
    )


def write_section(title: str, text: str) -> None:
    """Put this text under a heading of docs/benchmarks.md, in place of what stood there."""
    before, heading, after = FIGURES.read_text(encoding="utf-8").partition(f"\n## {title}\n")
    assert heading, title
    rest = after[after.index("\n## ") :]
    FIGURES.write_text(f"{before}{heading}\n{text.strip()}\n{rest}", encoding="utf-8")


def load() -> str:
    """How busy the machine was over the last minute."""
    return f"{os.getloadavg()[0]:.1f}"


@contextlib.contextmanager
def postgres(**settings: str) -> Iterator[str]:
    """The address of a server of our own, with durable commits, and one empty database.

    :param settings: of the server, in place of those in SAFE.
    """
    folder = Path(tempfile.mkdtemp(prefix="si-bench-", dir="/tmp"))
    folder.chmod(0o711)
    inner = folder / "postgres"
    inner.mkdir(mode=0o700)
    try:
        server = postgres_guard.start(inner, SAFE | settings)
        try:
            yield f"host={inner} user={postgres_guard.SUPERUSER}"
        finally:
            postgres_guard.end(server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_database(server: str, name: str) -> str:
    """SQLAlchemy's address of a new database on our server."""
    with psycopg.connect(f"{server} dbname=postgres", autocommit=True) as connection:
        connection.execute(f'create database "{name}"')
    host = server.split()[0].partition("=")[2]
    return f"postgresql+psycopg://{postgres_guard.SUPERUSER}@/{name}?host={host}"


def as_application(url: str) -> str:
    """The address for the role that the product connects as, which row-level security holds.

    Made with all other roles when it isn't there; on SQLite there are none.
    """
    engine = create_engine(url)
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            database.apply(connection)
    engine.dispose()
    return url.replace(f"//{postgres_guard.SUPERUSER}@", f"//{database.APP}@")


def postgres_version(server: str) -> str:
    with psycopg.connect(f"{server} dbname=postgres") as connection:
        row = connection.execute("show server_version").fetchone()
    return str(row[0]) if row else "onbekend"


@contextlib.contextmanager
def process(module: str, arguments: Sequence[str], port: int) -> Iterator[int]:
    """A server in a process of its own, until it takes connections; ended afterwards."""
    command = [sys.executable, "-W", "ignore", "-m", module, *arguments, str(port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as running:
        try:
            _wait_for(port)
            yield running.pid
        finally:
            running.terminate()


def cpu_seconds(process: int) -> float:
    """What a process and all below it used of the processor so far."""
    tick = os.sysconf("SC_CLK_TCK")
    return sum(ticks(one) for one in _family(process)) / tick


def _family(process: int) -> Iterator[int]:
    yield process
    for task in Path(f"/proc/{process}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):
            for child in (task / "children").read_text().split():
                yield from _family(int(child))


def parent(process: int) -> int:
    """The process that started this one."""
    return _fields(process)[1]


def ticks(process: int) -> int:
    """User and system time, with that of children that ended."""
    return sum(_fields(process)[11:15])


def _fields(process: int) -> list[int]:
    """The numbers behind the name, which may hold anything; first the state, as 0."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return [0, *(int(field) for field in fields[1:])]


def free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(1_200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise RuntimeError("the server didn't start within two minutes")


def percentile(times: Sequence[float], part: float) -> float:
    """The value below which this part of the measurements lies."""
    ordered = sorted(times)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]
