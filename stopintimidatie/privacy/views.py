"""The pages of the log."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound
from pyramid.view import view_config

from stopintimidatie.audit import AuditEvent
from stopintimidatie.municipalities.resources import MunicipalityResource
from stopintimidatie.privacy import queries
from stopintimidatie.privacy.actions import label_of
from stopintimidatie.security import Permission, Role
from stopintimidatie.storage import NATIONAL
from stopintimidatie.storage.counting import COUNTED
from stopintimidatie.tree import Resource
from stopintimidatie.web.components import FacetValue
from stopintimidatie.web.filters import datetime_short
from stopintimidatie.web.paging import Paging, wanted_page, worth_counting
from stopintimidatie.web.urls import toggled

PAGE_SIZE = 50


@view_config(
    context=Resource,
    name="logboek",
    request_method="GET",
    permission=Permission.VIEW_AUDIT,
    renderer="templates/log.jinja2",
)
def log(context: Any, request: Any) -> dict[str, Any]:
    """The log of a document; at a municipality or the desk, of everything there."""
    document = _document(context)
    action = request.GET.get("actie") or None
    wanted = wanted_page(request)
    most = worth_counting(wanted, COUNTED, PAGE_SIZE)
    total = queries.count_events(request.db, action, document, most)
    paging = Paging.counted(wanted, total, most, PAGE_SIZE)
    found = queries.page_of_events(request.db, action, document, paging.offset, paging.size)
    return {
        "rows": [_row(logged) for logged in found],
        "facet": [
            FacetValue(label_of(code), toggled(request, "actie", code), None, code == action)
            for code in queries.known_actions(request.db)
        ],
        "paging": paging,
    }


def _document(context: Any) -> UUID | None:
    document: UUID | None = getattr(context, "document_id", None)
    whole = isinstance(context, MunicipalityResource) or context.__name__ == NATIONAL
    if document is None and not whole:
        raise HTTPNotFound()
    return document


def _row(logged: queries.Logged) -> list[str]:
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
    """Return the fields in words: a role by its label, and not whose log this is."""
    if not event.action.startswith("gebruiker."):
        return [field.replace("_", " ") for field in event.fields]
    roles = {role.value: role.label for role in Role}
    return [roles.get(field, field) for field in event.fields if field != event.holder]


def _about(logged: queries.Logged) -> str:
    """The kind of document, with the names that people know them by."""
    kind, number = logged.event.subject_kind, logged.number
    if not logged.names:
        return f"{number} × {kind}" if number > 1 else kind
    rest = number - len(logged.names)
    return f"{kind}: {', '.join(logged.names)}{f' en {rest} meer' if rest > 0 else ''}"
