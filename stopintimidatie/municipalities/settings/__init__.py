"""Look, texts, terms, help lines and questions of a municipality, kept in versions."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the look of pages, the tables, the menu item and the pages of the settings."""
    from stopintimidatie.core.security import Permission
    from stopintimidatie.municipalities.areas.resources import add_own_place
    from stopintimidatie.municipalities.settings.pages import branding_of
    from stopintimidatie.municipalities.settings.vocabulary import PUBLIC_VOCABULARIES

    PUBLIC_VOCABULARIES.declare(config)
    config.set_branding(branding_of)
    config.add_impersonal_table("municipality_setting", "what every reporter reads")
    config.add_impersonal_table("municipality_question", "what every reporter may be asked")
    config.add_impersonal_table("municipality_logo", "logos, public")
    config.add_impersonal_table("town_register", "of organisations, public; names are refused")
    add_own_place(config, "beheer", "Beheer", Permission.EDIT_SETTINGS, order=80, desk=True)
    config.scan("stopintimidatie.municipalities.settings.questions")
    config.scan("stopintimidatie.municipalities.settings.texts")
    config.scan("stopintimidatie.municipalities.settings.views")
