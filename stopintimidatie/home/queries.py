"""Fixed queries: the work that waits in a municipality, and the reports per neighbourhood."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Label, Row, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.security import Role
from stopintimidatie.dossiers.models import Consultation, Dossier, DossierAgreement
from stopintimidatie.dossiers.resources import visible_to
from stopintimidatie.dossiers.workflow import LIVE, AgreementState, ConsultationState
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.municipalities.areas.queries import neighbourhoods_of
from stopintimidatie.reports.inbox.rules import OPEN, Reader, conditions
from stopintimidatie.reports.models import Report

TREND_DAYS: Final = 30
AGREEMENT_WARNING: Final = timedelta(days=7)
# Time after a consultation in which the start page asks for its report.
REPORT_WANTED: Final = timedelta(days=14)


@dataclass(frozen=True)
class NeighbourhoodRow:
    """A neighbourhood with its open reports, and those received lately and in the period before."""

    neighbourhood: Neighbourhood
    open: int
    recent: int
    before: int

    @property
    def trend(self) -> str:
        """Tell whether there are more reports than before, fewer, or as many."""
        if self.recent == self.before:
            return "gelijk"
        return "meer" if self.recent > self.before else "minder"


def _count_if(name: str, condition: ColumnElement[bool]) -> Label[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0).label(name)


def attention(session: Session, person: UUID, now: datetime) -> Row[*tuple[Any, ...]]:
    """Count what is to be done, in one query: each number is of the inbox view its tile opens."""
    reader = Reader(person, now)

    def number(name: str, **filters: str) -> Label[int]:
        return _count_if(name, and_(*conditions(filters, reader)))

    return session.execute(
        select(
            number("urgent", spoed="ja"),
            number("new", toestand="nieuw"),
            number("quarantine", toestand="quarantaine"),
            number("contact_late", termijn="te_laat"),
            number("contact_soon", termijn="dag"),
            number("waited_long_enough", termijn="wachten"),
            number("mine", behandelaar="ik"),
        ).where(Report.state.in_(OPEN))
    ).one()


def neighbourhood_rows(session: Session, code: str, now: datetime) -> Sequence[NeighbourhoodRow]:
    """Return all neighbourhoods of a municipality; queries over what is open or recent.

    A piece of water is there once anything was reported on it.
    """
    recent_from = now - timedelta(days=TREND_DAYS)
    before_from = recent_from - timedelta(days=TREND_DAYS)
    counts = [
        _by_neighbourhood(session, Report.state.in_(OPEN)),
        _by_neighbourhood(session, Report.received_at >= recent_from),
        _by_neighbourhood(
            session, Report.received_at >= before_from, Report.received_at < recent_from
        ),
    ]
    areas = neighbourhoods_of(session, code)
    wet = _with_reports(session, [area.code for area in areas if area.water])
    return [
        NeighbourhoodRow(area, *(numbers.get(area.code, 0) for numbers in counts))
        for area in areas
        if not area.water or area.code in wet
    ]


def _by_neighbourhood(session: Session, *conditions: ColumnElement[bool]) -> dict[str | None, int]:
    rows = session.execute(
        select(Report.neighbourhood_code, func.count())
        .where(*conditions)
        .group_by(Report.neighbourhood_code)
    )
    return {row[0]: row[1] for row in rows}


def _with_reports(session: Session, codes: Sequence[str]) -> set[str]:
    """Return the codes of neighbourhoods with a report: one look at an index for each."""
    reports = exists().where(Report.neighbourhood_code == Neighbourhood.code)
    rows = session.scalars(select(Neighbourhood.code).where(Neighbourhood.code.in_(codes), reports))
    return set(rows)


def urgent_reports(session: Session, person: UUID, now: datetime, limit: int) -> Sequence[Report]:
    """Return the reports that can't wait: urgent first, then by contact deadline."""
    reader = Reader(person, now)
    return session.scalars(
        select(Report)
        .where(
            or_(
                *(
                    and_(*conditions(filters, reader))
                    for filters in ({"spoed": "ja"}, {"termijn": "te_laat"}, {"termijn": "dag"})
                )
            ),
        )
        .order_by(Report.urgent.desc(), Report.contact_deadline.is_(None), Report.contact_deadline)
        .limit(limit)
    ).all()


def agreements_due(
    session: Session, roles: Iterable[Role], today: date, limit: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the agreements to see to, latest first; only of dossiers these roles may see."""
    return session.execute(
        select(
            DossierAgreement.what,
            DossierAgreement.who,
            DossierAgreement.due_on,
            Dossier.number,
            Neighbourhood.slug.label("neighbourhood_slug"),
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
    ).all()


def consultations_soon(
    session: Session, roles: Iterable[Role], now: datetime, limit: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return what is planned for the coming week, then what waits for its report.

    Only of dossiers that one may see, and that a report can still be made for.
    """
    return session.execute(
        select(
            Consultation.state,
            Consultation.kind,
            Consultation.serial,
            Consultation.planned_at,
            Consultation.place,
            Dossier.number,
            Neighbourhood.slug.label("neighbourhood_slug"),
        )
        .join(Dossier, Dossier.id == Consultation.dossier_id)
        .join(Neighbourhood, Neighbourhood.code == Dossier.neighbourhood_code)
        .where(
            Consultation.state == ConsultationState.PLANNED.value,
            Consultation.planned_at >= now - REPORT_WANTED,
            Consultation.planned_at <= now + AGREEMENT_WARNING,
            Dossier.state.in_(LIVE),
            visible_to(roles),
        )
        .order_by(Consultation.planned_at < now, Consultation.planned_at, Dossier.number)
        .limit(limit)
    ).all()
