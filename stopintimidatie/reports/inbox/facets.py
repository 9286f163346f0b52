"""The filters of the inbox, each with the number of reports that a value would leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Select,
    String,
    Subquery,
    case,
    cast,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.text import uuid_of
from stopintimidatie.core.web.register import COUNTED
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.reports.campaigns.services import names_of
from stopintimidatie.reports.conversation.services import VERDICTS
from stopintimidatie.reports.inbox.queries import newest, number_up_to
from stopintimidatie.reports.inbox.rules import (
    DEADLINES,
    OPEN,
    PERIODS,
    TALKS,
    Filters,
    Reader,
    by_deadline,
    by_period,
    by_talk,
    conditions,
    minor,
    part_of_day,
)
from stopintimidatie.reports.models import Report, ReportForm
from stopintimidatie.reports.vocabulary import Form, PartOfDay, PlaceType, Source
from stopintimidatie.reports.workflow import ENDED, LEFT_OUT, ReportState

# The parameter of an address with the form of filters opened; only then are they counted.
OPENED: Final = "filters"
TITLES: Final = {
    "toestand": "Toestand",
    "wijk": "Wijk",
    "vorm": "Vorm",
    "spoed": "Spoed",
    "behandelaar": "Behandelaar",
    "termijn": "Termijn",
    "gesprek": "Gesprek met de melder",
    "bron": "Binnengekomen via",
    "periode": "Ontvangen in de laatste",
    "ontvangen": "Ontvangen",
    "campagne": "Campagne",
    "minderjarig": "Minderjarig",
    "plek": "Soort plek",
    "dagdeel": "Deel van de dag",
    "oordeel": "Hielp het, volgens de melder",
    "sluimert": "Weggelegd",
    "voorstel": "Tweede blik",
}
# Filters of a fixed view alone.
UNLISTED: Final = frozenset({"sluimert", "voorstel", "ontvangen"})
NOBODY: Final = "niemand"
HANDLERS: Final = (("ik", "ik"), (NOBODY, "nog niemand"))
TOGETHER: Final = (
    ("afgerond", "Alles wat klaar is"),
    ("telt", "Wat meetelt in de cijfers"),
    ("alle", "Alle meldingen"),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a filter with the number of reports it would leave; None: too many to count."""

    value: str
    label: str
    count: int | None


def labels_of(
    session: Session, filters: Filters, areas: Iterable[Neighbourhood]
) -> dict[str, dict[str, str]]:
    """Return the values of each filter in words, in the order of the form.

    `areas`: the neighbourhoods of the holder, where the filter on those is in sight.
    """
    handler = uuid_of(filters.get("behandelaar", ""))
    name = session.scalar(select(User.name).where(User.id == handler)) if handler else None
    yes_no, months = {"ja": "ja", "nee": "nee"}, filters.get("ontvangen", "")
    return {
        "toestand": {**dict(ReportState.choices()), **dict(TOGETHER)},
        "wijk": {area.code: area.name for area in areas},
        "vorm": dict(Form.choices()),
        "spoed": yes_no,
        "behandelaar": {**dict(HANDLERS), str(handler): name or "onbekend"},
        "termijn": dict(DEADLINES),
        "gesprek": dict(TALKS),
        "bron": dict(Source.choices()),
        "periode": dict(PERIODS),
        # A code without a campaign is its own word.
        "campagne": names_of(session, [filters["campagne"]]) if "campagne" in filters else {},
        "minderjarig": yes_no,
        "plek": dict(PlaceType.choices()),
        "dagdeel": dict(PartOfDay.choices()),
        "oordeel": dict(VERDICTS),
        # Filters of a fixed view alone, and of a number among the figures.
        "ontvangen": {months: months.replace("/", " tot en met ")},
        "sluimert": yes_no,
        "voorstel": yes_no,
    }


