"""Move a report through its life: each step one transaction, with its audit event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, record
from stopintimidatie.clock import utc_now
from stopintimidatie.reports.arriving import KIND
from stopintimidatie.reports.models import Report, ReportForm, ReportMove
from stopintimidatie.reports.offered import close_offer
from stopintimidatie.reports.vocabulary import in_order
from stopintimidatie.reports.workflow import OFFERED, REPORT_WORKFLOW
from stopintimidatie.search import enqueue_index
from stopintimidatie.workflow import Transition
from stopintimidatie.workflow.history import line

__all__ = ["KIND"]


class StaleReportError(Exception):
    """Somebody else changed the report since this person saw it."""

    def __init__(self, report: Report) -> None:
        super().__init__("the report was changed meanwhile")
        self.report = report


def changed(session: Session, report: Report) -> None:
    """Have the report indexed anew: call it after anything that search shows was changed."""
    enqueue_index(session, report.holder, KIND, report.id)


def set_forms(report: Report, codes: Iterable[str], *, confirmed: bool) -> None:
    """Replace the reported or the confirmed forms of a report.

    Rows that stay are kept: SQLAlchemy inserts before it deletes, so a new row for the same form
    would clash with the old one.
    """
    wanted = set(codes)
    for row in [row for row in report.form_rows if row.confirmed is confirmed]:
        if row.code in wanted:
            wanted.remove(row.code)
        else:
            report.form_rows.remove(row)
    for code in in_order(wanted):
        report.form_rows.append(ReportForm(holder=report.holder, code=code, confirmed=confirmed))


def check_version(report: Report, version: int) -> None:
    """:raises StaleReportError: when the report isn't the one this person saw."""
    if report.version != version:
        raise StaleReportError(report)


def take_in_hand(session: Session, report: Report, version: int) -> None:
    """Lock the report for a change by somebody who saw this version of it.

    The lock makes two changes at once wait for each other, so that the second sees the first.

    :raises StaleReportError: somebody else changed it meanwhile.
    """
    session.refresh(report, with_for_update=True)
    check_version(report, version)


def move(
    session: Session,
    effects: Mapping[str, Any],
    report: Report,
    name: str,
    values: Mapping[str, Any],
    actor: Actor,
) -> Transition:
    """Make one step of the workflow: state, effect, history, audit, index.

    :raises WorkflowError: the step isn't possible now, or an answer is missing.
    """
    transition = REPORT_WORKFLOW.check(report.state, name, values)
    before = report.state
    report.state = transition.target
    report.ended_at = utc_now() if REPORT_WORKFLOW.state(transition.target).ended else None
    if transition.effect is not None:
        effects[transition.effect](session, report, values, actor)
    if actor.kind == "gebruiker":
        # Whoever decides has read what the reporter wrote; who gets it next has not.
        report.reporter_spoke_at = None
    if before == OFFERED:
        close_offer(session, report)
    append_move(session, report, actor, name, before, values)
    changed(session, report)
    record(
        session, actor, "melding.toestand", report.holder, KIND, [report.id], fields=[report.state]
    )
    return transition


def append_move(
    session: Session,
    report: Report,
    actor: Actor,
    name: str,
    before: str | None,
    values: Mapping[str, Any],
    *,
    at: datetime | None = None,
) -> None:
    """Append a line to the history of a report; its state now is where the step led to."""
    told = line(actor, name, before, report.state, values, at)
    session.add(ReportMove(holder=report.holder, report_id=report.id, **told))
