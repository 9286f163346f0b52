"""/health/live, /health/ready and /version: what a watching machine hears, also in bad times."""

from __future__ import annotations

import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, column, event, select, table, text

from stopintimidatie import install
from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.health import services as health_services
from stopintimidatie.core.jobs import Job, OutboxJob, enqueue
from stopintimidatie.core.search.registry import INDEX
from stopintimidatie.core.storage import database
from stopintimidatie.core.storage.database import newest_version
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.municipalities.areas.loader import load_areas
from tests.support import postgres_guard
from tests.support.factories import DORDRECHT
from tests.support.installation import DATA, ROOT, Installation, make_settings
from tests.support.readiness import fresh, ready

pytestmark = [pytest.mark.both_databases, pytest.mark.short_on("postgresql")]

TOWN = DATA / "voorbeeldstad"


def wait_in_queue(installation: Installation, kind: str, hours: int, **values: Any) -> None:
    with installation.transaction() as session:
        job = enqueue(session, Job(kind), DORDRECHT, {})
        job.created_at = job.run_after = utc_now() - timedelta(hours=hours)
        for name, value in values.items():
            setattr(job, name, value)


def test_an_installation_that_works_says_so_of_every_part(installation: Installation) -> None:
    assert installation.visitor().get("/health/live").json == {"status": "ok"}
    checks = ready(installation, 200)
    assert " ".join(checks) == (
        "database migraties opslag schijf security.txt virusscanner grenzen poort logboek"
        " bewaartermijnen terugzetten grootboek reservekopieën wachtrij planning zoekindex"
        " dode taken post"
    )
    # The desk filled in nothing, and has no terms yet.
    assert checks.pop("bewaartermijnen")["toestand"] == "let op"
    assert {check["toestand"] for check in checks.values()} == {"goed", "niet van toepassing"}


@pytest.mark.short_on("postgresql")
def test_work_that_waits_too_long_makes_it_unready_and_dead_work_does_not(
    installation: Installation,
) -> None:
    wait_in_queue(installation, "iets", 2, dead=True)
    wait_in_queue(installation, "iets", 2, lease_until=utc_now() + timedelta(minutes=5))
    wait_in_queue(installation, "iets", -2)
    checks = ready(installation, 200)
    assert checks["dode taken"]["toestand"] == "let op"
    assert checks["dode taken"]["melding"].startswith("Mislukt en opgegeven: 1.")
    assert "wachtrij lijst" in checks["dode taken"]["melding"]
    wait_in_queue(installation, INDEX.name, 2)
    checks = ready(installation, 503)
    # PostgreSQL's index never lags: it is written with the change.
    index = "fout" if installation.settings.search_backend == "whoosh" else "niet van toepassing"
    assert (checks["wachtrij"]["toestand"], checks["zoekindex"]["toestand"]) == ("fout", index)
    assert "worker" in checks["wachtrij"]["melding"]


@pytest.mark.short_on("postgresql")
def test_the_threshold_is_a_setting_and_none_means_only_told(installation: Installation) -> None:
    wait_in_queue(installation, INDEX.name, 2)
    for seconds, status in ((3 * 3600, 200), (0, 200), (60, 503)):
        other = replace(
            installation.settings, health_queue_seconds=seconds, health_index_seconds=seconds
        )
        checks = health_services.inspect_installation(other)
        assert health_services.is_ready(checks) is (status == 200)
        waiting = next(check for check in checks if check.name == "wachtrij")
        assert "seconden" in waiting.message


def test_with_searching_in_the_database_there_is_no_lag(installation: Installation) -> None:
    wait_in_queue(installation, INDEX.name, 0)
    checks = health_services.inspect_installation(
        replace(installation.settings, search_backend="postgresql")
    )
    assert [c.state for c in checks if c.name == "zoekindex"] == ["niet van toepassing"]


@pytest.mark.short_on("postgresql")
def test_production_needs_outlines_of_both_levels(installation: Installation) -> None:
    strict = replace(installation.settings, demo=False)

    def outlines() -> health_services.Check:
        added = installation.registry.health_checks
        checks = health_services.inspect_installation(strict, added=added)
        return next(check for check in checks if check.name == "grenzen")

    missing = outlines()
    assert (missing.state, "gebieden laden" in missing.message) == ("fout", True)
    files = [TOWN / "gemeenten_2024.geojson", TOWN / "wijken_2024.geojson"]
    for number, file in enumerate(files):
        with installation.transaction() as session:
            load_areas(session, [file], actor=SYSTEM, reserved=frozenset())
        assert (outlines().state == "goed") is (number == 1)


