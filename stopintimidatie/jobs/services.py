"""Asking for a job."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from stopintimidatie.jobs.models import OutboxJob
from stopintimidatie.storage.types import utc_now


def enqueue(
    session: Session,
    kind: str,
    holder: str,
    payload: dict[str, Any],
    *,
    delay: timedelta = timedelta(0),
) -> OutboxJob:
    """Add a job to the outbox, in the transaction at hand. The payload: ids and codes alone."""
    now = utc_now()
    job = OutboxJob(
        kind=kind, holder=holder, payload=payload, created_at=now, run_after=now + delay
    )
    session.add(job)
    return job
