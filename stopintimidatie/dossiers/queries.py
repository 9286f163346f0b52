"""The parts of a dossier as its page shows them, and all of them in the order of time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    false,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.storage.personal import ERASURE_GROUNDS, ground_words
from stopintimidatie.core.text import DAYS, SHORT_MONTHS, local
from stopintimidatie.core.tree.services import RESTRICTIONS
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
from stopintimidatie.dossiers.workflow import RELATED, AgreementState, ConsultationState
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.rules import PARTS_OF_DAY, known_part_of_day
from stopintimidatie.reports.workflow import ReportState

LATEST: Final = 5
MONTHS: Final = 12
MOST_MEASURES: Final = 30
LIFT_FIRST: Final = " Hef dat eerst op, bij ‘Bevriezingen’ in het menu."
# For a list that shows no restrictions.
_UNKNOWN: Final = false()


@dataclass(frozen=True)
class Counts:
    """Numbers of all parts of a dossier, in the order of the query that counts them."""

    # True if this person sees the reports as events.
    reports_too: bool
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
    steps: int
    done_agreements: int
    owner: str | None
    # The moment of the first consultation that was planned and isn't held yet.
    consultation_at: datetime | None
    restricted: bool = False

    @property
    def events(self) -> int:
        """The number of lines in the chronology."""
        reports = self.reports if self.reports_too else 0
        others = (self.notes, self.consultations, self.measures, self.attachments)
        return reports + sum(others) + self.agreements + self.steps + self.done_agreements


@dataclass(frozen=True)
class Member:
    """A report in the dossier, with its membership, its neighbourhood and the dossier it is in."""

    membership: DossierMembership
    report: Report
    neighbourhood: str
    slug: str
    belongs_to: str | None
    restricted: bool = False


@dataclass(frozen=True)
class Event:
    """A line of the chronology: `row` is a report, note, agreement, step or the like."""

    kind: str
    at: datetime
    row: Any


def _steps(dossier: Dossier) -> ColumnElement[bool]:
    """Return the condition of the lines of the history that stand in the chronology too."""
    names = DossierMove.name.in_(("gemaakt", PARTNER_ANSWERED, *RELATED))
    changed = or_(DossierMove.from_state.is_not(None), names)
    return and_(DossierMove.dossier_id == dossier.id, changed)


def inside(dossier: Dossier) -> ColumnElement[bool]:
    """Return the condition of the memberships of reports that are in the dossier now."""
    return and_(DossierMembership.dossier_id == dossier.id, DossierMembership.left_at.is_(None))


def _mine(dossier: Dossier, reader: UUID | None) -> ColumnElement[bool]:
    """Return the condition of the notes that this person may read."""
    return and_(DossierNote.dossier_id == dossier.id, readable_by(reader))


def moments(session: Session, dossier: Dossier) -> Sequence[Row[Any, Any, Any]]:
    """Return when the reports in the dossier happened: start, precision and part of day."""
    when = (Report.incident_start, Report.time_precision, Report.part_of_day)
    mine = select(*when).join(DossierMembership, DossierMembership.report_id == Report.id)
    return session.execute(mine.where(inside(dossier))).all()


def week(rows: Iterable[Any]) -> list[tuple[str, list[int]]]:
    """Count reports, or their moments, by weekday and part of day in the Netherlands."""
    cells = Counter(
        (
            local(row.incident_start).weekday(),
            known_part_of_day(row.incident_start, row.time_precision, row.part_of_day),
        )
        for row in rows
    )
    return [(day, [cells[(row, part)] for part in PARTS_OF_DAY]) for row, day in enumerate(DAYS)]


def month_name(day: date) -> str:
    """Return the short name of the month of a day, with the year: aug 26."""
    return f"{SHORT_MONTHS[day.month - 1]} {day.year % 100:02d}"


def months(rows: Iterable[Any], today: date) -> list[tuple[str, int]]:
    """Count reports, or their moments, in each of the last twelve months, by its short name."""
    numbers = Counter(month_name(local(row.incident_start)) for row in rows)
    now = today.year * 12 + today.month
    last = (date((n - 1) // 12, (n - 1) % 12 + 1, 1) for n in range(now - MONTHS + 1, now + 1))
    return [(name, numbers[name]) for name in map(month_name, last)]


def measures(session: Session, dossier: Dossier) -> Sequence[DossierMeasure]:
    """Return the measures, the latest first."""
    mine = select(DossierMeasure).where(DossierMeasure.dossier_id == dossier.id)
    latest = mine.order_by(DossierMeasure.started_on.desc(), DossierMeasure.made_at)
    return session.scalars(latest.limit(MOST_MEASURES)).all()


def counts(
    session: Session,
    dossier: Dossier,
    today: date,
    reader: UUID | None,
    *,
    reports_too: bool,
    restricted: ColumnElement[bool],
) -> Counts:
    """Return all numbers of the page in one query, as this person may know them.

    `restricted`: the condition that the use of the dossier is restricted.
    """
    agreed = DossierAgreement.dossier_id == dossier.id
    open_ = and_(agreed, DossierAgreement.state == AgreementState.OPEN.value)
    planned = and_(
        Consultation.dossier_id == dossier.id, Consultation.state == ConsultationState.PLANNED
    )
    in_hand = and_(
        inside(dossier),
        DossierMembership.reference.is_(False),
        DossierMembership.report_id == Report.id,
        Report.state == ReportState.IN_DOSSIER,
    )
    numbers: Any = session.execute(
        select(
            _count(DossierMembership, inside(dossier)),
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
            select(User.name).where(User.id == dossier.owner_id).scalar_subquery(),
            select(func.min(Consultation.planned_at)).where(planned).scalar_subquery(),
            restricted,
        ).where(Dossier.id == dossier.id)
    ).one()
    return Counts(reports_too, *numbers)


def _count(table: Any, condition: ColumnElement[bool]) -> Any:
    return select(func.count(table.id)).where(condition).scalar_subquery()


def members(
    session: Session,
    dossier: Dossier,
    offset: int,
    size: int,
    restricted: ColumnElement[bool] = _UNKNOWN,
) -> Sequence[Member]:
    """Return the reports on a page, the latest incident first.

    `restricted`: the condition that the use of a report is restricted.
    """
    statement = (
        _members(dossier, restricted)
        .order_by(Report.incident_start.desc(), Report.reference)
        .slice(offset, offset + size)
    )
    return [Member(*row) for row in session.execute(statement)]


def members_in_hand(session: Session, dossier: Dossier, limit: int) -> Sequence[Member]:
    """Return the reports that belong here and aren't finished, the oldest first."""
    statement = (
        _members(dossier)
        .where(DossierMembership.reference.is_(False), Report.state == ReportState.IN_DOSSIER)
        .order_by(Report.incident_start, Report.reference)
        .limit(limit)
    )
    return [Member(*row) for row in session.execute(statement)]


