"""Holds as documents show them: that it is frozen, why, and until when; the way to freeze it."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Permission
from stopintimidatie.core.text import date_text, datetime_short, day_of
from stopintimidatie.core.tree import lineage
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import Request, query_pairs
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.municipalities.areas.resources import PLACES
from stopintimidatie.privacy.holds.models import Hold, HoldReason
from stopintimidatie.privacy.holds.services import GONE, holds_on, reference_of
from stopintimidatie.reports.page.steps import Action

PANEL: Final = "stopintimidatie.privacy.holds:templates/panel.jinja2"


def asked(request: Request, name: str, longest: int) -> str:
    """Return a parameter of the address; nothing when it is longer than what can be kept."""
    value = dict(query_pairs(request)).get(name, "").strip()
    return value if len(value) <= longest else ""


def address(path: str, query: dict[str, str]) -> str:
    """Return a path with its parameters, if there are any."""
    return f"{path}?{urlencode(query)}" if query else path


def home_of(context: Any, request: Any) -> str:
    """Return the address of the holder that a document belongs to."""
    home = next(node for node in lineage(context) if getattr(node, "kind", "") in PLACES)
    return str(request.resource_path(home)).rstrip("/")


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
    row, home = _row(context), home_of(context, request)
    may = bool(request.has_permission(Permission.HOLD, context))
    holds = holds_on(request.db, row.id) if row.frozen else []
    lines = [(facts(hold), f"{home}/bevriezing?nr={hold.id}" if may else None) for hold in holds]
    return Panel("Bewaren", PANEL, {"lines": lines, "href": href})


def facts(hold: Hold) -> list[tuple[str, str]]:
    """Return why a document is frozen, in words that everybody may read who may see it."""
    rows = [("Waarom", HoldReason(hold.reason).sentence)]
    if hold.case_reference:
        rows.append(("Zaak", hold.case_reference))
    late = " (nu beslissen)" if hold.review_on <= day_of(utc_now()) else ""
    return [
        *rows,
        ("Opnieuw bekijken op", date_text(hold.review_on) + late),
        ("Bevroren door", f"{hold.placed_by}, {datetime_short(hold.placed_at)}"),
    ]
