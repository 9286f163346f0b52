"""The demo: two years of made-up reports and dossiers, the same every time for one seed and day.

`generator.generate` is pure and gives plain values; loading them goes through the services that
people use. Nobody in it exists. Truth about planted hot spots is kept apart from the reports.
"""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    from stopintimidatie.demo import deliveries
    from stopintimidatie.demo.practice import model_answer
    from stopintimidatie.jobs import Lane
    from stopintimidatie.mail.menu import mail_item

    if config.registry.app_settings.demo:
        config.add_nav_item("post", mail_item, order=90)
        config.add_public_prefix("postbus")
    config.scan("stopintimidatie.mail.views")
    config.add_panel("melding", "voorbeelduitwerking", model_answer, order=5)
    config.add_job_kind(deliveries.JOB, deliveries.finish, lease_seconds=600, lane=Lane.SLOW)
