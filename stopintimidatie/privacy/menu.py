"""The log in the menu, for who may read it; `/logboek` finds the person's own holder."""

from __future__ import annotations

from typing import Any

from stopintimidatie.security import Permission
from stopintimidatie.security.permissions import may
from stopintimidatie.web.navigation import NavItem


def log_holders(request: Any) -> list[str]:
    """The holders whose log this person may read."""
    identity = request.identity
    return [h for h in identity.holders if may(identity.roles_for(h), Permission.VIEW_AUDIT)]


def log_item(request: Any) -> NavItem | None:
    return NavItem("Logboek", "/logboek") if log_holders(request) else None
