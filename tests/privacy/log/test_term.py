"""The log has a term: what is older goes, by maintenance alone, and health tells when it stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError

from stopintimidatie.cli.commands import cli
from stopintimidatie.core.audit import SYSTEM, AuditEvent, event_rows
from stopintimidatie.core.clock import clock_at
from stopintimidatie.core.storage import NATIONAL, database
from stopintimidatie.core.storage.session import insert_rows
from stopintimidatie.privacy.log import services
from stopintimidatie.privacy.log.queries import ACTIONS
from stopintimidatie.privacy.log.services import (
    EVENTS,
    SUBJECTS,
    WATCH,
    LogTermError,
    count_old,
    log_terms,
    maintaining,
    prune,
)
from stopintimidatie.settings import Settings
from tests.support.factories import DORDRECHT, connect
from tests.support.installation import Installation
from tests.support.readiness import ready

pytestmark = pytest.mark.both_databases

TODAY = datetime.fromisoformat("2032-03-10T10:00:00+01:00")
# The first lines that are kept, of each part.
ACTS, SIGNS = (datetime.fromisoformat(f"{year}-03-10T00:00:00+01:00") for year in (2027, 2029))
SECOND = timedelta(seconds=1)
INI = """[app:main]
demo = true
sqlalchemy.url = {settings.database_url}
data_dir = {settings.data_dir}
key_file = {settings.key_file}
migrations = {settings.migrations}
public_address = http://localhost:6543
"""


@pytest.fixture
def made(installation: Installation) -> Installation:
    """An installation with nothing in its log that is old."""
    with clock_at(TODAY - timedelta(days=1)):
        connect(installation)
    return installation


def write(installation: Installation, holder: str, action: str, at: datetime) -> str:
    """A line of the log with two documents."""
    rows = event_rows(SYSTEM, action, holder, "melding", [uuid4(), uuid4()], at=at)
    with installation.transaction(holder) as session:
        insert_rows(session, rows)
    return str(rows[0][1]["id"])


def maintenance_of(installation: Installation, **changes: Any) -> Settings:
    settings = installation.settings
    if not settings.sqlite:
        role = f"//{database.MAINTENANCE}@"
        url = settings.database_url.replace(f"//{database.APP}@", role)
        changes = {"database_maintenance_url": url, **changes}
    return replace(settings, **changes)


def clean(installation: Installation) -> Sequence[int]:
    settings = maintenance_of(installation)
    with clock_at(TODAY), maintaining(settings) as engine:
        terms = log_terms(settings)
        counted = count_old(engine, terms)
        gone = prune(engine, terms, SYSTEM, lambda number: None)
    assert counted == gone
    return list(gone.values())


def left(installation: Installation) -> set[str]:
    """The lines that are left; each with both its documents."""
    with installation.owner.connect() as connection:
        ids = connection.scalars(select(EVENTS.c.id).where(EVENTS.c.at < TODAY)).all()
        subjects = connection.scalar(select(func.count()).select_from(SUBJECTS))
        loose = select(SUBJECTS.c.id).where(SUBJECTS.c.event_id.not_in(select(EVENTS.c.id)))
        assert connection.scalars(loose).all() == []
    assert subjects is not None
    return {str(number) for number in ids}


def test_each_part_of_the_log_goes_on_its_own_day(
    made: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "AT_ONCE", 2)
    before = left(made)
    kept = {
        write(made, holder, action, at)
        for holder in (DORDRECHT, NATIONAL)
        for action, at in (
            ("gelezen", ACTS),
            ("melding.toestand", ACTS),
            ("wachtwoord.gewijzigd", SIGNS - SECOND),
            ("gemeente.aanmelden", SIGNS - SECOND),
            ("aanmelden.gelukt", SIGNS),
            ("afmelden", SIGNS),
        )
    }
    for holder in (DORDRECHT, NATIONAL):
        for number in range(5):
            write(made, holder, "gelezen", ACTS - SECOND - timedelta(days=number))
        for action in ("aanmelden.mislukt", "afmelden", "afmelden.gemeente"):
            write(made, holder, action, SIGNS - SECOND)
    assert clean(made) == [10, 6, 0]
    assert left(made) - before == kept
    with made.transaction(NATIONAL) as session:
        event = session.scalars(
            select(AuditEvent).where(AuditEvent.action == "logboek.opgeschoond")
        ).one()
        assert event.reason is not None
        assert event.reason.startswith("10 regels gelezen en gedaan van vóór 10-03-2027, 6 regels")
    assert clean(made) == [0, 0, 0]


def test_afterwards_nothing_can_be_deleted_again(made: Installation) -> None:
    write(made, DORDRECHT, "gelezen", ACTS - SECOND)
    kept = write(made, DORDRECHT, "gelezen", ACTS)
    clean(made)
    for change in ("DELETE FROM audit_event", "DELETE FROM audit_subject"):
        with pytest.raises(DBAPIError), made.transaction(DORDRECHT) as session:
            session.execute(text(change))
    assert kept in left(made)


def test_a_run_that_is_stopped_half_way_leaves_whole_lines_and_is_done_again(
    made: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "AT_ONCE", 2)
    before = left(made)
    for number in range(6):
        write(made, DORDRECHT, "gelezen", ACTS - SECOND - timedelta(days=number))

    def stopped(number: int) -> None:
        if number == 4:
            raise KeyboardInterrupt

    settings = maintenance_of(made)
    with pytest.raises(KeyboardInterrupt), clock_at(TODAY), maintaining(settings) as engine:
        prune(engine, log_terms(settings), SYSTEM, stopped)
    assert len(left(made) - before) == 2
    assert clean(made)[0] == 2
    assert left(made) == before


@pytest.mark.postgresql
def test_only_the_role_of_maintenance_may(made: Installation) -> None:
    write(made, DORDRECHT, "gelezen", ACTS - SECOND)
    before = left(made)
    addresses = {
        "none": "",
        "application": made.settings.database_url,
        "owner": made.settings.database_owner_url,
    }
    for url in addresses.values():
        settings = maintenance_of(made, database_maintenance_url=url)
        with pytest.raises(LogTermError, match="stopintimidatie_maintenance"), clock_at(TODAY):
            _prune_as(settings)
    assert left(made) == before


def _prune_as(settings: Settings) -> None:
    with maintaining(settings) as engine:
        prune(engine, log_terms(settings), SYSTEM, lambda number: None)
        if settings.database_maintenance_url == settings.database_url:
            # The application sees no holder's lines, so it found nothing to delete.
            with engine.begin() as connection:
                connection.execute(EVENTS.delete())


@pytest.mark.short_on("postgresql")
def test_on_a_leap_day_the_term_ends_on_the_first_of_march(installation: Installation) -> None:
    leap_day = datetime.fromisoformat("2032-02-29T12:00:00+01:00")
    with clock_at(leap_day):
        before = log_terms(installation.settings)[0].before
    assert before == datetime.fromisoformat("2027-03-01T00:00:00+01:00")


@pytest.mark.alles
@pytest.mark.short_on("postgresql")
def test_health_names_a_log_that_is_a_month_beyond_its_term(made: Installation) -> None:
    write(made, DORDRECHT, "aanmelden.gelukt", SIGNS - timedelta(days=31))
    with clock_at(TODAY):
        watch(made)
        assert ready(made, 200)["logboek"]["toestand"] == "goed"
        write(made, DORDRECHT, "aanmelden.gelukt", SIGNS - timedelta(days=31) - SECOND)
        watch(made)
        check = ready(made, 200)["logboek"]
        assert check["toestand"] == "let op"
        assert "aan- en afmelden: ouder dan 3 jaar" in check["melding"]
        assert "logboek opschonen" in check["melding"]
        clean(made)
        watch(made)
        assert ready(made, 200)["logboek"]["toestand"] == "goed"


def watch(installation: Installation) -> None:
    """Let the worker look at the log."""
    installation.run_scheduled(WATCH.name)


@pytest.mark.short_on("postgresql")
def test_signing_in_and_out_is_all_that_has_the_shorter_term(installation: Installation) -> None:
    with installation.owner.begin() as connection:
        signs = log_terms(installation.settings)[1].mine
        rows = [
            dict(event_rows(SYSTEM, action, NATIONAL, "proef")[0][1]) | {"holder": NATIONAL}
            for action in ACTIONS
        ]
        connection.execute(insert(EVENTS), rows)
        short = set(connection.scalars(select(EVENTS.c.action).where(signs)))
    assert short == {
        "aanmelden.gelukt",
        "aanmelden.mislukt",
        "aanmelden.gemeente_geweigerd",
        "aanmelden.link_gevraagd",
        "aanmelden.link_gebruikt",
        "afmelden",
        "afmelden.gemeente",
    }


@pytest.mark.sqlite
def test_the_command_says_how_many_and_from_before_which_day(
    made: Installation, tmp_path: Path
) -> None:
    ini = tmp_path / "dienst.ini"
    ini.write_text(INI.format(settings=made.settings), encoding="utf-8")
    for number in range(3):
        write(made, DORDRECHT, "gelezen", ACTS - timedelta(days=number + 1))

    def typed(*words: str) -> str:
        with clock_at(TODAY):
            answer = CliRunner().invoke(cli, ["--ini", str(ini), "logboek", "opschonen", *words])
        assert answer.exit_code == 0, answer.output
        return answer.output

    trial = typed("--proef")
    assert "Zou weggaan: 3 regels gelezen en gedaan (5 jaar, van vóór 10-03-2027)" in trial
    assert "Verwijderd: 3 regels gelezen en gedaan" in typed()
    assert "Verwijderd: 0 regels gelezen en gedaan" in typed()
