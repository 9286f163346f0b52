"""The filters of the inbox: an address is a view of it, and each filter a condition.

Here is decided for every page what counts as promised to a reporter, and as snoozed. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from stopintimidatie.core.clock import midnight, month_of, months_after
from stopintimidatie.core.storage.models import local_hour
from stopintimidatie.core.text import local
from stopintimidatie.core.web.register import COUNTED
from stopintimidatie.reports.conversation.services import NO
from stopintimidatie.reports.models import Report, ReportForm, ReportProposal
from stopintimidatie.reports.rules import PARTS_OF_DAY
from stopintimidatie.reports.vocabulary import AgeGroup, TimePrecision
from stopintimidatie.reports.workflow import ENDED, LEFT_OUT, UNREAD, ReportState

Condition = ColumnElement[bool]
# GET parameter -> value: a view of the inbox is an address.
Filters = Mapping[str, str]
# The expression of the index `ix_report_in_line`: reports without a deadline come last.
deadline_or_never: Final[ColumnElement[datetime]] = func.coalesce(
    Report.contact_deadline, literal_column("'infinity'")
)

_known = func.coalesce(Report.time_precision, "").not_in((TimePrecision.DAY, TimePrecision.UNKNOWN))
_by_clock = case(dict(enumerate(PARTS_OF_DAY)), value=local_hour(Report.incident_start) // 6)
# The SQL of `reports.rules.known_part_of_day`.
part_of_day: Final[Any] = func.coalesce(Report.part_of_day, case((_known, _by_clock)))
_minors = [group for group in AgeGroup if group.minor]
minor: Final[Any] = case((Report.reporter_age_group.in_(_minors), "ja"), else_="nee")
# Filters that look in all states: a message of a reporter must be seen, also when the report ended.
EVERYWHERE: Final = frozenset({"toestand", "gesprek", "oordeel"})

# Filters that tell nothing beside the columns of a list that leaves the house (P1).
MAY_LEAVE: Final = frozenset({"toestand", "wijk", "periode", "ontvangen", "behandelaar"})

# Reports of a view that can be decided on at once: their stories can still be read.
AT_ONCE: Final = 500

# The states with work to do; the work on a report in a dossier is done there.
TO_DO: Final = tuple(s for s in ReportState if s not in ENDED and s != ReportState.IN_DOSSIER)
OPEN: Final = frozenset(ReportState) - ENDED
DEADLINES: Final = (
    ("te_laat", "te laat, ook in dossiers"),
    ("dag", "binnen een dag"),
    ("week", "binnen een week"),
    ("wachten", "antwoord blijft uit"),
    ("lezen", "te laat om te lezen"),
)
PERIODS: Final = (("7", "7 dagen"), ("30", "30 dagen"), ("90", "90 dagen"), ("365", "een jaar"))
TALKS: Final = (
    ("nieuw", "nieuw bericht van de melder"),
    ("hielp_niet", "de melder zegt: het hielp niet"),
)


@dataclass(frozen=True, slots=True)
class Reader:
    """The person who reads the inbox, and the moment: some filters depend on them.

    `stands_in_for`: the people whose work is this person's as well today.
    """

    person: UUID
    now: datetime
    stands_in_for: frozenset[UUID] = frozenset()

    @property
    def people(self) -> list[UUID]:
        """The people of whom "mine" is."""
        return [self.person, *sorted(self.stands_in_for)]

    @property
    def today(self) -> date:
        """The day of the moment, in the Netherlands."""
        return local(self.now).date()

    @property
    def soon(self) -> datetime:
        """The moment before which something is due soon."""
        return self.now + timedelta(days=1)

    @property
    def day_ago(self) -> datetime:
        """The moment a day before."""
        return self.now - timedelta(days=1)

    def parameters(self) -> dict[str, Any]:
        """Return the values for a statement that was built for `ANY_READER`."""
        return {name: getattr(self, name) for name in _OF_READER}


_OF_READER: Final = ("now", "soon", "day_ago", "today", "people")
# Stands in for a reader in a statement that is built once: its values are given later.
ANY_READER: Final[Any] = SimpleNamespace(
    **{name: bindparam(name, expanding=name == "people") for name in _OF_READER}
)


def filters_from(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the filters in an address; the last of a name counts, and an empty one is none.

    A value that is too long is none that exists: it leaves no report, as any other wrong one.
    """
    return {name: value[:60] for name, value in pairs if name in _CONDITIONS and value}


def conditions(filters: Filters, reader: Reader, *, leave_out: str = "") -> list[Condition]:
    """Return the conditions of these filters; without `toestand` only reports with work to do.

    `leave_out`: the filter that is being counted, of which each value must stay in sight.
    """
    chosen = [
        _CONDITIONS[name](value, reader) for name, value in filters.items() if name != leave_out
    ]
    if EVERYWHERE & filters.keys() or leave_out in ("toestand", "oordeel"):
        return chosen
    chosen.append(Report.state.in_(places_to_look(filters, leave_out)))
    if lets_sleep(filters) and leave_out != "termijn":
        chosen.append(awake(reader))
    return chosen


