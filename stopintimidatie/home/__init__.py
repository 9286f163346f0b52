"""Where people land: the start page, a municipality, a neighbourhood, and the health addresses."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    from stopintimidatie.home.branding import branding_of
    from stopintimidatie.home.health import Health
    from stopintimidatie.home.menu import areas_item, start_item

    config.set_branding(branding_of)
    config.add_public_prefix("health")
    config.add_tree_root("health", Health)
    config.add_nav_item("start", start_item, order=10)
    config.add_nav_item("gemeenten", areas_item, order=40)
    config.scan("stopintimidatie.home")
