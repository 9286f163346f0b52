"""Notable patterns: where reports lie closer together than chance explains, proposed to people."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register what this room hands to the others."""
    from stopintimidatie.core.clock import daily
    from stopintimidatie.core.jobs import Lane
    from stopintimidatie.core.security import Permission
    from stopintimidatie.dossiers.patterns import jobs
    from stopintimidatie.dossiers.patterns.resources import (
        LEVELS,
        path_of_pattern,
        waiting,
    )
    from stopintimidatie.dossiers.patterns.services import PERSONAL_DATA, QUESTION, RETENTION
    from stopintimidatie.dossiers.patterns.views import report_panel, settings_panel
    from stopintimidatie.municipalities.areas.resources import add_own_place

    for level in LEVELS:
        config.add_tree_level(level)
    config.add_personal_data_holder(PERSONAL_DATA)
    config.add_retention_class(RETENTION)
    config.add_mail_template(QUESTION)
    config.add_impersonal_table("pattern_setting", "numbers that a municipality chose")
    config.add_document_kind("patroon", path_of_pattern, Permission.VIEW_REPORT)
    # One at a time for a holder, and a search may take a minute.
    config.add_job_kind(jobs.SEARCH, jobs.run_search, batch=50, lease_seconds=900, lane=Lane.SLOW)
    config.add_job_kind(
        jobs.EVERY_NIGHT,
        jobs.run_every_night,
        batch=50,
        lane=Lane.SLOW,
        next_at=daily(jobs.NIGHT),
    )
    add_own_place(
        config,
        "patronen",
        "Patronen",
        Permission.VIEW_REPORT,
        order=35,
        waiting=waiting,
        answers=Permission.EDIT_DOSSIER,
    )
    config.add_panel("melding", "patroon", report_panel, order=5)
    config.add_panel("beheer", "patronen", settings_panel, order=40)
    config.scan("stopintimidatie.dossiers.patterns.decisions")
    config.scan("stopintimidatie.dossiers.patterns.views")
