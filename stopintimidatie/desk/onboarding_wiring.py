"""What onboarding registers with the rooms below."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    from stopintimidatie.desk import onboarding
    from stopintimidatie.desk.menu import onboarding_item
    from stopintimidatie.desk.onboarding_personal import PERSONAL_DATA
    from stopintimidatie.jobs import Lane

    config.add_level_condition("aansluitlijst", onboarding.checklist_complete)
    config.add_level_effect("wat wacht", onboarding.hand_over_what_waits)
    config.add_job_kind(onboarding.JOB, onboarding.hand_over, lane=Lane.SLOW)
    config.add_nav_item("aansluitingen", onboarding_item, order=26)
    config.add_personal_data_holder(PERSONAL_DATA)
    config.scan("stopintimidatie.desk.onboarding_views")
    config.scan("stopintimidatie.desk.level_views")
    config.scan("stopintimidatie.desk.people_views")
