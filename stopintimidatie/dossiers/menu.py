"""On the page of a report: a new dossier that begins with it."""

from __future__ import annotations

from typing import Any

from stopintimidatie.municipalities.resources import MunicipalityResource
from stopintimidatie.reports.resources import ReportResource
from stopintimidatie.reports.steps import Action
from stopintimidatie.security import Permission
from stopintimidatie.tree import lineage


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
