"""The append-only log: who did or read what, when and why. Ids, never content."""

from __future__ import annotations

from typing import Any

from stopintimidatie.audit.models import AuditEvent, AuditSubject
from stopintimidatie.audit.services import (
    SYSTEM,
    Actor,
    NotRecordedError,
    event_rows,
    is_unrecorded,
    record,
    record_read,
)

__all__ = [
    "SYSTEM",
    "Actor",
    "AuditEvent",
    "AuditSubject",
    "NotRecordedError",
    "event_rows",
    "is_unrecorded",
    "record",
    "record_read",
]


def includeme(config: Any) -> None:
    config.add_impersonal_table(
        "audit_event", "ids, codes and names of employees; append-only, with a term of its own"
    )
    config.add_impersonal_table("audit_subject", "ids of documents; append-only")
