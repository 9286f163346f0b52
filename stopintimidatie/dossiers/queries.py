"""What is in a dossier, part by part, and all of it in the order of time. Fixed queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.web.request import Paging
from stopintimidatie.dossiers.models import (
    Consultation,
    ConsultationSeat,
    Dossier,
    DossierAgreement,
    DossierAttachment,
    DossierMeasure,
    DossierMembership,
    DossierMove,
    DossierNote,
)
from stopintimidatie.dossiers.services import PARTNER_ANSWERED, readable_by
from stopintimidatie.dossiers.workflow import RELATED, AgreementState
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.reports.models import Report

LATEST: Final = 5


@dataclass(frozen=True)
class Counts:
    """The number of each part."""

    reports: int
    in_hand: int
    notes: int
    consultations: int
    measures: int
    attachments: int
    agreements: int
    open_agreements: int
    late_agreements: int
    history: int
    events: int


@dataclass(frozen=True)
class Member:
    """A report in the dossier, with its place in it and its neighbourhood."""

    membership: DossierMembership
    report: Report
    neighbourhood: str
    slug: str
    belongs_to: str | None


@dataclass(frozen=True)
class Event:
    """Something at a moment: `row` is a report, note, agreement, consultation or history line."""

    kind: str
    at: datetime
    row: Any


def _steps(dossier: Dossier) -> ColumnElement[bool]:
    told = DossierMove.name.in_(("gemaakt", PARTNER_ANSWERED, *RELATED))
    changed = or_(DossierMove.from_state.is_not(None), told)
    return and_(DossierMove.dossier_id == dossier.id, changed)


def _inside(dossier: Dossier) -> ColumnElement[bool]:
    return and_(DossierMembership.dossier_id == dossier.id, DossierMembership.left_at.is_(None))


def _mine(dossier: Dossier, reader: UUID | None) -> ColumnElement[bool]:
    """Return the condition of the notes that this person may read."""
    return and_(DossierNote.dossier_id == dossier.id, readable_by(reader))


def counts(
    session: Session, dossier: Dossier, today: date, reader: UUID | None, *, reports_too: bool
) -> Counts:
    """Return all numbers of the page in one query, as this person may know them."""
    agreed = DossierAgreement.dossier_id == dossier.id
    open_ = and_(agreed, DossierAgreement.state == AgreementState.OPEN.value)
    in_hand = and_(
        _inside(dossier),
        DossierMembership.reference.is_(False),
        DossierMembership.report_id == Report.id,
        Report.state == "in_dossier",
    )
    row = session.execute(
        select(
            _count(DossierMembership, _inside(dossier)),
            _count(DossierMembership, in_hand),
            _count(DossierNote, _mine(dossier, reader)),
            _count(Consultation, Consultation.dossier_id == dossier.id),
            _count(DossierMeasure, DossierMeasure.dossier_id == dossier.id),
            _count(DossierAttachment, DossierAttachment.dossier_id == dossier.id),
            _count(DossierAgreement, agreed),
            _count(DossierAgreement, open_),
            _count(DossierAgreement, and_(open_, DossierAgreement.due_on < today)),
            _count(DossierMove, DossierMove.dossier_id == dossier.id),
            _count(DossierMove, _steps(dossier)),
            _count(DossierAgreement, and_(agreed, DossierAgreement.closed_at.is_not(None))),
        )
    ).one()
    reports, hand, notes, talks, measures, files, agreements, still, late, history, *rest = row
    events = notes + talks + measures + files + agreements + sum(rest)
    return Counts(
        reports,
        hand,
        notes,
        talks,
        measures,
        files,
        agreements,
        still,
        late,
        history,
        events + (reports if reports_too else 0),
    )


def _count(table: Any, condition: ColumnElement[bool]) -> Any:
    return select(func.count(table.id)).where(condition).scalar_subquery()


def members(session: Session, dossier: Dossier, paging: Paging) -> Sequence[Member]:
    """Return the reports on a page, the latest incident first."""
    statement = (
        _members(dossier)
        .order_by(Report.incident_start.desc(), Report.reference)
        .limit(paging.size)
        .offset(paging.offset)
    )
    return [Member(*row) for row in session.execute(statement)]


def members_in_hand(session: Session, dossier: Dossier, limit: int) -> Sequence[Member]:
    """Return the reports that belong here and aren't finished, the oldest first."""
    statement = (
        _members(dossier)
        .where(DossierMembership.reference.is_(False), Report.state == "in_dossier")
        .order_by(Report.incident_start, Report.reference)
        .limit(limit)
    )
    return [Member(*row) for row in session.execute(statement)]


def _members(dossier: Dossier) -> Any:
    """Select reports with their membership; for those referred to, the dossier they live in."""
    return (
        select(
            DossierMembership, Report, Neighbourhood.name, Neighbourhood.slug, Report.dossier_number
        )
        .join(Report, Report.id == DossierMembership.report_id)
        .join(Neighbourhood, Neighbourhood.code == Report.neighbourhood_code)
        .where(_inside(dossier))
    )


