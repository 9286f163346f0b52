"""Proposals: a step that one person proposes, and a second one makes or declines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.second import (
    Alone,
    Second,
    SecondError,
    lock_open,
    seconds_of,
    sign,
    why_not,
    why_not_alone,
)
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.reports.models import Report, ReportDecision, ReportProposal
from stopintimidatie.reports.page.decisions import (
    DECLINED,
    PROPOSAL,
    PROPOSED,
    TAKE,
    Began,
    decide,
    remember_final,
    store,
)
from stopintimidatie.reports.services import (
    append_move,
    check_no_proposal,
    move_report,
    reindex_report,
)
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.workflow import ENDED, REPORT_WORKFLOW, ReportState

IN_DANGER: Final = "Er is iemand in gevaar. Deze melding kan nu niet worden gesloten."
_ABOUT: Final = (
    select(Report.reference).where(Report.id == ReportProposal.report_id).scalar_subquery()
)
_LIST: Final = case((ReportProposal.holder == NATIONAL, ""), else_="/postvak")
SECOND: Final = Second(
    "tweede_blik",
    "Een tweede blik op een melding",
    ReportProposal,
    Permission.SECOND_LOOK,
    lambda row: f"{row.key}?melding={row.about}",
    key=_LIST,
    about=_ABOUT,
    alone=Alone.AT_ONCE,
)


def open_proposal(session: Session, report: Report) -> ReportProposal | None:
    """Return the proposal that waits for a second person, if there is one."""
    return session.scalars(
        select(ReportProposal).where(
            ReportProposal.report_id == report.id, ReportProposal.waiting()
        )
    ).one_or_none()


def propose(
    session: Session,
    report: Report,
    step: str,
    values: Mapping[str, Any],
    actor: Actor,
    effects: Mapping[str, Any] | None = None,
    began: Began | None = None,
) -> ReportProposal:
    """Propose a step that a second person makes. The caller has locked the report.

    `effects`: with those a new report is taken in hand first, as one decision with the proposal.
    `began`: as of `decide`.

    Raises:
        WorkflowError: Another proposal waits already.
    """
    check_no_proposal(session, report)
    began, names = began or Began(report), [PROPOSED]
    if effects is not None and report.state == ReportState.NEW:
        move_report(session, effects, report, TAKE, {"behandelaar": actor.id}, actor)
        names = [TAKE, PROPOSED]
    proposal = ReportProposal(
        holder=report.holder,
        report_id=report.id,
        proposed_by_id=str(actor.id),
        proposed_by=actor.name,
        step=step,
        values=dict(values),
    )
    session.add(proposal)
    append_move(session, report, actor, PROPOSED, report.state, {"stap": step, **values})
    record(session, actor, "melding.voorgesteld", report.holder, KIND, [report.id], fields=[step])
    reindex_report(session, report)
    session.flush()
    kept = {PROPOSAL: str(proposal.id)}
    store(session, report, actor, names, began, values=kept)
    return proposal


def asked_in_words(report: Report) -> str:
    """Say that a colleague looks first, and where the proposal is found."""
    if report.holder == NATIONAL:
        where = "U vindt het in de wachtrij bij ‘Een collega beslist mee’."
        return f"{report.reference}: een collega beslist mee. {where}"
    return (
        f"{report.reference}: dit vraagt een tweede blik voordat de melding niet in behandeling"
        " gaat. Uw voorstel staat in het postvak onder ‘Tweede blik’."
    )


def why_not_answer(session: Session, proposal: ReportProposal, person: str | None) -> str | None:
    """Return why somebody may not answer a proposal: it is their own, and they aren't alone."""
    why = why_not(session, proposal, person)
    if why is None or person is None:
        return why
    # At the desk never: its reporters read that two people looked.
    alone = Alone.NEVER if proposal.holder == NATIONAL else SECOND.alone
    staff = seconds_of(session, proposal, SECOND.permission)
    return why_not_alone(alone, staff, None, utc_now())


def answer_proposal(
    session: Session,
    effects: Mapping[str, Any],
    proposal: ReportProposal,
    report: Report,
    accepted: bool,
    answer: str,
    actor: Actor,
) -> ReportDecision | None:
    """Make the proposed step, or decline it with words for who proposed it.

    The caller has locked the report.

    Raises:
        SecondError: It was answered already, or is one's own.
        WorkflowError: It isn't possible any more.
    """
    lock_open(session, proposal, actor)
    if (why := why_not_answer(session, proposal, actor.id)) is not None:
        raise SecondError(why)
    if report.leaves_at is not None:
        raise WorkflowError("Deze melding wordt net doorgegeven. Maak dat eerst ongedaan.")
    closes = REPORT_WORKFLOW.transition(proposal.step).target in ENDED
    if accepted and report.danger_now and closes:
        raise WorkflowError(IN_DANGER)
    with session.begin_nested():
        # Answered first: while it waits, no step is made.
        proposal.accepted, proposal.answer = accepted, answer or None
        sign(session, proposal, actor)
        if accepted:
            steps, kept = [(proposal.step, proposal.values)], {PROPOSAL: str(proposal.id)}
            return decide(session, effects, report, steps, actor, values=kept)
    append_move(session, report, actor, DECLINED, report.state, {"reden": answer})
    record(session, actor, "melding.voorstel_afgewezen", report.holder, KIND, [report.id])
    reindex_report(session, report)
    remember_final(session, report, actor, DECLINED)
    return None
