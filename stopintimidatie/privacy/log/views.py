"""Pages of the log: of a holder, of one document, of one line; newest first, or drawn at random."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from secrets import randbelow
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.audit import AuditEvent, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Identity, Permission, Role
from stopintimidatie.core.security.policy import note, note_read
from stopintimidatie.core.storage import NATIONAL, enter, transaction
from stopintimidatie.core.storage.tenancy import current_holder
from stopintimidatie.core.text import day_of, local, uuid_of
from stopintimidatie.core.tree import Resource, Root
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.register import COUNTED, read_register
from stopintimidatie.core.web.request import (
    Request,
    page_view,
    post_view,
    query_pairs,
    wanted_page,
    with_params,
    worth_counting,
)
from stopintimidatie.core.web.responses import csv_lines
from stopintimidatie.desk.resources import Desk
from stopintimidatie.dossiers.workflow import GONE
from stopintimidatie.municipalities.accountability.rules import controller_of
from stopintimidatie.municipalities.accountability.services import account_of
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.privacy.log import queries, questions
from stopintimidatie.privacy.log.forms import SAMPLE, WITHOUT_ACCOUNT, Asked, asked_of
from stopintimidatie.privacy.log.models import KIND as QUESTION
from stopintimidatie.privacy.log.models import ReadQuestion
from stopintimidatie.privacy.log.resources import Named, home_of, named
from stopintimidatie.reports.page.steps import Action

LOG: Final = "logboek"
LINE: Final = "logboek-regel"
FILE: Final = "logboek-bestand"
ASK: Final = "inzage-vragen"
PAGE_SIZE: Final = 50
# Lines of a random draw.
DRAWN: Final = 10
SUBJECTS_SIZE: Final = 100
# Lines of a file; one may take several.
MOST_IN_FILE: Final = 100_000
CHUNK: Final = 1_000
FILE_COLUMNS: Final = (
    *("Wanneer", "Wie", "Soort", "Handeling", "Code", "Velden"),
    *("Waarvan", "Aantal", "Kenmerken", "Taak", "Reden"),
)


@dataclass(frozen=True)
class ShownLine:
    """A line of the log with the first few of its documents, as far as they are known here."""

    event: AuditEvent
    number: int
    documents: Sequence[Named]

    @property
    def label(self) -> str:
        """The action in words."""
        return queries.label_of(self.event.action)

    @property
    def details(self) -> str:
        """The fields in words: roles by their label, without the holder's code."""
        fields = [field.replace("_", " ") for field in self.event.fields]
        if self.event.action.startswith("gebruiker."):
            roles = {role.value: role.label for role in Role}
            known = [field for field in self.event.fields if field != self.event.holder]
            fields = [roles.get(field, field) for field in known]
        return ", ".join(fields)


