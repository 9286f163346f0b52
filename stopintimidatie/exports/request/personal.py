"""Personal data in exports: data erased or redacted at the source must not live on in a copy.

The blobs are destroyed with their key, and the export is marked withdrawn. Its row and the register
stay with ids and hashes, so that who holds a copy can be found and told.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.storage.encryption import DecryptionError, KeyRing
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
from stopintimidatie.core.storage.session import locked
from stopintimidatie.disclosures.models import Disclosure, DisclosureSubject
from stopintimidatie.disclosures.resources import KIND
from stopintimidatie.dossiers.models import DossierMembership
from stopintimidatie.dossiers.page import personal as page_personal
from stopintimidatie.dossiers.services import KIND as DOSSIER
from stopintimidatie.exports.models import BlobKind, Export, ExportState, read
from stopintimidatie.exports.request.jobs import Cause, Change, destroy
from stopintimidatie.exports.request.services import lock
from stopintimidatie.reports import personal as reports_personal
from stopintimidatie.reports.vocabulary import KIND as REPORT

COLUMNS: Final = {
    "export": treated(
        text="recipient question purpose covenant minors_ground owner_phone demand_officer"
        " urgent_reason facts perceptions assumptions feedback deviations decided_reason"
        " withdrawn_reason",
        staff="requested_by_id requested_by decided_by_id decided_by withdrawn_by_id withdrawn_by",
        codes="purpose_code minors_code step failure content_sha256 file_sha256 file_form in_full"
        " signed_by",
    ),
    "export_key": treated(sealed="sealed"),
    "export_blob": treated(sealed="data"),
}

# The recipient is in the register as well, and stays; so does the name of an agreement.
REQUEST: Final = {
    name: how
    for name, how in COLUMNS["export"].items()
    if name not in ("recipient", "covenant", "demand_officer")
}


def find(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """Return the exports of the subject's dossiers, and those that held one of their reports."""
    inside = page_personal.find(session, keys, subject)
    registered = (
        select(Disclosure.document_id)
        .join(DisclosureSubject, DisclosureSubject.disclosure_id == Disclosure.id)
        .where(DisclosureSubject.subject_id.in_(reports_personal.find(session, keys, subject)))
    )
    ways: list[ColumnElement[bool]] = [Export.dossier_id.in_(inside), Export.id.in_(registered)]
    if subject.reference:
        ways.append(Export.reference == subject.reference.strip().upper())
    return session.scalars(select(Export.id).where(or_(*ways)).order_by(Export.proposed_at)).all()


def redact(session: Session, keys: KeyRing, document: UUID, fragment: Fragment) -> int:
    """Take the words out of a request; destroy the frozen document when it holds them."""
    export = lock(session, document)
    if export is None:
        return 0
    holds = frozen_with(session, keys, export, fragment)
    count = redact_rows(session, Export, Export.id == document, COLUMNS["export"], fragment)
    if holds or (count and export.frozen_at is not None):
        destroy(session, export)
        count += 1
    return count


def erase(session: Session, document: UUID) -> None:
    """Destroy the blobs and empty the words of the request; that there was an export stays."""
    export = lock(session, document)
    if export is not None:
        destroy(session, export)
        empty_rows(session, Export, Export.id == document, COLUMNS["export"])


def names_of(report: UUID) -> Select[UUID, str]:
    """Select each disclosed document with a report, and the name that the report has there."""
    return (
        select(Disclosure.document_id, DisclosureSubject.label)
        .join(Disclosure, Disclosure.id == DisclosureSubject.disclosure_id)
        .where(DisclosureSubject.subject_id == report)
    )


