"""Partners: the organisations outside, who to ask there, and on which grounds they may be told."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    from stopintimidatie.partners import personal
    from stopintimidatie.partners.menu import administration_panel
    from stopintimidatie.partners.profiles import PARTNER_PROFILES
    from stopintimidatie.partners.resources import LEVELS
    from stopintimidatie.partners.services import offered_names
    from stopintimidatie.security import Permission
    from stopintimidatie.web.own_places import add_own_place

    PARTNER_PROFILES.declare(config)
    config.add_workflow_options("partners", offered_names)
    for level in LEVELS:
        config.add_tree_level(level)
    for holder in personal.PERSONAL_DATA:
        config.add_personal_data_holder(holder)
    config.add_sealed(personal.SEALED)
    add_own_place(config, "partners", "Partners", Permission.VIEW_PARTNER, order=65)
    config.add_panel("beheer", "partners", administration_panel, order=60)
    config.scan("stopintimidatie.partners.views")
    config.scan("stopintimidatie.partners.contact_views")
