"""Who asked to join, by telephone number; the address is the mail room's to find and erase."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.public.models import JoiningRequest
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
    "joining_request": {"function": Treatment.TEXT, "telephone": Treatment.SEALED},
}


def find(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """By telephone number."""
    if not subject.phone:
        return []
    return session.scalars(
        select(JoiningRequest.id).where(JoiningRequest.telephone == subject.phone.strip())
    ).all()


def redact(session: Session, keys: KeyRing, document: UUID, fragment: Fragment) -> int:
    """Out of the function, where a name may have been written."""
    mine = JoiningRequest.id == document
    return redact_rows(session, JoiningRequest, mine, COLUMNS["joining_request"], fragment)


def erase(session: Session, document: UUID) -> None:
    """Number and function go; that was asked stays."""
    mine = JoiningRequest.id == document
    empty_rows(session, JoiningRequest, mine, COLUMNS["joining_request"])


PERSONAL_DATA: Final = PersonalDataHolder("aanmelding", COLUMNS, find, redact, erase)
