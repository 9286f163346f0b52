"""Personal data in what partners answer: who answered, and what was typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.deliveries.answers import PURPOSE
from stopintimidatie.deliveries.models import CopyCorrection, PartnerAnswer
from stopintimidatie.dossiers import personal as dossiers
from stopintimidatie.exports.models import Export
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.personal import (
    Fragment,
    PersonalDataHolder,
    Subject,
    Treatment,
    empty_rows,
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


PERSONAL_DATA: Final = PersonalDataHolder(KIND, COLUMNS, find, redact, erase)

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


CORRECTION_DATA: Final = PersonalDataHolder(
    CORRECTION_KIND,
    {"copy_correction": CORRECTION},
    find_corrections,
    redact_correction,
    erase_correction,
)
