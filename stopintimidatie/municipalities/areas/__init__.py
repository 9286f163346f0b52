"""Municipalities and neighbourhoods: the register, their outlines, and finding them by a point."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any, Final

# The most kinds of menu that are kept: one for each set of roles.
MOST_MENUS: Final = 64


def includeme(config: Any) -> None:
    """Register the tables, the tree, the check of outlines, the geocoder and the locator."""
    from stopintimidatie.municipalities.areas.drawing import SketchCache
    from stopintimidatie.municipalities.areas.geocoder import PdokLocatieserver
    from stopintimidatie.municipalities.areas.locator import LocatorCache
    from stopintimidatie.municipalities.areas.models import AREA_TABLES
    from stopintimidatie.municipalities.areas.queries import (
        OUTLINED,
        municipality_name,
        outlines_check,
    )
    from stopintimidatie.municipalities.areas.resources import (
        LEVELS,
        OWN_PLACES,
        Municipalities,
        menu_of,
    )

    for table in AREA_TABLES:
        config.add_impersonal_table(table, "areas of the Netherlands, public")
    config.add_impersonal_table("mail_domain", "domains of municipalities, public")
    config.add_tree_root("gemeenten", Municipalities)
    OWN_PLACES.declare(config)
    config.registry.menu_of = lru_cache(MOST_MENUS)(partial(menu_of, config.registry))
    for level in LEVELS:
        config.add_tree_level(level)
    config.add_health_check("grenzen", OUTLINED, outlines_check)
    config.add_request_method(municipality_name)
    settings = config.registry.app_settings
    # None when no address may leave the system.
    geocoding = settings.geocoder == "pdok"
    config.registry.geocoder = PdokLocatieserver(settings.geocoder_address) if geocoding else None
    config.registry.sketches = SketchCache()
    config.registry.locator_cache = LocatorCache(settings.demo, geocoding)
