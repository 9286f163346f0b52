"""Packages for an archive are copies: one lapses when something in it is erased or redacted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.personal import (
    ErasureCount,
    Fragment,
    PersonalDataHolder,
    Subject,
    redact_nothing,
    treated,
)
from stopintimidatie.dossiers.models import DossierMembership
from stopintimidatie.dossiers.page import personal as dossiers_personal
from stopintimidatie.dossiers.services import KIND as DOSSIER
from stopintimidatie.privacy.destruction.models import ArchivePart, ArchiveTransfer, TransferState
from stopintimidatie.reports.vocabulary import KIND as REPORT

KIND: Final = "overbrenging"


def forget_package(session: Session, transfer: ArchiveTransfer) -> None:
    """Delete the content of a package."""
    session.execute(delete(ArchivePart).where(ArchivePart.transfer_id == transfer.id))


def _packages(session: Session, kind: str, document: UUID) -> Sequence[ArchiveTransfer]:
    """Return the transfers under way with this document in them."""
    inside = select(DossierMembership.dossier_id).where(DossierMembership.report_id == document)
    if kind == DOSSIER:
        mine = ArchiveTransfer.dossier_id == document
    elif kind == REPORT:
        mine = ArchiveTransfer.dossier_id.in_(inside)
    else:
        return ()
    # There is none yet, or not any more.
    none = [TransferState.AGREEING.value, TransferState.DONE.value]
    under_way = ArchiveTransfer.state.not_in(none)
    return session.scalars(select(ArchiveTransfer).where(mine, under_way)).all()


def _lapse(session: Session, transfers: Sequence[ArchiveTransfer]) -> int:
    for transfer in transfers:
        forget_package(session, transfer)
        transfer.state = TransferState.LAPSED.value
    session.flush()
    return len(transfers)


def source_erased(session: Session, keys: KeyRing, kind: str, document: UUID) -> int:
    """Delete the packages with an erased document in them; return their number."""
    return _lapse(session, _packages(session, kind, document))


def source_redacted(
    session: Session, keys: KeyRing, kind: str, document: UUID, fragment: Fragment
) -> int:
    """Delete the packages with a document that words are taken out of; return their number.

    Nobody here can look whether the words are in it.
    """
    return _lapse(session, _packages(session, kind, document))


def source_told(session: Session, keys: KeyRing, kind: str, document: UUID) -> list[ErasureCount]:
    """Return what `source_erased` would take away; change nothing."""
    return [ErasureCount("archive_part", ("data",), len(_packages(session, kind, document)))]


def find(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """Find the packages of dossiers that a report of the subject is or was in."""
    inside = dossiers_personal.find(session, keys, subject)
    return session.scalars(
        select(ArchiveTransfer.id).where(ArchiveTransfer.dossier_id.in_(inside))
    ).all()


def erase(session: Session, document: UUID) -> None:
    """Delete a package."""
    transfer = session.get(ArchiveTransfer, document)
    if transfer is not None and transfer.state != TransferState.DONE:
        _lapse(session, [transfer])


PERSONAL_DATA: Final = PersonalDataHolder(
    KIND,
    {"archive_part": treated(sealed="data")},
    find,
    redact_nothing,
    erase,
    source_erased=source_erased,
    source_redacted=source_redacted,
    source_told=source_told,
)
