"""Pages of the log: of a holder, of one document, of one line; newest first, in pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import AuditEvent, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Identity, Permission, Role
from stopintimidatie.core.security.policy import note
from stopintimidatie.core.storage import NATIONAL, transaction
from stopintimidatie.core.storage.session import COUNTED
from stopintimidatie.core.storage.tenancy import current_holder
from stopintimidatie.core.text import datetime_long, datetime_short, day_of, local, uuid_of
from stopintimidatie.core.tree import Resource, lineage
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import (
    Paging,
    Request,
    page_view,
    query_pairs,
    wanted_page,
    with_params,
    worth_counting,
)
from stopintimidatie.core.web.responses import csv_lines
from stopintimidatie.desk.resources import Desk
from stopintimidatie.dossiers.words import link
from stopintimidatie.dossiers.workflow import GONE
from stopintimidatie.municipalities.areas.resources import PLACES, MunicipalityResource
from stopintimidatie.privacy.log.forms import ABOUT, WHO, WITHOUT_ACCOUNT, Asked, asked_of
from stopintimidatie.privacy.log.queries import (
    NOBODY,
    READ,
    LogLine,
    count_events,
    count_subjects,
    events_after,
    page_of_events,
    subjects_of,
)
from stopintimidatie.privacy.log.resources import Named, named
from stopintimidatie.privacy.log.words import label_of
from stopintimidatie.reports.page.steps import Action

LOG: Final = "logboek"
LINE: Final = "logboek-regel"
FILE: Final = "logboek-bestand"
PAGE_SIZE: Final = 50
SUBJECTS_SIZE: Final = 100
# Lines of a file; one may take several.
MOST_IN_FILE: Final = 100_000
CHUNK: Final = 1_000
COLUMNS: Final = ("Wanneer", "Wie", "Wat", "Waarvan", "Taak of reden")
FILE_COLUMNS: Final = (
    *("Wanneer", "Wie", "Soort", "Handeling", "Code", "Velden"),
    *("Waarvan", "Aantal", "Kenmerken", "Taak", "Reden"),
)


@page_view(Resource, LOG, Permission.VIEW_AUDIT, "templates/log.jinja2")
def log_view(context: Any, request: Request) -> dict[str, Any]:
    """Show the log of a document; of a municipality or the desk, the log of all documents."""
    asked = asked_of(request, _document(context))
    here = request.resource_path(context, LOG)
    page = {
        "asked": asked,
        "nobody": (NOBODY, WITHOUT_ACCOUNT),
        "here": here,
        "columns": COLUMNS,
        "whole": asked.here is None,
        "others": f"{home_of(context, request)}/{LOG}",
        "rows": [],
        "paging": Paging(1, 0),
        "file": "",
    }
    if asked.problems:
        request.response.status_int = 422
        return page
    wanted = wanted_page(request)
    most = worth_counting(wanted, COUNTED, PAGE_SIZE)
    total = count_events(request.db, asked.filters, most)
    paging = Paging.counted(wanted, total, most, PAGE_SIZE)
    lines = page_of_events(request.db, asked.filters, paging.offset, paging.size)
    documents = _named(context, request, lines)
    rows = [_row(context, request, line, documents) for line in lines]
    file = with_params(request, pagina=None).partition("?")[2]
    address = request.resource_path(context, FILE)
    return {
        **page,
        "rows": rows,
        "paging": paging,
        "file": f"{address}?{file}" if file else address,
    }


def _document(context: Any) -> Any:
    """Return the id of the document whose log this is; None for the log of a holder.

    Raises:
        HTTPNotFound: The node has no log.
    """
    document = getattr(context, "document_id", None)
    whole = isinstance(context, MunicipalityResource) or context.__name__ == NATIONAL
    if document is None and not whole:
        raise HTTPNotFound()
    return document


def home_of(context: Any, request: Any) -> str:
    """Return the address of the municipality that this is in, or of the desk."""
    place = next(node for node in lineage(context) if getattr(node, "kind", "") in PLACES)
    return str(request.resource_path(place)).rstrip("/")


def _named(context: Any, request: Any, lines: Sequence[LogLine]) -> dict[Any, Named]:
    ids = {subject for line in lines for subject in line.first}
    home = home_of(context, request)
    return named(request.db, request.registry, request.identity, context.holder, home, ids)


def _row(context: Any, request: Any, line: LogLine, documents: dict[Any, Named]) -> list[str]:
    event = line.event
    page = f"{home_of(context, request)}/{LINE}?nr={event.id}"
    who: str = event.actor_name
    if (event.actor_id or NOBODY) != dict(query_pairs(request)).get(WHO):
        who = link(with_params(request, wie=event.actor_id or NOBODY, pagina=None), who)
    return [
        link(page, datetime_short(event.at)),
        who,
        deed(event),
        about(line, documents, page),
        event.task or event.reason or "",
    ]


def deed(event: AuditEvent) -> str:
    """Return what was done in words, with the names of the fields."""
    details = ", ".join(_details(event))
    return f"{label_of(event.action)}: {details}" if details else label_of(event.action)


def _details(event: AuditEvent) -> list[str]:
    """Return the fields of an event in words: roles by their label, without the holder's code."""
    if not event.action.startswith("gebruiker."):
        return [field.replace("_", " ") for field in event.fields]
    roles = {role.value: role.label for role in Role}
    return [roles.get(field, field) for field in event.fields if field != event.holder]


