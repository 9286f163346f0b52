"""The outlook: how many documents come due in each of the next months, and what holds them.

Of the data that goes by standing decision what has a moment of its own is counted in SQL.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from dateutil.relativedelta import relativedelta
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.clock import AMSTERDAM
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.storage.retention import Term
from stopintimidatie.dossiers.patterns.models import Pattern
from stopintimidatie.privacy.retention.queries import (
    DueDocument,
    coming_documents,
    ended_timelines,
)
from stopintimidatie.privacy.retention.rules import CONTACT, Schedule, due
from stopintimidatie.reports.models import Report, ReportContact

MONTHS: Final = 12
# The moment on which the term starts, for each class by standing decision that can be counted.
_STARTS: Final[Mapping[str, Any]] = {
    CONTACT: Report.ended_at,
    "bericht": MailMessage.created_at,
    "patroon": Pattern.seen_at,
}
COUNTED: Final = frozenset(_STARTS)


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


def day_of_document(document: DueDocument) -> date:
    """Return the day that a document would go: of what a live dossier holds, by its own term."""
    return min(filter(None, (document.due.on, document.held_since)))


def outlook(session: Session, schedule: Schedule, today: date) -> list[Line]:
    """Return the outlook of documents, by month and then by class."""
    months = months_from(today)
    numbers = {"all": Counter[Any](), "frozen": Counter[Any](), "dossier": Counter[Any]()}
    for document in coming_documents(session, schedule, months[-1].last):
        key = (month_of(months, day_of_document(document)), document.retention_class)
        numbers["all"][key] += 1
        numbers["frozen"][key] += document.frozen
        numbers["dossier"][key] += document.held_since is not None
    return [
        Line(month, code, number, numbers["frozen"][month, code], numbers["dossier"][month, code])
        for month in months
        for (at, code), number in sorted(numbers["all"].items(), key=lambda item: item[0][1])
        if at == month
    ]


def month_of(months: Sequence[Month], day: date) -> Month:
    """Return the month of a day; of a day before them all, the first."""
    return next(month for month in months if day <= month.last)


def documents_in(
    session: Session, schedule: Schedule, months: Sequence[Month], month: Month, code: str
) -> list[DueDocument]:
    """Return the documents of a class that `outlook` counts in a month, the first due first."""
    chosen = [
        document
        for document in coming_documents(session, schedule, month.last)
        if document.retention_class == code and month_of(months, day_of_document(document)) == month
    ]
    return sorted(chosen, key=lambda row: (day_of_document(row), row.reference))


def standing_outlook(session: Session, schedule: Schedule, today: date) -> list[Line]:
    """Return the outlook of what goes by standing decision and can be counted."""
    months = months_from(today)
    lines: list[Line] = []
    for code, starts in _STARTS.items():
        choice = schedule.choices.get(code)
        if choice is not None:
            lines += _count_standing(session, code, starts, choice.term, months)
    return lines


def _count_standing(
    session: Session, code: str, start: Any, term: Term, months: Sequence[Month]
) -> Iterable[Line]:
    until = [_end_of(last_start(term, month.last)) for month in months]
    counted = select(
        *(func.coalesce(func.sum(case((start < end, 1), else_=0)), 0) for end in until)
    )
    if code == CONTACT:
        counted = counted.join(ReportContact, ReportContact.report_id == Report.id)
    before = 0
    for month, number in zip(months, session.execute(counted).one(), strict=True):
        if number > before:
            yield Line(month, code, number - before)
        before = number


def last_start(term: Term, end: date) -> date:
    """Return the last day on which a term can have started that is over on this day."""
    start = term.before(end)
    while term.after(start) > end:
        start -= timedelta(days=1)
    return start


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(0), AMSTERDAM)


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
    """Return what a proposal changes for the documents that have ended."""
    earlier = later = new = soon = 0
    by = today + SOON
    for timeline in ended_timelines(session):
        then = due(timeline, after)
        now = due(timeline, before) if before is not None else None
        if then is None:
            continue
        soon += then.on <= by
        if now is None:
            new += 1
        else:
            earlier += then.on < now.on
            later += then.on > now.on
    return Shift(earlier, later, new, soon)
