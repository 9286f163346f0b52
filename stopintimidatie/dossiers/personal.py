"""Personal data in dossiers: found through the reports in them, redacted, erased."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.dossiers.history import KIND, changed
from stopintimidatie.dossiers.models import (
    Dossier,
    DossierAgreement,
    DossierMembership,
    DossierMove,
    DossierNote,
)
from stopintimidatie.reports import personal as reports
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.personal import (
    Fragment,
    PersonalDataHolder,
    Subject,
    Treatment,
    empty_rows,
    redact_rows,
)

T: Final = Treatment
COLUMNS: Final = {
    "dossier": {
        "title": T.TEXT,
        "purpose": T.TEXT,
        "responsible_body": T.TEXT,
        "privacy_advice": T.TEXT,
        "goal": T.TEXT,
        "summary": T.TEXT,
        "assessment": T.TEXT,
        "closed_note": T.TEXT,
        "taken_over_by": T.TEXT,
        "effect": T.TEXT,
        "feedback": T.TEXT,
        "changed_by": T.STAFF,
    },
    "dossier_note": {"text": T.TEXT, "author_id": T.STAFF, "author_name": T.STAFF},
    "dossier_agreement": {
        "what": T.TEXT,
        "who": T.TEXT,
        "result": T.TEXT,
        "made_by": T.STAFF,
        "changed_by": T.STAFF,
    },
    "dossier_membership": {
        "joined_reason": T.TEXT,
        "left_reason": T.TEXT,
        "joined_by": T.STAFF,
        "left_by": T.STAFF,
    },
    "dossier_move": {
        "reason": T.TEXT,
        "values": T.TEXT,
        "actor_id": T.STAFF,
        "actor_name": T.STAFF,
    },
}
_OWN_ROWS: Final[tuple[tuple[Any, Any], ...]] = (
    (DossierNote, DossierNote.dossier_id),
    (DossierAgreement, DossierAgreement.dossier_id),
    (DossierMembership, DossierMembership.dossier_id),
    (DossierMove, DossierMove.dossier_id),
)


def find(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """By number, and every dossier that a report of the subject is or was in."""
    inside = select(DossierMembership.dossier_id).where(
        DossierMembership.report_id.in_(reports.find(session, keys, subject))
    )
    ways: list[ColumnElement[bool]] = [Dossier.id.in_(inside)]
    if subject.reference:
        ways.append(Dossier.number == subject.reference.strip())
    return session.scalars(select(Dossier.id).where(or_(*ways)).order_by(Dossier.made_at)).all()


def redact(session: Session, keys: KeyRing, document: UUID, fragment: Fragment) -> int:
    """In the dossier's own texts, its notes, agreements, reasons and history."""
    count = redact_rows(session, Dossier, Dossier.id == document, COLUMNS["dossier"], fragment)
    for entity, link in _OWN_ROWS:
        columns = COLUMNS[entity.__tablename__]
        count += redact_rows(session, entity, link == document, columns, fragment)
    _index_anew(session, document)
    return count


def erase(session: Session, document: UUID) -> None:
    """Notes and agreements go; of the dossier, its reports and its history the bare facts stay."""
    for entity in (DossierNote, DossierAgreement):
        session.execute(delete(entity).where(entity.dossier_id == document))
    empty_rows(session, Dossier, Dossier.id == document, COLUMNS["dossier"])
    for entity, link in _OWN_ROWS[2:]:
        empty_rows(session, entity, link == document, COLUMNS[entity.__tablename__])
    _index_anew(session, document)


def _index_anew(session: Session, document: UUID) -> None:
    dossier = session.scalars(select(Dossier).where(Dossier.id == document)).one_or_none()
    if dossier is not None:
        changed(session, dossier)


PERSONAL_DATA: Final = PersonalDataHolder(KIND, COLUMNS, find, redact, erase)