def _members(dossier: Dossier, restricted: ColumnElement[bool] = _UNKNOWN) -> Any:
    """Select reports with their membership; for those referred to, the dossier they live in."""
    return (
        select(
            DossierMembership,
            Report,
            Neighbourhood.name,
            Neighbourhood.slug,
            Report.dossier_number,
            restricted,
        )
        .join(Report, Report.id == DossierMembership.report_id)
        .join(Neighbourhood, Neighbourhood.code == Report.neighbourhood_code)
        .where(inside(dossier))
    )


def notes(
    session: Session, dossier: Dossier, offset: int, size: int, reader: UUID | None
) -> Sequence[DossierNote]:
    """Return the notes, the latest first; restricted ones only for who wrote them or is named."""
    return session.scalars(
        select(DossierNote)
        .where(_mine(dossier, reader))
        .order_by(DossierNote.at.desc(), DossierNote.id)
        .slice(offset, offset + size)
    ).all()


def consultations(
    session: Session, dossier: Dossier, offset: int, size: int
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
        .slice(offset, offset + size)
    )
    return [(row[0], row[1]) for row in rows]


def agreements(
    session: Session, dossier: Dossier, offset: int, size: int, *, only_open: bool = False
) -> Sequence[tuple[DossierAgreement, str | None]]:
    """Return the agreements with the name of the owner, by due day; those done come last."""
    ended = DossierAgreement.state != AgreementState.OPEN.value
    statement = (
        select(DossierAgreement, User.name)
        .outerjoin(User, User.id == DossierAgreement.owner_id)
        .where(DossierAgreement.dossier_id == dossier.id)
        .order_by(ended, DossierAgreement.due_on, DossierAgreement.made_at)
        .slice(offset, offset + size)
    )
    if only_open:
        statement = statement.where(~ended)
    return [(row[0], row[1]) for row in session.execute(statement)]


def history(session: Session, dossier: Dossier, offset: int, size: int) -> Sequence[DossierMove]:
    """Return the history, the latest first."""
    return session.scalars(
        select(DossierMove)
        .where(DossierMove.dossier_id == dossier.id)
        .order_by(DossierMove.at.desc(), DossierMove.id)
        .slice(offset, offset + size)
    ).all()


