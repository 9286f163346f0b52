"""Contact data: its own table, encrypted, found only by exact match on a keyed hash."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.reports.models import Report, ReportContact
from stopintimidatie.reports.submission import Submission
from stopintimidatie.storage.encryption import KeyRing

PURPOSE = "contact"
INDEX_PURPOSE = "contact-index"


@dataclass(frozen=True)
class ContactData:
    """Contact data in clear; never in a repr."""

    name: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    email: str | None = field(repr=False)
    when: str | None = field(repr=False)


def store_contact(session: Session, keys: KeyRing, report: Report, given: Submission) -> None:
    """Keep what the reporter gave; no row when that is nothing."""
    contact = given.contact
    values = {
        "name": contact.name if contact else None,
        "phone": contact.phone if contact else None,
        "email": contact.email if contact else None,
        "contact_when": given.contact_when,
    }
    if not any(values.values()):
        return
    context = str(report.id)
    row = ReportContact(holder=report.holder, report_id=report.id)
    for name, value in values.items():
        setattr(row, name, keys.encrypt(PURPOSE, value, context) if value else None)
    row.phone_index = _index(keys, values["phone"])
    row.email_index = _index(keys, values["email"])
    session.add(row)


def _index(keys: KeyRing, value: str | None) -> str | None:
    return keys.keyed_hash(INDEX_PURPOSE, value.lower().encode()) if value else None


def read_contact(session: Session, keys: KeyRing, report: Report) -> ContactData | None:
    """Contact data in clear, for whoever has the permission; the caller notes the read."""
    row = session.scalars(
        select(ReportContact).where(ReportContact.report_id == report.id)
    ).one_or_none()
    if row is None:
        return None

    def clear(stored: str | None) -> str | None:
        return keys.decrypt(PURPOSE, stored, str(report.id)) if stored else None

    return ContactData(clear(row.name), clear(row.phone), clear(row.email), clear(row.contact_when))
