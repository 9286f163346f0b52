"""The pages around the lists: all of them, the statements, and what stays of a document."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import record
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.security import Identity, Permission
from stopintimidatie.core.security.policy import note, note_read
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.retention import RETENTION_CLASSES
from stopintimidatie.core.web.request import Request, page_view, post_view, query_pairs
from stopintimidatie.core.web.responses import csv_response, pdf_response
from stopintimidatie.privacy.destruction.extension import (
    BODIES,
    extension_of,
    extensions_of,
    withdraw,
    works_on,
)
from stopintimidatie.privacy.destruction.jobs import NIGHT
from stopintimidatie.privacy.destruction.models import DestructionStatement, LineState
from stopintimidatie.privacy.destruction.queries import Numbers, lists_of, numbers_of, statements_of
from stopintimidatie.privacy.destruction.resources import (
    DestructionRegister,
    StatementResource,
    TombstoneResource,
)
from stopintimidatie.privacy.destruction.rules import quarter_of
from stopintimidatie.privacy.destruction.statement import KIND
from stopintimidatie.privacy.retention.queries import due_documents, present_schedule
from stopintimidatie.privacy.retention.rules import LEDGER_CLASS, LISTED

TEMPLATES: Final = "stopintimidatie.privacy.destruction:templates"
FILE: Final = "bestand"
# The decisions to keep something longer that are shown, those that don't work yet first.
MOST_LONGER: Final = 50
PDF: Final = "pdf"
BY: Final = {
    "lijst": "vernietigingslijst",
    "doorlopend": "doorlopend besluit",
    "vertrek": "gemeente gestopt",
}
COLUMNS: Final = (
    *("Verklaring", "Gemaakt", "Besluit", "Soort", "Categorie", "Gevolg", "Aantal"),
    *("Ontvangen van", "Ontvangen tot en met", "Weg van", "Weg tot en met", "SHA-256 van de PDF"),
)


# Days of a count, which are empty where nobody knows them; and all that a count stores.
DAYS: Final = ("ontvangen_van", "ontvangen_tot", "weg_van", "weg_tot")
COUNTED: Final = ("soort", "categorie", "gevolg", "aantal", *DAYS)


@page_view(DestructionRegister, "", Permission.VIEW_RETENTION, f"{TEMPLATES}/register.jinja2")
def register_view(context: DestructionRegister, request: Request) -> dict[str, Any]:
    """Show the lists, the newest first, and the statements."""
    session, today = request.db, local_date(utc_now())
    rows = lists_of(session)
    schedule, until = present_schedule(session), quarter_of(today).next.last
    checks = schedule is not None and schedule.checks
    numbers = numbers_of(session, [row.id for row in rows], today, checks=checks)
    lists = [(row, numbers.get(row.id, Numbers())) for row in rows]
    soon = [] if lists or schedule is None else due_documents(session, schedule, until)
    longer = extensions_of(session, MOST_LONGER)
    for kind in {row.document_kind for row in longer}:
        ids = [row.document_id for row in longer if row.document_kind == kind]
        task = "besluiten om langer te bewaren bekijken"
        note_read(request, context.holder, kind, ids, task=task)
    return {
        "lists": lists,
        "soon": len(soon),
        "desk": context.holder == NATIONAL,
        "terms": bool(lists) or schedule is not None,
        "terms_href": request.resource_path(context.__parent__, "bewaartermijnen"),
        "until": until,
        "night": f"{NIGHT:%-H.%M}",
        "schedule": schedule,
        "standings": dict(LineState.choices()),
        "longer": [(row, works_on(row)) for row in longer],
        "bodies": dict(BODIES),
        "here": request.resource_path(context, ""),
        "takes_back": bool(request.has_permission(Permission.ASSESS_DESTRUCTION, context)),
        "statements": statements_of(session),
        "by": BY,
        "file_href": request.resource_path(context, FILE),
    }


@post_view(DestructionRegister, "langer-terug", Permission.ASSESS_DESTRUCTION)
def withdraw_view(context: DestructionRegister, request: Request) -> HTTPSeeOther:
    """Take a decision to keep a document longer back, before it works."""
    extension = extension_of(request.db, dict(query_pairs(request)).get("nr", ""))
    if extension is None:
        raise HTTPNotFound()
    withdraw(request.db, extension, request.actor)
    request.flash(f"{extension.reference}: het besluit is teruggehaald.")
    return HTTPSeeOther(request.resource_path(context))


@view_config(
    context=DestructionRegister,
    name=FILE,
    request_method="GET",
    permission=Permission.VIEW_RETENTION,
)
def statements_file(context: DestructionRegister, request: Request) -> Response:
    """Give all statements of the holder as a CSV file."""
    statements = statements_of(request.db)
    _note_download(context, request, statements)
    rows = [
        (
            row.number,
            row.made_at.isoformat(),
            BY[row.content["besluit"]],
            *(count[name] for name in COUNTED),
            row.sha256,
        )
        for row in statements
        for count in row.content["aantallen"]
    ]
    return csv_response("verklaringen-van-vernietiging", COLUMNS, rows)


@page_view(StatementResource, "", Permission.VIEW_RETENTION, f"{TEMPLATES}/statement.jinja2")
def statement_view(context: StatementResource, request: Request) -> dict[str, Any]:
    """Show a statement: what went, by which decision, and what stayed."""
    return {
        "statement": context.row,
        "content": context.row.content,
        "counts": [
            count | {name: date.fromisoformat(count[name]) for name in DAYS if count[name]}
            for count in context.row.content["aantallen"]
        ],
        "pdf_href": request.resource_path(context, PDF),
    }


@view_config(
    context=StatementResource,
    name=PDF,
    request_method="GET",
    permission=Permission.VIEW_RETENTION,
)
def statement_pdf(context: StatementResource, request: Request) -> Response:
    """Give the statement as it was drawn."""
    _note_download(context, request, [context.row])
    return pdf_response(context.row.number, context.row.pdf)


def _note_download(
    context: Any, request: Request, statements: Sequence[DestructionStatement]
) -> None:
    ids = [row.id for row in statements]

    def write(session: Session, identity: Identity) -> None:
        action = "verklaring.gedownload"
        record(session, identity.actor, action, context.holder, KIND, ids)

    note(request, context.holder, write)


# Tombstones


@page_view(TombstoneResource, "", Permission.VIEW_RETENTION, f"{TEMPLATES}/tombstone.jinja2")
def tombstone_view(context: TombstoneResource, request: Request) -> dict[str, Any]:
    """Say when a document went, and by which decision."""
    stone, register = context.row, context.__parent__
    return {
        "stone": stone,
        # Without: the municipality ended, or a restored copy still held it.
        "by_decision": stone.list_number or stone.retention_class not in {*LISTED, LEDGER_CLASS},
        "classes": RETENTION_CLASSES.of(request.registry),
        "judges": request.has_permission(Permission.VIEW_RETENTION, register),
        "register": request.resource_path(register),
    }
