"""Handle a report without a step: hand it out, snooze it, note something, call its reporter."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the actions, the panel and the views."""
    from stopintimidatie.reports.handling import views

    config.add_panel("melding", "notities", views.notes_panel, order=5)
    config.scan("stopintimidatie.reports.handling.views")
