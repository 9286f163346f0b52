"""Personal data in patterns: which reports show them, and reasons that people wrote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from stopintimidatie.patterns.models import Pattern, PatternReport
from stopintimidatie.patterns.vocabulary import KIND
from stopintimidatie.reports import personal as reports
from stopintimidatie.reports.services import KIND as REPORT
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.personal import (
    Fragment,
    PersonalDataHolder,
    Subject,
    Told,
    Treatment,
    empty_rows,
    redact_rows,
)

T: Final = Treatment
COLUMNS: Final = {
    "pattern": {"reason": T.TEXT, "decided_by": T.STAFF, "state": T.CODES},
    "pattern_report": {"report_id": T.CODES},
}


def find(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """Every pattern that a report of the subject is part of."""
    told = PatternReport.report_id.in_(reports.find(session, keys, subject))
    found = select(PatternReport.pattern_id).where(told).distinct()
    return session.scalars(select(Pattern.id).where(Pattern.id.in_(found))).all()


def redact(session: Session, keys: KeyRing, document: UUID, fragment: Fragment) -> int:
    return redact_rows(session, Pattern, Pattern.id == document, COLUMNS["pattern"], fragment)


def erase(session: Session, document: UUID) -> None:
    """Which reports showed it goes, and the reason; that it was proposed and decided stays."""
    session.execute(delete(PatternReport).where(PatternReport.pattern_id == document))
    empty_rows(session, Pattern, Pattern.id == document, COLUMNS["pattern"])


def source_erased(session: Session, keys: KeyRing, kind: str, document: UUID) -> int:
    """That a report showed it goes with the report."""
    if kind == REPORT:
        session.execute(delete(PatternReport).where(PatternReport.report_id == document))
    return 0


def source_told(session: Session, keys: KeyRing, kind: str, document: UUID) -> list[Told]:
    if kind != REPORT:
        return []
    rows = select(func.count()).where(PatternReport.report_id == document)
    return [Told("pattern_report", ("report_id",), session.scalar(rows) or 0)]


PERSONAL_DATA: Final = PersonalDataHolder(
    KIND,
    COLUMNS,
    find,
    redact,
    erase,
    source_erased=source_erased,
    source_told=source_told,
)