def about(line: LogLine, documents: dict[Any, Named], page: str | None) -> str:
    """Return the kind of documents of a line, with links to the first few and to the others.

    `page`: the address of the line, with the others; None: they are only counted.
    """
    kind = line.event.subject_kind.replace("_", " ")
    known = [documents[subject] for subject in line.first if subject in documents]
    rest = line.number - len(known)
    if not known:
        return f"{line.number} × {kind}" if line.number > 1 else kind
    # An export and its disclosure have one name.
    by_name = {document.name: document for document in known}
    parts = Markup(", ").join(shown(by_name[name]) for name in sorted(by_name))
    others = link(page, f"{rest} meer") if page else f"{rest} meer"
    more = Markup(" en {}").format(others) if rest > 0 else ""
    return Markup("{}: {}{}").format(kind, parts, more)


def shown(document: Named) -> str:
    """Return the name of a document as HTML, as a link where it can be opened."""
    return link(document.href, document.name) if document.href else Markup.escape(document.name)


# A line, with all that it was about


@page_view(MunicipalityResource, LINE, Permission.VIEW_AUDIT, "templates/line.jinja2")
@page_view(Desk, LINE, Permission.VIEW_AUDIT, "templates/line.jinja2")
def line_view(context: Any, request: Request) -> dict[str, Any]:
    """Show one line of the log with all documents that it was about."""
    event = event_asked(request)
    paging = Paging(wanted_page(request), count_subjects(request.db, event.id), SUBJECTS_SIZE)
    ids = subjects_of(request.db, event.id, paging.offset, paging.size)
    home = home_of(context, request)
    identity: Identity = request.identity  # type: ignore[assignment]
    documents = named(request.db, request.registry, identity, context.holder, home, ids)
    known = sorted(documents.values(), key=lambda document: (document.kind, document.name))
    said = (("Taak", event.task), ("Reden", event.reason))
    return {
        "event": event,
        "facts": [
            ("Wanneer", datetime_long(event.at)),
            ("Wie", event.actor_name),
            ("Wat", deed(event)),
            *((label, text) for label, text in said if text),
        ],
        "columns": ("Kenmerk of naam", "Soort", "Wat er nog meer mee gebeurde"),
        "rows": [_subject(document, home) for document in known],
        "unknown": len(ids) - len(known),
        "kind": event.subject_kind.replace("_", " "),
        "paging": paging,
        "back": f"{home}/{LOG}",
        "ask": f"{home}/inzage-vragen?nr={event.id}" if _may_ask(context, request, event) else None,
    }


def _may_ask(context: Any, request: Request, event: AuditEvent) -> bool:
    """Tell whether this person may ask who read something why."""
    mine = event.actor_id == request.actor.id
    read = event.action == READ and event.actor_kind == "gebruiker" and not mine
    return read and bool(request.has_permission(Permission.ASK_READS, context))


