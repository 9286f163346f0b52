"""The gate: what a municipality is accountable for before real reports go to its portal."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the level condition, the jobs, the mail, the check of health and the page."""
    from functools import partial

    from stopintimidatie.core.clock import daily
    from stopintimidatie.core.jobs import Lane
    from stopintimidatie.municipalities.accountability import services, views

    demo = config.registry.app_settings.demo
    config.add_level_condition("poort", partial(services.gate_open, demo))
    config.add_job_kind(services.SETTLE, services.settle_one)
    config.add_job_kind(services.TELL, services.tell_lacking)
    config.add_job_kind(
        services.EVERY_NIGHT, services.settle_all, lane=Lane.SLOW, next_at=daily(services.NIGHT)
    )
    config.add_mail_template(services.LACKING)
    config.add_health_check("poort", services.LACKS, services.gate_check)
    config.add_panel("beheer", "verantwoording", views.administration_panel, order=10)
    config.scan("stopintimidatie.municipalities.accountability.views")
