"""Municipalities that join: `/aansluiten`, the checklist, users and levels set by the desk."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register what happens when a municipality joins, `/aansluiten` and the pages of the desk."""
    from stopintimidatie.core.jobs import Lane
    from stopintimidatie.desk.onboarding import practice, services, signup, views

    config.add_level_condition("aansluitlijst", services.checklist_complete)
    config.add_level_effect("wat wacht", services.hand_over_what_waits)
    config.add_mail_template(services.MOVED)
    config.add_job_kind(services.JOB, services.hand_over, lane=Lane.SLOW)
    config.add_personal_data_holder(services.PERSONAL_DATA)
    config.add_personal_data_holder(signup.PERSONAL_DATA)
    config.add_public_prefix("aansluiten")
    config.add_public_prefix("aansluiten-bevestigen")
    config.add_panel("melding", "nog-niet-gereed", views.not_ready_panel, order=8)
    config.add_panel("melding", "voorbeelduitwerking", practice.model_answer, order=5)
    config.scan("stopintimidatie.desk.onboarding.views")
    config.scan("stopintimidatie.desk.onboarding.people")
    config.scan("stopintimidatie.desk.onboarding.signup")
