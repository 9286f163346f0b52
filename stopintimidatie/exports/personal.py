"""Personal data in exports: what is erased or redacted at the source must not live on in a copy.

The blobs are destroyed with their key, the export is marked withdrawn; its row and the register
with their ids and hashes stay, so that who holds a copy can be found and told (decision 9).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.audit import SYSTEM
from stopintimidatie.disclosures.models import Disclosure, DisclosureSubject
from stopintimidatie.disclosures.references import KIND
from stopintimidatie.dossiers import personal as dossiers
from stopintimidatie.exports import vault
from stopintimidatie.exports.models import Export, ExportBlob, ExportKey, ExportState
from stopintimidatie.exports.services import log
from stopintimidatie.reports import personal as reports
from stopintimidatie.storage.encryption import DecryptionError, KeyRing
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
    "export": {
        "recipient": T.TEXT,
        "question": T.TEXT,
        "purpose": T.TEXT,
        "covenant": T.TEXT,
        "minors_ground": T.TEXT,
        "phone": T.TEXT,
        "facts": T.TEXT,
        "perceptions": T.TEXT,
        "assumptions": T.TEXT,
        "feedback": T.TEXT,
        "decided_reason": T.TEXT,
        "requested_by_id": T.STAFF,
        "requested_by": T.STAFF,
        "decided_by_id": T.STAFF,
        "decided_by": T.STAFF,
        "step": T.CODES,
        "failure": T.CODES,
        "content_sha256": T.CODES,
        "file_sha256": T.CODES,
    },
    "export_key": {"sealed": T.SEALED},
    "export_blob": {"data": T.SEALED},
}


def find(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """Of dossiers that the subject is in, and whatever the register says held their report."""
    inside = dossiers.find(session, keys, subject)
    told = (
        select(Disclosure.document_id)
        .join(DisclosureSubject, DisclosureSubject.disclosure_id == Disclosure.id)
        .where(DisclosureSubject.subject_id.in_(reports.find(session, keys, subject)))
    )
    ways: list[ColumnElement[bool]] = [Export.dossier_id.in_(inside), Export.id.in_(told)]
    if subject.reference:
        ways.append(Export.reference == subject.reference.strip().upper())
    return session.scalars(select(Export.id).where(or_(*ways)).order_by(Export.requested_at)).all()


def redact(session: Session, keys: KeyRing, document: UUID, fragment: Fragment) -> int:
    """In the request; and what was frozen with these words is destroyed as a whole."""
    export = _locked(session, document)
    if export is None:
        return 0
    holds = _frozen_with(session, keys, export, fragment)
    count = redact_rows(session, Export, Export.id == document, COLUMNS["export"], fragment)
    if holds or (count and export.frozen_at is not None):
        _withdraw(session, export)
        count += 1
    return count


def erase(session: Session, document: UUID) -> None:
    """The blobs, their key and the request's words go; that there was an export stays."""
    export = _locked(session, document)
    if export is not None:
        _withdraw(session, export)
        empty_rows(session, Export, Export.id == document, COLUMNS["export"])


def _locked(session: Session, document: UUID) -> Export | None:
    """Not while the worker is finishing it."""
    statement = select(Export).where(Export.id == document).with_for_update()
    return session.scalars(statement.execution_options(populate_existing=True)).one_or_none()


def _frozen_with(session: Session, keys: KeyRing, export: Export, fragment: Fragment) -> bool:
    """Whether the frozen content holds the words; what can't be read is taken to hold them."""
    if export.frozen_at is None or export.state == ExportState.WITHDRAWN:
        return False
    try:
        content = vault.read(session, keys, export, vault.BlobKind.CONTENT).decode()
    except DecryptionError:
        return True
    frozen = json.loads(content)
    return bool(fragment.taken_out_of(frozen) != frozen)


def _withdraw(session: Session, export: Export) -> None:
    """Without its key nobody reads it again, whatever blob a backup may bring back."""
    for entity in (ExportBlob, ExportKey):
        session.execute(delete(entity).where(entity.export_id == export.id))
    if export.state != ExportState.WITHDRAWN:
        export.state = ExportState.WITHDRAWN.value
        export.step, export.failure = "", None
        log(session, export, SYSTEM, "ingetrokken")
    session.flush()


PERSONAL_DATA: Final = PersonalDataHolder(KIND, COLUMNS, find, redact, erase)
