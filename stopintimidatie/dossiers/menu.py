"""The dossiers in the menu, and on the page of a report."""

from __future__ import annotations

from typing import Any

from stopintimidatie.municipalities.resources import MunicipalityResource
from stopintimidatie.reports.resources import ReportResource
from stopintimidatie.reports.steps import Action
from stopintimidatie.security import Permission
from stopintimidatie.security.permissions import may
from stopintimidatie.storage.tenancy import NATIONAL
from stopintimidatie.tree import lineage
from stopintimidatie.web.navigation import NavItem


def dossier_holders(identity: Any) -> list[str]:
    """The municipalities whose dossiers this person may see."""
    return [
        holder
        for holder in identity.holders
        if holder != NATIONAL and may(identity.roles_for(holder), Permission.VIEW_DOSSIER)
    ]


def dossiers_item(request: Any) -> NavItem | None:
    """The dossiers of the municipality one is in; elsewhere the address that finds them."""
    holders = dossier_holders(request.identity)
    if not holders:
        return None
    for node in lineage(getattr(request, "context", None)):
        if isinstance(node, MunicipalityResource) and node.holder in holders:
            return NavItem("Dossiers", f"/gemeenten/{node.municipality.slug}/dossiers")
    return NavItem("Dossiers", "/dossiers")


def new_dossier_action(request: Any, context: ReportResource) -> Action | None:
    """A dossier that begins with this report; only a report in hand can be filed."""
    if context.report.state != "in_behandeling":
        return None
    if not request.has_permission(Permission.EDIT_DOSSIER, context):
        return None
    for node in lineage(context):
        if isinstance(node, MunicipalityResource):
            address = f"/gemeenten/{node.municipality.slug}/nieuw-dossier"
            return Action("Nieuw dossier", f"{address}?melding={context.report.reference}")
    return None
