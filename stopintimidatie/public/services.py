"""Is this file the one that was made under this id, and does it still count? Not a word more.

That there is a newer version isn't told: whoever found a file would learn that the dossier goes on.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from hmac import compare_digest
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.disclosures.models import DisclosedCopy, Disclosure
from stopintimidatie.disclosures.references import KIND, normalise_export_id
from stopintimidatie.disclosures.services import find_disclosure
from stopintimidatie.storage.tenancy import NATIONAL, enter
from stopintimidatie.tree import locate_reference

NO_HASH = "0" * 64
NOTHING = UUID(int=0)


class Verdict(StrEnum):
    """What is told. Only of the very file that was made is more told than *unknown*."""

    GENUINE = "echt"
    WITHDRAWN = "ingetrokken"
    EXPIRED = "verlopen"
    UNKNOWN = "onbekend"


def verify(session: Session, typed: str, file_sha256: str, today: date) -> Verdict:
    """What the register knows of this file under this id.

    An id that doesn't exist costs the same look-ups as one that does.
    """
    reference = normalise_export_id(typed) or ""
    holders = locate_reference(session, reference, KIND)
    enter(session, holders[0] if holders else NATIONAL)
    found = find_disclosure(session, reference)
    copy = session.scalars(
        select(DisclosedCopy).where(DisclosedCopy.disclosure_id == (found.id if found else NOTHING))
    ).one_or_none()
    same = compare_digest(found.file_sha256 if found else NO_HASH, file_sha256)
    return judge(found, copy, today) if found is not None and same else Verdict.UNKNOWN


def judge(found: Disclosure, copy: DisclosedCopy | None, today: date) -> Verdict:
    """Of the file itself: whether it still counts. Pure."""
    if copy is not None and copy.withdrawn_at is not None:
        return Verdict.WITHDRAWN
    return Verdict.EXPIRED if found.destroy_by < today else Verdict.GENUINE
