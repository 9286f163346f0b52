"""PostgreSQL stopped and started, and full disks: a clear 503, nothing lost, and on by itself."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from signal import Signals

import pytest

from tests.crash import checks
from tests.crash.campaign import until_answered
from tests.crash.clients import HOST, Apps
from tests.crash.ledger import Ledger
from tests.crash.nursery import Nursery, gone
from tests.crash.postgres import (
    FAST,
    IMMEDIATE,
    Server,
    folder_for_a_server,
    installed_on,
    server_in,
)
from tests.crash.site import Group, Site

pytestmark = pytest.mark.judged_once

AWAY = 1.0
# Far below what an app waits; a refusal that takes longer is a hang.
LONGEST_REFUSAL = 10
ENOUGH = 20


@pytest.fixture
def server() -> Iterator[Server]:
    with folder_for_a_server() as folder, server_in(folder) as made:
        yield made


@pytest.fixture
def own_site(server: Server, nursery: Nursery, tmp_path: Path) -> Iterator[Site]:
    with installed_on(server, tmp_path / "data") as installation:
        made = Site(installation, nursery, tmp_path / "site")
        yield made
        made.close()


def status_of(port: int, path: str) -> int:
    """The status of a page; one that can't be shown now says when to try again."""
    with closing(http.client.HTTPConnection(HOST, port, timeout=LONGEST_REFUSAL)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        assert (answer.status == 503) == (int(answer.headers.get("Retry-After", 0)) > 0)
        return answer.status


def refused_well(apps: Apps) -> None:
    """Every refusal said what to do, in time; at least one came."""
    assert apps.refusals
    for refusal in apps.refusals:
        assert refusal.status == 503, refusal
        assert refusal.headers["content-type"] == "application/problem+json"
        assert int(refusal.headers["retry-after"]) > 0
        assert refusal.body["type"].endswith(":tijdelijk-dicht")
        assert refusal.seconds < LONGEST_REFUSAL
    assert not apps.garbled


def nothing_lost(site: Site, apps: Apps) -> None:
    """Nobody died; all that the apps know is there, once; the worker does the rest."""
    assert not any(gone(group.pid) for group in site.groups)
    apps.finish()
    site.let_leases_end()
    site.drain()
    found = checks.compare(site.installation, apps.ledger)
    assert found.clean, found
    assert not apps.ledger.contradictions
    checks.check_jobs(site.installation)
    checks.check_integrity(site.installation)
    checks.check_log(site.log)


@pytest.mark.alles
def test_postgresql_may_stop_and_start_under_load(own_site: Site, server: Server) -> None:
    web, worker = own_site.web(), own_site.worker()
    apps = Apps(Ledger(Random(5)), [web.port or 0])
    web.start()
    worker.start()
    with apps.sending():
        for how in (IMMEDIATE, FAST):
            until_answered(apps)
            away(server, how, web)
            until_answered(apps)
        full = PretendedDisk(server.folder)
        full.fill(server)
        until_refused(apps)
        full.free(server)
        until_answered(apps)
    refused_well(apps)
    own_site.installation.engine.dispose()
    nothing_lost(own_site, apps)


def away(server: Server, how: Signals, web: Group) -> None:
    """Stop the server for a while, and look what others than the apps get meanwhile."""
    server.stop(how)
    time.sleep(AWAY)
    assert status_of(web.port or 0, "/health/live") == 200
    assert status_of(web.port or 0, "/aanmelden") in (200, 503)
    assert status_of(web.port or 0, "/") in (303, 503)
    server.start()


# full disks

# How many pages of 4 KiB SQLite may still take; how many bytes are left on PostgreSQL's disk.
ROOM_PAGES = 40
ROOM_BYTES = 200_000
SMALL_DISK = "160m"


@pytest.mark.sqlite
def test_a_full_disk_under_sqlite_is_told_and_passes(site: Site) -> None:
    web, worker = site.web(), site.worker()
    apps = Apps(Ledger(Random(6)), [web.port or 0])
    web.page_limit = site.folder / "page-limit"
    for group in (web, worker):
        group.start()
    with site.installation.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    with apps.sending():
        until_answered(apps)
        web.page_limit.write_text(str(pages + ROOM_PAGES), encoding="ascii")
        until_refused(apps)
        web.page_limit.unlink()
        until_answered(apps)
    refused_well(apps)
    nothing_lost(site, apps)


def until_refused(apps: Apps, seconds: float = 40) -> None:
    """Until nothing fits any more, and the apps heard so a while."""
    deadline, heard = time.monotonic() + seconds, len(apps.refusals)
    while len(apps.refusals) < heard + ENOUGH:
        assert time.monotonic() < deadline, "the disk doesn't get full"
        time.sleep(0.01)


class Disk:
    """A disk in memory, mounted in a folder, that can get full."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, server: Server) -> None:
        # The server goes on writing: what was free a moment ago may be taken already.
        with self._ballast.open("wb") as ballast:
            while (size := shutil.disk_usage(self.folder).free - ROOM_BYTES) > 0:
                with contextlib.suppress(OSError):
                    os.posix_fallocate(ballast.fileno(), 0, size)
                    return

    def free(self, server: Server) -> None:
        self._ballast.unlink()


class PretendedDisk(Disk):
    """Without the right to mount: PostgreSQL says that its disk is full, with that code."""

    def fill(self, server: Server) -> None:
        server.run(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE 'no space left on device' USING ERRCODE = 'disk_full'; END $$"
        )
        server.run(
            "CREATE TRIGGER full_disk BEFORE INSERT ON report"
            " FOR EACH STATEMENT EXECUTE FUNCTION full_disk()"
        )

    def free(self, server: Server) -> None:
        server.run("DROP FUNCTION full_disk CASCADE")


@pytest.fixture
def small_disk() -> Iterator[Disk]:
    with folder_for_a_server() as folder:
        disk = folder / "disk"
        disk.mkdir()
        options = ["-t", "tmpfs", "-o", f"size={SMALL_DISK},mode=711", "tmpfs", str(disk)]
        mounted = subprocess.run(["mount", *options], capture_output=True, check=False)
        try:
            yield PretendedDisk(disk) if mounted.returncode else Disk(disk)
        finally:
            if not mounted.returncode:
                subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.alles
def test_a_full_disk_under_postgresql_is_told_and_passes(
    small_disk: Disk, nursery: Nursery, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    with server_in(small_disk.folder) as server, installed_on(server, data) as installation:
        site = Site(installation, nursery, tmp_path / "site")
        try:
            fill_and_free(site, server, small_disk)
        finally:
            site.close()


def fill_and_free(site: Site, server: Server, disk: Disk) -> None:
    web, worker = site.web(), site.worker()
    apps = Apps(Ledger(Random(7)), [web.port or 0])
    for group in (web, worker):
        group.start()
    with apps.sending():
        until_answered(apps)
        disk.fill(server)
        until_refused(apps)
        disk.free(server)
        if not server.running:
            # It may end itself when its log can't be written; an operator starts it again.
            server.start()
        until_answered(apps)
    refused_well(apps)
    site.installation.engine.dispose()
    nothing_lost(site, apps)
