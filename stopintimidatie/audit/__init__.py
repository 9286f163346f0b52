"""The append-only log: who did or read what, when and why. Ids, never content."""

from __future__ import annotations

from stopintimidatie.audit.models import AuditEvent, AuditSubject
from stopintimidatie.audit.services import SYSTEM, Actor, record, record_read

__all__ = ["SYSTEM", "Actor", "AuditEvent", "AuditSubject", "record", "record_read"]
