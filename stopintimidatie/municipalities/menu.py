"""The settings in the menu, for who may change them; `/beheer` finds their own."""

from __future__ import annotations

from typing import Any

from stopintimidatie.security import Permission
from stopintimidatie.security.permissions import may
from stopintimidatie.storage.tenancy import NATIONAL
from stopintimidatie.web.navigation import NavItem


def administered(request: Any) -> list[str]:
    """The holders whose settings this person may change."""
    identity = request.identity
    return [
        holder
        for holder in identity.holders
        if may(identity.roles_for(holder), Permission.EDIT_SETTINGS)
    ]


def administration_item(request: Any) -> NavItem | None:
    holders = administered(request)
    if not holders:
        return None
    return NavItem("Beheer", f"/{NATIONAL}/beheer" if holders == [NATIONAL] else "/beheer")
