"""Forwarding agreements: when they count, how they are made and ended."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the personal data, mail and jobs of agreements."""
    from stopintimidatie.municipalities.agreements import services

    config.add_personal_data_holder(services.PERSONAL_DATA)
    config.add_retention_class(services.RETENTION)
    config.add_sealed(services.SEALED)
    config.add_mail_template(services.ENDS)
    config.add_job_kind(services.END_JOB, services.handle_end)
