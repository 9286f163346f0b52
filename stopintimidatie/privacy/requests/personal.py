"""Personal data of requests: who asks, what they wrote, and the letters to them."""

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
from stopintimidatie.core.text import _
from stopintimidatie.privacy.requests.models import SubjectRequest

KIND: Final = "verzoek"


def erase(session: Session, document: UUID) -> None:
    """Delete a request with all that belongs to it."""
    session.execute(delete(SubjectRequest).where(SubjectRequest.id == document))


PERSONAL_DATA: Final = PersonalDataHolder(
    KIND,
    {
        "subject_request": treated(
            text="extended_reason decided_reason objection_number objection_reason",
            sealed="person question",
            staff="identity_by changed_by",
        ),
        "subject_request_move": treated(text="reason", codes="values", staff="actor_id actor_name"),
        "request_letter": treated(sealed="content", staff="made_by"),
        "request_trace": treated(text="reason", codes="places", staff="found_by"),
        "data_restriction": treated(
            text="about lifted_reason", staff="started_by_id started_by lifted_by"
        ),
        "data_correction": treated(text="text", staff="made_by_id made_by"),
        "subject_copy": treated(
            text="answer",
            codes="sha256",
            staff="made_by_id made_by checked_by_id checked_by changed_by",
        ),
    },
    find_nothing,
    redact_nothing,
    erase,
)
RETENTION: Final = RetentionClass(
    KIND,
    "Verzoeken van betrokkenen: wie vroeg wat, de brieven en de kopie",
    tuple(PERSONAL_DATA.columns),
    Way.BY_ITSELF,
    "de dag waarop het verzoek is afgerond",
    until=_("5 jaar; de kopie en wie het vroeg 3 maanden na de bezwaartermijn"),
    source="eigen beleid; een jurist moet dit nog bevestigen",
)
