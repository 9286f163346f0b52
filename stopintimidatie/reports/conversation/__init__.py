"""Messages between reporter and officer, and doubles."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the job that ends a wait, and the mail about a message."""
    from stopintimidatie.reports.conversation import services
    from stopintimidatie.reports.conversation.queries import KEEPER

    KEEPER.declare(config)
    config.add_job_kind(services.EXPIRY_JOB, services.stop_waiting)
    config.add_mail_recipient(services.RECIPIENT)
    config.add_mail_template(services.TEMPLATE)