def lets_sleep(filters: Filters) -> bool:
    """Tell whether these filters leave out what is snoozed: those that give what is to do."""
    return not (EVERYWHERE | {"termijn", "sluimert", "voorstel"}) & filters.keys()


def places_to_look(filters: Filters, leave_out: str = "") -> Sequence[str]:
    """Return the states to look in when none is chosen: those with work to do.

    What was promised to a reporter stays due in a dossier, so a term looks in all open states.
    """
    return sorted(OPEN) if "termijn" in {*filters, leave_out} else TO_DO


def awake(reader: Reader) -> Condition:
    """Return the condition of reports that aren't snoozed; spoed and what is due can't be."""
    return or_(
        Report.snoozed_until.is_(None),
        Report.snoozed_until <= reader.today,
        Report.urgent.is_(True),
        Report.contact_deadline < reader.soon,
        Report.next_attempt_at < reader.soon,
        Report.reporter_spoke_at.is_not(None),
    )


def _proposed(value: str, reader: Reader) -> Condition:
    """Return the condition of reports of which a colleague's proposal waits for a second look."""
    if value != "ja":
        return false()
    # Begins with the few proposals: looked up for each report, the work grows with a flood.
    return Report.id.in_(select(ReportProposal.report_id).where(ReportProposal.waiting()))


def _by_state(value: str, reader: Reader) -> Condition:
    if value == "alle":
        return Report.state.is_not(None)
    if value == "afgerond":
        return Report.state.in_(sorted(ENDED))
    if value == "telt":
        return Report.state.not_in(sorted(LEFT_OUT))
    return Report.state == value


def _by_handler(value: str, reader: Reader) -> Condition:
    if value == "ik":
        return Report.handler_id.in_(reader.people)
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
            return and_(deadline >= now, deadline < reader.soon)
        case "week":
            return and_(deadline >= now, deadline < now + timedelta(days=7))
        case "wachten":
            return Report.waiting_until < reader.today
        case "lezen":
            # The shortest term is longer than a day: an index leaves out what came in since.
            older = Report.received_at < reader.day_ago
            return and_(Report.state.in_(UNREAD), older, Report.read_before < now)
    return false()


def by_period(value: str, reader: Reader) -> Condition:
    """Return the condition of reports that came in during the last so many days."""
    if value not in dict(PERIODS):
        return false()
    return Report.received_at >= reader.now - timedelta(days=int(value))


def by_months(value: str, reader: Reader) -> Condition:
    """Return the condition of reports that came in from a month to another, as 2026-01/2026-03."""
    first, _, last = value.partition("/")
    since, until = month_of(first), month_of(last)
    if since is None or until is None:
        return false()
    end = midnight(months_after(until, 1))
    return and_(Report.received_at >= midnight(since), Report.received_at < end)


def by_talk(value: str, reader: Reader) -> Condition:
    """Return the condition of reports whose reporter wrote something nobody read yet."""
    spoke = Report.reporter_spoke_at.is_not(None)
    unhelped = and_(spoke, Report.reporter_verdict == NO, Report.state.in_(sorted(ENDED)))
    return {"nieuw": spoke, "hielp_niet": unhelped}.get(value, false())


# Built once: an alias of a table took a tenth of the start page's time.
@cache
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


_CONDITIONS: Final[Mapping[str, Callable[[str, Reader], Condition]]] = {
    "toestand": _by_state,
    "wijk": lambda value, _: Report.neighbourhood_code == value,
    "vorm": lambda value, _: exists().where(
        ReportForm.report_id == Report.id, ReportForm.code == value, current_form()
    ),
    "spoed": lambda value, _: (
        Report.urgent.is_(value == "ja") if value in ("ja", "nee") else false()
    ),
    "behandelaar": _by_handler,
    "termijn": by_deadline,
    "bron": lambda value, _: Report.source == value,
    "periode": by_period,
    "ontvangen": by_months,
    "gesprek": by_talk,
    "sluimert": lambda value, reader: (
        Report.snoozed_until > reader.today if value == "ja" else false()
    ),
    "voorstel": _proposed,
    "campagne": lambda value, _: Report.campaign == value,
    "minderjarig": lambda value, _: minor == value,
    "plek": lambda value, _: Report.place_type == value,
    "dagdeel": lambda value, _: part_of_day == value,
    "oordeel": lambda value, _: Report.reporter_verdict == value,
}


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
    ("Hielp niet", {"gesprek": "hielp_niet"}),
    ("Quarantaine", {"toestand": "quarantaine"}),
    ("Contact te laat", {"termijn": "te_laat"}),
    ("Antwoord blijft uit", {"termijn": "wachten"}),
    ("Lezen te laat", {"termijn": "lezen"}),
)


def presets(numbers: Mapping[str, int]) -> list[Preset]:
    """Return the fixed views with these counts, each up to one more than is worth counting."""
    return [
        Preset(label, filters, numbers[label] if numbers[label] <= COUNTED else None)
        for label, filters in PRESETS
    ]
