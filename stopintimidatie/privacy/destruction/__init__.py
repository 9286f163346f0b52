"""Destruction: the lists, destroying what is due, the statement, and what stays (a tombstone)."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the tables, jobs and pages of destruction."""
    from stopintimidatie.core.clock import daily
    from stopintimidatie.core.jobs import Lane
    from stopintimidatie.privacy.destruction import jobs
    from stopintimidatie.privacy.destruction.extension import TOLD
    from stopintimidatie.privacy.destruction.models import RETENTION
    from stopintimidatie.privacy.destruction.personal import PERSONAL_DATA
    from stopintimidatie.privacy.destruction.queries import KEEPER

    config.add_job_kind(
        jobs.EVERY_NIGHT, jobs.run_every_night, lane=Lane.SLOW, next_at=daily(jobs.NIGHT)
    )
    config.add_job_kind(
        jobs.REWRITE, jobs.rewrite_tables, lane=Lane.SLOW, next_at=daily(jobs.REWRITE_AT)
    )
    # Several requests of one night are done as one job; a second run finds nothing left to do.
    config.add_job_kind(
        jobs.OF_HOLDER, jobs.run_holder, batch=50, lease_seconds=1800, lane=Lane.SLOW
    )

    config.add_mail_template(TOLD)
    config.add_impersonal_table("destruction_list", "periods, and in office who decided")
    config.add_impersonal_table(
        "destruction_line", "references, dates and categories, and in office who decided"
    )
    config.add_impersonal_table("destruction_statement", "numbers per category and period")
    config.add_impersonal_table("tombstone", "references, dates and categories")
    config.add_impersonal_table(
        "archive_transfer", "references, days and the archive's receipt, and in office who did it"
    )
    config.add_personal_data_holder(PERSONAL_DATA)
    config.set_keeper(KEEPER)
    for kind in RETENTION:
        config.add_retention_class(kind)
    _add_pages(config)


def _add_pages(config: Any) -> None:
    """Register the tree, the menu item and the views."""
    from stopintimidatie.core.security import Permission
    from stopintimidatie.municipalities.areas.resources import add_own_place
    from stopintimidatie.privacy.destruction.reporters import own_panel
    from stopintimidatie.privacy.destruction.resources import (
        LEVELS,
        LOG_DOCUMENTS,
        NAME,
        path_of_tombstone,
        waiting,
    )
    from stopintimidatie.privacy.destruction.rules import MAY
    from stopintimidatie.reports.follow.views import FIRST_PANELS

    for level in LEVELS:
        config.add_tree_level(level)
    config.add_remains("grafsteen", path_of_tombstone)
    for kind in LOG_DOCUMENTS:
        config.add_log_document(kind)
    add_own_place(
        config,
        NAME,
        "Vernietiging",
        Permission.VIEW_RETENTION,
        order=77,
        desk=True,
        waiting=waiting,
        answers=frozenset(MAY.values()),
    )
    config.add_panel(FIRST_PANELS, "meenemen", own_panel)
    for module in ("views", "approval", "reporters"):
        config.scan(f"stopintimidatie.privacy.destruction.{module}")
