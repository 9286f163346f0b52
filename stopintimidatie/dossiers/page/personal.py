"""The personal data in dossiers: found by the reports in them, redacted, erased."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, null, or_, select, update
from sqlalchemy.orm import Session

from stopintimidatie.core.search.services import enqueue_purge
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.personal import (
    ErasureCount,
    Fragment,
    PersonalDataHolder,
    Subject,
    count_filled,
    empty_rows,
    redact_rows,
    treated,
)
from stopintimidatie.core.storage.retention import RetentionClass, Way, years
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
from stopintimidatie.dossiers.person.models import PersonGround, PrivacyAdvice
from stopintimidatie.dossiers.services import KIND, reindex_dossier
from stopintimidatie.dossiers.workflow import TabledState
from stopintimidatie.reports import personal as reports_personal
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import KIND as REPORT

COLUMNS: Final = {
    "dossier": treated(
        text="title purpose responsible_body privacy_advice goal summary assessment closed_note"
        " taken_over_by effect feedback",
        codes="looked_at",
        staff="changed_by",
    ),
    "dossier_note": treated(text="text", staff="author_id author_name"),
    "dossier_agreement": treated(text="what who result", staff="made_by changed_by"),
    "dossier_membership": treated(text="joined_reason left_reason", staff="joined_by left_by"),
    "dossier_text": treated(text="text", staff="author_id author_name"),
    "dossier_participant": treated(text="function organisation task", staff="joined_by left_by"),
    "dossier_note_reader": {},
    "consultation": treated(
        text="place agenda decisions", codes="tabled_sha256", staff="tabled_by made_by changed_by"
    ),
    "consultation_seat": treated(text="function organisation"),
    "dossier_reader": treated(staff="named_by"),
    "dossier_measure": treated(text="what who effect", staff="made_by changed_by"),
    "dossier_attachment": treated(text="about", staff="by", sealed="key"),
    "consultation_agreement": {},
    "dossier_move": treated(text="reason values", staff="actor_id actor_name"),
    "dossier_person_ground": treated(text="proportionality postponed_reason", staff="changed_by"),
    "dossier_privacy_advice": treated(
        text="question urgent_reason words not_followed_reason",
        staff="asked_by_id asked_by given_by_id given_by decided_by",
    ),
}
_PARTS: Final[tuple[Any, ...]] = (
    DossierNote,
    DossierAgreement,
    DossierMembership,
    DossierMove,
    DossierText,
    DossierParticipant,
    Consultation,
    DossierMeasure,
    DossierAttachment,
    PersonGround,
    PrivacyAdvice,
)
# The parts whose rows are deleted at erasure; of the others the bare facts stay.
_GOES: Final[tuple[Any, ...]] = (
    DossierNote,
    DossierAgreement,
    DossierText,
    PersonGround,
    PrivacyAdvice,
)


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
    for entity in _PARTS:
        columns, mine = COLUMNS[entity.__tablename__], entity.dossier_id == document
        count += redact_rows(session, entity, mine, columns, fragment)
    seats = COLUMNS["consultation_seat"]
    for consultation in _consultations(session, document):
        mine = ConsultationSeat.consultation_id == consultation.id
        count += redact_rows(session, ConsultationSeat, mine, seats, fragment)
        count += redact_tabled(session, keys, consultation, fragment)
    _index_anew(session, document)
    return count


def erase(session: Session, document: UUID) -> None:
    """Delete notes, agreements, versions and what was tabled; the bare facts stay."""
    for consultation in _consultations(session, document):
        destroy_tabled(session, consultation)
        mine = ConsultationSeat.consultation_id == consultation.id
        session.execute(delete(ConsultationSeat).where(mine))
    destroy_attachments(session, document)
    empty_rows(session, Dossier, Dossier.id == document, COLUMNS["dossier"])
    # A hash of few words is guessed.
    session.execute(update(Dossier).where(Dossier.id == document).values(looked_at=null()))
    for entity in _PARTS:
        mine = entity.dossier_id == document
        if entity in _GOES:
            session.execute(delete(entity).where(mine))
        else:
            empty_rows(session, entity, mine, COLUMNS[entity.__tablename__])
    _index_anew(session, document)


def _consultations(session: Session, document: UUID) -> Sequence[Consultation]:
    mine = select(Consultation).where(Consultation.dossier_id == document)
    return session.scalars(locked(session, mine)).all()


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
    KIND, COLUMNS, find, redact, erase, source_erased=report_erased, source_told=report_told
)

# The tabled papers are copies: what is erased or redacted in a report, is so in them too.
TABLED_KIND: Final = "overleg"
TABLED_COLUMNS: Final = {
    "consultation_key": treated(sealed="sealed"),
    "consultation_blob": treated(sealed="data"),
}


def find_tabled(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """Find consultations with papers, of the dossiers that the subject is or was in."""
    return session.scalars(
        select(Consultation.id)
        .where(
            Consultation.dossier_id.in_(find(session, keys, subject)),
            Consultation.tabled_at.is_not(None),
        )
        .order_by(Consultation.tabled_at)
    ).all()


def redact_one(session: Session, keys: KeyRing, document: UUID, fragment: Fragment) -> int:
    """Take words out of the papers of a consultation; return the number of texts changed."""
    consultation = _consultation(session, document)
    return 0 if consultation is None else redact_tabled(session, keys, consultation, fragment)


def erase_one(session: Session, document: UUID) -> None:
    """Delete the papers of a consultation; its decisions are the dossier's."""
    consultation = _consultation(session, document)
    if consultation is not None:
        destroy_tabled(session, consultation)


