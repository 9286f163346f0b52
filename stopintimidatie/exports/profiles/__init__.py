"""Redaction profiles: rules, defaults, versions and their page."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register what this room hands to the others."""
    from stopintimidatie.exports.profiles.defaults import for_partners
    from stopintimidatie.exports.profiles.views import administration_panel

    config.add_impersonal_table(
        "redaction_profile", "rules that a municipality chose, and who chose them; append-only"
    )
    config.add_partner_profiles(for_partners)
    config.add_panel("beheer", "redactieprofielen", administration_panel, order=30)
    config.scan("stopintimidatie.exports.profiles.views")
