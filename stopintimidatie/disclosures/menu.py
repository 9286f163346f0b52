"""The register in the menu, for who may read one; `/verstrekkingen` finds their own."""

from __future__ import annotations

from typing import Any

from stopintimidatie.security import Permission
from stopintimidatie.security.permissions import may
from stopintimidatie.web.navigation import NavItem


def register_holders(request: Any) -> list[str]:
    """The municipalities, and the desk, whose register this person may read."""
    identity = request.identity
    return [
        holder
        for holder in identity.holders
        if may(identity.roles_for(holder), Permission.VIEW_DISCLOSURES)
    ]


def disclosures_item(request: Any) -> NavItem | None:
    return NavItem("Verstrekkingen", "/verstrekkingen") if register_holders(request) else None