def _consultation(session: Session, document: UUID) -> Consultation | None:
    return session.get(Consultation, document, with_for_update=True, populate_existing=True)


def tabled_of(session: Session, keys: KeyRing, kind: str, document: UUID) -> list[Consultation]:
    """Return the consultations where a report or a dossier was tabled."""
    if kind == KIND:
        return [row for row in _consultations(session, document) if row.tabled_at is not None]
    if kind != REPORT:
        return []
    inside = select(DossierMembership.dossier_id, DossierMembership.serial).where(
        DossierMembership.report_id == document
    )
    return [
        consultation
        for dossier_id, serial in session.execute(inside).all()
        for consultation in _consultations(session, dossier_id)
        if holds(session, keys, consultation, {serial})
    ]


def source_erased(session: Session, keys: KeyRing, kind: str, document: UUID) -> int:
    """Destroy the papers with an erased report in them; return their number."""
    consultations = tabled_of(session, keys, kind, document)
    for consultation in consultations:
        destroy_tabled(session, consultation)
    return len(consultations)


def source_redacted(
    session: Session, keys: KeyRing, kind: str, document: UUID, fragment: Fragment
) -> int:
    """Take words out of what was tabled of a report or dossier; return the number changed."""
    consultations = tabled_of(session, keys, kind, document)
    return sum(redact_tabled(session, keys, row, fragment) for row in consultations)


def tabled_told(session: Session, keys: KeyRing, kind: str, document: UUID) -> list[ErasureCount]:
    """Return the number of papers with a document that are still kept."""
    consultations = tabled_of(session, keys, kind, document)
    kept = [row for row in consultations if row.tabled_state != TabledState.DESTROYED.value]
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

RETENTION: Final = (
    RetentionClass(
        "dossier_afgesloten",
        "Dossiers, met notities, afspraken, overleggen en bijlagen",
        tuple(COLUMNS),
        Way.LIST,
        "de dag van afsluiten",
        years(5),
        source="Selectielijst gemeenten 2020; de archivaris vult de categorie in",
        desk=False,
    ),
    RetentionClass(
        "overleg_stukken",
        "Stukken die bij een overleg op tafel lagen",
        tuple(TABLED_COLUMNS),
        Way.ALONG,
        "het dossier wordt vernietigd",
        until="met het dossier; eerder als een melding erin wordt gewist of vernietigd",
        source="eigen beleid",
    ),
)
