"""The outlook: how many documents come due in each of the next months, and what holds them.

Of the data that goes by standing decision what has a moment of its own is counted in SQL.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from dateutil.relativedelta import relativedelta
from sqlalchemy import case, exists, func, literal, select, union_all
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
from stopintimidatie.privacy.retention.queries import (
    DueDocument,
    closed_timelines,
    coming_others,
    ended_timelines,
    present_version,
)
from stopintimidatie.privacy.retention.rules import (
    CLASS_OF_STATE,
    CONTACT,
    DOSSIER_CLOSED,
    EXPORT_CONTENT,
    LEFT_AT_DESK,
    LISTED,
    MISSED,
    OPEN,
    Schedule,
    Timeline,
    due,
)
from stopintimidatie.privacy.retention.timelines import (
    contact_promised,
    count_due,
    count_ended,
    end_of,
    ids_between,
    last_start,
    not_held,
    on_offer,
)
from stopintimidatie.reports.models import Report, ReportContact, ReporterMessage, ReportMove

MONTHS: Final = 12


@dataclass(frozen=True)
class Month:
    """A month of the outlook, from its first day here; the first holds all that is late too."""

    first: date
    last: date

    @property
    def code(self) -> str:
        """The month as it stands in an address: `2027-03`."""
        return f"{self.last:%Y-%m}"


def months_from(today: date) -> list[Month]:
    """Return this month from today on, and the twelve after it."""
    later = [_first(today) + relativedelta(months=number) for number in range(1, MONTHS + 2)]
    starts = [today, *later[:-1]]
    ends = [start - timedelta(days=1) for start in starts[1:]]
    last = later[-1] - timedelta(days=1)
    return [Month(first, end) for first, end in zip(starts, [*ends, last], strict=True)]


def _first(day: date) -> date:
    return day.replace(day=1)


@dataclass(frozen=True)
class Line:
    """A class in a month: how many documents go, and how many of those something holds."""

    month: Month
    retention_class: str
    number: int
    frozen: int = 0
    in_dossier: int = 0


def outlook(session: Session, schedule: Schedule, today: date) -> list[Line]:
    """Return the outlook of documents, by month and then by class."""
    months = months_from(today)
    numbers = Counter[Any]()
    for count in count_due(session, _holder(session), schedule, [m.last for m in months]):
        key = (months[count.place], count.code)
        numbers[key, "all"] += count.number
        numbers[key, "frozen"] += count.frozen * count.number
        numbers[key, "dossier"] += count.held * count.number
    for document in coming_others(session, schedule, months[-1].last):
        key = (month_of(months, document.due.on), document.retention_class)
        numbers[key, "all"] += 1
        numbers[key, "frozen"] += document.frozen
    keys = sorted(
        {key for (key, part), number in numbers.items() if part == "all" and number},
        key=lambda key: (key[0].first, key[1]),
    )
    return [
        Line(
            month, code, *(numbers[(month, code), about] for about in ("all", "frozen", "dossier"))
        )
        for month, code in keys
    ]


def _holder(session: Session) -> str:
    """Return the holder of the transaction; without one nothing is seen."""
    return current_holder(session) or ""


def month_of(months: Sequence[Month], day: date) -> Month:
    """Return the month of a day; of a day before them all, the first."""
    return next(month for month in months if day <= month.last)


def documents_in(
    session: Session, schedule: Schedule, months: Sequence[Month], month: Month, code: str
) -> list[UUID | DueDocument]:
    """Return what `outlook` counts of a class in a month: reports by their id, or documents."""
    if code in CLASS_OF_STATE.values() or code == OPEN:
        before = None if month == months[0] else month.first - timedelta(days=1)
        days = (before, month.last)
        return [*ids_between(session, _holder(session), schedule, code, days)]
    others = [
        document
        for document in coming_others(session, schedule, month.last)
        if document.retention_class == code and month_of(months, document.due.on) == month
    ]
    return [*sorted(others, key=lambda row: (row.due.on, row.reference))]


# The short classes, counted in one statement


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
COUNTED: Final = frozenset(_STARTS)
# Classes whose term starts on a date; those of the others start at a moment of a day.
_BY_DAY: Final = frozenset({EXPORT_CONTENT})


def standing_outlook(session: Session, schedule: Schedule, today: date) -> list[Line]:
    """Return the outlook of what goes by standing decision and can be counted."""
    months = months_from(today)
    holder = _holder(session)
    counts = [
        _count(code, _STARTS[code](holder).subquery(), choice.term, months)
        for code, choice in schedule.choices.items()
        if code in _STARTS
    ]
    rows = session.execute(union_all(*counts)).all() if counts else []
    return [
        Line(month, code, number - before)
        for code, *numbers in rows
        for month, before, number in zip(months, [0, *numbers], numbers, strict=False)
        if number > before
    ]


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


def _count(code: str, rows: Any, term: Term, months: Sequence[Month]) -> Any:
    """Count the rows whose term is over by the end of each month."""
    sums = [_over(code, rows, term, month.last) for month in months]
    return select(literal(code), *sums).select_from(rows)


def _over(code: str, rows: Any, term: Term, day: date) -> Any:
    """Count the rows whose term is over on a day."""
    return func.coalesce(func.sum(case((_is_over(code, rows, term, day), 1), else_=0)), 0)


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


def count_on_offer(session: Session, schedule: Schedule, until: date) -> int:
    """Count the reports at the desk that are due by a day, and that a municipality can pick up."""
    if LEFT_AT_DESK not in schedule.choices:
        return 0
    last = last_start(schedule.choices[LEFT_AT_DESK].term, until)
    rows = select(func.count(Report.id)).where(
        Report.holder == _holder(session),
        Report.received_at < end_of(last),
        Report.delivery.is_distinct_from("opgehaald"),
        on_offer(),
        _FREE,
    )
    return session.scalar(rows) or 0


# The difference that a proposal makes


@dataclass(frozen=True)
class Shift:
    """Numbers of documents that a proposal brings forward, puts off, or gives a day at all."""

    earlier: int = 0
    later: int = 0
    new: int = 0
    # Those that are due within three months by the proposal.
    soon: int = 0


SOON: Final = relativedelta(months=3)


def shift_of(session: Session, before: Schedule | None, after: Schedule, today: date) -> Shift:
    """Return what a proposal changes for the documents that have ended.

    The terms say it for a class as a whole; where the maximum may decide each is looked at.
    """
    holder, by = _holder(session), today + SOON
    soon = sum(count.number for count in count_due(session, holder, after, [by]))
    ended = Counter(count_ended(session, holder))
    closed = closed_timelines(session)
    ended[DOSSIER_CLOSED] = len(closed)
    days = [due(timeline, after) for timeline in closed]
    soon += sum(1 for day in days if day is not None and day.on <= by)
    if before is None:
        return Shift(new=sum(ended[code] for code in after.choices), soon=soon)
    near = list(near_maximum(session, before, after, today, closed))
    ended -= Counter(row.retention_class for row in near)
    earlier = later = new = 0
    for code, number in ended.items():
        then, now = after.choices.get(code), before.choices.get(code)
        if then is not None and now is None:
            new += number
        elif then is not None and now is not None:
            earlier += number * (then.term.after(today) < now.term.after(today))
            later += number * (then.term.after(today) > now.term.after(today))
    for timeline in near:
        old, changed = due(timeline, before), due(timeline, after)
        if old is not None and changed is not None:
            earlier += changed.on < old.on
            later += changed.on > old.on
    return Shift(earlier, later, new, soon)


def near_maximum(
    session: Session, before: Schedule, after: Schedule, today: date, closed: Sequence[Timeline]
) -> Iterator[Timeline]:
    """Yield what ended so long after its receipt that the maximum may end its term."""
    rooms = [
        (schedule.maximum.after(today) - choice.term.after(today)).days
        for schedule in (before, after)
        for code, choice in schedule.choices.items()
        if code in LISTED
    ]
    # Months and leap years make a few days of difference.
    room = timedelta(days=max(0, min(rooms, default=0) - 7))
    yield from ended_timelines(session, room)
    for timeline in closed:
        if timeline.ended is not None and timeline.ended - timeline.received >= room:
            yield timeline


@dataclass(frozen=True)
class ShortShift:
    """Change of a proposal for a class that goes by standing decision.

    Args:
        number: the rows that have a day, or get one.
        over: those whose new term is over already: they go in the first night.
    """

    code: str
    change: str
    number: int
    over: int


def short_shifts(
    session: Session, before: Schedule | None, after: Schedule, today: date
) -> list[ShortShift]:
    """Return what a proposal changes for what goes by standing decision and can be counted."""
    holder = _holder(session)
    earlier = before.choices if before is not None else {}
    changes = {
        code: _change(earlier[code].term if code in earlier else None, choice.term, today)
        for code, choice in after.choices.items()
        if code in _STARTS
    }
    counts = []
    for code, change in changes.items():
        if change:
            rows = _STARTS[code](holder).subquery()
            over = _over(code, rows, after.choices[code].term, today)
            counts.append(select(literal(code), func.count(), over).select_from(rows))
    numbers = session.execute(union_all(*counts)).all() if counts else []
    return [ShortShift(code, changes[code], number, over) for code, number, over in numbers]


def _change(before: Term | None, after: Term, today: date) -> str:
    """Say how a term changes; empty when it doesn't."""
    if before is None:
        return "krijgen een dag"
    then, now = after.after(today), before.after(today)
    return "eerder" if then < now else "later" if then > now else ""


# The standing decision


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
