"""Queries for the list of the inbox, its filters and its counts; their number is fixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, ScalarSelect, Select, case, func, select, union_all
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.storage.session import COUNTED, count_at_most
from stopintimidatie.municipalities.areas.queries import neighbourhoods_of
from stopintimidatie.reports.inbox.rules import (
    DEADLINES,
    OPEN,
    PERIODS,
    TALKS,
    TO_DO,
    Filters,
    Reader,
    awake,
    by_deadline,
    by_period,
    by_talk,
    conditions,
    current_form,
    deadline_or_never,
    lets_sleep,
    places_to_look,
)
from stopintimidatie.reports.models import Report, ReportForm
from stopintimidatie.reports.vocabulary import Form, Source
from stopintimidatie.reports.workflow import STATES

# The order of the index `ix_report_in_line`.
_IN_LINE: Final[Sequence[Any]] = (
    Report.urgent.desc(),
    deadline_or_never,
    Report.received_at.desc(),
    Report.id,
)

_TOGETHER: Final = (("afgerond", "Alles wat klaar is"), ("alle", "Alle meldingen"))


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
    ("Tweede blik", {"voorstel": "ja"}),
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
    if lets_sleep(filters):
        others.append(awake(reader))
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
    return [] if "gesprek" in filters else places_to_look(filters)


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
    mine = sum(numbers.get(person, 0) for person in counter.reader.people)
    words |= {"ik": mine, "niemand": numbers.get(None, 0)}
    labels = [("ik", "ik"), ("niemand", "nog niemand")]
    labels += [(str(p), name) for p, name in people if p != counter.reader.person]
    return uncounted(labels) if many else counter.choices("behandelaar", words, labels)
