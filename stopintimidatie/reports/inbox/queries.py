"""Queries for the list of the inbox and its counts; their number is fixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    ScalarSelect,
    Select,
    Subquery,
    bindparam,
    exists,
    false,
    func,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.web.register import COUNTED
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.reports.inbox.rules import (
    ANY_READER,
    EVERYWHERE,
    OPEN,
    PRESETS,
    Filters,
    Reader,
    awake,
    conditions,
    current_form,
    deadline_or_never,
    lets_sleep,
    places_to_look,
)
from stopintimidatie.reports.models import Report, ReportForm, ReportProposal
from stopintimidatie.reports.vocabulary import FORMS_BY_GROUP

# The order of the index `ix_report_in_line`.
_IN_LINE: Final[Sequence[Any]] = (
    Report.urgent.desc(),
    deadline_or_never,
    Report.received_at.desc(),
    Report.id,
)

# Other orders, by their name in an address.
ORDERS: Final[Mapping[str, Sequence[Any]]] = {
    "nieuwste": (Report.received_at.desc(), Report.id),
    "oudste": (Report.received_at, Report.id),
}
# For a list that shows no restrictions.
_UNKNOWN: Final = false()


def number_of_reports(
    holder: str, filters: Filters, reader: Reader, most: int
) -> ScalarSelect[Any]:
    """Return a subquery that counts what these filters leave, up to one more than `most`."""
    where = [Report.holder == holder, *conditions(filters, reader)]
    some = select(Report.id).where(*where) if _states_of(filters) else newest(*where)
    return number_up_to(some, most)


@dataclass(frozen=True, slots=True)
class Listed:
    """A report of the list, with the names around it.

    `proposed`: a colleague's proposal waits for a second look. `restricted`: its use is (art. 18
    AVG).
    """

    report: Report
    area: Neighbourhood | None
    handler: str | None
    proposed: bool
    restricted: bool = False


def _listed(restricted: ColumnElement[bool]) -> Select[Report, Neighbourhood, str, bool, bool]:
    waits = ReportProposal.report_id == Report.id, ReportProposal.waiting()
    return (
        select(Report, Neighbourhood, User.name, exists().where(*waits), restricted)
        .outerjoin(Neighbourhood, Neighbourhood.code == Report.neighbourhood_code)
        .outerjoin(User, User.id == Report.handler_id)
    )


def read_report(
    session: Session, holder: str, reference: str, restricted: ColumnElement[bool] = _UNKNOWN
) -> Listed | None:
    """Return the report with this reference, which may be on another page of the list."""
    wanted = _listed(restricted).where(Report.holder == holder, Report.reference == reference)
    row = session.execute(wanted).one_or_none()
    return None if row is None else Listed(*row)


def newest(*where: ColumnElement[bool]) -> Select[Any]:
    """Select ids in the order of an index: PostgreSQL would else read all holders for a few."""
    return select(Report.id).where(*where).order_by(Report.received_at.desc())


def list_reports(
    session: Session,
    holder: str,
    filters: Filters,
    reader: Reader,
    offset: int,
    size: int,
    restricted: ColumnElement[bool] = _UNKNOWN,
    order_name: str = "",
) -> Sequence[Listed]:
    """Return a page of the list: urgent first, then the nearest deadline, then the newest.

    Of ended reports the newest come first, which an index can give, however many there are.
    `restricted`: the condition that the use of a report is restricted. `order_name`: of `ORDERS`,
    which an index gives as well.
    """
    states, order = _states_of(filters), ORDERS.get(order_name, _IN_LINE)
    if states:
        firsts = _in_line(holder, filters, reader, states, offset + size, order)
        in_line = _listed(restricted).join(firsts, firsts.c.id == Report.id).order_by(*order)
        return [Listed(*row) for row in session.execute(in_line.offset(offset).limit(size))]
    if "toestand" in filters and order is _IN_LINE:
        order = ORDERS["nieuwste"]
    statement = _listed(restricted).where(Report.holder == holder, *conditions(filters, reader))
    rows = session.execute(statement.order_by(*order).offset(offset).limit(size))
    return [Listed(*row) for row in rows]


def list_leaving(session: Session, restricted: Any, *where: ColumnElement[bool]) -> Sequence[Any]:
    """Return all reports of a list that leaves the house, at most one more than `COUNTED`.

    No story, place, age or contact is read for it.
    """
    columns = (
        *(Report.id, Report.reference, Report.received_at, Report.incident_start, Report.ended_at),
        *(Report.state, Neighbourhood.name.label("area"), restricted.label("restricted")),
    )
    areas = Neighbourhood.code == Report.neighbourhood_code
    rows = select(*columns).outerjoin(Neighbourhood, areas).where(*where)
    order = rows.order_by(Report.received_at.desc(), Report.id)
    return session.execute(order.limit(COUNTED + 1)).all()


def form_groups(session: Session, reports: Sequence[UUID]) -> dict[UUID, str]:
    """Return the groups of the forms of each report, in words; never the forms."""
    mine = ReportForm.report_id.in_(reports), current_form()
    groups = {code.value: group.nl for group, codes in FORMS_BY_GROUP.items() for code in codes}
    groups_of: dict[UUID, set[str]] = {}
    for report, code in session.execute(select(ReportForm.report_id, ReportForm.code).where(*mine)):
        groups_of.setdefault(report, set()).add(groups[code])
    return {report: ", ".join(sorted(words)) for report, words in groups_of.items()}


def _in_line(
    holder: str,
    filters: Filters,
    reader: Reader,
    states: Sequence[str],
    number: int,
    order: Sequence[Any],
) -> Subquery:
    """Select the ids of the first reports of each state, by index; the page is among them."""
    others = conditions(filters, reader, leave_out="toestand")
    if lets_sleep(filters):
        others.append(awake(reader))
    firsts = [
        select(Report.id)
        .where(Report.holder == holder, Report.state == state, *others)
        .order_by(*order)
        .limit(number)
        .subquery()
        for state in states
    ]
    return union_all(*(select(first.c.id) for first in firsts)).subquery()


def _states_of(filters: Filters) -> Sequence[str]:
    """Return the states that the filters select if all of those are open; otherwise none."""
    if "toestand" in filters:
        return [state for state in (filters["toestand"],) if state in OPEN]
    return [] if EVERYWHERE & filters.keys() else places_to_look(filters)


@cache
def preset_numbers() -> dict[str, ScalarSelect[Any]]:
    """Return a subquery for each fixed view, by its label; an index counts each.

    Made once, for every holder and reader: `preset_values` gives their values.
    """
    mine = select(Report.id).where(Report.holder == bindparam("holder"))
    most = bindparam("most", type_=Integer())
    return {
        label: number_up_to(mine.where(*conditions(filters, ANY_READER)), most)
        for label, filters in PRESETS
    }


def preset_values(reader: Reader) -> dict[str, Any]:
    """Return the values of those subqueries but the holder, who is in the statement of a menu."""
    return {**reader.parameters(), "most": COUNTED}


def number_up_to(some: Select[Any], most: Any) -> ScalarSelect[Any]:
    """Return a subquery that counts the selected rows, up to one more than `most`."""
    rows = some.limit(most + 1).subquery()
    return select(func.count()).select_from(rows).scalar_subquery()
