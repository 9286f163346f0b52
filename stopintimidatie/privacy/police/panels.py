"""Police data on the page of its document: a section that only the persons named for it see."""

from __future__ import annotations

from typing import Any, Final

from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.tree import lineage
from stopintimidatie.core.web.components import Panel
from stopintimidatie.dossiers.pages import may_edit, roles_at
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.municipalities.areas.resources import PLACES
from stopintimidatie.privacy.police.acts import NAME as MARK_PAGE
from stopintimidatie.privacy.police.models import Article, Origin
from stopintimidatie.privacy.police.resources import items_about, list_address
from stopintimidatie.privacy.police.services import note_police_read
from stopintimidatie.privacy.police.switch import is_on
from stopintimidatie.reports.page.steps import Action

MARK: Final = "stopintimidatie.privacy.police:templates/mark.jinja2"
PANEL: Final = "stopintimidatie.privacy.police:templates/panel.jinja2"


def document_panel(context: Any, request: Any) -> Panel | None:
    """Show which items there are about a report or dossier, and the way to enter one.

    The permission is asked of the municipality: a person-directed dossier grants it to nobody,
    and who reads this page may see the dossier.
    """
    home = next(node for node in lineage(context) if getattr(node, "kind", "") in PLACES)
    if home.holder == NATIONAL or not request.has_permission(Permission.POLICE_DATA, home):
        return None
    dossier = context.dossier if isinstance(context, DossierResource) else None
    number = dossier.id if dossier else context.report.id
    here = list_address(context, request)
    items = items_about(request.db, home.holder, number, roles_at(request, home.holder))
    if items:
        note_police_read(request, home.holder, "lijst")
    name = dossier.number if dossier else context.report.reference
    grounds = {**dict(Origin.choices()), **dict(Article.choices())}
    values = {"items": items, "grounds": grounds, "here": here, "name": name}
    return Panel("Politiegegevens", PANEL, values)


def mark_action(request: Any, context: Any) -> Action | None:
    """Return the way to mark what came from the police in a report, for who handles it."""
    if not is_on(request.db, context.holder) or not request.has_permission(
        Permission.TRIAGE, context
    ):
        return None
    return Action("Komt dit van de politie?", request.resource_path(context, MARK_PAGE))


def mark_panel(context: Any, request: Any) -> Panel | None:
    """Show the way to mark what came from the police in a dossier, for who works on it."""
    if not is_on(request.db, context.holder) or not may_edit(context, request):
        return None
    return Panel("Van de politie", MARK, {"href": request.resource_path(context, MARK_PAGE)})
