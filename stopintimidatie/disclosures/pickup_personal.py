"""Personal data of pick-ups: who came for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from stopintimidatie.disclosures.pickup import KIND, PURPOSE
from stopintimidatie.disclosures.pickup_models import Pickup
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.personal import (
    Fragment,
    PersonalDataHolder,
    Subject,
    Treatment,
    empty_rows,
)
from stopintimidatie.storage.resealing import Sealed

T: Final = Treatment
COLUMNS: Final = {
    "pickup": {"recipient": T.CODES, "code_by": T.STAFF, "picked_up_by": T.SEALED},
}
SEALED: Final = Sealed(Pickup, PURPOSE, ("picked_up_by",), "id")


def find(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """Nobody is found here: a name and a role are no address and no number."""
    return []


def redact(session: Session, keys: KeyRing, document: UUID, fragment: Fragment) -> int:
    return 0


def erase(session: Session, document: UUID) -> None:
    """Who came goes; that it was picked up, and when, stays."""
    empty_rows(session, Pickup, Pickup.id == document, COLUMNS["pickup"])


PERSONAL_DATA: Final = PersonalDataHolder(KIND, COLUMNS, find, redact, erase)
