"""The walls between holders, and the one way a report comes in and moves."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError

from stopintimidatie.audit import SYSTEM, AuditEvent
from stopintimidatie.jobs import OutboxJob
from stopintimidatie.reports.models import Report, ReportMove
from stopintimidatie.reports.services import move
from stopintimidatie.security import Role
from stopintimidatie.storage import TenancyError, enter
from stopintimidatie.workflow import WorkflowError
from tests.factories import DORDRECHT, EINDHOVEN, connect, make_report, make_user, user_id
from tests.installation import Installation


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
        assert session.scalars(select(OutboxJob.kind)).all() == ["zoekindex"]


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
            move(session, effects, report, "in_behandeling_nemen", {}, SYSTEM)
        answers = {"behandelaar": str(officer)}
        move(session, effects, report, "in_behandeling_nemen", answers, SYSTEM)
    with installation.transaction(DORDRECHT) as session:
        kept = session.scalars(select(Report)).one()
        assert (kept.state, kept.handler_id) == ("in_behandeling", officer)
        steps = session.scalars(select(ReportMove).order_by(ReportMove.at)).all()
        assert [(step.from_state, step.to_state) for step in steps] == [
            (None, "nieuw"),
            ("nieuw", "in_behandeling"),
        ]
