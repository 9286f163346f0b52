"""The walls between holders, and the one way a report comes in and moves."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL, TenancyError, enter
from stopintimidatie.core.tree import resources as tree_resources
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.reports.models import Report, ReportMove
from stopintimidatie.reports.services import move_report, path_of_report
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_report, make_user, user_id
from tests.support.installation import Installation

pytestmark = pytest.mark.judged_once


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation)


def test_a_received_report_is_stored_with_history_audit_and_job(installation: Installation) -> None:
    with installation.transaction() as session:
        report = make_report(session, installation)
    with installation.transaction(DORDRECHT) as session:
        kept = session.scalars(select(Report)).one()
        assert (kept.reference, kept.state) == (report.reference, "nieuw")
        assert session.scalars(select(ReportMove.name)).all() == ["ontvangen"]
        assert session.scalars(select(AuditEvent.action)).all() == ["melding.ontvangen"]
        # PostgreSQL's index is written in the same transaction: nothing is left to do.
        jobs = ["zoekindex"] if installation.settings.search_backend == "whoosh" else []
        waiting = session.scalars(select(OutboxJob.kind).order_by(OutboxJob.kind)).all()
        assert waiting == ["melding.binnengekomen", *jobs]


def test_another_holder_sees_nothing_of_it(installation: Installation) -> None:
    with installation.transaction() as session:
        make_report(session, installation)
    for holder in (EINDHOVEN, None):
        with installation.transaction(holder) as session:
            assert session.scalar(select(func.count()).select_from(Report)) == 0


def test_a_transaction_serves_one_holder_only(installation: Installation) -> None:
    with installation.transaction(DORDRECHT) as session, pytest.raises(TenancyError):
        enter(session, EINDHOVEN)


def test_the_log_refuses_changes(installation: Installation) -> None:
    with installation.transaction() as session:
        make_report(session, installation)
    with pytest.raises(DBAPIError), installation.transaction(DORDRECHT) as session:
        session.execute(update(AuditEvent).values(actor_name="iemand anders"))


def test_a_step_needs_its_answers_and_leaves_a_trace(installation: Installation) -> None:
    officer = user_id(installation, make_user(installation, (DORDRECHT, Role.OFFICER)))
    effects = installation.registry.workflow_effects
    with installation.transaction() as session:
        report = make_report(session, installation)
        with pytest.raises(WorkflowError, match="Behandelaar"):
            move_report(session, effects, report, "in_behandeling_nemen", {}, SYSTEM)
        answers = {"behandelaar": str(officer)}
        move_report(session, effects, report, "in_behandeling_nemen", answers, SYSTEM)
    with installation.transaction(DORDRECHT) as session:
        kept = session.scalars(select(Report)).one()
        assert (kept.state, kept.handler_id) == ("in_behandeling", officer)
        steps = session.scalars(select(ReportMove).order_by(ReportMove.at)).all()
        assert [(step.from_state, step.to_state) for step in steps] == [
            (None, "nieuw"),
            ("nieuw", "in_behandeling"),
        ]


def test_a_request_never_works_for_a_holder_that_the_person_does_not_work_for(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(installation, EINDHOVEN)
    with installation.transaction() as session:
        report = make_report(session, installation, holder=EINDHOVEN, neighbourhood="WK077211")
        reference = report.reference
    with installation.transaction(EINDHOVEN) as session:
        address = path_of_report(session, report.id)
        assert address
    entered: list[str] = []

    def noted(session: Any, holder: str) -> None:
        entered.append(holder)
        enter(session, holder)

    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    for module in (tree_resources, tree_resources):
        monkeypatch.setattr(module, "enter", noted)
    for path in (address, f"{address}/triage", f"{address}x", "/landelijk", "/gemeenten/eindhoven"):
        browser.get(path, status=404)
    browser.get(f"/landelijk/{reference}", status=404)
    browser.get("/gemeenten/dordrecht")
    assert set(entered) == {DORDRECHT}
    refusals = select(func.count()).where(AuditEvent.action == "toegang.geweigerd")
    for holder, number in ((EINDHOVEN, 4), (NATIONAL, 2), (DORDRECHT, 0)):
        with installation.transaction(holder) as session:
            assert session.scalar(refusals) == number, holder
