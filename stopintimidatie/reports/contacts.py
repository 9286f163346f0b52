"""Contact data: its own table, encrypted, found only by exact match on a keyed hash."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.reports.models import Report, ReportContact
from stopintimidatie.reports.submission import Contact, Submission
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

    def as_dict(self) -> dict[str, str | None]:
        return {"name": self.name, "phone": self.phone, "email": self.email, "when": self.when}


def store_contact(session: Session, keys: KeyRing, report: Report, given: Submission) -> None:
    """Keep what the reporter gave; no row when that is nothing."""
    contact = given.contact or Contact()
    data = ContactData(contact.name, contact.phone, contact.email, given.contact_when)
    if any(data.as_dict().values()):
        write_contact(session, keys, report, data)


def write_contact(session: Session, keys: KeyRing, report: Report, data: ContactData) -> None:
    """Encrypt and keep the contact data of a report that has none yet."""

    def sealed(value: str | None) -> str | None:
        return keys.encrypt(PURPOSE, value, str(report.id)) if value else None

    session.add(
        ReportContact(
            holder=report.holder,
            report_id=report.id,
            name=sealed(data.name),
            phone=sealed(data.phone),
            email=sealed(data.email),
            contact_when=sealed(data.when),
            phone_index=contact_index(keys, data.phone),
            email_index=contact_index(keys, data.email),
        )
    )


def contact_index(keys: KeyRing, value: str | None) -> str | None:
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


def has_contact(session: Session, report: Report) -> bool:
    """Whether there is contact data, without reading it."""
    found = select(ReportContact.id).where(ReportContact.report_id == report.id)
    return session.scalar(found.limit(1)) is not None
