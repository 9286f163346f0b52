"""The way from a document to its own log, for who may read that."""

from __future__ import annotations

from typing import Any

from stopintimidatie.reports.steps import Action
from stopintimidatie.security import Permission
from stopintimidatie.web.panels import Panel


def log_action(request: Any, context: Any) -> Action | None:
    """The button on the page of a report."""
    if not request.has_permission(Permission.VIEW_AUDIT, context):
        return None
    return Action("Logboek van deze melding", request.resource_path(context, "logboek"))


def log_panel(context: Any, request: Any) -> Panel | None:
    """The section on the page of a dossier."""
    if not request.has_permission(Permission.VIEW_AUDIT, context):
        return None
    href = request.resource_path(context, "logboek")
    return Panel("Logboek", "stopintimidatie.privacy:templates/link.jinja2", {"href": href})
