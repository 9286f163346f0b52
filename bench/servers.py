"""The two servers that are compared: `python -m bench.servers app|bare URL DATA_DIR PORT`.

`app` is the product as `stopintimidatie web` starts it. `bare` is the least that could promise the
same: waitress, as many threads, one INSERT and a COMMIT that is on the disk.
"""

from __future__ import annotations

import sqlite3
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import psycopg
from waitress import serve

from stopintimidatie.cli import servers
from tests.installation import make_settings

THREADS = 4


def sqlite_insert(url: str) -> Callable[[bytes], None]:
    """Insert and commit on SQLite, one connection a thread, with the product's own settings."""
    local = threading.local()
    path = url.removeprefix("sqlite:///")

    def insert(body: bytes) -> None:
        if not hasattr(local, "connection"):
            local.connection = sqlite3.connect(path, isolation_level=None)
            for pragma in ("busy_timeout = 15000", "journal_mode = WAL", "synchronous = FULL"):
                local.connection.execute(f"PRAGMA {pragma}")
            local.connection.execute("create table if not exists kaal (inhoud blob)")
        local.connection.execute("begin immediate")
        local.connection.execute("insert into kaal values (?)", (body,))
        local.connection.execute("commit")

    return insert


def postgres_insert(url: str) -> Callable[[bytes], None]:
    """Insert and commit on PostgreSQL, one connection a thread."""
    local = threading.local()
    address = url.replace("+psycopg", "")
    with psycopg.connect(address) as connection:
        connection.execute("create table if not exists kaal (inhoud bytea)")

    def insert(body: bytes) -> None:
        if not hasattr(local, "connection"):
            local.connection = psycopg.connect(address)
        local.connection.execute("insert into kaal values (%s)", (body,))
        local.connection.commit()

    return insert


def bare(insert: Callable[[bytes], None]) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    """A WSGI application that stores what it is sent."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        insert(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
        start_response("201 Created", [("Content-Type", "application/json")])
        return [b"{}"]

    return app


def main(kind: str, url: str, data_dir: str, port: str) -> None:
    if kind == "app":
        servers.serve(make_settings(url, Path(data_dir), web_port=int(port), web_threads=THREADS))
        return
    make = sqlite_insert if url.startswith("sqlite") else postgres_insert
    serve(bare(make(url)), host="127.0.0.1", port=int(port), threads=THREADS, _quiet=True)


if __name__ == "__main__":
    main(*sys.argv[1:5])
