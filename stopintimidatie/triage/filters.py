"""What the inbox is filtered on: GET parameters to conditions. A view is an address."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, func, literal_column, or_, select
from sqlalchemy.orm import aliased

from stopintimidatie.reports.models import Report, ReportForm
from stopintimidatie.reports.workflow import ENDED, STATES
from stopintimidatie.web.filters import local

Condition = ColumnElement[bool]
# The expression of the index `ix_report_in_line`: reports without a deadline come last.
deadline_or_never: Final[ColumnElement[datetime]] = func.coalesce(
    Report.contact_deadline, literal_column("'infinity'")
)

# What somebody has to do something with; a report in a dossier is looked after there.
TO_DO: Final = tuple(s.code for s in STATES if not s.ended and s.code != "in_dossier")
OPEN: Final = frozenset(s.code for s in STATES if not s.ended)
DEADLINES: Final = (
    ("te_laat", "te laat"),
    ("dag", "binnen een dag"),
    ("week", "binnen een week"),
    ("wachten", "antwoord blijft uit"),
)
PERIODS: Final = (("7", "7 dagen"), ("30", "30 dagen"), ("90", "90 dagen"), ("365", "een jaar"))
NAMES: Final = (
    "toestand",
    "wijk",
    "vorm",
    "spoed",
    "behandelaar",
    "termijn",
    "bron",
    "periode",
    "gesprek",
)
TALKS: Final = (("nieuw", "nieuw bericht van de melder"),)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks, and when: some filters mean something else for everybody."""

    person: UUID
    now: datetime


def chosen(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The filters in an address; the last of a name counts, and an empty one is none."""
    return {name: value for name, value in pairs if name in NAMES and 0 < len(value) <= 60}


def conditions(
    filters: Mapping[str, str], reader: Reader, *, leave_out: str = ""
) -> list[Condition]:
    """The conditions of these filters; without `toestand` only what is to be done.

    :param leave_out: the filter that is being counted: each of its values must stay in sight.
    """
    found = [
        _CONDITIONS[name](value, reader) for name, value in filters.items() if name != leave_out
    ]
    # What a reporter adds must be seen, also when the report was done.
    if "toestand" not in filters and "gesprek" not in filters and leave_out != "toestand":
        found.append(Report.state.in_(TO_DO))
    return found


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
    if value not in dict(PERIODS):
        return false()
    return Report.received_at >= reader.now - timedelta(days=int(value))


def by_talk(value: str, reader: Reader) -> Condition:
    return Report.reporter_spoke_at.is_not(None) if value == "nieuw" else false()


def standing_form() -> Condition:
    """The row is a form as it now stands: confirmed by an officer, or else as reported."""
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
        ReportForm.report_id == Report.id, ReportForm.code == value, standing_form()
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
