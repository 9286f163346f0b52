"""Reading destruction lists: their numbers, their lines, and by what a line is held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, select, true
from sqlalchemy.orm import Session

from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.dossiers.workflow import LIVE
from stopintimidatie.exports.models import MAKING, Export, ExportState
from stopintimidatie.privacy.destruction.models import (
    DestructionLine,
    DestructionList,
    DestructionStatement,
    LineDecision,
)
from stopintimidatie.privacy.holds.models import Hold, HoldReason
from stopintimidatie.reports.models import Report, ReportTransfer
from stopintimidatie.reports.vocabulary import KIND as REPORT
from stopintimidatie.reports.vocabulary import OPEN

UNDECIDED: Final = "onbeslist"
AUTHORISED: Final = "gemachtigd"
GONE: Final = "weg"
# The states of a line, in the order in which a list offers them.
STANDINGS: Final = {
    UNDECIDED: "Nog niet beslist",
    LineDecision.GOES.value: "Mee",
    LineDecision.POSTPONED.value: "Uitgesteld",
    LineDecision.HELD.value: "Vastgehouden",
    AUTHORISED: "Gemachtigd",
    GONE: "Weg",
}
_STANDING: Final[ColumnElement[str]] = case(
    (DestructionLine.gone_at.is_not(None), GONE),
    (DestructionLine.authorised_at.is_not(None), AUTHORISED),
    else_=func.coalesce(DestructionLine.decision, UNDECIDED),
)


def standing_of(line: DestructionLine) -> str:
    """Return the state of a line: a code of `STANDINGS`."""
    if line.gone_at is not None:
        return GONE
    if line.authorised_at is not None:
        return AUTHORISED
    return line.decision or UNDECIDED


def is_late(line: DestructionLine, today: date) -> bool:
    """Tell whether the day of a line has passed while nobody decided, or authorised it."""
    return line.due_on < today and standing_of(line) in (UNDECIDED, LineDecision.GOES)


def _late(today: date) -> ColumnElement[bool]:
    return and_(DestructionLine.due_on < today, _STANDING.in_([UNDECIDED, LineDecision.GOES.value]))


@dataclass
class Numbers:
    """Numbers of lines of one list: by state, late, and by the step that they wait for."""

    standings: Counter[str] = field(default_factory=Counter)
    classes: Counter[str] = field(default_factory=Counter)
    late: int = 0
    to_assess: int = 0
    to_check: int = 0
    to_authorise: int = 0

    @property
    def total(self) -> int:
        """All lines."""
        return self.standings.total()


_OPEN: Final = and_(DestructionLine.gone_at.is_(None), DestructionLine.authorised_at.is_(None))
_DECIDED: Final = and_(_OPEN, DestructionLine.decision.is_not(None))
# The lines that each step takes along.
TO_ASSESS: Final = and_(_DECIDED, DestructionLine.assessed_at.is_(None))
TO_CHECK: Final = and_(
    _DECIDED, DestructionLine.assessed_at.is_not(None), DestructionLine.checked_at.is_(None)
)
TO_AUTHORISE: Final = and_(
    _OPEN,
    DestructionLine.decision == LineDecision.GOES.value,
    DestructionLine.checked_at.is_not(None),
)


@dataclass(frozen=True)
class LineFilter:
    """The lines that a page shows: of one class, in one state, or late."""

    retention_class: str = ""
    standing: str = ""
    late: bool = False

    def conditions(self, today: date) -> list[ColumnElement[bool]]:
        """Return the conditions of a query."""
        wanted = []
        if self.retention_class:
            wanted.append(DestructionLine.retention_class == self.retention_class)
        if self.standing:
            wanted.append(_STANDING.in_([self.standing]))
        if self.late:
            wanted.append(_late(today))
        return wanted


def numbers_of(
    session: Session, lists: Iterable[UUID], today: date, wanted: LineFilter | None = None
) -> dict[UUID, Numbers]:
    """Count the lines of lists in one statement, by list.

    `wanted`: bounds the count by class alone; the others are of all lines.
    """
    shown = and_(true(), *(wanted or LineFilter()).conditions(today))
    grouped = select(
        DestructionLine.list_id,
        DestructionLine.retention_class,
        _STANDING.label("standing"),
        func.count().label("number"),
        *(
            func.sum(case((condition, 1), else_=0)).label(name)
            for name, condition in (
                ("shown", shown),
                ("late", _late(today)),
                ("to_assess", TO_ASSESS),
                ("to_check", TO_CHECK),
                ("to_authorise", TO_AUTHORISE),
            )
        ),
    ).where(DestructionLine.list_id.in_(list(lists)))
    keys = (DestructionLine.list_id, DestructionLine.retention_class, _STANDING)
    counted: dict[UUID, Numbers] = {}
    for row in session.execute(grouped.group_by(*keys)):
        numbers = counted.setdefault(row.list_id, Numbers())
        numbers.standings[row.standing] += row.number
        numbers.classes[row.retention_class] += row.shown
        numbers.late += row.late
        numbers.to_assess += row.to_assess
        numbers.to_check += row.to_check
        numbers.to_authorise += row.to_authorise
    return counted


def lists_of(session: Session) -> Sequence[DestructionList]:
    """Return the lists of the holder, the newest first."""
    return session.scalars(select(DestructionList).order_by(DestructionList.number.desc())).all()


def statements_of(
    session: Session, list_id: UUID | None = None, *, most: int | None = None
) -> Sequence[DestructionStatement]:
    """Return the statements of the holder or of one list, the newest first, without the PDF."""
    query = select(DestructionStatement).order_by(
        DestructionStatement.made_at.desc(), DestructionStatement.number.desc()
    )
    if list_id is not None:
        query = query.where(DestructionStatement.list_id == list_id)
    return session.scalars(query.limit(most)).all()


def lines_of(
    session: Session,
    list_id: UUID,
    wanted: LineFilter,
    today: date,
    span: tuple[int, int] | None = None,
) -> Sequence[DestructionLine]:
    """Return lines of a list by class and day; `span`: the first, and the first after them."""
    query = (
        select(DestructionLine)
        .where(DestructionLine.list_id == list_id, *wanted.conditions(today))
        .order_by(
            DestructionLine.retention_class, DestructionLine.due_on, DestructionLine.reference
        )
    )
    return session.scalars(query.slice(*span) if span else query).all()


def line_of(session: Session, list_id: UUID, reference: str) -> DestructionLine | None:
    """Return the line of a list about the document with this reference."""
    mine = (DestructionLine.list_id == list_id, DestructionLine.reference == reference)
    return session.scalars(select(DestructionLine).where(*mine).limit(1)).one_or_none()


def lines_named(
    session: Session, list_id: UUID, references: Sequence[str]
) -> Sequence[DestructionLine]:
    """Return the lines of a list about these documents."""
    mine = (DestructionLine.list_id == list_id, DestructionLine.reference.in_(references))
    return session.scalars(select(DestructionLine).where(*mine)).all()


def step_lines(
    session: Session, list_id: UUID, condition: ColumnElement[bool]
) -> Sequence[DestructionLine]:
    """Return the lines that a step takes along."""
    mine = (DestructionLine.list_id == list_id, condition)
    return session.scalars(select(DestructionLine).where(*mine)).all()


# By what a document is held now


def held_by(session: Session, lines: Sequence[DestructionLine]) -> Mapping[UUID, list[str]]:
    """Return by what each document is held now, in words, by its id.

    In one statement for holds, and one for dossiers, exports and offers.
    """
    reports = [line.document_id for line in lines if line.document_kind == REPORT]
    dossiers = [line.document_id for line in lines if line.document_kind != REPORT]
    held: dict[UUID, list[str]] = {}
    for hold in session.scalars(
        select(Hold)
        .where(Hold.document_id.in_([*reports, *dossiers]), Hold.lifted_at.is_(None))
        .order_by(Hold.placed_at)
    ):
        held.setdefault(hold.document_id, []).append(f"bevroren: {_reason(hold.reason)}")
    for document, why in [*_reports_held(session, reports), *_exports(session, dossiers)]:
        if why not in held.setdefault(document, []):
            held[document].append(why)
    return held


def _reason(code: str) -> str:
    return HoldReason(code).label if code in list(HoldReason) else code


def _reports_held(session: Session, reports: Sequence[UUID]) -> list[tuple[UUID, str]]:
    if not reports:
        return []
    rows = session.execute(
        select(
            Report.id,
            Report.frozen,
            Report.ended_at,
            Dossier.number,
            Dossier.state,
            ReportTransfer.id.label("offer"),
        )
        .outerjoin(
            DossierMembership,
            and_(
                DossierMembership.report_id == Report.id,
                DossierMembership.left_at.is_(None),
                DossierMembership.reference.is_(False),
            ),
        )
        .outerjoin(Dossier, Dossier.id == DossierMembership.dossier_id)
        .outerjoin(
            ReportTransfer,
            and_(ReportTransfer.reference == Report.reference, ReportTransfer.state == OPEN),
        )
        .where(
            Report.id.in_(reports),
            or_(Dossier.state.in_(LIVE), ReportTransfer.id.is_not(None), Report.ended_at.is_(None)),
        )
    )
    held = []
    for row in rows:
        if row.state in LIVE:
            held.append((row.id, f"zit in dossier {row.number}, dat nog loopt"))
        if row.offer is not None:
            held.append((row.id, "er loopt nog een overdracht"))
        if row.ended_at is None:
            held.append((row.id, "de behandeling is nog niet klaar"))
    return held


def _exports(session: Session, dossiers: Sequence[UUID]) -> list[tuple[UUID, str]]:
    if not dossiers:
        return []
    rows: Any = session.execute(
        select(Export.dossier_id, Export.reference).where(
            Export.dossier_id.in_(dossiers),
            Export.state.in_([ExportState.REQUESTED.value, *MAKING]),
        )
    )
    return [(row.dossier_id, f"uitvoer {row.reference} loopt nog") for row in rows]
