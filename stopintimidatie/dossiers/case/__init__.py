"""The course of a dossier: made, changed, merged, split, closed; and the list of dossiers."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register steps, reminders, search, panels and views of the course of a dossier."""
    from stopintimidatie.dossiers.case import queries, services, steps
    from stopintimidatie.dossiers.case.views import neighbourhood_panel, new_dossier_action
    from stopintimidatie.dossiers.resources import STRICT_ROLES
    from stopintimidatie.reports.page.steps import NEW_DOSSIER

    config.add_job_kind(services.REMINDER_JOB, services.send_reminders)
    config.add_mail_template(services.REMINDER)
    config.add_mail_recipient(services.REMINDER_RECIPIENT)
    for name, effect in steps.EFFECTS.items():
        config.add_workflow_effect(name, effect)
    for name, offered in steps.OPTIONS.items():
        config.add_workflow_options(name, offered)
    config.add_indexable("dossier", queries.load, queries.versions)
    config.add_report_dossiers(queries.numbers_of)
    config.add_search_access(queries.STRICT_ACCESS, STRICT_ROLES)
    config.add_report_action(NEW_DOSSIER, new_dossier_action, order=60)
    config.add_panel("wijk", "dossiers", neighbourhood_panel, order=10)
    config.scan("stopintimidatie.dossiers.case.views")
