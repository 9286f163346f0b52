"""Breaches of personal data: the register, with the clock of 72 hours."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the register of breaches: its tables, clock, mails, pages and buttons."""
    from stopintimidatie.core.jobs import Lane
    from stopintimidatie.privacy.breaches import jobs, mail, queries, reporting, services
    from stopintimidatie.privacy.breaches.models import PERSONAL_DATA, RETENTION
    from stopintimidatie.privacy.breaches.views import IN_LOG, LEVELS

    config.add_personal_data_holder(PERSONAL_DATA)
    config.add_retention_class(RETENTION)
    config.add_log_document(IN_LOG)
    config.add_job_kind(mail.REMIND, mail.remind)
    config.add_job_kind(services.TELL, jobs.tell_reporters, lease_seconds=1800, lane=Lane.SLOW)
    config.add_job_kind(services.SHARE, jobs.enter_shared)
    config.add_job_kind(jobs.PROGRESS, jobs.drop_progress)
    config.set_lost_documents(queries.is_lost)
    for template in mail.TEMPLATES:
        config.add_mail_template(template)
    for level in LEVELS:
        config.add_tree_level(level)
    config.add_panel("uitvoer", "zoek", reporting.export_panel, order=20)
    config.add_panel("verstrekking", "zoek", reporting.disclosure_panel, order=20)
    config.add_panel("ophalen", "zoek", reporting.recipient_panel, order=20)
    _add_places(config)
    for module in ("views", "reporting"):
        config.scan(f"stopintimidatie.privacy.breaches.{module}")


def _add_places(config: Any) -> None:
    """Register the items of the menu."""
    from stopintimidatie.core.security import Permission
    from stopintimidatie.municipalities.areas.resources import add_own_place
    from stopintimidatie.privacy.breaches.queries import waiting
    from stopintimidatie.privacy.breaches.reporting import REPORT_PAGE
    from stopintimidatie.privacy.breaches.views import NAME

    add_own_place(
        config,
        NAME,
        "Datalekken",
        Permission.VIEW_BREACHES,
        order=78,
        desk=True,
        waiting=waiting,
        answers=Permission.HANDLE_BREACHES,
    )
    add_own_place(
        config, REPORT_PAGE, "Datalek melden", Permission.REPORT_BREACH, order=95, desk=True
    )
