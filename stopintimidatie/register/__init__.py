"""The register: which municipalities and neighbourhoods there are, and which one a place lies in.

Rows and look-ups only. Nothing here belongs to one holder, and nothing here knows what a
report is: rooms above ask `locate` where a place lies and `queries` what a code is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stopintimidatie.register.geocoding import Geocoder
    from stopintimidatie.settings import Settings


def includeme(config: Any) -> None:
    from stopintimidatie.register import models
    from stopintimidatie.register.locating import LocatorCache
    from stopintimidatie.register.queries import municipality_name

    for table in models.AREA_TABLES:
        config.add_impersonal_table(table, "areas of the Netherlands, public")
    config.add_request_method(municipality_name)
    settings = config.registry.app_settings
    config.registry.geocoder = geocoder_of(settings)
    geocoding = config.registry.geocoder is not None
    config.registry.locator_cache = LocatorCache(settings.demo, geocoding)


def geocoder_of(settings: Settings) -> Geocoder | None:
    """What finds an address; None when no address may leave the system."""
    from stopintimidatie.register.geocoding import PdokLocatieserver

    return PdokLocatieserver(settings.geocoder_address) if settings.geocoder == "pdok" else None
