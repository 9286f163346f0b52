"""Person-directed dossiers: ground, proportionality, review date, informing, and advice."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register panel, list, jobs, mail and views of person-directed dossiers."""
    from stopintimidatie.core.security import Permission
    from stopintimidatie.dossiers.person import jobs, services
    from stopintimidatie.dossiers.person.panels import dossier_panel
    from stopintimidatie.dossiers.person.queries import waiting
    from stopintimidatie.municipalities.areas.resources import add_own_place

    config.add_job_kind(services.ADVICE_JOB, jobs.watch_advice)
    config.add_job_kind(jobs.REVIEW_JOB, jobs.remind_of_review)
    for template in (services.ASKED, services.GIVEN, jobs.OVERDUE, jobs.REVIEW):
        config.add_mail_template(template)
    config.add_panel("dossier", "persoonsgericht", dossier_panel, order=1)
    add_own_place(
        config,
        services.LIST,
        "Persoonsgericht",
        Permission.VIEW_PERSON_DOSSIERS,
        order=62,
        waiting=waiting,
    )
    config.scan("stopintimidatie.dossiers.person.views")
