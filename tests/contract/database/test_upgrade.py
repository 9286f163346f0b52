"""An installation of 1.0.0 with data becomes one of today by the operator's command, and works."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text, update

from stopintimidatie.cli.commands import _tidy_up, cli
from stopintimidatie.cli.words import run
from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.clock import clock_at
from stopintimidatie.core.jobs import JobContext, OutboxJob
from stopintimidatie.core.jobs.schedule import correct_schedule
from stopintimidatie.core.mail import Recipient, queue_mail
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.mail.services import send
from stopintimidatie.core.storage.models import Base
from stopintimidatie.dossiers.services import COLLEAGUE
from stopintimidatie.exports.release.mail import ANSWERED
from stopintimidatie.reports.models import Report
from tests.support.api import Api, report
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation
from tests.support.matrix import MATRIX
from tests.support.release import WITHOUT_ROWS, Release, kept, release_1_0_0
from tests.support.town import DESK, DESK_ROLES, MUNICIPAL_ROLES, OWN

# The Monday after the Saturday on which the data were made.
NOW = datetime(2026, 11, 30, 10, 0, tzinfo=UTC)
NIGHT = datetime(2026, 12, 1, 3, 30, tzinfo=UTC)
WORD = "knikkerbak"
STORY = f"Hij riep me na bij de {WORD}."


@pytest.fixture
def release(
    request: pytest.FixtureRequest, database_kind: str, tmp_path: Path
) -> Iterator[Release]:
    with release_1_0_0(request, database_kind, tmp_path) as made:
        yield made


@pytest.fixture
def upgraded(release: Release) -> Iterator[Installation]:
    """The same after the operator's command; the clock stands still on that Monday."""
    command = ["--ini", str(release.ini), "database", "migreren"]
    assert run(cli, args=command, prog_name="stopintimidatie") == 0
    with clock_at(NOW):
        made = Installation(release.settings)
        yield made
        made.close()


def officer(installation: Installation) -> Any:
    return installation.browser(kept()["names"][f"{OWN}/oov"])


def test_what_1_0_0_held_is_there_and_can_be_used_after_the_upgrade(
    release: Release, upgraded: Installation
) -> None:
    empty = {name for name, number in release.counts.items() if not number}
    assert empty == WITHOUT_ROWS
    # Where there were police data, their compartment is a setting that is on since then.
    assert changed(release, upgraded) == {"municipality_setting": 2}
    receipt = kept()["receipt"]
    browser = officer(upgraded)
    assert receipt["kenmerk"] in browser.get("/gemeenten/dordrecht/postvak").text
    assert STORY in browser.get(f"/m/{receipt['kenmerk']}").follow().text
    api = Api(upgraded)
    same = api.post(report(omschrijving=STORY), Idempotency_Key=kept()["key"])
    assert same.json == receipt
    new = api.post(report()).json["kenmerk"]
    assert new != receipt["kenmerk"]
    assert api.follow(receipt["kenmerk"], receipt["volgcode"]).json["status"] == "ontvangen"
    everybody_is_mailed_as_before(upgraded)


def everybody_is_mailed_as_before(upgraded: Installation) -> None:
    """At once; so is whom a program of 1.0.0 adds, which may run beside this one for a while."""
    with upgraded.transaction(DORDRECHT) as session:
        adds = "INSERT INTO user_account (id, username, name, password_hash, demo, created_at)"
        copied = "SELECT :id, 'nieuw', name, password_hash, demo, created_at FROM user_account"
        session.execute(text(f"{adds} {copied} LIMIT 1"), {"id": uuid4().hex})
        assert set(session.scalars(select(User.mail))) == {"meteen"}
        mine = select(User.id).where(User.username == kept()["names"][f"{OWN}/oov"])
        to = Recipient(COLLEAGUE, str(session.scalars(mine).one()))
        number = queue_mail(session, DORDRECHT, ANSWERED.name, to)
    context = JobContext(upgraded.engine, upgraded.settings, upgraded.registry, DORDRECHT)
    send(context, [{"mail": str(number)}])
    with upgraded.transaction(DORDRECHT) as session:
        assert session.get_one(MailMessage, number).state == "verstuurd"


def changed(release: Release, upgraded: Installation) -> dict[str, int]:
    """The tables of 1.0.0 that have another number of rows now, and how many more."""
    counted = {}
    with upgraded.owner.begin() as connection:
        if not release.settings.sqlite:
            connection.execute(text("SET row_security = off"))
        for name, number in release.counts.items():
            now = select(func.count()).select_from(Base.metadata.tables[name])
            counted[name] = (connection.scalar(now) or 0) - number
    return {name: number for name, number in counted.items() if number}


@pytest.mark.alles
@pytest.mark.timeout(600)
def test_every_page_the_worker_and_a_night_work_on_what_1_0_0_held(
    upgraded: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    # As a worker does when it starts.
    _tidy_up(upgraded.registry)
    upgraded.run_jobs()
    nothing_failed(upgraded)
    browser = officer(upgraded)
    found = browser.get("/zoeken", {"q": WORD}).html.find("main").text
    assert kept()["receipt"]["kenmerk"] in found
    assert sum(see(upgraded, place, role) for place, role in people()) > 500
    with upgraded.transaction(DORDRECHT) as session:
        before = session.scalar(select(func.count(Report.id)))
    with clock_at(NIGHT):
        correct_schedule(upgraded.engine, upgraded.registry.job_kinds)
        with upgraded.transaction() as session:
            due = update(OutboxJob).where(~OutboxJob.dead)
            session.execute(due.values(run_after=NIGHT - timedelta(minutes=1)))
        upgraded.run_jobs()
        nothing_failed(upgraded)
        with upgraded.transaction(DORDRECHT) as session:
            # What was due by the lists of 1.0.0 went; nothing else.
            assert session.scalar(select(func.count(Report.id))) == before
        assert officer(upgraded).get("/").follow().status_int == 200
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def nothing_failed(upgraded: Installation) -> None:
    with upgraded.transaction() as session:
        failed = select(OutboxJob.kind, OutboxJob.last_error).where(OutboxJob.attempts > 0)
        assert session.execute(failed).all() == []


def people() -> Iterator[tuple[str, Any]]:
    for place, roles in ((OWN, MUNICIPAL_ROLES), (DESK, DESK_ROLES)):
        yield from ((place, role) for role in roles)


def see(upgraded: Installation, place: str, role: Any) -> int:
    """Open all that somebody may open of what 1.0.0 had; how many pages that were."""
    browser = upgraded.browser(kept()["names"][f"{place}/{role.value}"])
    addresses, number = kept()["addresses"][place], 0
    for view in MATRIX:
        for template in view.rows:
            try:
                path = template.format(**addresses)
            except KeyError:
                continue  # of the other place, or of a kind that came later
            if view.method == "GET" and "{" in template:
                status = browser.get(path, status="*").status_int
                assert status < 500, f"{role.value}: {path}"
                number += status == 200
    return number
