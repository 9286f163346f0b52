"""Campaigns of a municipality: a code in the address of `/melden` that tells where it was read."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Say that the table holds nobody's data; register the pages and the way to them."""
    from stopintimidatie.core.security import Permission
    from stopintimidatie.municipalities.areas.resources import settings_link

    config.add_impersonal_table("campaign", "what a municipality does itself; names nobody")
    template = "stopintimidatie.reports.campaigns:templates/link.jinja2"
    link = settings_link("campagnes", "Campagnes", Permission.EDIT_SETTINGS, template)
    config.add_panel("beheer", "campagnes", link, order=50)
    config.scan("stopintimidatie.reports.campaigns.views")