def _subject(document: Named, home: str) -> list[str]:
    log = f"{home}/{LOG}?{urlencode({ABOUT: document.name})}"
    kind = document.kind.replace("_", " ")
    return [shown(document), kind, link(log, "Logboek hiervan") if document.typed else ""]


def event_asked(request: Any) -> AuditEvent:
    """Return the line of the log that the address names with `nr`.

    Raises:
        HTTPNotFound: There is no such line in the log of this holder.
    """
    number = uuid_of(dict(query_pairs(request)).get("nr", "")[:40])
    event: AuditEvent | None = request.db.scalar(select(AuditEvent).where(AuditEvent.id == number))
    if event is None:
        raise HTTPNotFound()
    return event


# The log as a file


@view_config(context=Resource, name=FILE, request_method="GET", permission=Permission.VIEW_AUDIT)
def file_view(context: Any, request: Request) -> Response:
    """Return the lines that the filters choose as a CSV file; taking it is a line of the log."""
    # The file has transactions of its own: only for the holder that this request works for.
    if current_holder(request.db) != context.holder:
        raise HTTPNotFound()
    asked = asked_of(request, _document(context))
    if asked.problems:
        back = request.resource_path(context, LOG)
        return HTTPSeeOther(f"{back}?{request.query_string}")
    document = asked.here

    def write(session: Session, identity: Identity) -> None:
        about = [document] if document else []
        kind = "document" if document else "logboek"
        fields = asked.filters.names
        record(
            session,
            identity.actor,
            "logboek.gedownload",
            context.holder,
            kind,
            about,
            fields=fields,
        )

    note(request, context.holder, write)
    response = Response(content_type="text/csv", charset="utf-8")
    name = f"logboek-{context.holder.lower()}-{day_of(utc_now()).isoformat()}"
    response.content_disposition = f'attachment; filename="{name}.csv"'
    home = home_of(context, request)
    lines = _lines(
        request.registry.engine, request.registry, request.identity, context.holder, home, asked
    )
    response.app_iter = csv_lines(FILE_COLUMNS, lines)
    return response


def _lines(
    engine: Engine, registry: Any, identity: Any, holder: str, home: str, asked: Asked
) -> Iterator[Sequence[object]]:
    """Yield the rows of the file, some at a time: each time in a short transaction of its own."""
    filters, last, number = asked.filters, None, 0
    while number < MOST_IN_FILE:
        with transaction(engine, holder, write=False) as session:
            lines = events_after(session, filters, last, CHUNK)
            ids = {subject for line in lines for subject in line.first}
            documents = named(session, registry, identity, holder, home, ids)
        for line in lines:
            yield _cells(line, documents)
        number += len(lines)
        if len(lines) < CHUNK:
            return
        last = lines[-1].event
    yield (f"Hier stopt het bestand, na {number} regels. Kies een kortere tijd voor de rest.",)


def _cells(line: LogLine, documents: dict[Any, Named]) -> Sequence[object]:
    event = line.event
    names = sorted(documents[subject].name for subject in line.first if subject in documents)
    return (
        local(event.at).strftime("%Y-%m-%d %H:%M:%S"),
        event.actor_name,
        event.actor_kind,
        label_of(event.action),
        event.action,
        ", ".join(_details(event)),
        event.subject_kind,
        line.number,
        ", ".join(names),
        event.task,
        event.reason,
    )


# Links from a document to its own log, for who may read that


def log_action(request: Any, context: Any) -> Action | None:
    """Return the button that leads to the log, on the page of a report."""
    if not request.has_permission(Permission.VIEW_AUDIT, context):
        return None
    return Action("Logboek van deze melding", request.resource_path(context, LOG))


def log_panel(context: Any, request: Any) -> Panel | None:
    """Return the panel with links to the log and to erasing, on the page of a dossier."""
    if not request.has_permission(Permission.VIEW_AUDIT, context):
        return None
    may_erase = context.dossier.state not in GONE and bool(
        request.has_permission(Permission.ERASE, context)
    )
    values = {
        "href": request.resource_path(context, LOG),
        "erase_href": request.resource_path(context, "gegevens-wissen") if may_erase else None,
    }
    return Panel("Logboek en privacy", "stopintimidatie.privacy.log:templates/link.jinja2", values)
