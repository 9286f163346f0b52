"""Conditions and days that decide when data goes: holds, promises, offers, announcements."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Subquery, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from stopintimidatie.core.clock import AMSTERDAM, utc_now
from stopintimidatie.core.storage.retention import Term
from stopintimidatie.core.text import day_of
from stopintimidatie.disclosures.models import Pickup, PickupState
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.privacy.retention.models import Extension
from stopintimidatie.privacy.retention.rules import LEFT_AT_DESK, Schedule
from stopintimidatie.reports.models import Report, ReportMove


def last_start(term: Term, end: date) -> date:
    """Return the last day on which a term can have started that is over on this day."""
    start = term.before(end)
    while term.after(start) > end:
        start -= timedelta(days=1)
    return start


def end_of(day: date) -> datetime:
    """Return the first moment after a day in the Netherlands."""
    return datetime.combine(day + timedelta(days=1), time(0), AMSTERDAM)


def not_held() -> ColumnElement[bool]:
    """Return the condition of reports that nothing holds: not themselves, and not their dossier."""
    inside = (
        select(DossierMembership.report_id)
        .join(Dossier, Dossier.id == DossierMembership.dossier_id)
        .where(Dossier.frozen.is_(True), DossierMembership.left_at.is_(None))
        .where(DossierMembership.reference.is_(False))
    )
    return and_(Report.frozen.is_(False), Report.id.not_in(inside))


def contact_promised() -> ColumnElement[bool]:
    """Return the condition of a report whose reporter waits for contact; of a double, the other."""
    other = aliased(Report)
    own = and_(Report.duplicate_of_id.is_(None), Report.contact_deadline.is_not(None))
    theirs = exists().where(other.id == Report.duplicate_of_id, other.contact_deadline.is_not(None))
    return or_(own, theirs)


def kept_days() -> Subquery:
    """Select until when documents may stay beyond the maximum, as the controller decided."""
    return (
        select(Extension.document_id, func.max(Extension.until).label("until"))
        .where(Extension.until.is_not(None))
        .group_by(Extension.document_id)
        .subquery()
    )


# The desk tells a reporter so long before a report that still waits goes.
AHEAD: Final = timedelta(days=14)
ANNOUNCED: Final = "vernietiging_aangekondigd"


def on_offer() -> ColumnElement[bool]:
    """Return the condition of reports at the desk that a municipality can pick up: they wait.

    An offer of which the message never went out is none: nobody ends it.
    """
    out = Pickup.state.in_([PickupState.OFFERED, PickupState.PICKED_UP])
    under_way = and_(Pickup.state == PickupState.READY, Pickup.made_at > utc_now() - AHEAD)
    return exists().where(Pickup.document_id == Report.id, or_(out, under_way))


def announcement() -> ColumnElement[bool]:
    """Return the condition of the line of history that told the reporter the day, and still counts.

    One of before a later offer doesn't: that offer gave the report another day.
    """
    later = exists().where(Pickup.document_id == Report.id, Pickup.made_at > ReportMove.at)
    return and_(ReportMove.report_id == Report.id, ReportMove.name == ANNOUNCED, ~later)


def leaves_desk_on(term: Term, report: Report, told_on: date) -> date:
    """Return the day on which a report at the desk goes of which the reporter was told that day."""
    return max(term.after(day_of(report.received_at)), told_on + AHEAD)


def told_day(session: Session, report: Report, schedule: Schedule) -> date | None:
    """Return the day on which a report at the desk goes, as its reporter was told; else None."""
    choice = schedule.choices.get(LEFT_AT_DESK)
    mine = Report.id == report.id, Report.ended_at.is_(None), ~on_offer()
    latest = select(func.max(ReportMove.at)).join(Report, announcement()).where(*mine)
    at = session.scalar(latest) if choice is not None else None
    return leaves_desk_on(choice.term, report, day_of(at)) if choice and at else None
