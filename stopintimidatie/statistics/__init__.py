"""Figures: what is reported and what was done, inside the house and outside it."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the pages, their place in the menu, and what the desk's page shows of them."""
    from stopintimidatie.core.security import Permission
    from stopintimidatie.municipalities.areas.resources import add_own_place
    from stopintimidatie.statistics import views

    config.add_impersonal_table("figure_release", "numbers in fives; nothing below five is told")
    config.add_panel("landelijke_cijfers", "meldingen", views.desk_panel)
    add_own_place(config, "cijfers", "Cijfers", Permission.VIEW_REPORT, order=27)
    config.scan("stopintimidatie.statistics.views")
