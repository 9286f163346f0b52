"""What needs attention in a municipality, and how busy its neighbourhoods are: fixed queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from stopintimidatie.dossiers.access import visible_to
from stopintimidatie.dossiers.models import Dossier, DossierAgreement
from stopintimidatie.dossiers.vocabulary import AgreementState
from stopintimidatie.register.models import Neighbourhood
from stopintimidatie.register.queries import neighbourhoods_of
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.workflow import ENDED
from stopintimidatie.security import Role
from stopintimidatie.triage.filters import TO_DO, Reader, by_deadline

TREND_DAYS: Final = 30
AGREEMENT_WARNING: Final = timedelta(days=7)


@dataclass(frozen=True)
class Attention:
    """Numbers of reports that need somebody now."""

    urgent: int
    new: int
    quarantine: int
    contact_soon: int
    waited_long_enough: int
    mine: int


@dataclass(frozen=True)
class NeighbourhoodRow:
    """A neighbourhood with its open reports, and those received lately and in the period before."""

    neighbourhood: Neighbourhood
    open: int
    recent: int
    before: int

    @property
    def trend(self) -> str:
        if self.recent == self.before:
            return "gelijk"
        return "meer" if self.recent > self.before else "minder"


def _count_if(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((and_(*conditions), 1), else_=0)), 0)


def attention(session: Session, person: UUID, now: datetime) -> Attention:
    """One query over what is to be done: each number is that of the inbox view its tile opens."""
    reader = Reader(person, now)
    row = session.execute(
        select(
            _count_if(Report.urgent.is_(True)),
            _count_if(Report.state == "nieuw"),
            _count_if(Report.state == "quarantaine"),
            _count_if(by_deadline("dag", reader)),
            _count_if(by_deadline("wachten", reader)),
            _count_if(Report.handler_id == person),
        ).where(Report.state.in_(TO_DO))
    ).one()
    return Attention(*row)


def neighbourhood_rows(session: Session, code: str, now: datetime) -> Sequence[NeighbourhoodRow]:
    """All neighbourhoods of a municipality; two queries, however many reports there are."""
    recent_from = now - timedelta(days=TREND_DAYS)
    before_from = recent_from - timedelta(days=TREND_DAYS)
    counts = {
        row[0]: row[1:]
        for row in session.execute(
            select(
                Report.neighbourhood_code,
                _count_if(Report.state.not_in(ENDED)),
                _count_if(Report.received_at >= recent_from),
                _count_if(Report.received_at >= before_from, Report.received_at < recent_from),
            ).group_by(Report.neighbourhood_code)
        )
    }
    return [
        NeighbourhoodRow(area, *counts.get(area.code, (0, 0, 0)))
        for area in neighbourhoods_of(session, code)
        if area.code in counts or not area.water
    ]


def urgent_reports(session: Session, person: UUID, now: datetime, limit: int) -> Sequence[Report]:
    """The reports that can't wait: urgent first, then whose contact deadline is nearest."""
    return session.scalars(
        select(Report)
        .where(
            Report.state.in_(TO_DO),
            Report.urgent | by_deadline("dag", Reader(person, now)),
        )
        .order_by(Report.urgent.desc(), Report.contact_deadline.is_(None), Report.contact_deadline)
        .limit(limit)
    ).all()


@dataclass(frozen=True)
class AgreementDue:
    """An open agreement that ends this week or is late, with the dossier it is in."""

    what: str
    who: str
    due_on: date
    number: str
    neighbourhood_slug: str


def agreements_due(
    session: Session, roles: Iterable[Role], today: date, limit: int
) -> Sequence[AgreementDue]:
    """The agreements to see to, the latest first; only of dossiers these roles may see."""
    rows = session.execute(
        select(
            DossierAgreement.what,
            DossierAgreement.who,
            DossierAgreement.due_on,
            Dossier.number,
            Neighbourhood.slug,
        )
        .join(Dossier, Dossier.id == DossierAgreement.dossier_id)
        .join(Neighbourhood, Neighbourhood.code == Dossier.neighbourhood_code)
        .where(
            DossierAgreement.state == AgreementState.OPEN.value,
            DossierAgreement.due_on <= today + AGREEMENT_WARNING,
            visible_to(roles),
        )
        .order_by(DossierAgreement.due_on, Dossier.number)
        .limit(limit)
    )
    return [AgreementDue(*row) for row in rows]
