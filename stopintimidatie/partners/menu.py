"""The way to the partners, for the admin on the page of the settings."""

from __future__ import annotations

from typing import Any, Final

from stopintimidatie.municipalities.resources import Administration
from stopintimidatie.security import Permission
from stopintimidatie.storage.tenancy import NATIONAL
from stopintimidatie.web.panels import Panel

PANEL: Final = "stopintimidatie.partners:templates/panel.jinja2"


def administration_panel(context: Administration, request: Any) -> Panel | None:
    """On the page of the settings."""
    if context.holder == NATIONAL or not request.has_permission(
        Permission.EDIT_PARTNER, context.__parent__
    ):
        return None
    href = request.resource_path(context.__parent__, "partners")
    return Panel("Partners", PANEL, {"href": href})
