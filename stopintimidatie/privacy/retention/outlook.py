"""Counts of what goes by standing decision: overdue, held, or paused altogether."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import case, exists, func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.storage.models import Holder
from stopintimidatie.core.storage.retention import Term
from stopintimidatie.core.storage.tenancy import current_holder
from stopintimidatie.core.text import day_of
from stopintimidatie.desk.models import JoiningRequest, TownCall
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.patterns.models import Pattern
from stopintimidatie.exports.models import Export, ExportKey
from stopintimidatie.municipalities.agreements.models import ForwardingAgreement
from stopintimidatie.privacy.retention.queries import present_version
from stopintimidatie.privacy.retention.rules import (
    CONTACT,
    EXPORT_CONTENT,
    LEFT_AT_DESK,
    MISSED,
    Schedule,
)
from stopintimidatie.privacy.retention.timelines import (
    contact_promised,
    end_of,
    last_start,
    not_held,
    on_offer,
)
from stopintimidatie.reports.models import Report, ReportContact, ReporterMessage, ReportMove


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
        .join(ReportContact, ReportContact.report_id == Report.id)
        .where(Report.holder == holder, Report.ended_at.is_not(None))
        .where(~not_held() if frozen else not_held() & ~contact_promised())
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


_FREE: Final = Report.frozen.is_(False)
_STARTS: Final[Mapping[str, Callable[[str], Any]]] = {
    CONTACT: contact_starts,
    "bericht": _started(MailMessage, MailMessage.created_at),
    "patroon": _started(Pattern, Pattern.seen_at),
    EXPORT_CONTENT: _exports,
    "doorgifteafspraak": _started(ForwardingAgreement, ForwardingAgreement.ended_at),
    "gesprek_met_gemeente": _started(TownCall, TownCall.at),
    "aanmelding_gemeente": _started(JoiningRequest, JoiningRequest.asked_at),
    LEFT_AT_DESK: _started(
        Report,
        Report.received_at,
        _FREE,
        Report.state.not_in(["overgedragen", "vernietigd"]),
        Report.delivery.is_distinct_from("opgehaald"),
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


def paused_until(session: Session, code: str) -> date | None:
    """Return until when the short classes of a holder with terms stay; None where they go.

    The last day of all says that nobody knows: the decision ended, or nights were missed.
    """
    version, holder = present_version(session), session.get_one(Holder, code)
    today = local_date(utc_now())
    listed = holder.listed_until if holder.swept_on is None else None
    last, until = listed or holder.swept_on, version.standing_until if version else None
    ended = until is not None and until < today
    return date.max if ended or last is None or last + MISSED < today else listed
