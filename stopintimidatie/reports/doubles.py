"""A report that was closed as double: whom its reporter hears from, and where that stands.

The reporter of a double was promised contact like any other. The term stays on the double, where
the contact data is, and is due at the report that goes on as well: there somebody is at work.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, record
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import KIND, append_move, changed
from stopintimidatie.reports.workflow import ENDED
from stopintimidatie.workflow import WorkflowError

DOUBLE: Final = "dubbel"
TALKS: Final = frozenset({"bellen", "mailen", "via_app"})
CARRIED: Final = "contact_erbij"


def waiting_doubles(session: Session, report: Report) -> Sequence[Report]:
    """The doubles of this report whose reporters still wait for contact, the first due first."""
    return session.scalars(
        select(Report)
        .where(
            Report.duplicate_of_id == report.id,
            Report.state == "niet_in_behandeling",
            Report.contact_deadline.is_not(None),
        )
        .order_by(Report.contact_deadline, Report.reference)
    ).all()


def next_contact(
    session: Session, report: Report, without: Report | None = None
) -> datetime | None:
    """By when the first of those must have had contact."""
    due = [
        double.contact_deadline
        for double in waiting_doubles(session, report)
        if double is not without
    ]
    return due[0] if due else None


def check_goes_on(session: Session, report: Report, other: Report) -> None:
    """:raises WorkflowError: the other is this report, or was closed as a double itself.

    So what happened stays to be found in one report. One that was handled may have doubles.
    """
    if other.id == report.id:
        raise WorkflowError(
            "Dat is deze melding zelf. Vul het kenmerk van de andere in.", "dubbel_van"
        )
    if other.duplicate_of_id is None:
        return
    head = _head_of(session, other)
    if head is None or head.id == report.id:
        todo = f"Laat deze melding open, of heropen eerst {other.reference}."
    else:
        todo = f"Het werk gaat verder bij {head.reference}. Vul dat kenmerk in."
    raise WorkflowError(f"{other.reference} is zelf gesloten als dubbel. {todo}", "dubbel_van")


def _head_of(session: Session, report: Report) -> Report | None:
    """The report at the end of a row of doubles; None if older ones point at each other."""
    passed = {report.id}
    while report.duplicate_of_id is not None:
        found = session.get(Report, report.duplicate_of_id)
        if found is None or found.id in passed:
            return None
        passed.add(found.id)
        report = found
    return report


def carry_contact(session: Session, report: Report, other: Report, actor: Actor) -> None:
    """What the reporter of a double was promised is due at the other report from now on.

    :raises WorkflowError: the other is done; nobody would look there.
    """
    if report.contact_deadline is None:
        return
    if other.state in ENDED:
        raise WorkflowError(
            f"De melder wacht nog op contact, en {other.reference} is al klaar. Leg eerst bij deze"
            " melding vast hoe het contact ging.",
            "dubbel_van",
        )
    if other.contact_deadline is None:
        other.contact_deadline = report.contact_deadline
    told = {"reden": f"Ook de melder van {report.reference} (dubbel van deze) wil contact."}
    append_move(session, other, actor, CARRIED, other.state, told)
    changed(session, other)
    record(session, actor, "melding.contact_erbij", other.holder, KIND, [other.id, report.id])


def check_nobody_waits(session: Session, report: Report) -> None:
    """:raises WorkflowError: the report would end while the reporter of a double waits for contact.

    Once it is done it is in no list of what is to be done.
    """
    names = ", ".join(double.reference for double in waiting_doubles(session, report))
    if names:
        raise WorkflowError(
            f"Er wacht nog een melder op contact: {names} is dubbel van deze melding. Leg bij"
            f" {names} vast hoe het contact ging. Daarna kan deze melding klaar zijn."
        )


def contact_over(session: Session, report: Report) -> None:
    """This reporter needs no contact any more; what others still wait for stays due.

    Also at the report that this one is double of, where the term may be that of this one.
    """
    was, report.contact_deadline = report.contact_deadline, next_contact(session, report)
    session.flush()
    _let_go(session, report, was)


def give_back(session: Session, report: Report) -> None:
    """A double is opened again: its reporter is waited for here alone."""
    _let_go(session, report, report.contact_deadline)


def _let_go(session: Session, report: Report, was: datetime | None) -> None:
    """The other report stops owing what it owed for this one."""
    if report.duplicate_of_id is None or was is None:
        return
    wanted = select(Report).where(Report.id == report.duplicate_of_id).with_for_update()
    other = session.scalars(wanted).one_or_none()
    if other is not None and other.contact_deadline == was and not _promised(other):
        other.contact_deadline = next_contact(session, other, without=report)
        changed(session, other)


def _promised(report: Report) -> bool:
    """Whether its own reporter was promised contact: rather once too often than not at all."""
    return (report.contact_agreed or report.wants_contact) in TALKS