def test_a_database_that_is_behind_is_told_from_one_of_a_later_release(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    present = newest_version(installation.settings.migrations)
    monkeypatch.setattr(health_services, "newest_version", lambda migrations: "9999")
    monkeypatch.setattr(health_services, "known_versions", lambda migrations: {"9999"})
    newer = ready(installation, 200)["migraties"]
    assert (newer["toestand"], "latere uitgave" in newer["melding"]) == ("let op", True)
    monkeypatch.setattr(health_services, "known_versions", lambda migrations: {"9999", present})
    checks = ready(installation, 503)
    assert "database migreren" in checks["migraties"]["melding"]
    assert checks["wachtrij"]["toestand"] == "niet bekeken"


def test_a_database_in_which_nothing_was_put_is_behind(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = table("alembic_versie_van_niets", column("version_num"))
    monkeypatch.setattr(health_services, "VERSIONS", nothing)
    assert ready(installation, 503)["migraties"]["toestand"] == "fout"


def change(installation: Installation, statement: str) -> None:
    with installation.owner.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize("name", ["outbox_job", "audit_event"])
def test_a_database_that_refuses_each_write_is_not_good(
    installation: Installation, name: str
) -> None:
    """As when its owner took rights away, or put something before them."""
    shut = {
        "outbox_job": "CREATE TRIGGER shut BEFORE INSERT ON outbox_job"
        " BEGIN SELECT RAISE(ABORT, 'shut'); END",
        "audit_event": "ALTER TABLE audit_event RENAME TO elsewhere",
    }
    ready(installation, 200)
    taken = f"REVOKE INSERT ON {name} FROM {database.APP}"
    change(installation, shut[name] if installation.settings.sqlite else taken)
    checks = ready(installation, 503)
    assert checks["opslag"]["toestand"] == checks["database"]["toestand"] == "fout"
    assert "database rollen" in checks["database"]["melding"]


def test_the_row_of_a_look_is_rolled_back_and_a_busy_writer_is_no_fault(
    installation: Installation,
) -> None:
    with installation.owner.connect() as writer:
        lock = "" if installation.settings.sqlite else "LOCK TABLE outbox_job IN SHARE MODE"
        # SQLite has one lock, which this transaction took when it began.
        writer.execute(text(lock or "SELECT 1"))
        assert ready(installation, 200)["database"]["toestand"] == "goed"
    with installation.transaction() as session:
        jobs = select(OutboxJob).where(OutboxJob.kind == "")
        assert session.scalars(jobs).all() == []


@contextmanager
def counted() -> Iterator[list[str]]:
    """Every statement that any engine runs."""
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.short_on("postgresql")
def test_asking_often_costs_the_database_nothing_more(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A machine that is busy takes longer than a second to ask twenty times.
    monkeypatch.setattr(health_services, "KEPT_SECONDS", 600)
    visitor = fresh(installation)
    with counted() as few:
        visitor.get("/health/ready")
        for _ in range(20):
            visitor.get("/health/ready")
    assert len(few) <= 6
    for _ in range(30):
        wait_in_queue(installation, INDEX.name, 0)
    with counted() as many:
        fresh(installation).get("/health/ready")
    assert len(many) == len(few)


@pytest.mark.short_on("postgresql")
def test_living_and_the_version_ask_the_database_nothing(installation: Installation) -> None:
    with counted() as seen:
        installation.visitor().get("/health/live")
        told = installation.visitor().get("/version").json
    assert seen == []
    assert set(told) == {"versie", "commit", "migratie"}
    assert told["migratie"]
    assert told["commit"] is None or len(told["commit"]) == 40


def test_the_version_is_the_one_of_setup_cfg() -> None:
    parser = ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    assert parser["metadata"]["version"] == health_services.VERSION


def test_the_commit_is_known_or_it_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "COMMIT"
    monkeypatch.setattr(health_services, "COMMIT_FILE", file)
    for written, told in (("a" * 40 + "\n", "a" * 40), ("<b>", None)):
        file.write_text(written, encoding="ascii")
        health_services.commit.cache_clear()
        assert health_services.commit() == told
    health_services.commit.cache_clear()


@pytest.fixture
def own_server() -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A PostgreSQL of this test's own, that it may stop."""
    with tempfile.TemporaryDirectory() as place:
        # The server runs as a user without rights and must be able to reach its folder.
        Path(place).chmod(0o711)
        folder = Path(place) / "pg"
        folder.mkdir(mode=0o755)
        server = postgres_guard.start(folder)
        try:
            yield server, f"postgresql+psycopg://{postgres_guard.SUPERUSER}@/postgres?host={folder}"
        finally:
            server.send_signal(signal.SIGCONT)
            postgres_guard.end(server)


@pytest.mark.alles
def test_a_database_that_hangs_or_stops_makes_it_unready_and_it_lives_on(
    own_server: tuple[subprocess.Popen[bytes], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server, url = own_server
    # On a busy machine a good answer may take its time.
    monkeypatch.setattr(health_services, "LONGEST_SECONDS", 30)
    settings = make_settings(url, tmp_path)
    create_key_file(settings.key_file)
    install(settings)
    there = Installation(settings)
    try:
        ready(there, 200)
        server.send_signal(signal.SIGSTOP)
        monkeypatch.setattr(health_services, "LONGEST_SECONDS", 0.5)
        before = time.monotonic()
        assert "geen antwoord" in ready(there, 503)["database"]["melding"]
        assert ready(there, 503)["database"]["toestand"] == "fout"
        assert time.monotonic() - before < 15
        assert there.visitor().get("/health/live").json == {"status": "ok"}
        server.send_signal(signal.SIGCONT)
        monkeypatch.setattr(health_services, "LONGEST_SECONDS", 30)
        ready(there, 200)
        postgres_guard.end(server)
        checks = ready(there, 503)
        assert "niet bereikbaar" in checks["database"]["melding"]
        assert checks["wachtrij"]["toestand"] == "niet bekeken"
        assert there.visitor().get("/health/live").json == {"status": "ok"}
        assert there.visitor().get("/version").json["versie"]
    finally:
        there.close()
