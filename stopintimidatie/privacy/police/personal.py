"""Personal data of the police compartment: all of it is sealed."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from stopintimidatie.core.storage.personal import (
    PersonalDataHolder,
    find_nothing,
    redact_nothing,
    treated,
)
from stopintimidatie.core.storage.retention import RetentionClass, Way
from stopintimidatie.privacy.police.models import PoliceItem

KIND: Final = "politiegegeven"


def erase(session: Session, document: UUID) -> None:
    """Delete an item."""
    session.execute(delete(PoliceItem).where(PoliceItem.id == document))


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
)
RETENTION: Final = RetentionClass(
    KIND,
    "Gegevens die de politie verstrekte, wie ze las en waarom",
    tuple(PERSONAL_DATA.columns),
    Way.BY_HAND,
    "de dag van ontvangst",
    until="zolang het doel van de verstrekking duurt; elk jaar opnieuw bekeken",
    source="besluit van verstrekking; art. 5 lid 1 e AVG",
)
