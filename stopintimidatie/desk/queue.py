"""The desk's queue: what waits, filtered, with counts that equal the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, select, union_all
from sqlalchemy.orm import Session

from stopintimidatie.register.models import Municipality
from stopintimidatie.reports.models import Report
from stopintimidatie.storage.counting import COUNTED, count_at_most
from stopintimidatie.storage.tenancy import NATIONAL

DELIVERY_LABELS: Final = {
    "te_routeren": "Nog te routeren",
    "wacht_op_afspraak": "Wacht op afspraak",
    "verlopen": "Niet opgehaald",
    "aangeboden": "Aangeboden, nog niet opgehaald",
    "opgehaald": "Opgehaald",
}
# Somebody must be rung about these; the desk has nothing to do for what is on its way.
TO_RING: Final = ("wacht_op_afspraak", "verlopen")
WAITING: Final = ("te_routeren", *TO_RING)
UNPLACED: Final = "geen"


@dataclass(frozen=True)
class QueueFilter:
    """What the address asks for; without a delivery: all that waits for the desk."""

    delivery: str | None = None
    municipality: str | None = None

    def conditions(self, *, without: str = "") -> list[ColumnElement[bool]]:
        """The conditions in SQL; `without` leaves one out, to count its alternatives."""
        found = [
            Report.holder == NATIONAL,
            Report.delivery.is_not(None),
            # What was withdrawn waits for nobody.
            Report.ended_at.is_(None),
        ]
        if without != "delivery":
            asked = (self.delivery,) if self.delivery else WAITING
            found.append(Report.delivery.in_(asked))
        if self.municipality == UNPLACED and without != "municipality":
            found.append(Report.municipality_code.is_(None))
        elif self.municipality and without != "municipality":
            found.append(Report.municipality_code == self.municipality)
        return found


def count(session: Session, wanted: QueueFilter, most: int) -> int:
    """How many wait; one more than `most` when there are more."""
    return count_at_most(session, select(Report.id).where(*wanted.conditions()), most)


def page(
    session: Session, wanted: QueueFilter, offset: int, limit: int
) -> Sequence[tuple[Report, str | None]]:
    """Waiting reports with the name of the place's municipality, longest waiting first."""
    wanted_ids = _longest(wanted.conditions(), offset + limit)
    rows = session.execute(
        select(Report, Municipality.name)
        .outerjoin(Municipality, Municipality.code == Report.municipality_code)
        .where(Report.id.in_(wanted_ids))
        .order_by(Report.urgent.desc(), Report.received_at, Report.id)
        .offset(offset)
        .limit(limit)
    )
    return [(report, name) for report, name in rows]


def _longest(conditions: Sequence[ColumnElement[bool]], most: int) -> Select[Any]:
    """The ids of the urgent that wait longest, and of the others: each as an index gives them."""
    urgent, others = (
        select(Report.id)
        .where(*conditions, Report.urgent.is_(first))
        .order_by(Report.received_at, Report.id)
        .limit(most)
        .subquery()
        for first in (True, False)
    )
    both = union_all(select(urgent.c.id), select(others.c.id)).subquery()
    return select(both.c.id)


def by_delivery(session: Session, wanted: QueueFilter) -> dict[str, int | None]:
    """How many wait for what; without numbers when that is too much to count."""
    base = select(Report.delivery).where(*wanted.conditions(without="delivery"))
    if count_at_most(session, base, COUNTED) > COUNTED:
        return dict.fromkeys(DELIVERY_LABELS)
    rows = session.execute(base.add_columns(func.count()).group_by(Report.delivery))
    return {str(code): number for code, number in rows}


def by_municipality(
    session: Session, wanted: QueueFilter, limit: int
) -> Sequence[tuple[str | None, str | None, int | None]]:
    """Code, name and number, the busiest first; None is: no municipality found.

    When too many wait, these are the busiest among those that wait longest, without numbers.
    """
    some = _longest(wanted.conditions(without="municipality"), COUNTED + 1)
    longest = select(Report.municipality_code).where(Report.id.in_(some)).subquery()
    number = func.count()
    rows = session.execute(
        select(longest.c.municipality_code, Municipality.name, number, func.sum(number).over())
        .outerjoin(Municipality, Municipality.code == longest.c.municipality_code)
        .group_by(longest.c.municipality_code, Municipality.name)
        .order_by(number.desc(), Municipality.name)
        .limit(limit)
    )
    return [
        (code, name, amount if whole <= COUNTED else None) for code, name, amount, whole in rows
    ]
