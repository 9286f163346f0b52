"""An open inbox asks how many reports came in since; nothing else happens by it."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, select, text, update
from webtest import TestApp

from stopintimidatie.core.accounts.models import LoginSession, RoleAssignment
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.workflow import Delivery, ReportState
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_report, make_user, take_on
from tests.support.installation import Installation
from tests.support.queries import count_queries

INBOX, DESK = "/gemeenten/dordrecht/postvak", "/landelijk"
PROOF = re.compile(r'data-nieuw="([^"]+)"')


@pytest.fixture
def officer(installation: Installation) -> TestApp:
    connect(installation)
    connect(installation, EINDHOVEN)
    return installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))


def proof_on(browser: TestApp, path: str = INBOX) -> str:
    match = PROOF.search(browser.get(path).text)
    assert match
    return match[1]


def poll(browser: TestApp, proof: str, status: int = 200) -> Any:
    answer = browser.get("/nieuw", {"bewijs": proof}, status=status)
    return answer.json["nieuw"] if status == 200 else answer.body


def arrive(installation: Installation, holder: str = DORDRECHT, **changes: Any) -> Report:
    with installation.transaction(holder) as session:
        report = make_report(session, installation, holder=holder, neighbourhood=None)
        for name, value in changes.items():
            setattr(report, name, value)
        return report


def test_a_poll_counts_what_came_in_since_the_page_at_this_holder_alone(
    installation: Installation, officer: TestApp
) -> None:
    arrive(installation)
    proof = proof_on(officer)
    assert poll(officer, proof) == 0
    arrive(installation)
    taken = arrive(installation)
    arrive(installation, EINDHOVEN)
    arrive(installation, state=ReportState.QUARANTINE)
    assert poll(officer, proof) == 2
    # A colleague takes one of them in hand; then it isn't new any more.
    with installation.transaction(DORDRECHT) as session:
        take_on(session, session.get_one(Report, taken.id))
    assert poll(officer, proof) == 1
    assert poll(officer, proof_on(officer)) == 0


def test_a_poll_at_the_desk_counts_the_new_rows_of_what_must_be_decided(
    installation: Installation,
) -> None:
    browser = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    proof = proof_on(browser, DESK)
    for delivery in Delivery:
        arrive(installation, NATIONAL, delivery=delivery)
        arrive(installation, NATIONAL, delivery=delivery, urgent=True)
    leaves = utc_now() + timedelta(seconds=5)
    arrive(installation, NATIONAL, leaves_at=leaves)
    arrive(installation, NATIONAL, state=ReportState.QUARANTINE)
    rows = browser.get(DESK).html.select(".wb-row")
    assert poll(browser, proof) == len(rows) > 2


def test_a_poll_is_one_statement_and_the_database_itself_keeps_holders_apart(
    installation: Installation, officer: TestApp
) -> None:
    proof = proof_on(officer)
    arrive(installation)
    with count_queries(installation) as counted:
        assert poll(officer, proof) == 1
    assert counted.count == 1
    if installation.settings.sqlite:
        return

    def forget_holder(conn: Any, cursor: Any, statement: str, *rest: Any) -> Any:
        return statement.replace("report.holder = here.holder AND", ""), rest[0]

    arrive(installation, EINDHOVEN)
    event.listen(installation.engine, "before_cursor_execute", forget_holder, retval=True)
    try:
        assert poll(officer, proof) == 1
    finally:
        event.remove(installation.engine, "before_cursor_execute", forget_holder)


def test_a_poll_keeps_no_session_alive_and_leaves_no_line_in_any_log(
    installation: Installation, officer: TestApp, caplog: pytest.LogCaptureFixture
) -> None:
    proof, now = proof_on(officer), utc_now()
    with installation.transaction() as session:
        before = session.execute(select(LoginSession.last_seen_at, LoginSession.flashes)).all()
    with installation.owner.connect() as connection:
        lines = connection.scalar(text("SELECT count(*) FROM audit_event"))
    with caplog.at_level(logging.INFO, "stopintimidatie.toegang"):
        caplog.clear()
        for minutes in (10, 30, 59):
            with clock_at(now + timedelta(minutes=minutes)):
                poll(officer, proof)
    assert not caplog.records
    with installation.transaction() as session:
        assert (
            session.execute(select(LoginSession.last_seen_at, LoginSession.flashes)).all() == before
        )
    with installation.owner.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM audit_event")) == lines


def test_a_poll_is_refused_once_the_session_ended_or_the_role_went(
    installation: Installation, officer: TestApp
) -> None:
    proof = proof_on(officer)
    with clock_at(utc_now() + timedelta(minutes=61)):
        # The hour of the page is over as well: then it asks no more.
        assert poll(officer, proof, 404) == b""
    with installation.transaction() as session:
        session.execute(update(RoleAssignment).values(role=Role.ADMIN))
    assert poll(officer, proof, 403) == b""
    with installation.transaction() as session:
        session.execute(update(RoleAssignment).values(role=Role.OFFICER))
    assert poll(officer, proof) == 0
    with installation.transaction() as session:
        session.execute(update(LoginSession).values(ends_at=utc_now()))
    poll(officer, proof, 403)
    with installation.transaction() as session:
        session.execute(delete(LoginSession))
    poll(officer, proof, 403)
    poll(installation.visitor(), proof, 403)


def test_the_proof_of_another_person_or_one_that_was_changed_tells_nothing(
    installation: Installation, officer: TestApp
) -> None:
    proof = proof_on(officer)
    colleague = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    poll(colleague, proof, 403)
    for changed in (proof[:-8] + "AAAAAAA=", proof[:40], "é", "", "a" * 4000):
        poll(officer, changed, 404)
