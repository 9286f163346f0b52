"""Files of strangers: made clean, kept, handed on."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the keys of attachments, and the jobs and the term of what is sealed."""
    from stopintimidatie.reports.attachments import jobs
    from stopintimidatie.reports.attachments.services import END_JOB, SCAN_JOB, SEALED

    config.add_sealed(SEALED)
    config.add_job_kind(SCAN_JOB, jobs.scan_waiting, lease_seconds=300, lane=jobs.LANE)
    config.add_job_kind(END_JOB, jobs.end_stopped)
    config.add_retention_class(jobs.RETENTION)
