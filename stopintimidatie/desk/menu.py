"""The desk in the menu: its queue, and who is joining."""

from __future__ import annotations

from typing import Any

from stopintimidatie.security import Permission
from stopintimidatie.security.permissions import may
from stopintimidatie.storage import NATIONAL
from stopintimidatie.web.navigation import NavItem


def agreements_item(request: Any) -> NavItem | None:
    roles = request.identity.roles_for(NATIONAL)
    if not may(roles, Permission.VIEW_DESK):
        return None
    return NavItem("Afspraken", f"/{NATIONAL}/afspraken")


def desk_item(request: Any) -> NavItem | None:
    roles = request.identity.roles_for(NATIONAL)
    return NavItem("Wachtrij", f"/{NATIONAL}") if may(roles, Permission.VIEW_DESK) else None


def onboarding_item(request: Any) -> NavItem | None:
    roles = request.identity.roles_for(NATIONAL)
    if not may(roles, Permission.CONNECT):
        return None
    return NavItem("Aansluitingen", f"/{NATIONAL}/aansluitingen")
