"""Pages to start from: the start page, a municipality, a neighbourhood, `/zoeken`, `/stijlgids`."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Add the start page, the pages of areas, search, and their items in the menu."""
    from stopintimidatie.home.styleguide import NAME, PLACE, administration_panel
    from stopintimidatie.home.views import areas_item, start_item

    config.add_nav_item("start", start_item, order=10)
    config.add_nav_item("gemeenten", areas_item, order=40)
    config.scan("stopintimidatie.home.views")
    config.scan("stopintimidatie.home.search")
    config.scan("stopintimidatie.home.styleguide")
    PLACE.add_page(config, NAME)
    config.add_panel("beheer", NAME, administration_panel, order=99)
