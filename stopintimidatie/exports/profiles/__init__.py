"""Redaction profiles: rules, defaults, versions and their page."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register what this room hands to the others."""
    from stopintimidatie.core.security import Permission
    from stopintimidatie.exports.profiles.defaults import for_partners
    from stopintimidatie.exports.profiles.views import LIST
    from stopintimidatie.municipalities.areas.resources import settings_link

    config.add_impersonal_table(
        "redaction_profile", "rules that a municipality chose, and who chose them; append-only"
    )
    config.add_partner_profiles(for_partners)
    title = "Wat ontvangers van een dossier zien"
    template = "stopintimidatie.exports.profiles:templates/link.jinja2"
    link = settings_link(LIST, title, Permission.VIEW_MUNICIPALITY, template)
    config.add_panel("beheer", "redactieprofielen", link, order=30)
    config.scan("stopintimidatie.exports.profiles.views")
