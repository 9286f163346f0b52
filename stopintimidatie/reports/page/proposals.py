"""Proposals: a step that one person proposes, and a second one makes or declines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.hands import hands_of
from stopintimidatie.core.accounts.services import colleagues
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
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
    StaleReportError,
    append_move,
    check_no_proposal,
    lock_report,
    move_report,
    reindex_report,
)
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.workflow import ENDED, REPORT_WORKFLOW

# Characters of the reason of who doesn't agree.
LONGEST_ANSWER: Final = 1000
IN_DANGER: Final = "Er is iemand in gevaar. Deze melding kan nu niet worden gesloten."


def too_long(answer: str) -> str:
    """Return how much shorter the reason must be of who doesn't agree; empty when it fits."""
    over = len(answer) - LONGEST_ANSWER
    if over <= 0:
        return ""
    return f"Maak de tekst {over} tekens korter: het mogen er {LONGEST_ANSWER} zijn."


def open_proposal(session: Session, report: Report) -> ReportProposal | None:
    """Return the proposal that waits for a second person, if there is one."""
    return session.scalars(
        select(ReportProposal).where(
            ReportProposal.report_id == report.id, ReportProposal.answered_at.is_(None)
        )
    ).one_or_none()


def lock_proposal(session: Session, report: Report, version: int) -> ReportProposal:
    """Lock a report and return the proposal that waits about it.

    `version`: of the report as the person saw it.

    Raises:
        StaleReportError: The report was changed, or the proposal answered, meanwhile.
    """
    lock_report(session, report, version)
    proposal = open_proposal(session, report)
    if proposal is None:
        raise StaleReportError(report)
    return proposal


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
    if effects is not None and report.state == "nieuw":
        move_report(session, effects, report, TAKE, {"behandelaar": actor.id}, actor)
        names = [TAKE, PROPOSED]
    proposal = ReportProposal(
        holder=report.holder,
        report_id=report.id,
        at=utc_now(),
        actor_id=str(actor.id),
        actor_name=actor.name,
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


def may_answer(session: Session, proposal: ReportProposal, actor_id: str) -> bool:
    """Tell whether this person may answer: not the hand that proposed it, unless it is alone."""
    hands = hands_of(session, proposal.actor_id)
    # At the desk never: its reporters read that two people looked.
    if actor_id not in hands or proposal.holder == NATIONAL:
        return actor_id not in hands
    permission = REPORT_WORKFLOW.transition(proposal.step).permission
    others = colleagues(session, proposal.holder, permission)
    return all(str(other.id) in hands for other in others)


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
        WorkflowError: It was answered already, one's own, or isn't possible any more.
    """
    if proposal.answered_at is not None:
        raise WorkflowError("Dit voorstel is al beantwoord.")
    if not may_answer(session, proposal, str(actor.id)):
        raise WorkflowError("Een ander moet kijken: u, of wie met u als één telt, stelde het voor.")
    if report.leaves_at is not None:
        raise WorkflowError("Deze melding wordt net doorgegeven. Maak dat eerst ongedaan.")
    closes = REPORT_WORKFLOW.transition(proposal.step).target in ENDED
    if accepted and report.danger_now and closes:
        raise WorkflowError(IN_DANGER)
    with session.begin_nested():
        # Answered first: while it waits, no step is made.
        proposal.answered_at, proposal.answered_by = utc_now(), actor.name
        proposal.accepted, proposal.answer = accepted, answer or None
        if accepted:
            steps, kept = [(proposal.step, proposal.values)], {PROPOSAL: str(proposal.id)}
            return decide(session, effects, report, steps, actor, values=kept)
    append_move(session, report, actor, DECLINED, report.state, {"reden": answer})
    record(session, actor, "melding.voorstel_afgewezen", report.holder, KIND, [report.id])
    reindex_report(session, report)
    remember_final(session, report, actor, DECLINED)
    return None
