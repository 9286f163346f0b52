"""Personal data of the register of breaches."""

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
from stopintimidatie.privacy.breaches.models import Breach
from stopintimidatie.privacy.breaches.vocabulary import KIND


def erase(session: Session, document: UUID) -> None:
    """Delete a breach with all that belongs to it."""
    session.execute(delete(Breach).where(Breach.id == document))


PERSONAL_DATA: Final = PersonalDataHolder(
    KIND,
    {
        "breach": treated(
            text="description consequences measures risk_reason late_reason",
            codes="categories groups",
            staff="reported_by_id reported_by changed_by",
        ),
        "breach_notice": treated(text="number text english", staff="sent_by"),
        "breach_document": treated(),
        "breach_move": treated(text="reason", codes="values", staff="actor_id actor_name"),
    },
    find_nothing,
    redact_nothing,
    erase,
)
RETENTION: Final = RetentionClass(
    KIND,
    "Het register van datalekken",
    tuple(PERSONAL_DATA.columns),
    Way.KEPT,
    "de dag waarop het lek bekend werd",
    until="blijft; zonder namen van betrokkenen",
    source="art. 33 lid 5 AVG; een jurist moet dit nog bevestigen",
)
