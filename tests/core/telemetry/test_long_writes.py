"""A transaction that may write for over a second is told, with who did it and nobody's data."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from sqlalchemy import text

from stopintimidatie.core import telemetry
from stopintimidatie.core.jobs import Job, enqueue
from stopintimidatie.core.jobs.services import JOB_KINDS, JobKind
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.session import transaction
from tests.support.factories import DORDRECHT, make_report, make_user
from tests.support.installation import Installation
from tests.support.log_lines import logged

KIND = "proef.lang"


@pytest.fixture(autouse=True)
def soon_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every transaction for a long one."""
    monkeypatch.setattr(telemetry, "LONG_SECONDS", 0.0)


@pytest.mark.both_databases
def test_a_view_that_writes_is_named_and_one_that_reads_is_not(
    installation: Installation,
) -> None:
    with installation.transaction(DORDRECHT) as session:
        reference = make_report(session, installation, description="Grietje riep.").reference
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    address = browser.get(f"/m/{reference}").follow().request.path
    form = browser.get(f"{address}/notitie").forms["formulier"]
    form["tekst"] = "Grietje belde."
    with logged(level=logging.WARNING) as lines:
        form.submit(status=303)
    (row,) = lines.rows
    assert row["niveau"] == "WARNING"
    assert row["werk"] == "ReportResource.notitie"
    assert row["ms"] > 0
    assert "Grietje" not in lines.text
    assert reference not in lines.text
    with transaction(installation.engine, DORDRECHT, write=False) as session:
        session.execute(text("SELECT 1"))


def test_a_job_is_named_by_its_kind_and_a_command_is_not_told(
    installation: Installation,
) -> None:
    def handle(context: Any, payloads: Any) -> None:
        with context.transaction() as session:
            session.execute(text("SELECT 1"))

    kinds = JOB_KINDS.of(installation.registry)
    kinds[KIND] = JobKind(KIND, telemetry.counting(KIND, handle))
    with logged(level=logging.WARNING) as lines:
        with installation.transaction() as session:
            enqueue(session, Job(KIND), DORDRECHT, {})
        installation.run_jobs()
    assert [row["werk"] for row in lines.rows] == [KIND]


def test_a_short_one_is_not_told(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telemetry, "LONG_SECONDS", 60.0)
    with logged(level=logging.WARNING) as lines, telemetry.at_work(lambda: KIND):
        with installation.transaction() as session:
            session.execute(text("SELECT 1"))
        telemetry.write_ended(60.5)
    assert [row["ms"] for row in lines.rows] == [60_500.0]
