"""When the log takes nothing, nothing is shown and nothing is done; and whoever asked hears it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from stopintimidatie.reports.paths import path_of_report
from stopintimidatie.security import Role
from tests.factories import DORDRECHT, connect, make_report, make_user
from tests.functional.api import PROBLEM, Api
from tests.installation import Installation

SHUT = "Wij kunnen nu niets laten zien"


@contextmanager
def without_log(installation: Installation) -> Iterator[None]:
    """The table of the log is gone."""
    with installation.owner.begin() as connection:
        connection.execute(text("ALTER TABLE audit_event RENAME TO elsewhere"))
    try:
        yield
    finally:
        with installation.owner.begin() as connection:
            connection.execute(text("ALTER TABLE elsewhere RENAME TO audit_event"))


@contextmanager
def read_only(installation: Installation) -> Iterator[None]:
    """The database can be read and takes nothing."""
    if installation.settings.sqlite:
        # First in line: SQLite takes its lock with the BEGIN itself.
        event.listen(installation.engine, "begin", only_read, insert=True)
        yield
        event.remove(installation.engine, "begin", only_read)
        installation.engine.dispose()
        return
    set_database(installation, "SET default_transaction_read_only = on")
    try:
        yield
    finally:
        set_database(installation, "RESET default_transaction_read_only")


def only_read(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA query_only = ON")


def set_database(installation: Installation, change: str) -> None:
    """Change what a new connection begins with, and let go of the old ones."""
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
        # A page with somebody's data, and a refusal that belongs in the log as well.
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
