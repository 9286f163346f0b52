"""Reading destruction lists: their numbers, their lines, and by what a line is held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from stopintimidatie.core.second import had_no_part
from stopintimidatie.core.storage.models import day_in
from stopintimidatie.disclosures.models import CopyState, DisclosedCopy, Disclosure
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.dossiers.workflow import LIVE
from stopintimidatie.exports.models import Export
from stopintimidatie.privacy.destruction.documents import may_go, today
from stopintimidatie.privacy.destruction.models import (
    ArchiveTransfer,
    DestructionLine,
    DestructionList,
    DestructionStatement,
    LineState,
)
from stopintimidatie.privacy.destruction.rules import ASSESSES, AUTHORISES, CHECKS
from stopintimidatie.privacy.erasure.services import keeps_dossier
from stopintimidatie.privacy.holds import services as holds
from stopintimidatie.privacy.holds.models import Hold, HoldReason
from stopintimidatie.privacy.retention.rules import Outcome
from stopintimidatie.reports.conversation.queries import Keeper, Keeping
from stopintimidatie.reports.models import Report, ReportTransfer
from stopintimidatie.reports.vocabulary import KIND as REPORT
from stopintimidatie.reports.vocabulary import HandoverState
from stopintimidatie.reports.workflow import ReportState

# Lines that nobody authorised, and that aren't to stay.
_UNDECIDED: Final = (LineState.UNDECIDED.value, LineState.GOES.value)
_STANDING: Final[ColumnElement[str]] = case(
    (DestructionLine.gone_at.is_not(None), LineState.GONE.value),
    (DestructionLine.authorised_at.is_not(None), LineState.AUTHORISED.value),
    else_=func.coalesce(DestructionLine.decision, LineState.UNDECIDED.value),
)


def is_late(line: DestructionLine, today: date) -> bool:
    """Tell whether the day of a line has passed while nobody decided, or authorised it."""
    return line.due_on < today and line.standing in _UNDECIDED


def _late(today: date) -> ColumnElement[bool]:
    return and_(DestructionLine.due_on < today, _STANDING.in_(_UNDECIDED))


@dataclass
class Numbers:
    """Numbers of lines of one list: by state, late, and by the step that they wait for."""

    standings: Counter[str] = field(default_factory=Counter)
    late: int = 0
    # Due before the period of the list, and still here.
    early: int = 0
    to_assess: int = 0
    to_check: int = 0
    to_authorise: int = 0
    # Authorised, and still to be taken to an archive.
    to_transfer: int = 0

    @property
    def total(self) -> int:
        """All lines."""
        return self.standings.total()


_HERE: Final = DestructionLine.gone_at.is_(None)
_OPEN: Final = and_(_HERE, DestructionLine.authorised_at.is_(None))
_GOES: Final = and_(_OPEN, DestructionLine.decision == LineState.GOES.value)
TO_DECIDE: Final = and_(_OPEN, DestructionLine.decision.is_(None))
# The lines that each step takes along.
TO_ASSESS: Final = or_(TO_DECIDE, and_(_GOES, DestructionLine.assessed_at.is_(None)))
ASSESSED: Final = and_(_GOES, DestructionLine.assessed_at.is_not(None))
TO_CHECK: Final = and_(ASSESSED, DestructionLine.checked_at.is_(None))


def to_authorise(checks: bool) -> ColumnElement[bool]:
    """Return the condition of lines that the archivist can authorise.

    `checks`: the privacy officer of this municipality looks first.
    """
    return and_(ASSESSED, DestructionLine.checked_at.is_not(None)) if checks else ASSESSED


# The accounts that made each step with a line.
_MADE_BY: Final = {
    ASSESSES: (DestructionLine.assessed_by_id, DestructionLine.decided_by_id),
    CHECKS: (DestructionLine.checked_by_id,),
    AUTHORISES: (DestructionLine.authorised_by_id,),
}


def open_to(step: str, person: str | None) -> ColumnElement[bool]:
    """Return the condition of lines with which this hand made no other step in their round."""
    made = (column for other in _MADE_BY if other != step for column in _MADE_BY[other])
    return had_no_part(made, person)


_TO_TRANSFER: Final = and_(
    _HERE,
    DestructionLine.authorised_at.is_not(None),
    DestructionLine.outcome == Outcome.TRANSFER.value,
)


def left_over() -> ColumnElement[bool]:
    """Return the condition of lists with a late line on which nobody decided.

    They ask for the process owner, also while others have their turn.
    """
    late = select(DestructionLine.list_id).where(TO_DECIDE, DestructionLine.due_on < day_in())
    return DestructionList.id.in_(late)


def lines_asked(
    reference: str, standing: str, late: bool, today: date
) -> list[ColumnElement[bool]]:
    """Return the conditions of lines that a page shows: of one document, in one state, or late."""
    wanted = []
    if reference:
        wanted.append(DestructionLine.reference == reference)
    if standing:
        wanted.append(_STANDING.in_([standing]))
    if late:
        wanted.append(_late(today))
    return wanted


def numbers_of(
    session: Session, lists: Iterable[UUID], today: date, *, checks: bool
) -> dict[UUID, Numbers]:
    """Count the lines of lists in one statement, by list."""
    about = {
        "late": _late(today),
        "early": and_(DestructionLine.due_on < DestructionList.period_from, _HERE),
        "to_assess": TO_ASSESS,
        "to_check": TO_CHECK,
        "to_authorise": to_authorise(checks),
        "to_transfer": _TO_TRANSFER,
    }
    grouped = select(
        DestructionLine.list_id,
        _STANDING.label("standing"),
        func.count().label("number"),
        *(func.sum(case((rule, 1), else_=0)).label(name) for name, rule in about.items()),
    ).join(DestructionList, DestructionList.id == DestructionLine.list_id)
    grouped = grouped.where(DestructionLine.list_id.in_(list(lists)))
    counted: dict[UUID, Numbers] = {}
    for row in session.execute(grouped.group_by(DestructionLine.list_id, _STANDING)):
        numbers = counted.setdefault(row.list_id, Numbers())
        numbers.standings[row.standing] += row.number
        for name in about:
            setattr(numbers, name, getattr(numbers, name) + getattr(row, name))
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


_ORDER: Final = (
    DestructionLine.retention_class,
    DestructionLine.due_on,
    DestructionLine.reference,
)


def lines_of(
    session: Session,
    list_id: UUID,
    *conditions: ColumnElement[bool],
    span: tuple[int, int] | None = None,
    lock: bool = False,
) -> Sequence[DestructionLine]:
    """Return lines of a list by class and day; `span`: the first, and the first after them."""
    query = (
        select(DestructionLine)
        .where(DestructionLine.list_id == list_id, *conditions)
        .order_by(*_ORDER)
    )
    query = query.slice(*span) if span else query
    return session.scalars(query.with_for_update() if lock else query).all()


def people_of(session: Session, list_id: UUID) -> list[tuple[str, str, datetime]]:
    """Return by whom each step was made with lines of a list: step, name, the last moment."""
    steps = (
        ("Beoordeeld", DestructionLine.assessed_by, DestructionLine.assessed_at),
        ("Nagekeken", DestructionLine.checked_by, DestructionLine.checked_at),
        ("Gemachtigd", DestructionLine.authorised_by, DestructionLine.authorised_at),
    )
    asked = (
        select(literal(number).label("step"), literal(label), name, func.max(moment).label("last"))
        .where(DestructionLine.list_id == list_id, name.is_not(None))
        .group_by(name)
        for number, (label, name, moment) in enumerate(steps)
    )
    made: Any = union_all(*asked).order_by("step", "last")
    return [(label, name, moment) for _, label, name, moment in session.execute(made)]


def without_archive(
    session: Session, lines: Sequence[DestructionLine]
) -> Sequence[DestructionLine]:
    """Return the lines that go to an archive, while nobody asked for a package of their dossier."""
    going = [line for line in lines if line.outcome == Outcome.TRANSFER]
    ids = [line.document_id for line in going]
    inside = and_(
        DossierMembership.dossier_id == ArchiveTransfer.dossier_id,
        *holds.BELONGS,
    )
    asked = union_all(
        select(ArchiveTransfer.dossier_id).where(ArchiveTransfer.dossier_id.in_(ids)),
        select(DossierMembership.report_id)
        .join(ArchiveTransfer, inside)
        .where(DossierMembership.report_id.in_(ids)),
    )
    known = set(session.scalars(asked)) if going else set()
    return [line for line in going if line.document_id not in known]


def receipts_of(session: Session, lines: Sequence[DestructionLine]) -> Sequence[ArchiveTransfer]:
    """Return by which receipt an archive has the dossiers of these lines now."""
    known = select(ArchiveTransfer).where(
        ArchiveTransfer.dossier_id.in_([line.document_id for line in lines]),
        ArchiveTransfer.received_at.is_not(None),
    )
    return session.scalars(known.order_by(ArchiveTransfer.reference)).all()


# By what a document is held now


def held_by(session: Session, lines: Sequence[DestructionLine]) -> Mapping[UUID, list[str]]:
    """Return by what each document is held now, in words, by its id. One statement.

    What goes on doesn't hold what is due by the absolute maximum.
    """
    latest = {line.document_id for line in lines if line.at_maximum}
    held: dict[UUID, list[str]] = {}
    reasons = _reasons([line.document_id for line in lines])
    for document, word, about in session.execute(union_all(*reasons)) if lines else ():
        if word not in ("dossier", "open") or document not in latest:
            name = HoldReason.word(about) if word == "bevroren" else about
            held.setdefault(document, []).append(HELD[word].format(name))
    return held


HELD: Final = {
    "bevroren": "bevroren: {}",
    "dossier": "zit in dossier {}, dat nog loopt",
    "overdracht": "er loopt nog een overdracht",
    "open": "de behandeling is nog niet klaar",
    "uitvoer": "uitvoer {} loopt nog",
    "kopie": "de ontvanger heeft uitvoer {} nog",
}


def _reasons(ids: Sequence[UUID]) -> Iterator[Select[Any]]:
    """Yield for each reason the query of the documents that it holds: id, reason, about."""
    yield _held(Hold.document_id, "bevroren", Hold.reason).where(
        Hold.document_id.in_(ids), Hold.lifted_at.is_(None)
    )
    # A frozen dossier freezes its reports.
    frozen = _inside(ids, "bevroren", Hold.reason).where(Hold.lifted_at.is_(None))
    yield frozen.join(Hold, Hold.document_id == DossierMembership.dossier_id)
    living = _inside(ids, "dossier", Dossier.number).where(Dossier.state.in_(LIVE))
    yield living.join(Dossier, Dossier.id == DossierMembership.dossier_id)
    yield (
        _held(Report.id, "overdracht", Report.reference)
        .join(ReportTransfer, ReportTransfer.reference == Report.reference)
        .where(Report.id.in_(ids), ReportTransfer.state == HandoverState.OPEN)
    )
    yield _held(Report.id, "open", Report.reference).where(
        Report.id.in_(ids), Report.ended_at.is_(None)
    )
    # Its document may be made from a report that the dossier only refers to.
    used = DossierMembership.report_id.in_(ids), DossierMembership.left_at.is_(None)
    for word, holds_it in (("uitvoer", keeps_dossier()), ("kopie", copy_out())):
        yield _held(Export.dossier_id, word, Export.reference).where(
            Export.dossier_id.in_(ids), holds_it
        )
        yield (
            _held(DossierMembership.report_id, word, Export.reference)
            .join(Export, Export.dossier_id == DossierMembership.dossier_id)
            .where(*used, holds_it)
        )


def copy_out() -> ColumnElement[bool]:
    """Return the condition of exports of which a recipient may still use a copy."""
    return exists().where(
        Disclosure.reference == Export.reference,
        DisclosedCopy.disclosure_id == Disclosure.id,
        DisclosedCopy.state.in_([CopyState.OFFERED, CopyState.GIVEN]),
        DisclosedCopy.withdrawn_at.is_(None),
        DisclosedCopy.destroy_by > today(),
    )


def _held(document: Any, word: str, about: Any) -> Select[Any]:
    return select(document, literal(word), about)


def _inside(ids: Sequence[UUID], word: str, about: Any) -> Select[Any]:
    """Return the query of reports that are held by the dossier that they are in."""
    return _held(DossierMembership.report_id, word, about).where(
        DossierMembership.report_id.in_(ids),
        *holds.BELONGS,
    )


# The standing of a report as its reporter reads it


def keeping_of(session: Session, report: Report) -> Keeping:
    """Return how long a report is kept: by its term, by holds, and by decisions on a list."""
    known = holds.keeping_of(session, report)
    if known.kept:
        return known
    line = session.scalars(
        select(DestructionLine)
        .where(DestructionLine.document_id == report.id, DestructionLine.gone_at.is_(None))
        .order_by(DestructionLine.due_on.desc())
        .limit(1)
    ).one_or_none()
    if line is None:
        return known
    if line.decision in (LineState.HELD, LineState.POSTPONED):
        return replace(known, goes_on=None, kept=True, kept_until=line.postponed_until)
    archived = may_go(session, REPORT, report.id)
    if line.outcome == Outcome.TRANSFER and not archived:
        # It stays until its dossier went to an archive, or newer terms say something else.
        return replace(known, goes_on=None, kept=True)
    archived = report.state != ReportState.WITHDRAWN and (archived or _in_transfer(session, report))
    return replace(known, decided=line.authorised_at is not None, archived=archived)


def _in_transfer(session: Session, report: Report) -> bool:
    """Tell whether a report is in a dossier that goes to an archive."""
    going = (
        select(DestructionLine.id)
        .join(DossierMembership, DossierMembership.dossier_id == DestructionLine.document_id)
        .where(
            DossierMembership.report_id == report.id,
            *holds.BELONGS,
            DestructionLine.outcome == Outcome.TRANSFER.value,
            DestructionLine.gone_at.is_(None),
        )
    )
    return session.scalar(going.limit(1)) is not None


def kept_by_decision(session: Session) -> set[UUID]:
    """Return the documents that don't go now by what a list says of them."""
    return set(
        session.scalars(
            select(DestructionLine.document_id).where(
                or_(
                    DestructionLine.decision.in_([LineState.HELD, LineState.POSTPONED]),
                    DestructionLine.outcome == Outcome.TRANSFER.value,
                ),
                DestructionLine.gone_at.is_(None),
            )
        )
    )


KEEPER: Final = Keeper(keeping_of, holds.keep_for_reporter, holds.is_held)
