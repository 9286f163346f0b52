"""Hand-overs in the menu."""

from __future__ import annotations

from typing import Any

from stopintimidatie.municipalities.resources import MunicipalityResource
from stopintimidatie.reports.offers import waiting
from stopintimidatie.security import Permission
from stopintimidatie.security.permissions import may
from stopintimidatie.tree import lineage
from stopintimidatie.web.navigation import NavItem


def offers_item(request: Any) -> NavItem | None:
    """The hand-overs of the municipality one is in, and how many wait for its answer."""
    for node in lineage(getattr(request, "context", None)):
        if isinstance(node, MunicipalityResource):
            roles = request.identity.roles_for(node.holder)
            if may(roles, Permission.TRIAGE):
                address = f"/gemeenten/{node.municipality.slug}/overdrachten"
                # An error page has no sound transaction to count in.
                failed = getattr(request, "exception", None) is not None
                number = 0 if failed else waiting(request.db, node.holder)
                return NavItem("Overdrachten", address, count=number or None)
    return None
