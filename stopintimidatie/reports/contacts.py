"""Contact data: its own table, encrypted, found only by exact match on a keyed hash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.reports.models import Report, ReportContact
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.resealing import Sealed
from stopintimidatie.storage.rows import Row

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


NO_CONTACT: Final[Mapping[str, None]] = {"name": None, "phone": None, "email": None, "when": None}


def contact_rows(keys: KeyRing, holder: str, report_id: UUID, data: ContactData) -> list[Row]:
    """Contact data, encrypted; no row when nothing was given."""
    if not any((data.name, data.phone, data.email, data.when)):
        return []
    return [(ReportContact, _encrypted(keys, holder, report_id, data))]


def _encrypted(keys: KeyRing, holder: str, report_id: UUID, data: ContactData) -> dict[str, Any]:
    def sealed(value: str | None) -> str | None:
        return keys.encrypt(PURPOSE, value, str(report_id)) if value else None

    return {
        "holder": holder,
        "report_id": report_id,
        "name": sealed(data.name),
        "phone": sealed(data.phone),
        "email": sealed(data.email),
        "contact_when": sealed(data.when),
        "phone_index": contact_index(keys, data.phone),
        "email_index": contact_index(keys, data.email),
    }


def contact_index(keys: KeyRing, value: str | None) -> str | None:
    return keys.keyed_hash(INDEX_PURPOSE, value.lower().encode()) if value else None


def contact_indexes(keys: KeyRing, value: str) -> list[str]:
    """What this value is found by: of each version, for after a change of keys both are there."""
    return [keys.keyed_hash(INDEX_PURPOSE, value.lower().encode(), v) for v in keys.masters]


def _index_anew(row: ReportContact, keys: KeyRing, clear: Mapping[str, str]) -> None:
    row.phone_index = contact_index(keys, clear.get("phone"))
    row.email_index = contact_index(keys, clear.get("email"))


SEALED = Sealed(
    ReportContact, PURPOSE, ("name", "phone", "email", "contact_when"), "report_id", _index_anew
)


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


def reached_by(session: Session, report: Report) -> tuple[bool, bool]:
    """Tell whether a telephone number and a mail address are there, without reading them."""
    given = select(ReportContact.phone.is_not(None), ReportContact.email.is_not(None))
    row = session.execute(given.where(ReportContact.report_id == report.id)).one_or_none()
    return (False, False) if row is None else (bool(row[0]), bool(row[1]))
