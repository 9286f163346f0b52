"""Personal data in agreements: officials of municipalities, encrypted like contact data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.municipalities.agreements import KIND, PURPOSE, people_of
from stopintimidatie.municipalities.agreements_models import ForwardingAgreement
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.personal import (
    Fragment,
    PersonalDataHolder,
    Subject,
    Treatment,
    empty_rows,
    redact_rows,
)
from stopintimidatie.storage.resealing import Sealed

T: Final = Treatment
COLUMNS: Final = {
    "forwarding_agreement": {
        "people": T.SEALED,
        "certificate": T.SEALED,
        "declined_reason": T.TEXT,
        "agreed_by": T.STAFF,
        "agreed_by_id": T.STAFF,
    }
}
SEALED: Final = Sealed(ForwardingAgreement, PURPOSE, ("people",), "id")


def find(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """By telephone number; e-mail addresses are found in their own table."""
    if not subject.phone:
        return []
    wanted = subject.phone.strip()
    rows = session.scalars(
        select(ForwardingAgreement).where(ForwardingAgreement.people.is_not(None))
    )
    return [row.id for row in rows if wanted in str(people_of(keys, row))]


def redact(session: Session, keys: KeyRing, document: UUID, fragment: Fragment) -> int:
    mine = ForwardingAgreement.id == document
    columns = COLUMNS["forwarding_agreement"]
    return redact_rows(session, ForwardingAgreement, mine, columns, fragment)


def erase(session: Session, document: UUID) -> None:
    """Names and numbers go; that there was an agreement, and until when, stays."""
    mine = ForwardingAgreement.id == document
    empty_rows(session, ForwardingAgreement, mine, COLUMNS["forwarding_agreement"])


PERSONAL_DATA: Final = PersonalDataHolder(KIND, COLUMNS, find, redact, erase)
