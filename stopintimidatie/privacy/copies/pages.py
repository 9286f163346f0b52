"""Pages of the second person: the copies that wait, and one copy with its question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config
from sqlalchemy import select

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Button, Form, FormError, Schema, field, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import date_text, day_of
from stopintimidatie.core.web.components import ListItem
from stopintimidatie.core.web.request import Request, form_view, page_view, query_pairs
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.privacy.copies.resources import NAME, CopyRegister, CopyResource
from stopintimidatie.privacy.copies.rules import Copy, Part, files_of, sections_of
from stopintimidatie.privacy.copies.services import (
    CopyError,
    CopyState,
    copy_of,
    frozen_copy,
    note_check,
)
from stopintimidatie.privacy.copies.words import QUESTIONS
from stopintimidatie.privacy.requests.models import Capacity, SubjectRequest
from stopintimidatie.privacy.requests.personal import KIND
from stopintimidatie.privacy.requests.resources import RequestResource
from stopintimidatie.privacy.requests.services import move_request
from stopintimidatie.privacy.subjects.models import SubjectCopy
from stopintimidatie.reports.models import ReportAttachment
from stopintimidatie.reports.page.views import file_response
from stopintimidatie.reports.vocabulary import KIND as REPORT

TEMPLATES: Final = "stopintimidatie.privacy.copies:templates"
FILE: Final = "bestand"
YES: Final = "ja"
NO: Final = "nee"
HIDDEN: Final = "Contactgegevens van de vrager zelf: die hoeft u niet te zien."


@page_view(CopyRegister, "", Permission.CHECK_COPY, f"{TEMPLATES}/register.jinja2")
def register_view(context: CopyRegister, request: Request) -> dict[str, Any]:
    """List the copies that wait for a second person; one's own without a link."""
    asked = (
        select(SubjectRequest, SubjectCopy)
        .join(SubjectCopy, SubjectCopy.request_id == SubjectRequest.id)
        .where(SubjectCopy.holder == context.holder, SubjectCopy.state == CopyState.CHECKING.value)
        .order_by(SubjectRequest.due_on, SubjectRequest.id)
        .limit(100)
    )
    theirs, own = [], []
    for row, copy in request.db.execute(asked):
        about = f"{Capacity.word(row.capacity)}, antwoord uiterlijk {date_text(row.due_on)}"
        if copy.made_by_id == str(request.actor.id):
            own.append(f"{row.reference}: {about}")
        else:
            href = request.resource_path(context, row.reference)
            theirs.append(ListItem(row.reference, href, about))
    return {"owner": context.owner, "items": theirs, "own": own}


@page_view(RequestResource, "nakijken", Permission.VIEW_REQUESTS, f"{TEMPLATES}/register.jinja2")
def from_case_view(context: RequestResource, request: Request) -> Any:
    """Go from the case to the page of the copy, which is the same for everybody."""
    home = request.resource_path(context.__parent__.__parent__)
    return HTTPSeeOther(f"{home.rstrip('/')}/{NAME}/{context.row.reference}")


@form_view(CopyResource, "", Permission.CHECK_COPY, f"{TEMPLATES}/check.jinja2")
def check_view(context: CopyResource, request: Request) -> Any:
    """Show a copy and nothing else of the case; ask whether it points to somebody."""
    row, session, keys = context.row, request.db, request.registry.key_ring
    copy, made = copy_of(session, row.id), frozen_copy(session, keys, row)
    back = request.resource_path(context.__parent__)
    if copy is None or made is None:
        request.flash("Deze kopie is er niet meer: een stuk erin is intussen gewist.", "warning")
        return HTTPSeeOther(back)
    if copy.made_by_id == str(request.actor.id):
        request.flash("Een ander dan u kijkt deze kopie na: u hebt haar gemaakt.", "warning")
        return HTTPSeeOther(back)
    question = QUESTIONS[Capacity.of(row.capacity)]
    form = Form(_schema(question), request, buttons=[Button("klaar", "Klaar")], cancel_url=back)

    def on_valid(values: dict[str, Any]) -> Any:
        shows, answer = values["ziet"] == YES, values["wat"] or None
        if shows and not answer:
            raise FormError("Schrijf op wat u zag, zodat het weg kan.", "wat")
        try:
            note_check(session, row, shows, answer, request.actor)
            step, more = ("terug", {"reden": answer}) if shows else ("nagekeken", {})
            move_request(request.registry, session, row, step, more, request.actor)
        except (CopyError, WorkflowError) as problem:
            raise FormError(str(problem)) from None
        request.flash(
            "Dank u wel. De kopie gaat terug, met wat u zag."
            if shows
            else "Dank u wel. De kopie is nagekeken en kan naar de vrager."
        )
        return HTTPSeeOther(back)

    def page() -> dict[str, Any]:
        note_read(request, context.holder, KIND, [row.id], task="kopie nakijken")
        return {
            "reference": row.reference,
            "capacity": Capacity.word(row.capacity),
            "made": date_text(day_of(copy.changed_at)),
            "sections": shown_sections(made, request.resource_path(context), contact=False),
            "files": [file.name for file in files_of(made.parts)],
            "question": question,
        }

    return handle_form(request, form, on_valid, page)


def _schema(question: str) -> Any:
    return Schema(
        field(
            forms.OneOf(((NO, "Nee"), (YES, "Ja")), radio=True),
            question,
            name="ziet",
            description="Denk ook aan een plek, een dag, een uur, een woord dat alleen één persoon"
            " gebruikt.",
        ),
        field(
            forms.Text(2000, lines=True),
            "Wat zag u?",
            name="wat",
            missing="",
            description="Alleen bij ja: waar het staat, zonder de naam zelf te herhalen.",
        ),
    )


@view_config(
    context=CopyResource, name=FILE, request_method="GET", permission=Permission.CHECK_COPY
)
def file_view(context: CopyResource, request: Request) -> Any:
    """Show an attachment that goes along."""
    made = frozen_copy(request.db, request.registry.key_ring, context.row)
    parts = made.parts if made is not None else ()
    return shown_file(request, context.holder, parts, request.resource_path(context))


def shown_file(request: Request, holder: str, parts: Sequence[Part], back: str) -> Any:
    """Send the attachment that the address names, of those of a copy; back when it is gone."""
    name = dict(query_pairs(request)).get("naam", "")
    file = next((file for file in files_of(parts) if file.name == name), None)
    if file is None or request.db.get(ReportAttachment, file.id) is None:
        request.flash("Dit bestand zit niet (meer) bij deze kopie.", "warning")
        return HTTPSeeOther(back)
    task = "bijlage van een kopie bekijken"
    note_read(request, holder, REPORT, [file.report_id], task=task, fields=["bijlage"])
    return file_response(request, holder, file, file.name)


def shown_sections(made: Copy, here: str, *, contact: bool) -> list[dict[str, Any]]:
    """Return the sections of a copy for a page at an address; contact data only if it may be."""
    return [
        {
            "title": title,
            "parts": [
                {
                    "label": part.label,
                    "facts": part.facts if contact or not part.contact else (),
                    "text": part.text or (HIDDEN if part.contact and not contact else ""),
                    "columns": list(part.columns),
                    "rows": [list(row) for row in part.rows],
                    "file_name": part.file.name if part.file else "",
                    "file_href": f"{here}/{FILE}?naam={part.file.name}" if part.file else None,
                }
                for part in parts
            ],
        }
        for title, parts in sections_of(made.parts)
    ]
