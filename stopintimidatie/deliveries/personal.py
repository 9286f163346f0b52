"""Personal data in what partners answer: who answered, and what was typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.deliveries.answers import PURPOSE
from stopintimidatie.deliveries.models import CopyCorrection, PartnerAnswer
from stopintimidatie.disclosures.models import Disclosure, DisclosureSubject
from stopintimidatie.dossiers import personal as dossiers
from stopintimidatie.dossiers.history import KIND as DOSSIER
from stopintimidatie.exports.models import Export
from stopintimidatie.reports.services import KIND as REPORT
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.personal import (
    Fragment,
    PersonalDataHolder,
    Subject,
    Told,
    Treatment,
    empty_rows,
    filled,
    redact_rows,
)
from stopintimidatie.storage.resealing import Sealed

T: Final = Treatment
KIND: Final = "partner_antwoord"
ANSWER: Final = {
    "answered_by": T.SEALED,
    "done": T.CODES,
    "text": T.TEXT,
    "wants_about": T.TEXT,
    "seen_by": T.STAFF,
}
COLUMNS: Final = {"partner_answer": ANSWER}
SEALED: Final = Sealed(PartnerAnswer, PURPOSE, ("answered_by",), "id")


def find(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """Answers about dossiers that the subject is in."""
    inside = dossiers.find(session, keys, subject)
    return session.scalars(
        select(PartnerAnswer.id)
        .where(PartnerAnswer.dossier_id.in_(inside))
        .order_by(PartnerAnswer.at)
    ).all()


def redact(session: Session, keys: KeyRing, document: UUID, fragment: Fragment) -> int:
    mine = PartnerAnswer.id == document
    return redact_rows(session, PartnerAnswer, mine, ANSWER, fragment)


def erase(session: Session, document: UUID) -> None:
    """That there was an answer, and when, stays."""
    empty_rows(session, PartnerAnswer, PartnerAnswer.id == document, ANSWER)


def dossier_erased(session: Session, keys: KeyRing, kind: str, document: UUID) -> int:
    """What partners answered about a dossier goes with it."""
    if kind == DOSSIER:
        empty_rows(session, PartnerAnswer, PartnerAnswer.dossier_id == document, ANSWER)
    return 0


def dossier_told(session: Session, keys: KeyRing, kind: str, document: UUID) -> list[Told]:
    if kind != DOSSIER:
        return []
    mine = PartnerAnswer.__table__.c.dossier_id == document
    return [filled(session, "partner_answer", ANSWER, mine)]


PERSONAL_DATA: Final = PersonalDataHolder(
    KIND, COLUMNS, find, redact, erase, source_erased=dossier_erased, source_told=dossier_told
)

CORRECTION_KIND: Final = "correctie"
CORRECTION: Final = {
    "parts": T.CODES,
    "note": T.TEXT,
    "made_by": T.STAFF,
    "confirmed_by": T.STAFF,
}


def find_corrections(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """Of exports of dossiers that the subject is in."""
    inside = dossiers.find(session, keys, subject)
    return session.scalars(
        select(CopyCorrection.id)
        .join(Export, Export.id == CopyCorrection.export_id)
        .where(Export.dossier_id.in_(inside))
        .order_by(CopyCorrection.made_at)
    ).all()


def redact_correction(session: Session, keys: KeyRing, document: UUID, fragment: Fragment) -> int:
    mine = CopyCorrection.id == document
    return redact_rows(session, CopyCorrection, mine, CORRECTION, fragment)


def erase_correction(session: Session, document: UUID) -> None:
    empty_rows(session, CopyCorrection, CopyCorrection.id == document, CORRECTION)


def _about(session: Session, kind: str, document: UUID) -> ColumnElement[bool]:
    """Corrections of copies of this dossier; or of this report, by its name in each document."""
    if kind == DOSSIER:
        mine = select(Export.id).where(Export.dossier_id == document)
        return CopyCorrection.export_id.in_(mine)
    if kind != REPORT:
        return false()
    named = session.execute(
        select(Disclosure.document_id, DisclosureSubject.label)
        .join(Disclosure, Disclosure.id == DisclosureSubject.disclosure_id)
        .where(DisclosureSubject.subject_id == document)
    )
    return or_(
        false(),
        *(and_(CopyCorrection.export_id == at, CopyCorrection.label == name) for at, name in named),
    )


def source_erased(session: Session, keys: KeyRing, kind: str, document: UUID) -> int:
    """What was told of it goes; that something was told, and whether that was done, stays."""
    empty_rows(session, CopyCorrection, _about(session, kind, document), CORRECTION)
    return 0


def source_told(session: Session, keys: KeyRing, kind: str, document: UUID) -> list[Told]:
    return [filled(session, "copy_correction", CORRECTION, _about(session, kind, document))]


CORRECTION_DATA: Final = PersonalDataHolder(
    CORRECTION_KIND,
    {"copy_correction": CORRECTION},
    find_corrections,
    redact_correction,
    erase_correction,
    source_erased=source_erased,
    source_told=source_told,
)
