"""The button "Dit stuk is zoek": on an export, on its entry in the register, and at a pick-up."""

from __future__ import annotations

from typing import Any, Final

from stopintimidatie.core.security import Permission
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import Request
from stopintimidatie.exports.release.recipient import address_of
from stopintimidatie.privacy.breaches.pages import LOST

TITLE: Final = "Is dit stuk zoek?"
TEMPLATE: Final = "stopintimidatie.privacy.breaches:templates/lost_panel.jinja2"
STAFF: Final = (
    "Is het document kwijt, of bij een ander terechtgekomen? Meld het meteen. Uw"
    " privacyfunctionaris neemt het over."
)
RECIPIENT: Final = (
    "Bent u het document kwijt, of heeft iemand anders het gezien? Laat het meteen weten. Dan kan"
    " de gemeente de mensen beschermen over wie het gaat."
)


def export_panel(context: Any, request: Request) -> Panel | None:
    """Return the button on the page of an export; None before there is a document."""
    return _of_staff(context, request) if context.export.made_at is not None else None


def disclosure_panel(context: Any, request: Request) -> Panel | None:
    """Return the button on an entry of the register."""
    return _of_staff(context, request)


def _of_staff(context: Any, request: Request) -> Panel | None:
    if not request.has_permission(Permission.REPORT_BREACH, context):
        return None
    return Panel(TITLE, TEMPLATE, {"href": request.resource_path(context, LOST), "words": STAFF})


def recipient_panel(context: Any, request: Request) -> Panel:
    """Return the button on the page where a recipient picks the document up."""
    return Panel(TITLE, TEMPLATE, {"href": address_of(context, LOST), "words": RECIPIENT})
