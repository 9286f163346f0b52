"""Queries for the list of the inbox, its filters and its counts; their number is fixed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    and_,
    case,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.storage.session import COUNTED, count_at_most
from stopintimidatie.core.text import local
from stopintimidatie.municipalities.areas.queries import neighbourhoods_of
from stopintimidatie.reports.models import Report, ReportForm
from stopintimidatie.reports.vocabulary import Form, Source
from stopintimidatie.reports.workflow import ENDED, STATES

Condition = ColumnElement[bool]
# GET parameter -> value: a view of the inbox is an address.
Filters = Mapping[str, str]
# The expression of the index `ix_report_in_line`: reports without a deadline come last.
deadline_or_never: Final[ColumnElement[datetime]] = func.coalesce(
    Report.contact_deadline, literal_column("'infinity'")
)
# The order of the index `ix_report_in_line`.
_IN_LINE: Final[Sequence[Any]] = (
    Report.urgent.desc(),
    deadline_or_never,
    Report.received_at.desc(),
    Report.id,
)

# The states with work to do; the work on a report in a dossier is done there.
TO_DO: Final = tuple(s.code for s in STATES if not s.ended and s.code != "in_dossier")
OPEN: Final = frozenset(s.code for s in STATES if not s.ended)
_TOGETHER: Final = (("afgerond", "Alles wat klaar is"), ("alle", "Alle meldingen"))
DEADLINES: Final = (
    ("te_laat", "te laat"),
    ("dag", "binnen een dag"),
    ("week", "binnen een week"),
    ("wachten", "antwoord blijft uit"),
)
PERIODS: Final = (("7", "7 dagen"), ("30", "30 dagen"), ("90", "90 dagen"), ("365", "een jaar"))
TALKS: Final = (("nieuw", "nieuw bericht van de melder"),)


@dataclass(frozen=True, slots=True)
class Reader:
    """The person who reads the inbox, and the moment: some filters depend on them."""

    person: UUID
    now: datetime


def filters_from(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the filters in an address; the last of a name counts, and an empty one is none."""
    return {name: value for name, value in pairs if name in _CONDITIONS and 0 < len(value) <= 60}


def conditions(filters: Filters, reader: Reader, *, leave_out: str = "") -> list[Condition]:
    """Return the conditions of these filters; without `toestand` only reports with work to do.

    `leave_out`: the filter that is being counted, of which each value must stay in sight.
    """
    chosen = [
        _CONDITIONS[name](value, reader) for name, value in filters.items() if name != leave_out
    ]
    # A message of a reporter must be seen, also when the report has ended.
    if "toestand" not in filters and "gesprek" not in filters and leave_out != "toestand":
        chosen.append(Report.state.in_(TO_DO))
    return chosen


def _by_state(value: str, reader: Reader) -> Condition:
    if value == "alle":
        return Report.state.is_not(None)
    if value == "afgerond":
        return Report.state.in_(sorted(ENDED))
    return Report.state == value


def _by_urgency(value: str, reader: Reader) -> Condition:
    return Report.urgent.is_(value == "ja")


def _by_handler(value: str, reader: Reader) -> Condition:
    if value == "ik":
        return Report.handler_id == reader.person
    if value == "niemand":
        return Report.handler_id.is_(None)
    try:
        return Report.handler_id == UUID(value)
    except ValueError:
        return false()


def by_deadline(value: str, reader: Reader) -> Condition:
    """Return the condition of reports whose contact or answer is due, or overdue."""
    now = reader.now
    deadline = Report.contact_deadline
    match value:
        case "te_laat":
            # Names both values of urgent, because in the index it comes before the deadline.
            return and_(Report.urgent.in_((True, False)), deadline_or_never < now)
        case "dag":
            return and_(deadline >= now, deadline < now + timedelta(days=1))
        case "week":
            return and_(deadline >= now, deadline < now + timedelta(days=7))
        case "wachten":
            return Report.waiting_until < local(now).date()
    return false()


def by_period(value: str, reader: Reader) -> Condition:
    """Return the condition of reports that came in during the last so many days."""
    if value not in dict(PERIODS):
        return false()
    return Report.received_at >= reader.now - timedelta(days=int(value))


