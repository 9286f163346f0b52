"""Partners: the organisations outside, who to ask there, and on which grounds they may be told."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the tree, personal data, menu item and pages of partners."""
    from stopintimidatie.core.security import Permission
    from stopintimidatie.municipalities.areas.resources import add_own_place, settings_link
    from stopintimidatie.municipalities.partners import personal
    from stopintimidatie.municipalities.partners.resources import LEVELS, PARTNER_PROFILES
    from stopintimidatie.municipalities.partners.services import offered_names

    PARTNER_PROFILES.declare(config)
    config.add_workflow_options("partners", offered_names)
    for level in LEVELS:
        config.add_tree_level(level)
    for holder in personal.PERSONAL_DATA:
        config.add_personal_data_holder(holder)
    for kind in personal.RETENTION:
        config.add_retention_class(kind)
    config.add_sealed(personal.SEALED)
    add_own_place(config, "partners", "Partners", Permission.VIEW_PARTNER, order=65)
    template = "stopintimidatie.municipalities.partners:templates/link.jinja2"
    link = settings_link("partners", "Partners", Permission.EDIT_PARTNER, template)
    config.add_panel("beheer", "partners", link, order=60)
    config.scan("stopintimidatie.municipalities.partners.views")
