"""The register: which municipalities and neighbourhoods there are, and which one a place lies in.

Rows and look-ups only. Nothing here belongs to one holder, and nothing here knows what a
report is: rooms above ask `locate` where a place lies and `queries` what a code is called.
"""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    from stopintimidatie.register.locating import LocatorCache

    for table in ("municipality", "neighbourhood", "subneighbourhood", "area_outline", "area_load"):
        config.add_impersonal_table(table, "areas of the Netherlands, public")
    config.registry.locator_cache = LocatorCache(demo=config.registry.app_settings.demo)