def facets(
    session: Session,
    holder: str,
    filters: Filters,
    reader: Reader,
    labels: Mapping[str, Mapping[str, str]],
) -> dict[str, list[Choice]]:
    """Return every filter with the number of reports that each value would leave.

    Beyond `COUNTED` values stand without numbers. `labels`: of the values, by filter.
    """
    counts = _Counts(session, holder, filters, reader)
    own = {"toestand": _states, "behandelaar": _handlers, "campagne": _campaigns}
    return {
        name: own[name](counts) if name in own else counts.choices(name, [*labels[name].items()])
        for name in TITLES
        if name not in UNLISTED
    }


# Each by its own condition, for their values overlap.
_OVERLAPPING: Final = {
    "termijn": (DEADLINES, by_deadline),
    "gesprek": (TALKS, by_talk),
    "periode": (PERIODS, by_period),
}
_COLUMNS: Final[Mapping[str, Any]] = {
    "toestand": Report.state,
    "wijk": Report.neighbourhood_code,
    "spoed": case((Report.urgent.is_(True), "ja"), else_="nee"),
    "behandelaar": Report.handler_id,
    "bron": Report.source,
    "campagne": Report.campaign,
    "minderjarig": minor,
    "plek": Report.place_type,
    "dagdeel": part_of_day,
    "oordeel": Report.reporter_verdict,
}
_NAMES: Final = (*_COLUMNS, "vorm", *_OVERLAPPING)
# Filters that look in other states as soon as they are chosen.
_ELSEWHERE: Final = ("toestand", "termijn", "gesprek", "oordeel")


class _Counts:
    """The number of reports of each value of each filter, read in one statement.

    A filter in force is counted without itself, so that its other values stay in sight; the others
    share one set of matching reports.
    """

    def __init__(self, session: Session, holder: str, filters: Filters, reader: Reader) -> None:
        self.session, self.holder, self.filters, self.reader = session, holder, filters, reader
        # By filter and value; and by filter, how many reports were looked at.
        self.numbers: dict[str, dict[str, int]] = {name: {} for name in _NAMES}
        self.totals: dict[str, int] = {}
        own = [name for name in _NAMES if name in filters or name in _ELSEWHERE]
        parts = self._parts("", [name for name in _NAMES if name not in own])
        for name in own:
            parts += self._parts(name, [name])
        for name, value, number in session.execute(union_all(*parts)):
            if value == _ALL:
                self.totals[name] = number
            else:
                self.numbers[name][NOBODY if value is None else str(value)] = number

    def where(self, name: str) -> list[ColumnElement[bool]]:
        """Return the conditions of the filters in force, without this one."""
        filters, leave_out = dict(self.filters), name
        if name == "gesprek":
            filters, leave_out = filters | {"gesprek": "nieuw"}, ""
        others = conditions(filters, self.reader, leave_out=leave_out)
        if name == "oordeel":
            others.append(Report.reporter_verdict.is_not(None))
        return [Report.holder == self.holder, *others]

    def _parts(self, leave_out: str, names: Sequence[str]) -> list[Select[Any]]:
        """Select (filter, value, number) of these filters, from one set of matching reports."""
        flags = {
            f"{name}_{value}": _OVERLAPPING[name][1](value, self.reader)
            for name in names
            if name in _OVERLAPPING
            for value, _ in _OVERLAPPING[name][0]
        }
        columns = {name: _COLUMNS[name] for name in names if name in _COLUMNS} | flags
        labelled = [column.label(name) for name, column in columns.items()]
        where = self.where(leave_out)
        some = newest(*where) if leave_out == "toestand" else select(Report.id).where(*where)
        matching = some.add_columns(*labelled).limit(COUNTED + 1).cte(f"matching_{leave_out}")
        parts = []
        for name in names:
            parts.append(_row(name, literal(_ALL), matching))
            if name in _COLUMNS:
                value = matching.c[name]
                parts.append(_row(name, cast(value, String), matching).group_by(value))
            elif name in _OVERLAPPING:
                parts += [
                    _row(name, literal(value), matching).where(matching.c[f"{name}_{value}"])
                    for value, _ in _OVERLAPPING[name][0]
                ]
            else:
                forms = _current_forms(matching)
                parts.append(_row(name, forms.c.code, forms).group_by(forms.c.code))
        return parts

    def too_many(self, name: str) -> bool:
        """Tell whether this filter has more to count than is worth while."""
        return self.totals.get(name, 0) > COUNTED

    def choices(self, name: str, labels: Sequence[tuple[str, str]]) -> list[Choice]:
        """Return the values with reports, and the value that is chosen now, in this order."""
        if self.too_many(name):
            return uncounted(labels)
        numbers = self.numbers[name]
        return [
            Choice(value, label, numbers.get(value, 0))
            for value, label in labels
            if numbers.get(value) or self.filters.get(name) == value
        ]


