"""The inbox in the menu."""

from __future__ import annotations

from typing import Any

from stopintimidatie.municipalities.resources import MunicipalityResource
from stopintimidatie.security import Permission
from stopintimidatie.security.permissions import may
from stopintimidatie.storage.tenancy import NATIONAL
from stopintimidatie.tree import lineage
from stopintimidatie.web.navigation import NavItem


def inbox_holders(identity: Any) -> list[str]:
    """The municipalities whose reports this person may read."""
    return [
        holder
        for holder in identity.holders
        if holder != NATIONAL and may(identity.roles_for(holder), Permission.VIEW_REPORT)
    ]


def inbox_item(request: Any) -> NavItem | None:
    """The inbox of the municipality one is in; elsewhere the address that finds it."""
    holders = inbox_holders(request.identity)
    if not holders:
        return None
    for node in lineage(getattr(request, "context", None)):
        if isinstance(node, MunicipalityResource) and node.holder in holders:
            return NavItem("Postvak", f"/gemeenten/{node.municipality.slug}/postvak")
    return NavItem("Postvak", "/postvak")
