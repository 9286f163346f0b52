"""The town drawn: wijken shaded, points, any list of reports; the list beside it is its equal."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the map, its place in the menu, and its panels on pages of other rooms."""
    from stopintimidatie.core.security import Permission
    from stopintimidatie.map import views
    from stopintimidatie.municipalities.areas.resources import add_own_place

    config.add_panel("wijk", "kaart", views.wijk_panel, order=5)
    config.add_panel("dossier", "kaart", views.dossier_panel, order=2)
    config.add_panel("melding", "kaart", views.report_panel, order=45)
    add_own_place(config, "kaart", "Kaart", Permission.VIEW_REPORT, order=25)
    config.scan("stopintimidatie.map.views")
