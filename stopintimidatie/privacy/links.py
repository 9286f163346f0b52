"""The way from a document to its own log, for who may read that."""

from __future__ import annotations

from typing import Any

from stopintimidatie.dossiers.workflow import GONE
from stopintimidatie.reports.steps import Action
from stopintimidatie.security import Permission
from stopintimidatie.web.panels import Panel


def log_action(request: Any, context: Any) -> Action | None:
    """The button on the page of a report."""
    if not request.has_permission(Permission.VIEW_AUDIT, context):
        return None
    return Action("Logboek van deze melding", request.resource_path(context, "logboek"))


def erase_action(request: Any, context: Any) -> Action | None:
    """The step on the page of a report, for who may erase."""
    if not request.has_permission(Permission.ERASE, context):
        return None
    return Action("Gegevens wissen", request.resource_path(context, "gegevens-wissen"))


def log_panel(context: Any, request: Any) -> Panel | None:
    """The section on the page of a dossier."""
    if not request.has_permission(Permission.VIEW_AUDIT, context):
        return None
    may_erase = context.dossier.state not in GONE and bool(
        request.has_permission(Permission.ERASE, context)
    )
    values = {
        "href": request.resource_path(context, "logboek"),
        "erase_href": request.resource_path(context, "gegevens-wissen") if may_erase else None,
    }
    return Panel("Logboek en privacy", "stopintimidatie.privacy:templates/link.jinja2", values)
