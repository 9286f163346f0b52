"""Personal data in dossiers: found through the reports in them, redacted, erased."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.search.services import enqueue_purge
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.personal import (
    ErasureCount,
    Fragment,
    PersonalDataHolder,
    Subject,
    Treatment,
    count_filled,
    empty_rows,
    redact_rows,
)
from stopintimidatie.core.storage.session import locked
from stopintimidatie.dossiers.actions.services import destroy_attachments
from stopintimidatie.dossiers.consultations.snapshot import destroy_tabled, holds, redact_tabled
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
    DossierParticipant,
    DossierText,
)
from stopintimidatie.dossiers.services import KIND, reindex_dossier
from stopintimidatie.dossiers.workflow import TabledState
from stopintimidatie.reports import personal as reports_personal
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import KIND as REPORT

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
    "dossier_text": {"text": T.TEXT, "author_id": T.STAFF, "author_name": T.STAFF},
    "dossier_participant": {
        "function": T.TEXT,
        "organisation": T.TEXT,
        "task": T.TEXT,
        "joined_by": T.STAFF,
        "left_by": T.STAFF,
    },
    "dossier_note_reader": {},
    "consultation": {
        "place": T.TEXT,
        "agenda": T.TEXT,
        "decisions": T.TEXT,
        "tabled_sha256": T.CODES,
        "tabled_by": T.STAFF,
        "made_by": T.STAFF,
        "changed_by": T.STAFF,
    },
    "consultation_seat": {"function": T.TEXT, "organisation": T.TEXT},
    "dossier_reader": {"named_by": T.STAFF},
    "dossier_measure": {
        "what": T.TEXT,
        "who": T.TEXT,
        "effect": T.TEXT,
        "made_by": T.STAFF,
        "changed_by": T.STAFF,
    },
    "dossier_attachment": {"about": T.TEXT, "by": T.STAFF, "key": T.SEALED},
    "consultation_agreement": {},
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
    (DossierText, DossierText.dossier_id),
    (DossierParticipant, DossierParticipant.dossier_id),
    (Consultation, Consultation.dossier_id),
    (DossierMeasure, DossierMeasure.dossier_id),
    (DossierAttachment, DossierAttachment.dossier_id),
)
# What erasing takes away whole; of the rest the bare facts stay.
_GOES: Final[tuple[Any, ...]] = (DossierNote, DossierAgreement, DossierText)


def find(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """Find dossiers by number, and every dossier that a report of the subject is or was in."""
    inside = select(DossierMembership.dossier_id).where(
        DossierMembership.report_id.in_(reports_personal.find(session, keys, subject))
    )
    ways: list[ColumnElement[bool]] = [Dossier.id.in_(inside)]
    if subject.reference:
        ways.append(Dossier.number == subject.reference.strip())
    return session.scalars(select(Dossier.id).where(or_(*ways)).order_by(Dossier.made_at)).all()


def redact(session: Session, keys: KeyRing, document: UUID, fragment: Fragment) -> int:
    """Redact the dossier's own texts, its notes, agreements, reasons and history."""
    count = redact_rows(session, Dossier, Dossier.id == document, COLUMNS["dossier"], fragment)
    for entity, link in _OWN_ROWS:
        columns = COLUMNS[entity.__tablename__]
        count += redact_rows(session, entity, link == document, columns, fragment)
    seats = COLUMNS["consultation_seat"]
    for held in _consultations(session, document):
        mine = ConsultationSeat.consultation_id == held.id
        count += redact_rows(session, ConsultationSeat, mine, seats, fragment)
        count += redact_tabled(session, keys, held, fragment)
    _index_anew(session, document)
    return count


def erase(session: Session, document: UUID) -> None:
    """Delete notes, agreements, versions and what was tabled; the bare facts stay."""
    for held in _consultations(session, document):
        destroy_tabled(session, held)
        session.execute(delete(ConsultationSeat).where(ConsultationSeat.consultation_id == held.id))
    destroy_attachments(session, document)
    for entity in _GOES:
        session.execute(delete(entity).where(entity.dossier_id == document))
    empty_rows(session, Dossier, Dossier.id == document, COLUMNS["dossier"])
    for entity, link in _OWN_ROWS:
        if entity in _GOES:
            continue
        empty_rows(session, entity, link == document, COLUMNS[entity.__tablename__])
    _index_anew(session, document)


def _consultations(session: Session, document: UUID) -> Sequence[Consultation]:
    found = select(Consultation).where(Consultation.dossier_id == document)
    return session.scalars(locked(session, found)).all()


def _index_anew(session: Session, document: UUID) -> None:
    dossier = session.scalars(select(Dossier).where(Dossier.id == document)).one_or_none()
    if dossier is not None:
        reindex_dossier(session, dossier)
        # Replaced words stay in the index's files until these are written anew.
        enqueue_purge(session, dossier.holder)


