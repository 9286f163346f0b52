"""A PostgreSQL of a test's own, as durable as in production, that may be stopped and started."""

from __future__ import annotations

import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from typing import LiteralString

import psycopg

from stopintimidatie import install
from stopintimidatie.core.storage import database
from stopintimidatie.core.storage.encryption import create_key_file
from tests.support import postgres_guard
from tests.support.installation import Installation, make_settings
from tests.support.services import Postgres

# A commit is on the disk before it is answered.
SAFE = {
    "listen_addresses": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "32MB",
    "max_connections": "50",
    "timezone": "UTC",
    "log_min_messages": "warning",
}
# As `pg_ctl stop -m` sends them.
IMMEDIATE, FAST = signal.SIGQUIT, signal.SIGINT


@dataclass
class Server:
    """A server and its process."""

    folder: Path
    process: subprocess.Popen[bytes]
    database: str = "postgres"

    def run(self, statement: LiteralString) -> None:
        """Run a statement in the installation's database, as the administrator."""
        with psycopg.connect(
            host=str(self.folder), user=postgres_guard.SUPERUSER, dbname=self.database
        ) as connection:
            connection.execute(statement)

    def stop(self, how: Signals) -> None:
        self.process.send_signal(how)
        self.process.wait(20)

    def start(self) -> None:
        programs = postgres_guard.from_debian() or next(self.folder.glob("wheel/*/pginstall/bin"))
        self.process = postgres_guard.run(self.folder, programs, SAFE)

    @property
    def running(self) -> bool:
        return self.process.poll() is None


@contextmanager
def server_in(folder: Path) -> Iterator[Server]:
    """A new server in an empty folder with a short name: a socket's may be 107 characters."""
    inner = folder / "pg"
    inner.mkdir(mode=0o700)
    made = Server(inner, postgres_guard.start(inner, SAFE))
    try:
        yield made
    finally:
        postgres_guard.end(made.process)


@contextmanager
def folder_for_a_server() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="si-crash-", dir="/tmp") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@contextmanager
def installed_on(server: Server, data_dir: Path) -> Iterator[Installation]:
    """An installation on this server; its own processes connect as the application's role."""
    data_dir.mkdir(exist_ok=True)
    create_key_file(data_dir / "sleutels.json")
    databases = Postgres(server.folder)
    databases.make_roles()
    server.database = databases.create()
    install(make_settings(databases.url(server.database, database.OWNER), data_dir))
    settings = make_settings(databases.url(server.database, database.APP), data_dir)
    installation = Installation(settings)
    yield installation
    installation.close()
