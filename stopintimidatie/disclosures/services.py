"""Writing the register, and reading it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, record
from stopintimidatie.disclosures.models import DisclosedCopy, Disclosure, DisclosureSubject
from stopintimidatie.storage.tenancy import current_holder

AUDIT_KIND = "verstrekking"
# Of what a copy lies with somebody who must destroy it. What the desk forwarded became the
# municipality's own.
COPIED = "dossier"


@dataclass(frozen=True, slots=True)
class Subject:
    """A document whose data goes along, under its name there, with the categories of it."""

    id: UUID
    label: str
    categories: tuple[str, ...]
    kind: str = "melding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Everything that the register wants to know."""

    reference: str
    document_id: UUID
    source_kind: str
    source_id: UUID
    source_reference: str
    restricted: bool
    recipient: str
    recipient_kind: str
    profile: str
    profile_version: int
    purpose: str
    legal_basis: str
    legal_basis_words: str
    covenant: str | None
    minors_ground: str | None
    destroy_by: date
    content_sha256: str
    file_sha256: str
    file_size: int
    made_at: datetime
    requested_at: datetime
    requested_by_id: str | None
    requested_by: str
    approved_at: datetime
    approved_by_id: str | None
    approved_by: str


def record_disclosure(
    session: Session, entry: Entry, subjects: Sequence[Subject], actor: Actor
) -> Disclosure:
    """Append one disclosure; asked again for the same export it gives the row that is there."""
    present = find_disclosure(session, entry.reference)
    if present is not None:
        return present
    holder = current_holder(session) or ""
    values: dict[str, Any] = {name: getattr(entry, name) for name in Entry.__dataclass_fields__}
    row = Disclosure(holder=holder, **values)
    row.subjects = [
        DisclosureSubject(
            holder=holder,
            kind=subject.kind,
            subject_id=subject.id,
            label=subject.label,
            categories=list(subject.categories),
        )
        for subject in subjects
    ]
    session.add(row)
    session.flush()
    if entry.source_kind == COPIED:
        session.add(DisclosedCopy(holder=holder, disclosure_id=row.id, destroy_by=row.destroy_by))
        session.flush()
    record(session, actor, "verstrekking.vastgelegd", holder, AUDIT_KIND, [row.id, row.source_id])
    return row


def find_disclosure(session: Session, reference: str) -> Disclosure | None:
    """The entry of one export, or None."""
    return session.scalars(
        select(Disclosure).where(Disclosure.reference == reference)
    ).one_or_none()


def subjects_of(session: Session, disclosure_id: UUID) -> Sequence[DisclosureSubject]:
    """Of whom data went along, in the order of the document."""
    return session.scalars(
        select(DisclosureSubject)
        .where(DisclosureSubject.disclosure_id == disclosure_id)
        .order_by(DisclosureSubject.label, DisclosureSubject.id)
    ).all()
