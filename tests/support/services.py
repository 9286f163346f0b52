"""Pytest plugin: the programs outside Python that tests use, started once per run.

`postgres`      a private PostgreSQL, shared by all workers of pytest-xdist; started by the first
                test that asks for it, ended with the run. Real, but without fsync.
`postgres_url`  the address of a new, empty database of this test's own.
`chromium`      the machine's browser: `playwright.chromium.launch(**chromium.launch_options)`.

Databases that many tests start from are built once per run and then cloned in some 40 ms:

    name = postgres.template("migrated", build=lambda url: migrate(url))
    with postgres.database(template=name) as url: ...

The product's roles are there (storage/roles.py), and every database is its owner's. An address is
the administrator's unless `user` says otherwise; tests of the product connect as it does itself.

What is missing is an error that says so, never a skip.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from stopintimidatie.core.storage import database
from tests.support import postgres_guard
from tests.support.shared import FOLDER_VARIABLE, locked, run_folder

MEMORY = Path("/dev/shm")  # noqa: S108 (a folder with a name of its own is made in it)
ROOM_IN_MEMORY = 4 * 2**30  # bytes; a whole run takes about a gigabyte at its height
OWNER_VARIABLE = "STOPINTIMIDATIE_TEST_OWNER"
# The first is Chromium without windows: it starts sooner and takes less of the machine.
BROWSERS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
# A closed network and a small machine: no calls home, no first-run pages, no shared memory.
BROWSER_FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


class ServiceMissingError(RuntimeError):
    """A program that the tests need isn't there, or doesn't start."""


@dataclass(frozen=True)
class Postgres:
    """The run's PostgreSQL server."""

    folder: Path

    def url(self, database: str, user: str = postgres_guard.SUPERUSER) -> str:
        """SQLAlchemy's address of a database, over the socket in the folder."""
        return f"postgresql+psycopg://{user}@/{database}?host={self.folder}"

    def conninfo(self, database: str) -> str:
        """libpq's words for a database, as its administrator."""
        return f"host={self.folder} user={postgres_guard.SUPERUSER} dbname={database}"

    def template(
        self, name: str, build: Callable[[str], None], user: str = postgres_guard.SUPERUSER
    ) -> str:
        """A database that `build` has filled, once for all workers; it must disconnect after."""
        with locked(self.folder / f"{name}.lock"):
            done = self.folder / f"{name}.built"
            if not done.exists():
                self._run("drop database if exists {}", name)
                self._run("create database {} owner {}", name, database.OWNER)
                build(self.url(name, user))
                done.touch()
        return name

    def create(self, template: str = "template0", name: str | None = None) -> str:
        """The name of a new database, empty or a copy of a template."""
        name = name or f"t{uuid.uuid4().hex}"
        # By file: a small template is copied in half the time that its way through the log takes.
        self._run(
            "create database {} template {} owner {} strategy file_copy",
            name,
            template,
            database.OWNER,
        )
        return name

    def drop(self, name: str) -> None:
        """Throw a database away, also when a test left a connection open."""
        self._run("drop database if exists {} with (force)", name)

    @contextlib.contextmanager
    def database(
        self,
        template: str = "template0",
        user: str = postgres_guard.SUPERUSER,
        name: str | None = None,
    ) -> Iterator[str]:
        """The address of a new database that is gone afterwards."""
        name = self.create(template, name)
        try:
            yield self.url(name, user)
        finally:
            self.drop(name)

    def make_roles(self) -> None:
        """The roles of the house, once for all workers."""
        with locked(self.folder / "roles.lock"):
            done = self.folder / "roles.made"
            if not done.exists():
                for statement in database.role_statements():
                    _administrator(self.folder).execute(statement.encode())
                done.touch()

    def _run(self, statement: LiteralString, *names: str) -> None:
        composed = sql.SQL(statement).format(*map(sql.Identifier, names))
        _administrator(self.folder).execute(composed)


