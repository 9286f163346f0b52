"""Person-directed dossiers: ground, proportionality, review date, informing, and advice."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register panel, list, jobs, mail, second person and views of person-directed dossiers."""
    from stopintimidatie.core.second import Second
    from stopintimidatie.core.security import Permission
    from stopintimidatie.dossiers.person import jobs, services
    from stopintimidatie.dossiers.person.models import PrivacyAdvice
    from stopintimidatie.dossiers.person.queries import (
        ADDRESS,
        NUMBER,
        led_by_another,
        only_dossiers,
        waiting,
    )
    from stopintimidatie.dossiers.person.views import dossier_panel
    from stopintimidatie.municipalities.areas.resources import add_own_place

    config.add_job_kind(services.ADVICE_JOB, jobs.watch_advice)
    config.add_job_kind(jobs.REVIEW_JOB, jobs.remind_of_review)
    for template in jobs.MAILS:
        config.add_mail_template(template)
    config.add_panel("dossier", "persoonsgericht", dossier_panel, order=1)
    config.add_second(
        Second(
            "advies",
            "Adviseren over een persoonsgericht dossier",
            PrivacyAdvice,
            Permission.ADVISE_DOSSIER,
            lambda row: f"/{row.key}/advies-geven",
            key=ADDRESS,
            about=NUMBER,
            due=PrivacyAdvice.due_at,
            own_path=lambda row: f"/{row.key}",
            only=only_dossiers,
            turn=led_by_another,
        )
    )
    add_own_place(
        config,
        services.LIST,
        "Persoonsgericht",
        Permission.VIEW_PERSON_DOSSIERS,
        order=62,
        waiting=waiting,
    )
    config.scan("stopintimidatie.dossiers.person.views")
