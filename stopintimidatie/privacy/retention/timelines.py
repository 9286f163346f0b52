"""Conditions and days that decide when data goes: holds, promises, offers; what is overdue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Subquery, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from stopintimidatie.core.clock import AMSTERDAM, utc_now
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.storage.retention import Term
from stopintimidatie.core.storage.tenancy import current_holder
from stopintimidatie.core.text import day_of
from stopintimidatie.desk.models import JoiningRequest, TownCall
from stopintimidatie.disclosures.models import Pickup, PickupState
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.dossiers.patterns.models import Pattern
from stopintimidatie.exports.models import Export, ExportKey
from stopintimidatie.municipalities.agreements.models import ForwardingAgreement
from stopintimidatie.privacy.retention.models import Extension
from stopintimidatie.privacy.retention.rules import CONTACT, EXPORT_CONTENT, LEFT_AT_DESK, Schedule
from stopintimidatie.reports.models import Report, ReportContact, ReporterMessage, ReportMove
from stopintimidatie.reports.workflow import Delivery, ReportState


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
    mine = Pickup.document_id == ReportMove.report_id
    later = exists().where(mine, Pickup.made_at > ReportMove.at)
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


# Classes that go by standing decision: overdue, or held


def _holder(session: Session) -> str:
    """Return the holder of the transaction; without one nothing is seen."""
    return current_holder(session) or ""


def _started(entity: Any, start: Any, *conditions: Any) -> Callable[[str], Any]:
    """Build the statement with the moment on which the term starts, for each row of a holder."""
    return lambda holder: select(start.label("start")).where(
        entity.holder == holder, start.is_not(None), *conditions
    )


def contact_starts(holder: str, *, frozen: bool = False) -> Any:
    """Select reports with contact data, and when its term starts: the last contact, or the end.

    As the last contact of a report counts what came last of its messages and calls.
    """
    said = select(func.max(ReporterMessage.at)).where(ReporterMessage.report_id == Report.id)
    called = select(func.max(ReportMove.at)).where(
        ReportMove.report_id == Report.id, ReportMove.name == "contact"
    )
    rows = (
        select(
            Report.id,
            Report.ended_at.label("ended"),
            said.correlate(Report).scalar_subquery().label("said"),
            called.correlate(Report).scalar_subquery().label("called"),
        )
        .where(Report.id.in_(select(ReportContact.report_id)))
        .where(Report.holder == holder, Report.ended_at.is_not(None))
        .where(~not_held() if frozen else not_held() & ~contact_promised())
        # Otherwise SQLite asks both of these for each place where they are named below.
        .offset(0)
        .subquery()
    )
    # The later of the two, and of that and the end the earlier: the databases name it differently.
    last = case(
        (rows.c.called.is_(None), rows.c.said),
        (rows.c.said > rows.c.called, rows.c.said),
        else_=rows.c.called,
    )
    start = case((last < rows.c.ended, last), else_=rows.c.ended)
    return select(rows.c.id, start.label("start"))


def _exports(holder: str) -> Any:
    """Select the days on which recipients must destroy, of exports that are still here."""
    kept = exists().where(ExportKey.export_id == Export.id)
    frozen = exists().where(Dossier.id == Export.dossier_id, Dossier.frozen)
    return select(Export.destroy_by.label("start")).where(Export.holder == holder, kept, ~frozen)


# Classes whose rows simply go, with the moment on which the term starts.
ROWS: Final[Mapping[str, tuple[Any, Any]]] = {
    "bericht": (MailMessage, MailMessage.created_at),
    "patroon": (Pattern, Pattern.seen_at),
    "doorgifteafspraak": (ForwardingAgreement, ForwardingAgreement.ended_at),
    "gesprek_met_gemeente": (TownCall, TownCall.at),
    "aanmelding_gemeente": (JoiningRequest, JoiningRequest.asked_at),
}
_STARTS: Final[Mapping[str, Callable[[str], Any]]] = {
    CONTACT: contact_starts,
    EXPORT_CONTENT: _exports,
    **{code: _started(*row) for code, row in ROWS.items()},
    LEFT_AT_DESK: _started(
        Report,
        Report.received_at,
        Report.frozen.is_(False),
        Report.state.not_in([ReportState.HANDED_OVER, ReportState.DESTROYED]),
        Report.delivery.is_distinct_from(Delivery.PICKED_UP),
        ~on_offer(),
    ),
}
# Classes whose term starts on a date; those of the others start at a moment of a day.
_BY_DAY: Final = frozenset({EXPORT_CONTENT})


def overdue(session: Session, schedule: Schedule, today: date) -> list[tuple[str, int, date]]:
    """Count by class what should have gone before today, with the first day that it should have.

    Of what goes by standing decision and can be counted; without what is held or was promised.
    """
    late = []
    for code in _STARTS.keys() & schedule.choices.keys():
        term, rows = schedule.choices[code].term, _STARTS[code](_holder(session)).subquery()
        over = _is_over(code, rows, term, today - timedelta(days=1))
        counted = select(func.count(), func.min(rows.c.start)).where(over)
        number, start = session.execute(counted).one()
        if number:
            late.append((code, number, term.after(day_of(start))))
    return sorted(late)


def _is_over(code: str, rows: Any, term: Term, day: date) -> Any:
    last = last_start(term, day)
    return rows.c.start <= last if code in _BY_DAY else rows.c.start < end_of(last)


def frozen_contacts(session: Session, schedule: Schedule, until: date) -> int:
    """Count the reports whose contact data is due by a day, and stays because of a hold."""
    if CONTACT not in schedule.choices:
        return 0
    term = schedule.choices[CONTACT].term
    rows = contact_starts(_holder(session), frozen=True).subquery()
    over = rows.c.start < end_of(last_start(term, until))
    return session.scalar(select(func.count()).select_from(rows).where(over)) or 0