@page_view(Resource, LOG, Permission.VIEW_AUDIT, "templates/log.jinja2")
def log_view(context: Any, request: Request) -> dict[str, Any]:
    """Show the log of a document; of a municipality or the desk, the log of all documents."""
    asked, home, session = (
        asked_of(request, _document(context)),
        home_of(context, request),
        request.db,
    )
    show = partial(show_lines, session, request.registry, request.identity, context.holder, home)
    lines, drawn_from = None, 0
    if asked.problems:
        request.response.status_int = 422
    elif asked.seed:
        drawn, drawn_from = queries.draw_events(session, asked.filters, asked.seed, DRAWN)
        lines = read_register(request, len(drawn), lambda offset, size: show(drawn))
    else:
        most = worth_counting(wanted_page(request), COUNTED, PAGE_SIZE)
        lines = read_register(
            request,
            queries.count_events(session, asked.filters, most),
            lambda offset, size: show(queries.page_of_events(session, asked.filters, offset, size)),
            most=most,
            size=PAGE_SIZE,
        )
    query = "".join(with_params(request, pagina=None).partition("?")[1:])
    return {
        "asked": asked,
        "nobody": (queries.NOBODY, WITHOUT_ACCOUNT),
        "here": request.resource_path(context, LOG),
        "whole": asked.here is None,
        "home": home,
        "lines": lines,
        "drawn_from": drawn_from,
        "file": request.resource_path(context, FILE) + query,
        "draw": with_params(request, pagina=None, **{SAMPLE: randbelow(1_000_000)}),
        "all": with_params(request, pagina=None, **{SAMPLE: None}),
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


def show_lines(
    session: Session,
    registry: Any,
    identity: Any,
    holder: str,
    home: str,
    lines: Sequence[queries.LogLine],
) -> list[ShownLine]:
    """Return lines with the names of their documents; an export and its disclosure have one."""
    ids = {subject for line in lines for subject in line.first}
    documents = named(session, registry, identity, holder, home, ids)
    shown = []
    for line in lines:
        known = [documents[number] for number in line.first if number in documents]
        by_name = {document.name: document for document in known}
        shown.append(
            ShownLine(line.event, line.number, [by_name[name] for name in sorted(by_name)])
        )
    return shown


# A line, with all that it was about


@page_view(MunicipalityResource, LINE, Permission.VIEW_AUDIT, "templates/line.jinja2")
@page_view(Desk, LINE, Permission.VIEW_AUDIT, "templates/line.jinja2")
def line_view(context: Any, request: Request) -> dict[str, Any]:
    """Show one line of the log with all documents that it was about, and the questions about it."""
    event = event_asked(request)
    home = home_of(context, request)
    may_ask = bool(request.has_permission(Permission.ASK_READS, context))
    people = questions.askable(request.db, event, request.actor) if may_ask else []
    old = select(ReadQuestion).where(ReadQuestion.event_id == event.id) if may_ask else None
    question = request.db.scalar(old) if old is not None else None
    if question is not None:
        note_read(request, event.holder, QUESTION, [question.id], task="vragen over inzage")
    return {
        **_line_page(request, event, home, context.title),
        "ask_href": f"{home}/{ASK}?nr={event.id}",
        "people": people,
        "old": question,
        "back": f"{home}/{LOG}",
    }


def _line_page(request: Request, event: AuditEvent, home: str, above: str) -> dict[str, Any]:
    session = request.db
    identity: Any = request.identity

    def find(offset: int, size: int) -> list[Named]:
        ids = queries.subjects_of(session, event, offset, size)
        documents = named(session, request.registry, identity, event.holder, home, ids)
        return sorted(documents.values(), key=lambda document: (document.kind, document.name))

    total = queries.with_subjects(session, [event])[0].number
    documents = read_register(request, total, find, size=SUBJECTS_SIZE)
    on_page = documents.paging.last - documents.paging.offset
    asked = session.execute(questions.questions_about(event)).all()
    names = select(User.id, User.name).where(User.id.in_([number for _, number in asked]))
    return {
        "line": ShownLine(event, total, documents.rows),
        "documents": documents,
        "above": above,
        "home": home,
        "unknown": on_page - len(documents.rows),
        "asked": asked,
        "names": dict(session.execute(names).all()) if asked else {},
    }


@post_view(MunicipalityResource, ASK, Permission.ASK_READS)
@post_view(Desk, ASK, Permission.ASK_READS)
def ask_view(context: Any, request: Request) -> HTTPSeeOther:
    """Mail the reader, or a head, the question why something was read."""
    event, wanted = event_asked(request), str(request.POST.get("wie", ""))
    people = questions.askable(request.db, event, request.actor)
    user = next((user for user in people if str(user.id) == wanted), None)
    if user is None:
        request.flash("Aan die persoon kunt u dit niet vragen. Kies iemand anders.", "warning")
    elif questions.ask(request.db, event, user, request.actor):
        request.flash(f"De vraag gaat per mail naar {user.name}.")
    else:
        request.flash(f"Dit is al aan {user.name} gevraagd.", "info")
    return HTTPSeeOther(f"{home_of(context, request)}/{LINE}?nr={event.id}")


@page_view(Root, questions.PAGE, Permission.SIGNED_IN, "templates/line.jinja2")
def own_line_view(request: Request) -> dict[str, Any]:
    """Show a line of the log to who is asked about it, or did it."""
    holder = dict(query_pairs(request)).get("waar", "")
    identity: Identity = request.identity  # type: ignore[assignment]
    if holder not in identity.holders:
        raise HTTPNotFound()
    enter(request.db, holder)
    event = event_asked(request)
    slug = request.db.scalar(select(Municipality.slug).where(Municipality.code == holder))
    home, name = f"/gemeenten/{slug}", request.municipality_name(holder)
    if holder == NATIONAL:
        home, name = f"/{NATIONAL}", "Landelijk meldpunt"
    page = _line_page(request, event, home, str(name))
    mine = event.actor_id == str(identity.user_id)
    if event.holder != holder or not (mine or identity.user_id in page["names"]):
        raise HTTPNotFound()
    controller = controller_of(account_of(request.db, holder).content)
    fg = ", ".join(filter(None, (controller.officer, controller.officer_address)))
    return {**page, "people": [], "old": None, "back": None, "fg": fg}


@page_view(Root, "account-inzagevragen", Permission.SIGNED_IN, "string")
def old_questions_view(request: Request) -> HTTPSeeOther:
    """Go on from the link in a mail of 1.0.0 to the own acts, and say where questions are now."""
    request.flash(
        "Vragen van de FG over inzage krijgt u nu per mail, en u antwoordt de FG zelf. Stond er nog"
        " een vraag open? Dan stelt de FG die zo nodig opnieuw.",
        "info",
    )
    return HTTPSeeOther("/account-handelingen")


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
        about, kind = ([document], "document") if document else ([], "logboek")
        fields = [*asked.typed, *(["stuk"] if document else [])]
        action = "logboek.gedownload"
        record(session, identity.actor, action, context.holder, kind, about, fields=fields)

    note(request, context.holder, write)
    response = Response(content_type="text/csv", charset="utf-8")
    name = f"logboek-{context.holder.lower()}-{day_of(utc_now()).isoformat()}"
    response.content_disposition = f'attachment; filename="{name}.csv"'
    place = request.registry, request.identity, context.holder, home_of(context, request)
    response.app_iter = csv_lines(FILE_COLUMNS, _lines(*place, asked))
    return response


def _lines(
    registry: Any, identity: Any, holder: str, home: str, asked: Asked
) -> Iterator[Sequence[object]]:
    """Yield the rows of the file, some at a time: each time in a short transaction of its own."""
    filters, last, number = asked.filters, None, 0
    while number < MOST_IN_FILE:
        with transaction(registry.engine, holder, write=False) as session:
            lines = queries.events_after(session, filters, last, CHUNK)
            shown = show_lines(session, registry, identity, holder, home, lines)
        yield from map(_cells, shown)
        number += len(lines)
        if len(lines) < CHUNK:
            return
        last = lines[-1].event
    yield (f"Hier stopt het bestand, na {number} regels. Kies een kortere tijd voor de rest.",)


def _cells(line: ShownLine) -> Sequence[object]:
    event = line.event
    return (
        local(event.at).strftime("%Y-%m-%d %H:%M:%S"),
        event.actor_name,
        event.actor_kind,
        line.label,
        event.action,
        line.details,
        event.subject_kind,
        line.number,
        ", ".join(document.name for document in line.documents),
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