def by_talk(value: str, reader: Reader) -> Condition:
    """Return the condition of reports whose reporter wrote something nobody read yet."""
    return Report.reporter_spoke_at.is_not(None) if value == "nieuw" else false()


def current_form() -> Condition:
    """Return the condition of the forms that count: confirmed by an officer, else as reported."""
    confirmed = aliased(ReportForm)
    # Looked up for each row. As NOT EXISTS, PostgreSQL reads all confirmed forms there are first.
    any_confirmed = (
        select(confirmed.report_id)
        .where(confirmed.report_id == ReportForm.report_id, confirmed.confirmed.is_(True))
        .limit(1)
        .scalar_subquery()
    )
    return or_(ReportForm.confirmed.is_(True), any_confirmed.is_(None))


def _by_form(value: str, reader: Reader) -> Condition:
    return exists().where(
        ReportForm.report_id == Report.id, ReportForm.code == value, current_form()
    )


_CONDITIONS: Final[Mapping[str, Callable[[str, Reader], Condition]]] = {
    "toestand": _by_state,
    "wijk": lambda value, _: Report.neighbourhood_code == value,
    "vorm": _by_form,
    "spoed": _by_urgency,
    "behandelaar": _by_handler,
    "termijn": by_deadline,
    "bron": lambda value, _: Report.source == value,
    "periode": by_period,
    "gesprek": by_talk,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a filter with the number of reports it would leave; None: too many to count."""

    value: str
    label: str
    count: int | None


@dataclass(frozen=True, slots=True)
class Facet:
    """A filter: its parameter in the address, its title, and its choices."""

    name: str
    title: str
    choices: Sequence[Choice]


@dataclass(frozen=True, slots=True)
class Preset:
    """A fixed view of the inbox: its filters and the number of reports; None: too many to count."""

    label: str
    filters: Filters
    count: int | None


PRESETS: Final[tuple[tuple[str, Filters], ...]] = (
    ("Te doen", {}),
    ("Nieuw", {"toestand": "nieuw"}),
    ("Spoed", {"spoed": "ja"}),
    ("Van mij", {"behandelaar": "ik"}),
    ("Bericht van melder", {"gesprek": "nieuw"}),
    ("Quarantaine", {"toestand": "quarantaine"}),
    ("Contact te laat", {"termijn": "te_laat"}),
    ("Antwoord blijft uit", {"termijn": "wachten"}),
)


def count_reports(
    session: Session, holder: str, filters: Filters, reader: Reader, most: int
) -> int:
    """Count the reports that these filters leave, up to one more than `most`."""
    where = [Report.holder == holder, *conditions(filters, reader)]
    statement = select(Report.id).where(*where) if _states_of(filters) else _newest(*where)
    return count_at_most(session, statement, most)


def _newest(*where: ColumnElement[bool]) -> Select[Any]:
    """Select ids in the order of an index: PostgreSQL would else read all holders for a few."""
    return select(Report.id).where(*where).order_by(Report.received_at.desc())


def list_reports(
    session: Session, holder: str, filters: Filters, reader: Reader, offset: int, size: int
) -> Sequence[Report]:
    """Return a page of the list: urgent first, then the nearest deadline, then the newest.

    Of ended reports the newest come first, which an index can give, however many there are.
    """
    states = _states_of(filters)
    if states:
        return _in_line(session, holder, filters, reader, states, offset, size)
    order: Sequence[Any] = (Report.received_at.desc(), Report.id)
    if "toestand" not in filters:
        order = _IN_LINE
    statement = select(Report).where(Report.holder == holder, *conditions(filters, reader))
    return session.scalars(statement.order_by(*order).offset(offset).limit(size)).all()


def _in_line(
    session: Session,
    holder: str,
    filters: Filters,
    reader: Reader,
    states: Sequence[str],
    offset: int,
    size: int,
) -> Sequence[Report]:
    """Return a page of the list, merged from the first reports of each state, by index."""
    others = conditions(filters, reader, leave_out="toestand")
    firsts = [
        select(Report.id)
        .where(Report.holder == holder, Report.state == state, *others)
        .order_by(*_IN_LINE)
        .limit(offset + size)
        .subquery()
        for state in states
    ]
    merged = union_all(*(select(first.c.id) for first in firsts)).subquery()
    rows = select(Report).join(merged, merged.c.id == Report.id).order_by(*_IN_LINE)
    return session.scalars(rows.offset(offset).limit(size)).all()


def _states_of(filters: Filters) -> Sequence[str]:
    """Return the states that the filters select if all of those are open; otherwise none."""
    if "toestand" in filters:
        return [state for state in (filters["toestand"],) if state in OPEN]
    return [] if "gesprek" in filters else TO_DO


def presets(session: Session, holder: str, reader: Reader) -> list[Preset]:
    """Return the fixed views with their counts, in one query, each counted by an index."""
    mine = Report.holder == holder
    counts = [_number(mine, *conditions(filters, reader)) for _, filters in PRESETS]
    row = session.execute(select(*counts)).one()
    return [
        Preset(label, filters, number if number <= COUNTED else None)
        for (label, filters), number in zip(PRESETS, row, strict=True)
    ]


def _number(*where: ColumnElement[bool]) -> ScalarSelect[Any]:
    """Return a subquery that counts the matching reports, up to one more than `COUNTED`."""
    some = select(Report.id).where(*where).limit(COUNTED + 1).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def facets(
    session: Session, holder: str, filters: Filters, reader: Reader, total: int
) -> list[Facet]:
    """Return every filter with the number of reports that each value would leave.

    `total`: the number of `count_reports`; beyond `COUNTED` values stand without numbers.
    """
    counter = _Counter(session, holder, filters, reader, total)
    return [
        Facet("toestand", "Toestand", _states(counter)),
        Facet("wijk", "Wijk", _neighbourhoods(counter)),
        Facet("vorm", "Vorm", _forms(counter)),
        Facet("spoed", "Spoed", _urgency(counter)),
        Facet("behandelaar", "Behandelaar", _handlers(counter)),
        Facet("termijn", "Termijn", counter.each("termijn", DEADLINES, by_deadline)),
        Facet("gesprek", "Gesprek met de melder", counter.each("gesprek", TALKS, by_talk)),
        Facet("bron", "Binnengekomen via", counter.by("bron", Report.source, Source.choices())),
        Facet("periode", "Ontvangen in de laatste", counter.each("periode", PERIODS, by_period)),
    ]


@dataclass(frozen=True)
class _Counter:
    """Counts the values of one filter with the other filters in force."""

    session: Session
    holder: str
    filters: Filters
    reader: Reader
    total: int

    def too_many(self, name: str) -> bool:
        """Tell whether this filter has more to count than is worth while."""
        total = self.total
        if name in self.filters:
            total = count_at_most(self.session, _newest(*self.where(name)), COUNTED)
        return total > COUNTED

    def where(self, name: str) -> list[ColumnElement[bool]]:
        others = conditions(self.filters, self.reader, leave_out=name)
        return [Report.holder == self.holder, *others]

    def groups(self, name: str, column: Any) -> dict[Any, int]:
        rows = self.session.execute(
            select(column, func.count(Report.id)).where(*self.where(name)).group_by(column)
        )
        return {row[0]: row[1] for row in rows}

    def by(self, name: str, column: Any, labels: Sequence[tuple[str, str]]) -> list[Choice]:
        """Count the values of a column, in the order of their labels, without empty ones."""
        if self.too_many(name):
            return uncounted(labels)
        return self.choices(name, self.groups(name, column), labels)

    def choices(
        self, name: str, numbers: Mapping[Any, int], labels: Sequence[tuple[str, str]]
    ) -> list[Choice]:
        """Return the values with reports, and the value that is chosen now."""
        return [
            Choice(value, label, numbers.get(value, 0))
            for value, label in labels
            if numbers.get(value) or self.filters.get(name) == value
        ]

    def each(self, name: str, labels: Sequence[tuple[str, str]], condition: Any) -> list[Choice]:
        """Count values that overlap, each by its own condition, all in one query."""
        if self.too_many(name):
            return uncounted(labels)
        sums = [_sum_if(condition(value, self.reader)) for value, _ in labels]
        row = self.session.execute(select(*sums).where(*self.where(name))).one()
        numbers = {value: number for (value, _), number in zip(labels, row, strict=True)}
        return self.choices(name, numbers, labels)


def uncounted(labels: Sequence[tuple[str, str]]) -> list[Choice]:
    """Return all values of a filter, without numbers."""
    return [Choice(value, label, None) for value, label in labels]


def _sum_if(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _states(counter: _Counter) -> list[Choice]:
    """Count each open state; and each that has ended, unless there are too many reports."""
    base = counter.where("toestand")
    if count_at_most(counter.session, _newest(*base), COUNTED) > COUNTED:
        return _open_states(counter, base)
    numbers = counter.groups("toestand", Report.state)
    ended = sum(numbers.get(s.code, 0) for s in STATES if s.ended)
    numbers |= {"alle": sum(numbers.values()), "afgerond": ended}
    labels = [(state.code, state.label) for state in STATES]
    return counter.choices("toestand", numbers, [*labels, *_TOGETHER])


def _open_states(counter: _Counter, base: Sequence[ColumnElement[bool]]) -> list[Choice]:
    """Return the open states with their counts (None above `COUNTED`) and the others without."""
    labels = [(state.code, state.label) for state in STATES if state.code in OPEN]
    counts = [_number(*base, Report.state == code) for code, _ in labels]
    row = counter.session.execute(select(*counts)).one()
    numbers = {code: number for (code, _), number in zip(labels, row, strict=True)}
    kept = [
        replace(choice, count=None) if (choice.count or 0) > COUNTED else choice
        for choice in counter.choices("toestand", numbers, labels)
    ]
    done = [(state.code, state.label) for state in STATES if state.code not in OPEN]
    return [*kept, *uncounted([*done, *_TOGETHER])]


def _neighbourhoods(counter: _Counter) -> list[Choice]:
    areas = neighbourhoods_of(counter.session, counter.holder)
    labels = [(area.code, area.name) for area in areas]
    return counter.by("wijk", Report.neighbourhood_code, labels)


def _forms(counter: _Counter) -> list[Choice]:
    if counter.too_many("vorm"):
        return uncounted(Form.choices())
    rows = counter.session.execute(
        select(ReportForm.code, func.count(Report.id))
        .join(Report, Report.id == ReportForm.report_id)
        .where(current_form(), *counter.where("vorm"))
        .group_by(ReportForm.code)
    )
    return counter.choices("vorm", {row[0]: row[1] for row in rows}, Form.choices())


def _urgency(counter: _Counter) -> list[Choice]:
    labels = (("ja", "ja"), ("nee", "nee"))
    if counter.too_many("spoed"):
        return uncounted(labels)
    numbers = counter.groups("spoed", Report.urgent)
    words = {"ja": numbers.get(True, 0), "nee": numbers.get(False, 0)}
    return counter.choices("spoed", words, labels)


def _handlers(counter: _Counter) -> list[Choice]:
    many = counter.too_many("behandelaar")
    where = counter.where("behandelaar")
    if many:
        # Only the handlers of open reports: counting all that have ended isn't worth while.
        in_hand = (Report.state.in_(TO_DO), Report.handler_id.is_not(None))
        where = [Report.holder == counter.holder, *in_hand]
    rows = counter.session.execute(
        select(Report.handler_id, func.count(Report.id)).where(*where).group_by(Report.handler_id)
    )
    numbers = {row[0]: row[1] for row in rows}
    people = counter.session.execute(
        select(User.id, User.name).where(User.id.in_([p for p in numbers if p])).order_by(User.name)
    )
    words = {str(person): number for person, number in numbers.items() if person}
    words |= {"ik": numbers.get(counter.reader.person, 0), "niemand": numbers.get(None, 0)}
    labels = [("ik", "ik"), ("niemand", "nog niemand")]
    labels += [(str(p), name) for p, name in people if p != counter.reader.person]
    return uncounted(labels) if many else counter.choices("behandelaar", words, labels)
