"""The desk's queue: what waits, filtered, with counts that equal the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from stopintimidatie.register.models import Municipality
from stopintimidatie.reports.models import Report

DELIVERY_LABELS: Final = {
    "te_routeren": "Nog te routeren",
    "wacht_op_afspraak": "Wacht op afspraak",
}
UNPLACED: Final = "geen"


@dataclass(frozen=True)
class QueueFilter:
    """What the address asks for; None asks nothing."""

    delivery: str | None = None
    municipality: str | None = None

    def conditions(self, *, without: str = "") -> list[ColumnElement[bool]]:
        """The conditions in SQL; `without` leaves one out, to count its alternatives."""
        found: list[ColumnElement[bool]] = [Report.delivery.is_not(None)]
        if self.delivery and without != "delivery":
            found.append(Report.delivery == self.delivery)
        if self.municipality == UNPLACED and without != "municipality":
            found.append(Report.municipality_code.is_(None))
        elif self.municipality and without != "municipality":
            found.append(Report.municipality_code == self.municipality)
        return found


def count(session: Session, wanted: QueueFilter) -> int:
    rows = select(func.count()).select_from(Report).where(*wanted.conditions())
    return session.scalar(rows) or 0


def page(
    session: Session, wanted: QueueFilter, offset: int, limit: int
) -> Sequence[tuple[Report, str | None]]:
    """Waiting reports with the name of the place's municipality, longest waiting first."""
    rows = session.execute(
        select(Report, Municipality.name)
        .outerjoin(Municipality, Municipality.code == Report.municipality_code)
        .where(*wanted.conditions())
        .order_by(Report.urgent.desc(), Report.received_at, Report.id)
        .offset(offset)
        .limit(limit)
    )
    return [(report, name) for report, name in rows]


def by_delivery(session: Session, wanted: QueueFilter) -> dict[str, int]:
    rows = session.execute(
        select(Report.delivery, func.count())
        .where(*wanted.conditions(without="delivery"))
        .group_by(Report.delivery)
    )
    return {str(code): number for code, number in rows}


def by_municipality(
    session: Session, wanted: QueueFilter, limit: int
) -> Sequence[tuple[str | None, str | None, int]]:
    """Code, name and number, the busiest first; None is: no municipality found."""
    number = func.count()
    rows = session.execute(
        select(Report.municipality_code, Municipality.name, number)
        .outerjoin(Municipality, Municipality.code == Report.municipality_code)
        .where(*wanted.conditions(without="municipality"))
        .group_by(Report.municipality_code, Municipality.name)
        .order_by(number.desc(), Municipality.name)
        .limit(limit)
    )
    return [(code, name, amount) for code, name, amount in rows]
