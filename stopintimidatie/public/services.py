"""Is this file the one that was made under this id? Yes or no, and not a word more."""

from __future__ import annotations

from hmac import compare_digest

from sqlalchemy.orm import Session

from stopintimidatie.disclosures.references import KIND, normalise_export_id
from stopintimidatie.disclosures.services import find_disclosure
from stopintimidatie.storage.tenancy import NATIONAL, enter
from stopintimidatie.tree import locate_reference

NO_HASH = "0" * 64


def is_genuine(session: Session, typed: str, file_sha256: str) -> bool:
    """Whether the register knows this file under this id.

    An id that doesn't exist costs the same look-ups as one that does.
    """
    reference = normalise_export_id(typed) or ""
    holders = locate_reference(session, reference, KIND)
    enter(session, holders[0] if holders else NATIONAL)
    found = find_disclosure(session, reference)
    return compare_digest(found.file_sha256 if found else NO_HASH, file_sha256)
