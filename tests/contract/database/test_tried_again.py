"""A request whose transaction met another's is tried again from the start, and nobody notices."""

from __future__ import annotations

import logging
import sqlite3

import pytest
from psycopg.errors import DeadlockDetected
from pyramid_retry import mark_error_retryable
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from transaction.interfaces import TransientError

from stopintimidatie.core.security import Role
from stopintimidatie.reports.services import path_of_report
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import Installation

pytestmark = pytest.mark.judged_once


def test_a_page_that_is_tried_again_reads_its_documents_anew(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(installation)
    with installation.transaction() as session:
        report = make_report(session, installation)
        session.flush()
        path = str(path_of_report(session, report.id))
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    attempts: list[bool] = []
    original = Session.execute

    def execute(self: Session, *args: object, **options: object) -> object:
        found = original(self, *args, **options)  # type: ignore[call-overload]
        if "level0" in str(args[0]) and not attempts:
            # The lineage is read: now this attempt fails, as at a commit on SQLite.
            attempts.append(True)
            self.info["fail"] = True
        return found

    def commit(self: Session) -> None:
        if self.info.pop("fail", False):
            raise TransientError("another was first")

    monkeypatch.setattr(Session, "execute", execute)
    event.listen(Session, "before_commit", commit)
    try:
        answer = browser.get(path, status=200)
    finally:
        event.remove(Session, "before_commit", commit)
    assert attempts == [True]
    assert report.reference in answer.text


def collision(installation: Installation) -> tuple[OperationalError, str]:
    """What the engine raises when another was first, and what the log calls it."""
    if not installation.settings.sqlite:
        return OperationalError("SELECT", {}, DeadlockDetected()), "DeadlockDetected"
    locked = sqlite3.OperationalError("database is locked")
    locked.sqlite_errorname = "SQLITE_BUSY"
    error = OperationalError("SELECT", {}, locked)
    mark_error_retryable(error)
    return error, "SQLITE_BUSY"


def test_a_collision_that_is_tried_again_is_no_error_for_who_watches_the_log(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    connect(installation)
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    times: list[bool] = []
    original = Session.execute

    def execute(self: Session, *args: object, **options: object) -> object:
        if "level0" in str(args[0]) and len(times) < most:
            times.append(True)
            raise collision(installation)[0]
        return original(self, *args, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Session, "execute", execute)
    most = 1
    browser.get("/gemeenten/dordrecht", status=200)
    kind = collision(installation)[1]
    assert kind in caplog.text
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    most = 99
    browser.get("/gemeenten/dordrecht", status=503)
    errors = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert errors == [f"the database can't be used: {kind}"]
