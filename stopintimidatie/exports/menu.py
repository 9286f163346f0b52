"""The exports in the menu; `/uitvoer` finds the person's own municipality."""

from __future__ import annotations

from typing import Any

from stopintimidatie.security import Permission
from stopintimidatie.security.permissions import may
from stopintimidatie.storage import NATIONAL
from stopintimidatie.web.navigation import NavItem


def export_holders(request: Any) -> list[str]:
    """The municipalities whose exports this person may see."""
    identity = request.identity
    return [
        holder
        for holder in identity.holders
        if holder != NATIONAL and may(identity.roles_for(holder), Permission.VIEW_EXPORT)
    ]


def exports_item(request: Any) -> NavItem | None:
    return NavItem("Uitvoer", "/uitvoer") if export_holders(request) else None
