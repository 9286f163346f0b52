"""Tests that nothing is shown or done when the log can't be written, and that the user is told."""

from __future__ import annotations

import logging
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event, text

from stopintimidatie.core.health.services import PROBE_BYTES
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import database
from stopintimidatie.reports.services import path_of_report
from tests.support.api import PROBLEM, Api
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import Installation
from tests.support.services import Postgres

pytestmark = pytest.mark.both_databases

SHUT = "Wij kunnen nu niets laten zien"


@contextmanager
def without_log(installation: Installation) -> Iterator[None]:
    """Rename the table of the log during the block."""
    with installation.owner.begin() as connection:
        connection.execute(text("ALTER TABLE audit_event RENAME TO elsewhere"))
    try:
        yield
    finally:
        with installation.owner.begin() as connection:
            connection.execute(text("ALTER TABLE elsewhere RENAME TO audit_event"))


@contextmanager
def read_only(installation: Installation) -> Iterator[None]:
    """Make the database read-only during the block."""
    if installation.settings.sqlite:
        event.listen(Engine, "do_connect", opened_to_read)
        installation.engine.dispose()
        try:
            yield
        finally:
            event.remove(Engine, "do_connect", opened_to_read)
            installation.engine.dispose()
        return
    set_database(installation, "SET default_transaction_read_only = on")
    try:
        yield
    finally:
        set_database(installation, "RESET default_transaction_read_only")


def opened_to_read(dialect: Any, record: Any, args: list[Any], options: Any) -> sqlite3.Connection:
    """Open the SQLite file read-only."""
    return sqlite3.connect(f"file:{args[0]}?mode=ro", uri=True, check_same_thread=False)


def set_database(installation: Installation, change: str) -> None:
    """Change a setting of the PostgreSQL database for new connections, and drop the pool."""
    with installation.owner.begin() as connection:
        connection.exec_driver_sql("SET TRANSACTION READ WRITE")
        connection.exec_driver_sql(f"ALTER DATABASE {installation.engine.url.database} {change}")
    installation.engine.dispose()


@pytest.mark.parametrize("broken", [without_log, read_only])
def test_a_page_that_cannot_be_logged_is_not_shown(
    installation: Installation, caplog: pytest.LogCaptureFixture, broken: Any
) -> None:
    connect(installation)
    with installation.transaction() as session:
        report = make_report(session, installation)
        session.flush()
        path = str(path_of_report(session, report.id))
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    browser.get(path, status=200).mustcontain(report.reference)
    with broken(installation):
        # One page that shows personal data, and one refusal: both must be recorded in the log.
        for address in (path, "/gemeenten/eindhoven"):
            page = browser.get(address, status=503)
            page.mustcontain(SHUT, "laad de pagina opnieuw", "</html>", no=report.reference)
            assert page.headers["Retry-After"]
            assert page.headers["Cache-Control"] == "no-store"
    errors = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(errors) == 2
    assert all(told.startswith("the log can't be written: ") for told in errors)


@pytest.mark.parametrize("broken", [without_log, read_only])
def test_what_an_app_does_that_cannot_be_logged_is_not_done(
    installation: Installation, broken: Any
) -> None:
    api = Api(installation)
    receipt = api.post().json
    reference, code = receipt["kenmerk"], receipt["volgcode"]
    with broken(installation):
        for answer in (api.post(status=503), api.withdraw(reference, code, status=503)):
            assert answer.content_type == PROBLEM
            assert answer.json["type"].endswith(":tijdelijk-dicht")
            assert answer.headers["Retry-After"]
    assert api.count() == 1
    assert api.follow(reference, code).json["status"] != "ingetrokken"


def storage(installation: Installation, status: int) -> dict[str, str]:
    """Return the check `opslag` of a fresh readiness answer."""
    installation.registry.readiness._known = None
    answer = installation.visitor().get("/health/ready", status=status).json
    found: dict[str, dict[str, str]] = {check["naam"]: check for check in answer["controles"]}
    return found["opslag"]


def test_readiness_fails_when_the_database_takes_nothing(installation: Installation) -> None:
    assert storage(installation, 200)["toestand"] == "goed"
    with read_only(installation):
        told = storage(installation, 503)
    assert (told["toestand"], "database" in told["melding"]) == ("fout", True)
    assert storage(installation, 200)["toestand"] == "goed"


@contextmanager
def full_disk() -> Iterator[None]:
    """Limit the size of files of this process during the block, as if the disk were full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (PROBE_BYTES // 2, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.sqlite
class TestOneMachine:
    """Checks that are the same with either database, or only concern SQLite."""

    def test_readiness_fails_on_a_full_disk(self, installation: Installation) -> None:
        with full_disk():
            told = storage(installation, 503)
        assert (told["toestand"], "data_dir" in told["melding"]) == ("fout", True)
        assert storage(installation, 200)["toestand"] == "goed"

    def test_readiness_does_not_mind_that_somebody_else_writes(
        self, installation: Installation
    ) -> None:
        with installation.engine.begin() as connection:  # holds SQLite's only write lock
            connection.execute(text("UPDATE alembic_version SET version_num = version_num"))
            assert storage(installation, 200)["toestand"] == "goed"


@pytest.mark.postgresql
def test_readiness_makes_the_database_itself_write(
    installation: Installation, postgres: Postgres
) -> None:
    """Check that readiness fails when PostgreSQL has no disk space for temporary files."""
    role = f"ALTER ROLE {database.APP} IN DATABASE {installation.engine.url.database}"
    with psycopg.connect(postgres.conninfo("postgres"), autocommit=True) as administrator:
        administrator.execute(f"{role} SET temp_file_limit = 0".encode())
        try:
            told = storage(installation, 503)
        finally:
            administrator.execute(f"{role} RESET temp_file_limit".encode())
    assert "ConfigurationLimitExceeded" in told["melding"]
