"""The way to the partners: in the menu, and for the admin on the page of the settings."""

from __future__ import annotations

from typing import Any, Final

from stopintimidatie.municipalities.resources import Administration, MunicipalityResource
from stopintimidatie.security import Permission
from stopintimidatie.security.permissions import may
from stopintimidatie.storage.tenancy import NATIONAL
from stopintimidatie.tree import lineage
from stopintimidatie.web.navigation import NavItem
from stopintimidatie.web.panels import Panel

PANEL: Final = "stopintimidatie.partners:templates/panel.jinja2"


def partner_holders(identity: Any) -> list[str]:
    """The municipalities whose partners this person may see."""
    return [
        holder
        for holder in identity.holders
        if holder != NATIONAL and may(identity.roles_for(holder), Permission.VIEW_PARTNER)
    ]


def partners_item(request: Any) -> NavItem | None:
    """The partners of the municipality one is in; elsewhere the address that finds them."""
    holders = partner_holders(request.identity)
    if not holders:
        return None
    for node in lineage(getattr(request, "context", None)):
        if isinstance(node, MunicipalityResource) and node.holder in holders:
            return NavItem("Partners", f"/gemeenten/{node.municipality.slug}/partners")
    return NavItem("Partners", "/partners")


def administration_panel(context: Administration, request: Any) -> Panel | None:
    """On the page of the settings."""
    if context.holder == NATIONAL or not request.has_permission(
        Permission.EDIT_PARTNER, context.__parent__
    ):
        return None
    href = request.resource_path(context.__parent__, "partners")
    return Panel("Partners", PANEL, {"href": href})
