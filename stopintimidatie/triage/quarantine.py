"""Deciding about many reports in quarantine at once; each on its own, with why one couldn't be."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import StaleReportError, move, take_in_hand
from stopintimidatie.reports.workflow import NOT_HANDLED_REASONS, REPORT_WORKFLOW
from stopintimidatie.storage.counting import count_at_most
from stopintimidatie.workflow import WorkflowError

STATE: Final = "quarantaine"
PAGE: Final = 100
# Of which other report one is a double is asked one by one.
REASONS: Final = tuple(reason for reason in NOT_HANDLED_REASONS if reason[0] != "dubbel")
# What a checkbox stands for: a report, as this person saw it.
_CHOICE: Final = re.compile(r"(M-[0-9A-Z]{4}-[0-9A-Z]{4})\.([0-9]{1,9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Failed:
    """A report about which nothing was decided, and why."""

    reference: str
    why: str


def choice_of(report: Report) -> str:
    return f"{report.reference}.{report.version}"


def is_choice(text: str) -> bool:
    return _CHOICE.fullmatch(text) is not None


def waiting(session: Session, holder: str, offset: int = 0) -> Sequence[Report]:
    """The oldest first: what came before the flood is done with soonest."""
    return session.scalars(_waiting(holder).offset(offset).limit(PAGE)).all()


def count(session: Session, holder: str, most: int) -> int:
    """How many there are; one more than `most` when there are more."""
    ids = select(Report.id).where(Report.holder == holder, Report.state == STATE)
    return count_at_most(session, ids.order_by(Report.received_at), most)


def _waiting(holder: str) -> Any:
    found = select(Report).where(Report.holder == holder, Report.state == STATE)
    return found.order_by(Report.received_at, Report.id)


def decide(
    session: Session,
    effects: Mapping[str, Any],
    holder: str,
    choices: Sequence[str],
    step: str,
    answers: Mapping[str, Any],
    actor: Actor,
) -> list[Failed]:
    """Make a step with each; those that can't are left as they are, and told."""
    pairs = [match.groups() for match in map(_CHOICE.fullmatch, choices) if match]
    wanted = select(Report).where(
        Report.holder == holder, Report.reference.in_([reference for reference, _ in pairs])
    )
    found = {report.reference: report for report in session.scalars(wanted)}
    failed = []
    for reference, version in pairs:
        why = _one(session, effects, found.get(reference), int(version), step, answers, actor)
        if why:
            failed.append(Failed(reference, why))
    session.flush()
    return failed


def _one(
    session: Session,
    effects: Mapping[str, Any],
    report: Report | None,
    version: int,
    step: str,
    answers: Mapping[str, Any],
    actor: Actor,
) -> str | None:
    """Why it can't be; None when it was done. Every check comes before the first change."""
    if report is None:
        return "Deze melding is hier niet."
    try:
        take_in_hand(session, report, version)
        move(session, effects, report, step, answers, actor)
    except StaleReportError:
        label = REPORT_WORKFLOW.state(report.state).label.lower()
        return f"Intussen door iemand anders gewijzigd; de toestand is nu ‘{label}’."
    except WorkflowError as problem:
        return str(problem)
    return None
