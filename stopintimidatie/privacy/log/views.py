"""Pages of the log: of a holder, or of one document; newest first, in pages."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.security import Permission, Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.session import COUNTED
from stopintimidatie.core.text import datetime_short
from stopintimidatie.core.tree import Resource
from stopintimidatie.core.web.components import FacetValue, Panel
from stopintimidatie.core.web.request import Paging, page_view, toggled, wanted_page, worth_counting
from stopintimidatie.dossiers.workflow import GONE
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.privacy.log.queries import (
    LogLine,
    count_events,
    known_actions,
    page_of_events,
)
from stopintimidatie.privacy.log.words import label_of
from stopintimidatie.reports.page.steps import Action

PAGE_SIZE = 50


@page_view(Resource, "logboek", Permission.VIEW_AUDIT, "templates/log.jinja2")
def log(context: Any, request: Any) -> dict[str, Any]:
    """Show the log of a document; of a municipality or the desk, the log of all documents."""
    document = _document(context)
    action = request.GET.get("actie") or None
    wanted = wanted_page(request)
    most = worth_counting(wanted, COUNTED, PAGE_SIZE)
    total = count_events(request.db, action, document, most)
    paging = Paging.counted(wanted, total, most, PAGE_SIZE)
    lines = page_of_events(request.db, action, document, paging.offset, paging.size)
    return {
        "rows": [_row(logged) for logged in lines],
        "facet": [
            FacetValue(label_of(code), toggled(request, "actie", code), None, code == action)
            for code in known_actions(request.db)
        ],
        "paging": paging,
    }


def _document(context: Any) -> UUID | None:
    document: UUID | None = getattr(context, "document_id", None)
    whole = isinstance(context, MunicipalityResource) or context.__name__ == NATIONAL
    if document is None and not whole:
        raise HTTPNotFound()
    return document


def _row(logged: LogLine) -> list[str]:
    event = logged.event
    details = ", ".join(_details(event))
    return [
        datetime_short(event.at),
        event.actor_name,
        f"{label_of(event.action)}: {details}" if details else label_of(event.action),
        _about(logged),
        event.task or event.reason or "",
    ]


def _details(event: AuditEvent) -> list[str]:
    """Return the fields of an event in words: roles by their label, without the holder's code."""
    if not event.action.startswith("gebruiker."):
        return [field.replace("_", " ") for field in event.fields]
    roles = {role.value: role.label for role in Role}
    return [roles.get(field, field) for field in event.fields if field != event.holder]


def _about(logged: LogLine) -> str:
    """Return the kind of documents of a line, with their names."""
    kind, number = logged.event.subject_kind, logged.number
    if not logged.names:
        return f"{number} × {kind}" if number > 1 else kind
    rest = number - len(logged.names)
    return f"{kind}: {', '.join(logged.names)}{f' en {rest} meer' if rest > 0 else ''}"


# Links from a document to its own log, for who may read that


def log_action(request: Any, context: Any) -> Action | None:
    """Return the button that leads to the log, on the page of a report."""
    if not request.has_permission(Permission.VIEW_AUDIT, context):
        return None
    return Action("Logboek van deze melding", request.resource_path(context, "logboek"))


def log_panel(context: Any, request: Any) -> Panel | None:
    """Return the panel with links to the log and to erasing, on the page of a dossier."""
    if not request.has_permission(Permission.VIEW_AUDIT, context):
        return None
    may_erase = context.dossier.state not in GONE and bool(
        request.has_permission(Permission.ERASE, context)
    )
    values = {
        "href": request.resource_path(context, "logboek"),
        "erase_href": request.resource_path(context, "gegevens-wissen") if may_erase else None,
    }
    return Panel("Logboek en privacy", "stopintimidatie.privacy.log:templates/link.jinja2", values)
