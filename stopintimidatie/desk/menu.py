"""The desk's queue in the menu."""

from __future__ import annotations

from typing import Any

from stopintimidatie.security import Permission
from stopintimidatie.security.permissions import may
from stopintimidatie.storage import NATIONAL
from stopintimidatie.web.navigation import NavItem


def desk_item(request: Any) -> NavItem | None:
    roles = request.identity.roles_for(NATIONAL)
    return NavItem("Wachtrij", f"/{NATIONAL}") if may(roles, Permission.VIEW_DESK) else None
