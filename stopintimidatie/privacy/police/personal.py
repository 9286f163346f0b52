"""Personal data of the police compartment: all of it is sealed, and goes with its document."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.encryption import KeyRing, Sealed
from stopintimidatie.core.storage.personal import (
    PersonalDataHolder,
    find_nothing,
    redact_nothing,
    treated,
)
from stopintimidatie.core.storage.retention import RetentionClass, Way, years
from stopintimidatie.privacy.police.models import PURPOSE, PoliceAccess, PoliceItem

KIND: Final = "politiegegeven"
SEALED: Final = (
    Sealed(PoliceItem, PURPOSE, ("content",), "id"),
    Sealed(PoliceAccess, PURPOSE, ("reason",), "id"),
)


def erase(session: Session, document: UUID) -> None:
    """Take the words out of an item; that it was here, and until when, stays."""
    item = session.get(PoliceItem, document)
    if item is not None:
        item.content, item.destroyed_at = None, item.destroyed_at or utc_now()
        session.flush()
    session.execute(delete(PoliceAccess).where(PoliceAccess.subject_id == document))


def source_erased(session: Session, keys: KeyRing, kind: str, document: UUID) -> int:
    """Delete the items about a document that is erased or destroyed; tell nobody how many."""
    session.execute(delete(PoliceItem).where(PoliceItem.document_id == document))
    session.execute(delete(PoliceAccess).where(PoliceAccess.subject_id == document))
    return 0


# Nothing is found by a subject, and nothing is counted: the pages that ask are read by others.
PERSONAL_DATA: Final = PersonalDataHolder(
    KIND,
    {
        "police_item": treated(sealed="content", staff="entered_by_id entered_by changed_by"),
        "police_access": treated(sealed="reason"),
        "police_event": treated(staff="actor_id actor_name"),
    },
    find_nothing,
    redact_nothing,
    erase,
    source_erased=source_erased,
    apart=True,
)
RETENTION: Final = RetentionClass(
    KIND,
    "Gegevens die de politie verstrekte",
    ("police_item",),
    Way.BY_HAND,
    "de dag van ontvangst",
    until="zolang het doel van de verstrekking duurt; elk jaar opnieuw bekeken",
    source="besluit van verstrekking; art. 5 lid 1 e AVG",
)
LOG_RETENTION: Final = RetentionClass(
    "politielogboek",
    "Wie gegevens van de politie las of vastlegde, en waarom",
    ("police_event", "police_access"),
    Way.MAINTENANCE,
    "de dag van de regel",
    years(5),
    until="redenen om te lezen gaan eerder weg als dat waar het over gaat is gewist of vernietigd",
    source="eigen beleid, als het logboek; instelling log.keep_years",
)
