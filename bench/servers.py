"""The servers compared: `python -m bench.servers app|bare URL DATA_DIR PROCESSES PORT`.

Both are granian, started alike. `app` is the product as `stopintimidatie web` starts it; `bare` is
the least that could promise the same: one INSERT of a row as large as the message, and a COMMIT
that is on the disk.
"""

from __future__ import annotations

import sqlite3
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from psycopg_pool import ConnectionPool
from sqlalchemy import create_engine

from stopintimidatie.cli import server
from stopintimidatie.core.storage import database
from tests.support.installation import make_settings

THREADS: Final = 4

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def make_bare_table(owner_url: str) -> None:
    """The table of the bare handler; on PostgreSQL it connects as the product does."""
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        sqlite = engine.dialect.name == "sqlite"
        connection.exec_driver_sql(f"create table kaal (inhoud {'blob' if sqlite else 'bytea'})")
        if not sqlite:
            connection.exec_driver_sql(f"grant insert on kaal to {database.APP}")
    engine.dispose()


def sqlite_insert(url: str) -> Callable[[bytes], None]:
    """Insert and commit on SQLite, one connection a thread, with the product's own settings."""
    local = threading.local()
    path = url.removeprefix("sqlite:///")

    def insert(body: bytes) -> None:
        if not hasattr(local, "connection"):
            local.connection = sqlite3.connect(path, isolation_level=None)
            for pragma in ("busy_timeout = 15000", "journal_mode = WAL", "synchronous = FULL"):
                local.connection.execute(f"PRAGMA {pragma}")
        local.connection.execute("begin immediate")
        local.connection.execute("insert into kaal values (?)", (body,))
        local.connection.execute("commit")

    return insert


def postgres_insert(url: str) -> Callable[[bytes], None]:
    """Insert and commit on PostgreSQL, with as many connections as threads."""
    pool = ConnectionPool(url.replace("+psycopg", ""), min_size=THREADS, open=True)

    def insert(body: bytes) -> None:
        with pool.connection() as connection:
            connection.execute("insert into kaal values (%s)", (body,))

    return insert


def bare(insert: Callable[[bytes], None]) -> Application:
    """A WSGI application that stores what it is sent."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        insert(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
        start_response("201 Created", [("Content-Type", "application/json")])
        return [b"{}"]

    return app


def main(kind: str, url: str, data_dir: str, processes: str, port: str) -> None:
    number, at = int(processes), int(port)
    if kind == "app":
        changes = {
            "web_port": at,
            "web_processes": number,
            "web_threads": THREADS,
            "sender_header": "X-Afzender",
        }
        server.serve(make_settings(url, Path(data_dir), **changes))
        return
    make = sqlite_insert if url.startswith("sqlite") else postgres_insert
    server.run(
        lambda: bare(make(url)), host="127.0.0.1", port=at, processes=number, threads=THREADS
    )


if __name__ == "__main__":
    main(*sys.argv[1:6])
