"""The town on the start page: each neighbourhood with what is to do and what lately came in.

One statement, whatever the size of the municipality, with the conditions of the inbox.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import ColumnElement, Subquery, and_, bindparam, case, exists, func, select
from sqlalchemy.orm import Session

from stopintimidatie.dossiers.models import DossierMembership
from stopintimidatie.home.queries import end_of_today
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.municipalities.areas.names import natural_key
from stopintimidatie.reports.inbox.rules import ANY_READER, Reader, conditions
from stopintimidatie.reports.models import Report

WEEKS: Final = 12


@dataclass(frozen=True)
class NeighbourhoodRow:
    """A neighbourhood with what is to do there, and what came in in each of the last weeks."""

    code: str
    name: str
    slug: str
    to_do: int
    weeks: Sequence[int]

    @property
    def total(self) -> int:
        """The number of reports in these weeks."""
        return sum(self.weeks)


def town(session: Session, code: str, reader: Reader) -> list[NeighbourhoodRow]:
    """Return the neighbourhoods of a municipality, where most is to do first, in one statement.

    A piece of water is there once something is to do or was lately reported on it.
    """
    begin = end_of_today(reader.now) - timedelta(weeks=WEEKS)
    bounds = [begin + timedelta(weeks=week) for week in range(WEEKS + 1)]
    parameters = {f"bound{number}": bound for number, bound in enumerate(bounds)}
    rows = session.execute(_town(), {**reader.parameters(), "holder": code, **parameters})
    areas = [
        (NeighbourhoodRow(code, name, slug, number, weeks), water)
        for code, name, slug, water, number, *weeks in rows
    ]
    shown = [row for row, water in areas if not water or row.to_do or row.total]
    return sorted(shown, key=lambda row: (-row.to_do, -row.total, natural_key(row.name)))


@cache
def _town() -> Any:
    """Build the statement; its parameters are those that `town` gives it."""
    received, waiting = _received(), _waiting()
    numbers = [func.coalesce(received.c[f"week{week}"], 0) for week in range(WEEKS)]
    area = (Neighbourhood.code, Neighbourhood.name, Neighbourhood.slug, Neighbourhood.water)
    return (
        select(*area, func.coalesce(waiting.c.number, 0), *numbers)
        .outerjoin(waiting, waiting.c.code == Neighbourhood.code)
        .outerjoin(received, received.c.code == Neighbourhood.code)
        .where(Neighbourhood.municipality_code == bindparam("holder"))
    )


def _waiting() -> Subquery:
    """Count what is to do, by neighbourhood."""
    return (
        select(Report.neighbourhood_code.label("code"), func.count().label("number"))
        .where(Report.holder == bindparam("holder"), *conditions({}, ANY_READER))
        .group_by(Report.neighbourhood_code)
        .subquery()
    )


def _received() -> Subquery:
    """Count what came in between each two bounds, by neighbourhood."""
    bounds: list[Any] = [bindparam(f"bound{number}") for number in range(WEEKS + 1)]
    weeks = (
        func.sum(case((and_(Report.received_at >= since, Report.received_at < until), 1), else_=0))
        for since, until in pairwise(bounds)
    )
    return (
        select(
            Report.neighbourhood_code.label("code"),
            *(week.label(f"week{number}") for number, week in enumerate(weeks)),
        )
        .where(Report.holder == bindparam("holder"), Report.received_at >= bounds[0])
        .group_by(Report.neighbourhood_code)
        .subquery()
    )


def in_no_dossier() -> ColumnElement[bool]:
    """Return the condition of reports that no dossier holds or refers to."""
    still = (DossierMembership.report_id == Report.id, DossierMembership.left_at.is_(None))
    return and_(Report.dossier_number.is_(None), ~exists().where(*still))
