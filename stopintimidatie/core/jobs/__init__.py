"""The outbox: what must happen outside the database is a row in the asking transaction."""

from __future__ import annotations

from typing import Any

from stopintimidatie.core.jobs.models import OutboxJob
from stopintimidatie.core.jobs.services import (
    JOB_KINDS,
    Job,
    JobContext,
    JobError,
    JobKind,
    Lane,
    enqueue,
    start_now,
)
from stopintimidatie.core.storage.retention import RetentionClass, Way


def includeme(config: Any) -> None:
    """Declare the directive for kinds of job."""
    config.add_impersonal_table("outbox_job", "ids and codes of documents; gone when done")
    config.add_retention_class(
        RetentionClass(
            "taak",
            "Taken die wachten",
            ("outbox_job",),
            Way.BY_ITSELF,
            "de taak is gedaan",
            until="tot de taak is gedaan; opgegeven taken tot een beheerder ze weghaalt",
            source="eigen beleid",
        )
    )
    JOB_KINDS.declare(config)
