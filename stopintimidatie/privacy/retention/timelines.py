"""Timelines of reports in SQL: their class, the start of their term, and counts of what is due.

A municipality may have a hundred thousand reports: they are counted by the database. `rules.due`
says the same of one document; a test compares the two. Doubles aren't here: they go with another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Subquery, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from stopintimidatie.core.clock import AMSTERDAM, utc_now
from stopintimidatie.core.storage.retention import Term
from stopintimidatie.core.text import day_of
from stopintimidatie.disclosures.models import Pickup, PickupState
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.dossiers.workflow import LIVE
from stopintimidatie.privacy.retention.models import Extension
from stopintimidatie.privacy.retention.rules import CLASS_OF_STATE, LEFT_AT_DESK, OPEN, Schedule
from stopintimidatie.reports.models import Report, ReportMove

IS_DOUBLE: Final = and_(Report.state == "niet_in_behandeling", Report.ended_reason == "dubbel")


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


def timelines(holder: str) -> Subquery:
    """Select the timelines of all reports of a holder that aren't gone, but for doubles."""
    # Joined, and not looked up for each report: few were ever in a dossier.
    left = (
        select(DossierMembership.report_id, func.max(DossierMembership.left_at).label("at"))
        .where(DossierMembership.holder == holder, DossierMembership.reference.is_(False))
        .group_by(DossierMembership.report_id)
        .subquery()
    )
    inside = and_(
        DossierMembership.report_id == Report.id,
        DossierMembership.left_at.is_(None),
        DossierMembership.reference.is_(False),
    )
    kept = kept_days()
    states = [(Report.state == state, code) for state, code in CLASS_OF_STATE.items()]
    days = (
        select(
            Report.id,
            case(*states, else_=OPEN).label("code"),
            Report.received_at.label("received"),
            Report.ended_at.label("ended"),
            # A hold on its dossier holds it as well.
            case((or_(Report.frozen, Dossier.frozen), 1), else_=0).label("frozen"),
            case((Dossier.state.in_(LIVE), 1), else_=0).label("live"),
            left.c.at.label("left"),
            Dossier.closed_at.label("closed"),
            kept.c.until.label("kept"),
        )
        .select_from(Report)
        .outerjoin(DossierMembership, inside)
        .outerjoin(Dossier, Dossier.id == DossierMembership.dossier_id)
        .outerjoin(left, left.c.report_id == Report.id)
        .outerjoin(kept, kept.c.document_id == Report.id)
        .where(Report.holder == holder, Report.state != "vernietigd", ~_is_double())
        .subquery()
    )
    # The latest of three moments: the databases have no function in common for it.
    begun = case((days.c.left > days.c.ended, days.c.left), else_=days.c.ended)
    held = case((and_(days.c.live == 1, days.c.ended.is_not(None)), 1), else_=0)
    columns = (days.c.id, days.c.code, days.c.received, days.c.ended, days.c.frozen)
    first = select(
        *columns, days.c.kept, days.c.closed, begun.label("begun"), held.label("held")
    ).subquery()
    start = case((first.c.closed > first.c.begun, first.c.closed), else_=first.c.begun)
    columns = (first.c.id, first.c.code, first.c.received, first.c.ended, first.c.frozen)
    return select(*columns, first.c.kept, first.c.held, start.label("start")).subquery()


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


def _is_double() -> ColumnElement[bool]:
    """Return the condition of a double; false, and not null, where there is no reason."""
    return and_(IS_DOUBLE, Report.ended_reason.is_not(None))


def over_by(rows: Subquery, schedule: Schedule, end: date) -> ColumnElement[bool]:
    """Return the condition that the day of a report has come by the end of a day.

    Of what a live dossier holds that is the day on which it would go without it.
    """
    bounds = [
        (rows.c.code == code, end_of(last_start(choice.term, end)))
        for code, choice in schedule.choices.items()
        if code in CLASS_OF_STATE.values()
    ]
    latest = rows.c.received < end_of(last_start(schedule.maximum, end))
    free = or_(rows.c.kept.is_(None), rows.c.kept <= end)
    if not bounds:
        return and_(rows.c.ended.is_(None), latest, free)
    bound, has_term = case(*bounds), rows.c.code.in_(schedule.choices)
    # A class without a term has no bound: this is false then, and not null.
    own = and_(has_term, rows.c.ended.is_not(None), rows.c.start < bound)
    # A report that ended, of a class without a term, never comes due by itself.
    known = or_(rows.c.ended.is_(None), rows.c.held == 1, has_term)
    return and_(known, or_(own, latest), free)


@dataclass(frozen=True)
class Count:
    """A number of reports of one class, frozen or not, held or not, due by one of some days."""

    code: str
    frozen: bool
    held: bool
    # The place of that day among those that were asked.
    place: int
    number: int


def count_due(
    session: Session, holder: str, schedule: Schedule, ends: Sequence[date]
) -> list[Count]:
    """Count the reports whose day comes by the end of each of these days, and not of one before.

    Args:
        session: A transaction of the holder.
        holder: The holder of the reports.
        schedule: The terms.
        ends: The days, the earliest first.
    """
    rows = timelines(holder)
    # Most reports aren't due by the last of the days: those are left aside first.
    due = select(rows).where(over_by(rows, schedule, ends[-1])).subquery()
    places = [(over_by(due, schedule, end), place) for place, end in enumerate(ends)]
    by = (due.c.code, due.c.frozen, due.c.held, case(*places))
    counted = session.execute(select(*by, func.count()).group_by(*by))
    return [
        Count(code, bool(frozen), bool(held), place, number)
        for code, frozen, held, place, number in counted
    ]


def ids_between(
    session: Session, holder: str, schedule: Schedule, code: str, days: tuple[date | None, date]
) -> list[UUID]:
    """Return the reports of a class whose day comes after the first day, until the last.

    Without a first day all that were due earlier are among them. The first to start come first.
    """
    rows = timelines(holder)
    after, last = days
    wanted = [rows.c.code == code, over_by(rows, schedule, last)]
    if after is not None:
        wanted.append(~over_by(rows, schedule, after))
    return list(session.scalars(select(rows.c.id).where(*wanted).order_by(rows.c.start, rows.c.id)))


def count_ended(session: Session, holder: str) -> Mapping[str, int]:
    """Count the reports that have ended and that no live dossier holds, by class."""
    rows = timelines(holder)
    counted = select(rows.c.code, func.count()).where(rows.c.ended.is_not(None), rows.c.held == 0)
    return {row[0]: row[1] for row in session.execute(counted.group_by(rows.c.code))}
