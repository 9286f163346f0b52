"""The names on a checklist: the FG and the function something was agreed with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from stopintimidatie.desk.models import Onboarding
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.personal import (
    Fragment,
    PersonalDataHolder,
    Subject,
    Treatment,
    empty_rows,
    redact_rows,
)

COLUMNS: Final = {
    "onboarding": {
        "agreement_with": Treatment.TEXT,
        "data_protection_officer": Treatment.TEXT,
        "legal_basis": Treatment.CODES,
    },
}


def find(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """A checklist has no address or number to find anybody by."""
    return []


def redact(session: Session, keys: KeyRing, document: UUID, fragment: Fragment) -> int:
    mine = Onboarding.id == document
    return redact_rows(session, Onboarding, mine, COLUMNS["onboarding"], fragment)


def erase(session: Session, document: UUID) -> None:
    empty_rows(session, Onboarding, Onboarding.id == document, COLUMNS["onboarding"])


PERSONAL_DATA: Final = PersonalDataHolder("aansluiting", COLUMNS, find, redact, erase)
