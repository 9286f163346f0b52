"""The report in hand beside a list: what can be decided with which key, done and undone."""

from __future__ import annotations

from typing import Any

from stopintimidatie.reports.page.views import BAR, RAIL


def includeme(config: Any) -> None:
    """Register the views of decisions, and what stands on the own page of a report."""
    from stopintimidatie.reports.workbench import pages

    config.add_panel(RAIL, "meldingen", pages.rail_panel)
    config.add_panel(BAR, "meldingen", pages.bar_panel)
    config.add_panel("melding", "vergelijkbaar", pages.beside_panel, order=10)
    config.scan("stopintimidatie.reports.workbench.views")