def copies_of(session: Session, kind: str, document: UUID) -> list[tuple[Export, str]]:
    """Return the exports with a frozen copy of a document, each with the label it has there."""
    frozen = Export.frozen_at.is_not(None)
    if kind == DOSSIER:
        mine = select(Export).where(frozen, Export.dossier_id == document).order_by(Export.id)
        now = locked(session, mine).execution_options(populate_existing=True)
        return [(export, "") for export in session.scalars(now)]
    if kind != REPORT:
        return []
    registered = session.execute(names_of(document))
    # An export that is being made isn't in the register yet, so it counts as holding the report.
    making = session.execute(
        select(Export.id, DossierMembership.serial)
        .join(DossierMembership, DossierMembership.dossier_id == Export.dossier_id)
        .where(frozen, Export.made_at.is_(None), DossierMembership.report_id == document)
    )
    labels = {row[0]: f"M-{row[1]:02d}" for row in making} | {row[0]: row[1] for row in registered}
    exports = [(lock(session, number), label) for number, label in labels.items()]
    return [(export, label) for export, label in exports if export is not None]


def source_erased(session: Session, keys: KeyRing, kind: str, document: UUID) -> int:
    """Destroy the frozen copies of a document that is erased; return how many there were.

    Recipients are told. The words of requests go too: of a dossier all but the recipient, of a
    report the reason why it goes along against its reporter's wish.
    """
    copies = copies_of(session, kind, document)
    for export, label in copies:
        destroy(session, export, cause=Cause(Change.ERASED, label))
    if kind == DOSSIER:
        empty_rows(session, Export, Export.dossier_id == document, REQUEST)
    for export, serial in _against_wish(session, kind, document):
        kept = [reason for reason in export.deviations or () if int(reason["nummer"]) != serial]
        export.deviations = kept or None
    session.flush()
    return len(copies)


def source_told(session: Session, keys: KeyRing, kind: str, document: UUID) -> list[ErasureCount]:
    """Return what `source_erased` would take away; change nothing."""
    frozen = [export for export, _ in copies_of(session, kind, document)]
    kept = sum(export.state != ExportState.WITHDRAWN for export in frozen)
    counts = [ErasureCount("export_blob", ("data",), kept)]
    if kind == DOSSIER:
        counts.append(
            count_filled(session, "export", REQUEST, Export.__table__.c.dossier_id == document)
        )
    against = len(_against_wish(session, kind, document))
    return [*counts, ErasureCount("export", ("deviations",), against)]


def _against_wish(session: Session, kind: str, document: UUID) -> list[tuple[Export, int]]:
    """Return the requests with a reason why this report goes along, each with its number there."""
    if kind != REPORT:
        return []
    rows = session.execute(
        select(Export, DossierMembership.serial)
        .join(DossierMembership, DossierMembership.dossier_id == Export.dossier_id)
        .where(DossierMembership.report_id == document, Export.deviations.is_not(None))
    )
    # A report that left a dossier and came back has the same number there.
    requests = {
        row[0].id: (row[0], row[1])
        for row in rows
        if any(int(reason["nummer"]) == row[1] for reason in row[0].deviations or ())
    }
    return list(requests.values())


def source_redacted(
    session: Session, keys: KeyRing, kind: str, document: UUID, fragment: Fragment
) -> int:
    """Destroy the frozen copies of a document that hold these words; return how many."""
    copies = [
        (export, label)
        for export, label in copies_of(session, kind, document)
        if frozen_with(session, keys, export, fragment)
    ]
    for export, label in copies:
        destroy(session, export, cause=Cause(Change.REDACTED, label))
    return len(copies)


def frozen_with(session: Session, keys: KeyRing, export: Export, fragment: Fragment) -> bool:
    """Tell whether the frozen content holds the words; unreadable content counts as if it does."""
    if export.frozen_at is None or export.state == ExportState.WITHDRAWN:
        return False
    try:
        frozen = json.loads(read(session, keys, export, BlobKind.CONTENT))
    except DecryptionError:
        return True
    return bool(fragment.taken_out_of(frozen) != frozen)


PERSONAL_DATA: Final = PersonalDataHolder(
    KIND,
    COLUMNS,
    find,
    redact,
    erase,
    source_erased=source_erased,
    source_redacted=source_redacted,
    source_told=source_told,
)
