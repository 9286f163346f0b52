"""Figures that may leave the house: frozen per quarter, published by the municipality."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the nightly freezing, the pages, and the link from the settings."""
    from stopintimidatie.core.clock import daily
    from stopintimidatie.core.jobs import Lane
    from stopintimidatie.core.security import Permission
    from stopintimidatie.municipalities.areas.resources import settings_link
    from stopintimidatie.statistics.release import services
    from stopintimidatie.statistics.release.views import OPEN, PAGE

    config.add_job_kind(
        services.EVERY_NIGHT,
        services.freeze_every_night,
        lease_seconds=900,
        lane=Lane.SLOW,
        next_at=daily(services.NIGHT),
    )
    template = "stopintimidatie.statistics.release:templates/link.jinja2"
    link = settings_link(PAGE, "Open cijfers", Permission.EDIT_SETTINGS, template)
    config.add_panel("beheer", "open_cijfers", link, order=70)
    for name in (OPEN, f"{OPEN}.csv"):
        config.add_open_view(name)
    for module in ("views", "council"):
        config.scan(f"stopintimidatie.statistics.release.{module}")