def _of_report(report_id: UUID) -> ColumnElement[bool]:
    return DossierMembership.report_id == report_id


def report_erased(session: Session, keys: KeyRing, kind: str, document: UUID) -> int:
    """Delete why an erased report joined and left, here and in the dossier's history."""
    if kind != REPORT:
        return 0
    empty_rows(session, DossierMembership, _of_report(document), COLUMNS["dossier_membership"])
    for line in _lines_about(session, document):
        line.reason, line.values = None, {"melding": line.values["melding"]}
    session.flush()
    return 0


def report_told(session: Session, keys: KeyRing, kind: str, document: UUID) -> list[ErasureCount]:
    """Return what `report_erased` would empty."""
    if kind != REPORT:
        return []
    columns = COLUMNS["dossier_membership"]
    members = count_filled(session, "dossier_membership", columns, _of_report(document))
    lines = sum(bool(line.reason) for line in _lines_about(session, document))
    return [members, ErasureCount("dossier_move", ("reason",) if lines else (), lines)]


def _lines_about(session: Session, report_id: UUID) -> list[DossierMove]:
    reference = session.scalar(select(Report.reference).where(Report.id == report_id))
    inside = select(DossierMembership.dossier_id).where(_of_report(report_id))
    lines = session.scalars(select(DossierMove).where(DossierMove.dossier_id.in_(inside)))
    return [line for line in lines if line.values.get("melding") == reference]


PERSONAL_DATA: Final = PersonalDataHolder(
    KIND,
    COLUMNS,
    find,
    redact,
    erase,
    source_erased=report_erased,
    source_told=report_told,
)

# What was tabled is a copy of its own: whoever is erased or redacted as a report is so there too,
# while the dossier goes on.
TABLED_KIND: Final = "overleg"
TABLED_COLUMNS: Final = {
    "consultation_key": {"sealed": T.SEALED},
    "consultation_blob": {"data": T.SEALED},
}


def find_tabled(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """Find consultations with papers, of dossiers that the subject is or was in."""
    return session.scalars(
        select(Consultation.id)
        .where(
            Consultation.dossier_id.in_(find(session, keys, subject)),
            Consultation.tabled_at.is_not(None),
        )
        .order_by(Consultation.tabled_at)
    ).all()


def redact_one(session: Session, keys: KeyRing, document: UUID, fragment: Fragment) -> int:
    """Take words out of what was tabled at a consultation; return the number of texts changed."""
    held = _consultation(session, document)
    return 0 if held is None else redact_tabled(session, keys, held, fragment)


def erase_one(session: Session, document: UUID) -> None:
    """Delete key and blob; what was decided at the table is the dossier's."""
    held = _consultation(session, document)
    if held is not None:
        destroy_tabled(session, held)


def _consultation(session: Session, document: UUID) -> Consultation | None:
    statement = select(Consultation).where(Consultation.id == document).with_for_update()
    return session.scalars(statement.execution_options(populate_existing=True)).one_or_none()


def tabled_of(session: Session, keys: KeyRing, kind: str, document: UUID) -> list[Consultation]:
    """Return where a document was tabled: a report by its number, a dossier as a whole."""
    if kind == KIND:
        return [held for held in _consultations(session, document) if held.tabled_at is not None]
    if kind != REPORT:
        return []
    inside = select(DossierMembership.dossier_id, DossierMembership.serial).where(
        DossierMembership.report_id == document
    )
    return [
        held
        for dossier_id, serial in session.execute(inside).all()
        for held in _consultations(session, dossier_id)
        if holds(session, keys, held, {serial})
    ]


def source_erased(session: Session, keys: KeyRing, kind: str, document: UUID) -> int:
    """Destroy what was tabled with an erased report in it."""
    found = tabled_of(session, keys, kind, document)
    for held in found:
        destroy_tabled(session, held)
    return len(found)


def source_redacted(
    session: Session, keys: KeyRing, kind: str, document: UUID, fragment: Fragment
) -> int:
    """Take words out of what was tabled of a report or dossier; return the number changed."""
    found = tabled_of(session, keys, kind, document)
    return sum(redact_tabled(session, keys, held, fragment) for held in found)


def tabled_told(session: Session, keys: KeyRing, kind: str, document: UUID) -> list[ErasureCount]:
    """Return at how many consultations it was tabled, and is still kept."""
    found = tabled_of(session, keys, kind, document)
    kept = [held for held in found if held.tabled_state != TabledState.DESTROYED.value]
    return [ErasureCount("consultation_blob", ("data",), len(kept))]


TABLED: Final = PersonalDataHolder(
    TABLED_KIND,
    TABLED_COLUMNS,
    find_tabled,
    redact_one,
    erase_one,
    source_erased=source_erased,
    source_redacted=source_redacted,
    source_told=tabled_told,
)
