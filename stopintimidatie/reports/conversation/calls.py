"""Contact promised to reporters: of a double carried over, and never lost when a report ends.

The reporter of a double was promised contact like any other. The term stays on the double, where
the contact data is, and is due at the report that goes on as well: there somebody is at work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.text import date_text
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.reports.conversation.queries import next_contact, waiting_doubles
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.rules import normalise_reference
from stopintimidatie.reports.services import append_move, move_report, reindex_report
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.workflow import ENDED, ReportState

TALKS: Final = frozenset({"bellen", "mailen", "via_app"})
# The ways in which contact with a reporter ends; until one of them it stays promised.
SPOKEN, UNREACHED, NEEDLESS = "gesproken", "niet_bereikt", "niet_meer_nodig"
CONTACT_OVER: Final = (
    (SPOKEN, "gesproken of gemaild"),
    (UNREACHED, "niet bereikt: het is vaak genoeg geprobeerd"),
    (NEEDLESS, "de melder ziet ervan af"),
)
CARRIED: Final = "contact_erbij"


def check_goes_on(session: Session, report: Report, other: Report) -> None:
    """Check that a report can be closed as double of the other, where the work then goes on.

    Raises:
        WorkflowError: It is this report, or was closed as a double itself.
    """
    if other.id == report.id:
        raise WorkflowError(
            "Dat is deze melding zelf. Vul het kenmerk van de andere in.", "dubbel_van"
        )
    if other.duplicate_of_id is None:
        if other.state == ReportState.NOT_HANDLED:
            raise WorkflowError(
                f"{other.reference} is zelf niet in behandeling genomen. Heropen die eerst, of kies"
                " een andere melding.",
                "dubbel_van",
            )
        return
    head = _head_of(session, other)
    if head is None or head.id == report.id:
        advice = f"Laat deze melding open, of heropen eerst {other.reference}."
    else:
        advice = f"Het werk gaat verder bij {head.reference}. Vul dat kenmerk in."
    raise WorkflowError(f"{other.reference} is zelf gesloten als dubbel. {advice}", "dubbel_van")


def _head_of(session: Session, report: Report) -> Report | None:
    """Return the report at the end of a row of doubles; None if older ones point at each other."""
    passed = {report.id}
    while report.duplicate_of_id is not None:
        other = session.get(Report, report.duplicate_of_id)
        if other is None or other.id in passed:
            return None
        passed.add(other.id)
        report = other
    return report


def other_report(session: Session, report: Report, reference: str) -> Report:
    """Return the report with which the work on a double goes on, locked.

    Raises:
        WorkflowError: There is none, or the work can't go on there.
    """
    wanted = normalise_reference(str(reference))
    statement = select(Report).where(Report.reference == (wanted or "")).with_for_update()
    # Read anew: of two that are closed as doubles of each other at once, one is refused.
    other = session.scalars(statement.execution_options(populate_existing=True)).first()
    if other is None:
        raise WorkflowError(
            "Die andere melding is niet gevonden. Controleer het kenmerk.", "dubbel_van"
        )
    check_goes_on(session, report, other)
    return other


def carry_contact(session: Session, report: Report, other: Report, actor: Actor) -> None:
    """Carry the contact that the reporter of a double was promised over to the other report.

    Raises:
        WorkflowError: The other is done; nobody would look there.
    """
    report.contact_deadline, report.next_attempt_at = report.contact_due, None
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
    reason = f"Ook de melder van {report.reference} (dubbel van deze) wil contact."
    append_move(session, other, actor, CARRIED, other.state, {"reden": reason})
    reindex_report(session, other)
    record(session, actor, "melding.contact_erbij", other.holder, KIND, [other.id, report.id])


def check_nobody_waits(session: Session, report: Report) -> None:
    """Check that no reporter of a double waits for contact: a report that is done is in no list.

    Raises:
        WorkflowError: Somebody does.
    """
    names = ", ".join(double.reference for double in waiting_doubles(session, report))
    if names:
        raise WorkflowError(
            f"Er wacht nog een melder op contact: {names} is dubbel van deze melding. Leg bij"
            f" {names} vast hoe het contact ging. Daarna kan deze melding klaar zijn."
        )


def contact_over(session: Session, report: Report, *, spoken: bool) -> None:
    """End the contact with this reporter; contact that others were promised stays due.

    The report that this one is double of may have had this term as well. Without having spoken
    the term is kept for when the report is opened again.
    """
    was, owed = report.contact_deadline, report.contact_due or report.contact_owed
    report.contact_owed = None if spoken else owed
    report.contact_deadline, report.next_attempt_at = next_contact(session, report), None
    session.flush()
    _let_go(session, report, was)


def settle_contact(session: Session, report: Report, outcome: str | None, actor: Actor) -> None:
    """End the contact that was promised, where a report ends; a double without outcome keeps it.

    Raises:
        WorkflowError: A reporter waits, and nobody says how the contact went.
    """
    check_contact(report, outcome)
    if report.contact_due is None or outcome is None:
        return
    contact_over(session, report, spoken=outcome == SPOKEN)
    record(session, actor, "melding.contact", report.holder, KIND, [report.id], fields=[outcome])


def check_contact(report: Report, outcome: str | None) -> None:
    """Check that it is known how the contact went that a reporter was promised.

    Raises:
        WorkflowError: It isn't.
    """
    if report.contact_due is not None and outcome not in dict(CONTACT_OVER):
        raise WorkflowError(
            f"De melder wacht nog op contact: {date_text(report.contact_due)}. Kies hoe dat ging,"
            " of leg eerst bij de melding het contact vast.",
            "contact",
        )


def open_waiting(
    session: Session, effects: Mapping[str, Any], report: Report, actor: Actor
) -> None:
    """Open the doubles again whose reporters wait for contact: this report goes no further."""
    reason = f"De melder wacht nog op contact, en {report.reference} gaat niet verder."
    for double in waiting_doubles(session, report):
        move_report(session, effects, double, "heropenen", {"reden": reason}, actor)


def give_back(session: Session, report: Report) -> None:
    """Let the other report stop waiting for this reporter: the double is opened again."""
    _let_go(session, report, report.contact_deadline)


def _let_go(session: Session, report: Report, was: datetime | None) -> None:
    """Set the term of the report that this one is double of, without this one's term."""
    if report.duplicate_of_id is None or was is None:
        return
    wanted = select(Report).where(Report.id == report.duplicate_of_id).with_for_update()
    other = session.scalars(wanted).one_or_none()
    if other is None or other.contact_deadline != was:
        return
    # Its own reporter may have been promised contact, or want it.
    if (other.contact_agreed or other.wants_contact) not in TALKS:
        other.contact_deadline = next_contact(session, other, without=report)
        reindex_report(session, other)


def contact_choices(session: Session, report: Report | None) -> Sequence[tuple[str, str]]:
    """Return how promised contact may have ended: none where nobody waits.

    Without a report of many, some of which may be waited for.
    """
    return CONTACT_OVER if report is None or report.contact_due else ()
