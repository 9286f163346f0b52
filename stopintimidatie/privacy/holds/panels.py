"""Holds as documents show them: that it is frozen, why, and until when; the way to freeze it."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Permission
from stopintimidatie.core.text import day_of
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import Request, query_pairs
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.privacy.holds.services import GONE, holds_on, reference_of
from stopintimidatie.privacy.log.resources import home_of
from stopintimidatie.reports.page.steps import Action

PANEL: Final = "stopintimidatie.privacy.holds:templates/panel.jinja2"


def asked(request: Request, name: str, longest: int) -> str:
    """Return a parameter of the address; nothing when it is longer than what can be kept."""
    value = dict(query_pairs(request)).get(name, "").strip()
    return value if len(value) <= longest else ""


def address(path: str, query: dict[str, str]) -> str:
    """Return a path with its parameters, if there are any."""
    return f"{path}?{urlencode(query)}" if query else path


def _row(context: Any) -> Any:
    return context.dossier if isinstance(context, DossierResource) else context.report


def _freeze_path(context: Any, request: Any) -> str | None:
    """Return the address of the form that freezes a document, for who may do that now."""
    row = _row(context)
    if row.state in GONE or not request.has_permission(Permission.HOLD, context):
        return None
    return f"{home_of(context, request)}/bevriezen?{urlencode({'kenmerk': reference_of(row)})}"


def hold_action(request: Any, context: Any) -> Action | None:
    """Return the button that freezes a report, on its page."""
    href = _freeze_path(context, request)
    return Action("Bevriezen", href) if href else None


def document_panel(context: Any, request: Any) -> Panel | None:
    """Show why a document is frozen, and until when; nothing of one that isn't."""
    return _panel(context, request, None) if _row(context).frozen else None


def dossier_panel(context: Any, request: Any) -> Panel | None:
    """Show why a dossier is frozen, and the way to freeze it, which only some people have."""
    href = _freeze_path(context, request)
    return _panel(context, request, href) if href or context.dossier.frozen else None


def _panel(context: Any, request: Any, href: str | None) -> Panel:
    row = _row(context)
    may = request.has_permission(Permission.HOLD, context)
    values = {
        "holds": holds_on(request.db, row.id) if row.frozen else [],
        "one": f"{home_of(context, request)}/bevriezing?nr=" if may else None,
        "today": day_of(utc_now()),
        "href": href,
    }
    return Panel("Bewaren", PANEL, values)