def _current_forms(matching: CTE) -> Subquery:
    """Select the codes that count of these reports: as confirmed, or else as reported."""
    confirmed = cast(ReportForm.confirmed, Integer)
    # Reads each row once, where `current_form` would look up the other rows for each.
    any_confirmed = func.max(confirmed).over(partition_by=ReportForm.report_id)
    rows = (
        select(ReportForm.code, confirmed.label("confirmed"), any_confirmed.label("any_confirmed"))
        .join(matching, matching.c.id == ReportForm.report_id)
        .subquery()
    )
    return select(rows.c.code).where(rows.c.confirmed == rows.c.any_confirmed).subquery()


# No value of a filter: the row with the number of all reports that were looked at.
_ALL: Final = "*"


def _row(name: str, value: Any, rows: Any) -> Select[Any]:
    return select(literal(name), value, func.count()).select_from(rows)


def uncounted(labels: Sequence[tuple[str, str]]) -> list[Choice]:
    """Return all values of a filter, without numbers."""
    return [Choice(value, label, None) for value, label in labels]


def _states(counts: _Counts) -> list[Choice]:
    """Count each open state; and each that has ended, unless there are too many reports."""
    if counts.too_many("toestand"):
        return _open_states(counts)
    numbers = counts.numbers["toestand"]
    ended = sum(numbers.get(state, 0) for state in ENDED)
    left = sum(numbers.get(state, 0) for state in LEFT_OUT)
    total = counts.totals["toestand"]
    numbers |= {"alle": total, "afgerond": ended, "telt": total - left}
    return counts.choices("toestand", [*ReportState.choices(), *TOGETHER])


def _open_states(counts: _Counts) -> list[Choice]:
    """Return the open states with their counts (None above `COUNTED`) and the others without."""
    base = counts.where("toestand")
    open_states = [state for state in ReportState if state in OPEN]
    mine = select(Report.id).where(*base)
    numbers = [number_up_to(mine.where(Report.state == state), COUNTED) for state in open_states]
    row = counts.session.execute(select(*numbers)).one()
    chosen = counts.filters.get("toestand")
    kept = [
        Choice(state.value, state.nl, number if number <= COUNTED else None)
        for state, number in zip(open_states, row, strict=True)
        if number or state == chosen
    ]
    done = [(state.value, state.nl) for state in ReportState if state in ENDED]
    return [*kept, *uncounted([*done, *TOGETHER])]


def _handlers(counts: _Counts) -> list[Choice]:
    """Count the reports of each handler; those of whom I stand in for count as mine too."""
    numbers = counts.numbers["behandelaar"]
    people = {UUID(value): number for value, number in numbers.items() if value != NOBODY}
    names = counts.session.execute(
        select(User.id, User.name).where(User.id.in_(people)).order_by(User.name, User.id)
    )
    numbers["ik"] = sum(people.get(person, 0) for person in counts.reader.people)
    labels = [*HANDLERS]
    labels += [(str(person), name) for person, name in names if person != counts.reader.person]
    numbers |= {str(person): number for person, number in people.items()}
    return counts.choices("behandelaar", labels)


def _campaigns(counts: _Counts) -> list[Choice]:
    """Count the reports of each campaign that occurs, and of the chosen one."""
    known = {*counts.numbers["campagne"], counts.filters.get("campagne", NOBODY)} - {NOBODY}
    names = names_of(counts.session, known) if known else {}
    return counts.choices("campagne", [(code, names.get(code, code)) for code in sorted(known)])
