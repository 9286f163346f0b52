"""One installation with its running groups: web servers on their ports, and workers."""

from __future__ import annotations

import socket
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from pathlib import Path
from signal import SIGKILL, Signals
from typing import Any

from sqlalchemy import func, or_, select, update

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.reports.api.queries import make_demo_key
from stopintimidatie.settings import Settings
from tests.crash import marks
from tests.crash.clients import HOST
from tests.crash.nursery import Nursery, Order, gone, kill
from tests.support.factories import EINDHOVEN, connect
from tests.support.installation import Installation


@dataclass
class Group:
    """A running command with everything it started."""

    site: Site
    arguments: list[str]
    port: int | None = None
    sabotage: bool = False
    # A file with how many pages SQLite may have, as if the disk were full; none: no limit.
    page_limit: Path | None = None
    # Where a worker that lingers writes its lines (`dawdling`).
    lines: Path | None = None
    number: int = 0
    pid: int = 0
    starts: int = 0

    @property
    def folder(self) -> Path:
        """Where this run of it leaves its marks."""
        return self.site.folder / f"marks-{self.arguments[-1]}-{self.number}-{self.starts}"

    def start(self) -> None:
        self.starts += 1
        self.folder.mkdir()
        temporary = self.site.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        self.pid = self.site.nursery.start(
            Order(
                arguments=self.arguments,
                log=str(self.site.log),
                temporary=str(temporary),
                marks=str(self.folder) if self.port else None,
                sabotage=self.sabotage,
                page_limit=str(self.page_limit) if self.page_limit else None,
                lines=str(self.lines) if self.lines else None,
            )
        )
        if self.port:
            self._wait_for(self.port)

    def _wait_for(self, port: int, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not gone(self.pid):
            with suppress(OSError), socket.create_connection((HOST, port), 1):
                return
            time.sleep(0.005)
        told = self.site.log.read_text(encoding="utf-8") if self.site.log.exists() else ""
        raise AssertionError(f"the web server doesn't start: {told}")

    def kill(self, number: Signals = SIGKILL) -> Counter[marks.Mark]:
        """End the group; how far its requests were at that moment."""
        if not self.pid:
            return Counter()
        kill(self.pid, number)
        self.pid = 0
        return marks.read(self.folder) if self.folder.exists() else Counter()

    def in_flight(self) -> bool:
        return marks.in_flight(self.folder)


@dataclass
class Site:
    """An installation, and what runs of it."""

    installation: Installation
    nursery: Nursery
    folder: Path
    groups: list[Group] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        connect(self.installation, EINDHOVEN)
        with self.installation.transaction() as session:
            make_demo_key(session, SYSTEM)

    @property
    def log(self) -> Path:
        """What all groups wrote; a traceback in it is a bug."""
        return self.folder / "log"

    def web(self, *, sabotage: bool = False, **changes: Any) -> Group:
        """A web server on a port of its own; not started yet."""
        port = free_port()
        settings = replace(self.installation.settings, web_port=port, **changes)
        ini = self._ini(f"web-{port}", settings)
        return self._group(Group(self, ["--ini", str(ini), "web"], port, sabotage))

    def worker(self, lines: Path | None = None) -> Group:
        """A worker; not started yet. With `lines` it lingers, see `dawdling`."""
        ini = self._ini("worker", self.installation.settings)
        return self._group(Group(self, ["--ini", str(ini), "worker"], lines=lines))

    def _group(self, group: Group) -> Group:
        group.number = len(self.groups)
        self.groups.append(group)
        return group

    def _ini(self, name: str, settings: Settings) -> Path:
        given = ((f, getattr(settings, f.name)) for f in fields(settings))
        lines = [f"{f.metadata['key']} = {value}" for f, value in given if value != f.default]
        path = self.folder / f"{name}.ini"
        path.write_text("\n".join(["[app:main]", *lines]).replace("%", "%%"), encoding="utf-8")
        return path

    def leases(self) -> int:
        """How many jobs a worker has in hand."""
        with self.installation.transaction() as session:
            held = (
                select(func.count()).select_from(OutboxJob).where(OutboxJob.lease_until > utc_now())
            )
            return session.scalar(held) or 0

    def let_leases_end(self) -> None:
        """The minutes pass that a dead worker's lease lasts; only when no worker lives."""
        past = utc_now() - timedelta(seconds=1)
        with self.installation.transaction() as session:
            session.execute(
                update(OutboxJob).where(OutboxJob.lease_until.is_not(None)).values(lease_until=past)
            )

    def waiting_jobs(self) -> int:
        """How many jobs aren't done; one that was never tried, for later, is planned."""
        due = or_(OutboxJob.attempts > 0, OutboxJob.run_after <= utc_now())
        with self.installation.transaction() as session:
            return session.scalar(select(func.count(OutboxJob.id)).where(due)) or 0

    def drain(self, seconds: float = 60) -> None:
        """Wait until the worker has done everything, for as long as it gets on with it."""
        fewest, deadline = self.waiting_jobs(), time.monotonic() + seconds
        while (left := self.waiting_jobs()) > 0:
            if left < fewest:
                fewest, deadline = left, time.monotonic() + seconds
            assert time.monotonic() < deadline, f"{left} jobs still wait"
            time.sleep(0.02)

    def close(self) -> None:
        for group in self.groups:
            group.kill()


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