def events(
    session: Session,
    dossier: Dossier,
    offset: int,
    size: int,
    *,
    reader: UUID | None,
    reports_too: bool,
) -> Sequence[Event]:
    """Return reports (by when it happened), steps, notes and all else, the latest first.

    One query selects those of the page, one per kind fetches them.
    """
    line = _every_event(dossier, reader, reports_too=reports_too).subquery().c
    lines = session.execute(
        select(line.kind, line.id, line.at)
        .order_by(line.at.desc(), line.kind, line.id)
        .slice(offset, offset + size)
    ).all()
    rows = {
        kind: _fetch(session, table, [row.id for row in lines if row.kind == kind])
        for kind, table in _TABLES.items()
    }
    return [Event(row.kind, row.at, rows[row.kind][row.id]) for row in lines]


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


# Lines that stand in the chronology whoever reads it, by their moment.
_UNCONDITIONAL: Final[tuple[tuple[str, Any, Any], ...]] = (
    ("overleg", Consultation, Consultation.planned_at),
    ("maatregel", DossierMeasure, DossierMeasure.made_at),
    ("bijlage", DossierAttachment, DossierAttachment.at),
    ("afspraak", DossierAgreement, DossierAgreement.made_at),
)


def _every_event(dossier: Dossier, reader: UUID | None, *, reports_too: bool) -> Any:
    """Return the query for kind, id and moment of all lines of the chronology."""
    agreed = DossierAgreement.dossier_id == dossier.id
    reports = _pick("melding", Report.id, Report.incident_start).join(
        DossierMembership, DossierMembership.report_id == Report.id
    )
    return union_all(
        reports.where(inside(dossier), literal(reports_too)),
        _pick("stap", DossierMove.id, DossierMove.at).where(_steps(dossier)),
        _pick("notitie", DossierNote.id, DossierNote.at).where(_mine(dossier, reader)),
        *(
            _pick(kind, table.id, at).where(table.dossier_id == dossier.id)
            for kind, table, at in _UNCONDITIONAL
        ),
        _pick("afgerond", DossierAgreement.id, DossierAgreement.closed_at).where(
            agreed, DossierAgreement.closed_at.is_not(None)
        ),
    )


def _pick(kind: str, id_: Any, at: Any) -> Select[Any]:
    return select(literal(kind).label("kind"), id_.label("id"), at.label("at"))


def _fetch(session: Session, table: Any, ids: Sequence[UUID]) -> dict[UUID, Any]:
    """Return the rows by id; asked also for none, so that every page costs the same."""
    return {row.id: row for row in session.scalars(select(table).where(table.id.in_(ids)))}


def explain_holds(session: Session, row: Report | Dossier, *, texts_too: bool = False) -> list[str]:
    """Return why nothing of a report or dossier may go for good now; empty when nothing holds it.

    Args:
        session: A session of their holder.
        row: The report or dossier; a report is held by the dossier that it belongs to as well.
        texts_too: Words go out of all that was written about a report. Then a dossier that only
            refers to it, or that it left, holds them too.
    """
    document = "Dit dossier" if isinstance(row, Dossier) else "Deze melding"
    why = f"{document} is bevroren, bijvoorbeeld voor een Woo-verzoek of een rechtszaak."
    reasons = [why + LIFT_FIRST] if row.frozen else []
    if isinstance(row, Dossier):
        return reasons
    belongs = and_(DossierMembership.left_at.is_(None), DossierMembership.reference.is_(False))
    rows = session.execute(
        select(Dossier.number, belongs)
        .join(DossierMembership, DossierMembership.dossier_id == Dossier.id)
        .where(DossierMembership.report_id == row.id, Dossier.frozen.is_(True))
        .order_by(Dossier.number)
    ).all()
    reasons += [
        f"Dossier {number} is bevroren, en deze melding hoort erbij.{LIFT_FIRST}"
        for number, inside in rows
        if inside
    ]
    if texts_too and rows and not reasons:
        reasons.append(f"Een dossier waarin deze melding staat of stond, is bevroren.{LIFT_FIRST}")
    return reasons


def erasure_grounds(registry: Any, session: Session, document: UUID) -> list[tuple[str, str]]:
    """Return on which grounds something of a document may be erased, the requests about it first.

    Each is a code, or the reference of a request, with words.
    """
    known = RESTRICTIONS.only(registry)
    asked = known.to_erase(session, document) if known is not None else ()
    return [(code, ground_words(code)) for code in (*asked, *ERASURE_GROUNDS)]
