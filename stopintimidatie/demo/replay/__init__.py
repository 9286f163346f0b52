"""The stories of the demo, played through the services of the house."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    from stopintimidatie.core.jobs import Lane
    from stopintimidatie.demo.replay import deliveries
    from stopintimidatie.demo.replay.mailbox import mail_item
    from stopintimidatie.demo.replay.practice import model_answer

    if config.registry.app_settings.demo:
        config.add_nav_item("post", mail_item, order=90)
        config.add_public_prefix("postbus")
    config.add_panel("melding", "voorbeelduitwerking", model_answer, order=5)
    config.add_job_kind(deliveries.JOB, deliveries.finish, lease_seconds=600, lane=Lane.SLOW)
    config.scan("stopintimidatie.demo.replay.mailbox")
