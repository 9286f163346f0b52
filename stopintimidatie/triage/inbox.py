"""The list of the inbox, its counts and its views. A fixed number of queries, whatever the size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from stopintimidatie.accounts.models import User
from stopintimidatie.register.queries import neighbourhoods_of
from stopintimidatie.reports.models import Report, ReportForm
from stopintimidatie.reports.vocabulary import Form, Source
from stopintimidatie.reports.workflow import STATES
from stopintimidatie.triage.filters import (
    DEADLINES,
    PERIODS,
    TO_DO,
    Reader,
    by_deadline,
    by_period,
    conditions,
    standing_form,
)

Filters = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter with how many reports it would leave."""

    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Facet:
    """A filter: its GET parameter, its name for people, and what there is to choose from."""

    name: str
    title: str
    choices: Sequence[Choice]


@dataclass(frozen=True, slots=True)
class Preset:
    """A view that everybody has: an address with filters, and its count."""

    label: str
    filters: Filters
    count: int


PRESETS: Final[tuple[tuple[str, Filters], ...]] = (
    ("Te doen", {}),
    ("Nieuw", {"toestand": "nieuw"}),
    ("Spoed", {"spoed": "ja"}),
    ("Van mij", {"behandelaar": "ik"}),
    ("Contact te laat", {"termijn": "te_laat"}),
    ("Antwoord blijft uit", {"termijn": "wachten"}),
)


def count(session: Session, holder: str, filters: Filters, reader: Reader) -> int:
    """How many reports these filters leave."""
    where = conditions(filters, reader)
    statement = select(func.count(Report.id)).where(Report.holder == holder, *where)
    return session.scalar(statement) or 0


def page(
    session: Session, holder: str, filters: Filters, reader: Reader, offset: int, size: int
) -> Sequence[Report]:
    """One page: spoed first, then the nearest deadline, then the newest."""
    statement = (
        select(Report)
        .where(Report.holder == holder, *conditions(filters, reader))
        .order_by(
            Report.urgent.desc(),
            Report.contact_deadline.is_(None),
            Report.contact_deadline,
            Report.received_at.desc(),
            Report.id,
        )
    )
    return session.scalars(statement.offset(offset).limit(size)).all()


def presets(session: Session, holder: str, reader: Reader) -> list[Preset]:
    """The fixed views with their counts, in one query."""
    sums = [_sum_if(*conditions(filters, reader)) for _, filters in PRESETS]
    row = session.execute(select(*sums).where(Report.holder == holder)).one()
    return [
        Preset(label, filters, number)
        for (label, filters), number in zip(PRESETS, row, strict=True)
    ]


def facets(session: Session, holder: str, filters: Filters, reader: Reader) -> list[Facet]:
    """Every filter with what each of its values would leave, the other filters kept."""
    counter = _Counter(session, holder, filters, reader)
    return [
        Facet("toestand", "Toestand", _states(counter)),
        Facet("wijk", "Wijk", _neighbourhoods(counter)),
        Facet("vorm", "Vorm", _forms(counter)),
        Facet("spoed", "Spoed", _urgency(counter)),
        Facet("behandelaar", "Behandelaar", _handlers(counter)),
        Facet("termijn", "Termijn", counter.each("termijn", DEADLINES, by_deadline)),
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

    def where(self, name: str) -> list[ColumnElement[bool]]:
        others = conditions(self.filters, self.reader, leave_out=name)
        return [Report.holder == self.holder, *others]

    def groups(self, name: str, column: Any) -> dict[Any, int]:
        rows = self.session.execute(
            select(column, func.count(Report.id)).where(*self.where(name)).group_by(column)
        )
        return {row[0]: row[1] for row in rows}

    def by(self, name: str, column: Any, labels: Sequence[tuple[str, str]]) -> list[Choice]:
        """The values of a column, in the order of their labels; values with none are left out."""
        return self.kept(name, self.groups(name, column), labels)

    def kept(
        self, name: str, numbers: Mapping[Any, int], labels: Sequence[tuple[str, str]]
    ) -> list[Choice]:
        return [
            Choice(value, label, numbers.get(value, 0))
            for value, label in labels
            if numbers.get(value) or self.filters.get(name) == value
        ]

    def each(self, name: str, labels: Sequence[tuple[str, str]], made: Any) -> list[Choice]:
        """Values that overlap: each is counted by its own condition, all in one query."""
        sums = [_sum_if(made(value, self.reader)) for value, _ in labels]
        row = self.session.execute(select(*sums).where(*self.where(name))).one()
        numbers = {value: number for (value, _), number in zip(labels, row, strict=True)}
        return self.kept(name, numbers, labels)


def _sum_if(*found: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((and_(*found), 1), else_=0)), 0)


def _states(counter: _Counter) -> list[Choice]:
    numbers = counter.groups("toestand", Report.state)
    ended = sum(numbers.get(s.code, 0) for s in STATES if s.ended)
    numbers |= {"alle": sum(numbers.values()), "afgerond": ended}
    each = [(state.code, state.label) for state in STATES]
    return counter.kept("toestand", numbers, [*each, ("afgerond", "Alles wat klaar is"), _ALL])


_ALL: Final = ("alle", "Alle meldingen")


def _neighbourhoods(counter: _Counter) -> list[Choice]:
    areas = neighbourhoods_of(counter.session, counter.holder)
    labels = [(area.code, area.name) for area in areas]
    return counter.by("wijk", Report.neighbourhood_code, labels)


def _forms(counter: _Counter) -> list[Choice]:
    rows = counter.session.execute(
        select(ReportForm.code, func.count(Report.id))
        .join(Report, Report.id == ReportForm.report_id)
        .where(standing_form(), *counter.where("vorm"))
        .group_by(ReportForm.code)
    )
    return counter.kept("vorm", {row[0]: row[1] for row in rows}, Form.choices())


def _urgency(counter: _Counter) -> list[Choice]:
    numbers = counter.groups("spoed", Report.urgent)
    words = {"ja": numbers.get(True, 0), "nee": numbers.get(False, 0)}
    return counter.kept("spoed", words, (("ja", "ja"), ("nee", "nee")))


def _handlers(counter: _Counter) -> list[Choice]:
    numbers = counter.groups("behandelaar", Report.handler_id)
    people = counter.session.execute(
        select(User.id, User.name).where(User.id.in_([p for p in numbers if p])).order_by(User.name)
    )
    words = {str(person): number for person, number in numbers.items() if person}
    words |= {"ik": numbers.get(counter.reader.person, 0), "niemand": numbers.get(None, 0)}
    labels = [("ik", "ik"), ("niemand", "nog niemand")]
    labels += [(str(p), name) for p, name in people if p != counter.reader.person]
    return counter.kept("behandelaar", words, labels)


__all__ = ["TO_DO", "Choice", "Facet", "Preset", "count", "facets", "page", "presets"]
