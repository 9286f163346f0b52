"""Receiving a report, and moving it through its life. One transaction each, with its audit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, record
from stopintimidatie.clock import utc_now
from stopintimidatie.jobs.waking import wake_after_commit
from stopintimidatie.municipalities.reading import published_for
from stopintimidatie.reports.arriving import (
    FOLLOW_PURPOSE,
    KIND,
    Arrival,
    arriving,
    deadline,
)
from stopintimidatie.reports.models import Report, ReportForm, ReportMove
from stopintimidatie.reports.offered import close_offer
from stopintimidatie.reports.references import new_reference
from stopintimidatie.reports.routing import Routing
from stopintimidatie.reports.submission import Submission
from stopintimidatie.reports.vocabulary import in_order
from stopintimidatie.reports.workflow import OFFERED, REPORT_WORKFLOW
from stopintimidatie.search import enqueue_index
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.rows import insert_rows
from stopintimidatie.storage.tenancy import NATIONAL, enter
from stopintimidatie.tree import is_taken
from stopintimidatie.workflow import Transition
from stopintimidatie.workflow.history import line

__all__ = ["FOLLOW_PURPOSE", "KIND", "Arrival"]


class StaleReportError(Exception):
    """Somebody else changed the report since this person saw it."""

    def __init__(self, report: Report) -> None:
        super().__init__("the report was changed meanwhile")
        self.report = report


def receive(
    session: Session, keys: KeyRing, given: Submission, routing: Routing, arrival: Arrival
) -> Report:
    """Take a report in, for who goes on working with it: telephone, counter, partner, demo.

    Enters the holder of the routing. What is stored is `arriving`'s, as it is for the app.
    """
    enter(session, routing.holder)
    reference = arrival.reference or _free_reference(session)
    days = _contact_days(session, routing.holder)
    arrived = arriving(keys, given, routing, arrival, reference, days)
    insert_rows(session, arrived.rows)
    wake_after_commit(session)
    report = session.get_one(Report, arrived.id)
    changed(session, report)
    return report


def _free_reference(session: Session) -> str:
    while True:
        reference = new_reference()
        if session.scalar(select(is_taken(reference))) is False:
            return reference


def _contact_days(session: Session, holder: str) -> int:
    return published_for(session, None if holder == NATIONAL else holder).contact_within_days


def contact_deadline(session: Session, report: Report) -> datetime | None:
    """By when the reporter must have been called or written to; None when that wasn't asked."""
    days = _contact_days(session, report.holder)
    return deadline(report.holder, report.wants_contact, report.received_at, days)


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