@functools.cache
def _administrator(folder: Path) -> psycopg.Connection[Any]:
    """One connection for as long as the process lives: each test asks for a database."""
    connection = psycopg.connect(
        host=str(folder), user=postgres_guard.SUPERUSER, dbname="postgres", autocommit=True
    )
    atexit.register(connection.close)
    return connection


@dataclass(frozen=True)
class Chromium:
    """The machine's own browser, and how to start it here."""

    executable_path: str
    args: tuple[str, ...]
    home: str

    @property
    def launch_options(self) -> dict[str, Any]:
        """For Playwright's `launch` and `launch_persistent_context`."""
        env = {**os.environ, "HOME": self.home}
        return {"executable_path": self.executable_path, "args": list(self.args), "env": env}


def pytest_configure(config: pytest.Config) -> None:
    """The process that owns the run makes the folder; xdist's workers inherit its name."""
    if not hasattr(config, "workerinput"):
        # A short path: a socket's address may be 107 characters at most.
        folder = Path(tempfile.mkdtemp(prefix="si-test-", dir=_quick_place()))
        folder.chmod(0o711)  # the server's own user must be able to walk through
        os.environ[FOLDER_VARIABLE] = str(folder)
        if folder.parent == MEMORY:
            os.environ["PYTEST_DEBUG_TEMPROOT"] = str(folder)  # `tmp_path` too
        os.environ[OWNER_VARIABLE] = str(os.getpid())


def _quick_place() -> Path:
    """In memory where there is room: a cloned database then takes a tenth of the time."""
    with contextlib.suppress(OSError):
        if shutil.disk_usage(MEMORY).free >= ROOM_IN_MEMORY and os.access(MEMORY, os.W_OK):
            return MEMORY
    return Path("/tmp")  # noqa: S108 (the same)


def pytest_unconfigure(config: pytest.Config) -> None:
    """The owner ends what was started. If it can't any more, the guard does so by itself."""
    folder = os.environ.get(FOLDER_VARIABLE)
    if hasattr(config, "workerinput") or folder is None:
        return
    with contextlib.suppress(OSError, ValueError, ServiceMissingError):
        guard = int((Path(folder) / "guard.pid").read_text(encoding="ascii"))
        os.kill(guard, signal.SIGTERM)
        _wait_until(lambda: not Path(folder).exists(), seconds=15)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Postgres:
    """The run's own PostgreSQL."""
    folder = run_folder() / "postgres"
    with locked(folder.with_name("postgres.lock")):
        if not folder.exists():
            folder.mkdir(mode=0o700)
            _start_guard(folder)
        _wait_until(lambda: _settled(folder), seconds=60)
    failed = folder / postgres_guard.FAILED
    if failed.exists():
        raise ServiceMissingError(f"PostgreSQL doesn't start: {failed.read_text(encoding='utf-8')}")
    server = Postgres(folder)
    server.make_roles()
    return server


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """A new, empty database for one test."""
    with postgres.database() as url:
        yield url


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Chromium:
    """The browser for Playwright; it gets a home of its own, so nobody's profile is touched."""
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        raise ServiceMissingError("no Chromium on this machine; scripts/test installs one")
    as_root = ("--no-sandbox",) if os.geteuid() == 0 else ()
    home = tmp_path_factory.mktemp("browser-home")
    return Chromium(executable, (*BROWSER_FLAGS, *as_root), str(home))


def _start_guard(folder: Path) -> None:
    """In a session of its own: Ctrl-C goes to the tests, and those end the guard."""
    command = [sys.executable, postgres_guard.__file__, str(folder), os.environ[OWNER_VARIABLE]]
    guard = subprocess.Popen(
        command,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    guard.returncode = 0  # it outlives this worker on purpose: no ResourceWarning for that
    folder.with_name("guard.pid").write_text(str(guard.pid), encoding="ascii")


def _settled(folder: Path) -> bool:
    return any((folder / name).exists() for name in (postgres_guard.READY, postgres_guard.FAILED))


def _wait_until(settled: Callable[[], bool], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not settled():
        if time.monotonic() > deadline:
            raise ServiceMissingError(f"waited {seconds:.0f} seconds for a service in vain")
        time.sleep(0.02)