def notes(
    session: Session, dossier: Dossier, paging: Paging, reader: UUID | None
) -> Sequence[DossierNote]:
    """Return the notes, the latest first; restricted ones only for who wrote them or is named."""
    return session.scalars(
        select(DossierNote)
        .where(_mine(dossier, reader))
        .order_by(DossierNote.at.desc(), DossierNote.id)
        .limit(paging.size)
        .offset(paging.offset)
    ).all()


def consultations(
    session: Session, dossier: Dossier, paging: Paging
) -> Sequence[tuple[Consultation, int]]:
    """Return the consultations, the latest first, each with how many sat at the table."""
    seats = (
        select(func.count(ConsultationSeat.id))
        .where(ConsultationSeat.consultation_id == Consultation.id)
        .correlate(Consultation)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Consultation, seats)
        .where(Consultation.dossier_id == dossier.id)
        .order_by(Consultation.planned_at.desc(), Consultation.serial.desc())
        .limit(paging.size)
        .offset(paging.offset)
    )
    return [(row[0], row[1]) for row in rows]


def agreements(
    session: Session, dossier: Dossier, paging: Paging, *, only_open: bool = False
) -> Sequence[tuple[DossierAgreement, str | None]]:
    """Return the agreements with the name of the owner, by due day; those done come last."""
    ended = DossierAgreement.state != AgreementState.OPEN.value
    statement = (
        select(DossierAgreement, User.name)
        .outerjoin(User, User.id == DossierAgreement.owner_id)
        .where(DossierAgreement.dossier_id == dossier.id)
        .order_by(ended, DossierAgreement.due_on, DossierAgreement.made_at)
        .limit(paging.size)
        .offset(paging.offset)
    )
    if only_open:
        statement = statement.where(~ended)
    return [(row[0], row[1]) for row in session.execute(statement)]


def history(session: Session, dossier: Dossier, paging: Paging) -> Sequence[DossierMove]:
    """Return the history, the latest first."""
    return session.scalars(
        select(DossierMove)
        .where(DossierMove.dossier_id == dossier.id)
        .order_by(DossierMove.at.desc(), DossierMove.id)
        .limit(paging.size)
        .offset(paging.offset)
    ).all()


def events(
    session: Session,
    dossier: Dossier,
    paging: Paging,
    reader: UUID | None,
    *,
    reports_too: bool,
) -> Sequence[Event]:
    """Return reports (by when it happened), steps, notes and all else, the latest first.

    One query finds which stand on the page, one per kind fetches them.
    """
    every = _every_event(dossier, reader, reports_too=reports_too).subquery()
    found = session.execute(
        select(every.c.kind, every.c.id, every.c.at)
        .order_by(every.c.at.desc(), every.c.kind, every.c.id)
        .limit(paging.size)
        .offset(paging.offset)
    ).all()
    rows = {
        kind: _fetch(session, table, [r.id for r in found if r.kind == kind])
        for kind, table in _TABLES.items()
    }
    return [Event(row.kind, row.at, rows[row.kind][row.id]) for row in found]


_TABLES: Final[dict[str, Any]] = {
    "melding": Report,
    "stap": DossierMove,
    "notitie": DossierNote,
    "overleg": Consultation,
    "maatregel": DossierMeasure,
    "bijlage": DossierAttachment,
    "afspraak": DossierAgreement,
    "afgerond": DossierAgreement,
}


def _every_event(dossier: Dossier, reader: UUID | None, *, reports_too: bool) -> Any:
    agreed = DossierAgreement.dossier_id == dossier.id
    closed = and_(agreed, DossierAgreement.closed_at.is_not(None))
    reports = _pick("melding", Report.id, Report.incident_start).join(
        DossierMembership, DossierMembership.report_id == Report.id
    )
    return union_all(
        reports.where(_inside(dossier), literal(reports_too)),
        _pick("stap", DossierMove.id, DossierMove.at).where(_steps(dossier)),
        _pick("notitie", DossierNote.id, DossierNote.at).where(_mine(dossier, reader)),
        _pick("overleg", Consultation.id, Consultation.planned_at).where(
            Consultation.dossier_id == dossier.id
        ),
        _pick("maatregel", DossierMeasure.id, DossierMeasure.made_at).where(
            DossierMeasure.dossier_id == dossier.id
        ),
        _pick("bijlage", DossierAttachment.id, DossierAttachment.at).where(
            DossierAttachment.dossier_id == dossier.id
        ),
        _pick("afspraak", DossierAgreement.id, DossierAgreement.made_at).where(agreed),
        _pick("afgerond", DossierAgreement.id, DossierAgreement.closed_at).where(closed),
    )


def _pick(kind: str, id_: Any, at: Any) -> Select[Any]:
    return select(literal(kind).label("kind"), id_.label("id"), at.label("at"))


def _fetch(session: Session, table: Any, ids: Sequence[UUID]) -> dict[UUID, Any]:
    """Return the rows by id; asked also for none, so that every page costs the same."""
    return {row.id: row for row in session.scalars(select(table).where(table.id.in_(ids)))}
