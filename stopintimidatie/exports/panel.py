"""The exports on the page of their dossier."""

from __future__ import annotations

from typing import Any, Final

from stopintimidatie.exports import listing
from stopintimidatie.security import Permission
from stopintimidatie.web.panels import Panel

SHOWN: Final = 10


def dossier_panel(context: Any, request: Any) -> Panel | None:
    """The newest exports, and the way to a new one; nothing for who may not see them."""
    if not request.has_permission(Permission.VIEW_EXPORT, context):
        return None
    exports, total = listing.of_dossier(request.db, context.dossier.id, SHOWN)
    may_ask = request.has_permission(Permission.REQUEST_EXPORT, context)
    return Panel(
        "Uitvoer",
        "stopintimidatie.exports:templates/panel.jinja2",
        {
            "items": [
                listing.item(export, request.resource_path(context, export.reference))
                for export in exports
            ],
            "more": total - len(exports),
            "together_href": request.resource_path(context, "uitvoer-samen") if may_ask else None,
            "request_href": request.resource_path(context, "uitvoer-aanvragen")
            if may_ask
            else None,
            "all_href": f"/gemeenten/{context.municipality.slug}/uitvoer",
        },
    )
