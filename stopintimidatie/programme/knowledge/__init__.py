"""Practices: what municipalities share with each other, looked at by the desk."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Say that the table holds nobody's data; register the pages and the way to them."""
    import stopintimidatie.programme.knowledge.models
    from stopintimidatie.core.security import Permission
    from stopintimidatie.municipalities.areas.resources import settings_link

    config.add_impersonal_table("shared_practice", "in office: who proposed and who placed it")
    template = "stopintimidatie.programme.knowledge:templates/link.jinja2"
    link = settings_link("kennis", "Kennis", Permission.EDIT_SETTINGS, template)
    config.add_panel("beheer", "kennis", link, order=60)
    config.scan("stopintimidatie.programme.knowledge.views")
