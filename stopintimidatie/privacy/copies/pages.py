"""Pages of the second person: the copies that wait, and one copy with its question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config
from sqlalchemy import select

from stopintimidatie.core import forms
from stopintimidatie.core.accounts.hands import hands_of, refusal
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.forms import (
    Button,
    ConflictError,
    Form,
    FormError,
    Schema,
    field,
    handle_form,
)
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import date_text
from stopintimidatie.core.web.components import ListItem
from stopintimidatie.core.web.request import Request, form_view, page_view, query_pairs
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.privacy.copies.resources import NAME, CopyRegister, CopyResource
from stopintimidatie.privacy.copies.rules import Copy, Part, files_of, sections_of
from stopintimidatie.privacy.copies.services import CopyError, copy_of, frozen_copy, note_check
from stopintimidatie.privacy.copies.words import QUESTIONS
from stopintimidatie.privacy.requests.models import Capacity, RequestState, SubjectRequest
from stopintimidatie.privacy.requests.personal import KIND
from stopintimidatie.privacy.requests.resources import RequestResource
from stopintimidatie.privacy.requests.services import lock_request, move_request
from stopintimidatie.privacy.subjects.models import SubjectCopy
from stopintimidatie.reports.models import ReportAttachment
from stopintimidatie.reports.page.views import file_response
from stopintimidatie.reports.vocabulary import KIND as REPORT

TEMPLATES: Final = "stopintimidatie.privacy.copies:templates"
CHECK: Final = Permission.CHECK_COPY
ASKED: Final = (recently_confirmed,)
FILE: Final = "bestand"
ALL: Final = "alle"
YES: Final = "ja"
JUDGED: Final = "U hebt deze kopie al nagekeken."
ELSEWHERE: Final = (
    "Deze kopie wacht nu niet op een tweede persoon. Uw antwoord is niet bewaard. Komt zij terug,"
    " dan staat zij weer in deze lijst."
)
CHANGED: Final = (
    "De kopie is veranderd nadat u haar opende. Uw antwoord is niet bewaard. Lees haar hierboven"
    " opnieuw, zoals zij nu is. Beantwoord daarna de vraag."
)


@page_view(CopyRegister, "", CHECK, f"{TEMPLATES}/register.jinja2")
def register_view(context: CopyRegister, request: Request) -> Any:
    """List the copies that wait for a second person; where just one does, go on to it."""
    asked = (
        select(SubjectRequest, SubjectCopy.made_by_id)
        .join(SubjectCopy, SubjectCopy.request_id == SubjectRequest.id)
        .where(
            SubjectCopy.holder == context.holder,
            SubjectRequest.state == RequestState.CHECKING.value,
        )
        .order_by(SubjectRequest.due_on, SubjectRequest.id)
        .limit(100)
    )
    rows, hands = request.db.execute(asked).all(), hands_of(request.db, request.actor.id)
    own = [row for row, maker in rows if maker in hands]
    items = [
        ListItem(
            f"{row.reference}: {Capacity.word(row.capacity)}",
            request.resource_path(context, row.reference),
            meta=(f"antwoord uiterlijk {date_text(row.due_on)}",),
        )
        for row, maker in rows
        if maker not in hands
    ]
    # Not back to a copy that was refused just now.
    if len(items) == 1 and not own and ALL not in dict(query_pairs(request)):
        return HTTPSeeOther(items[0].href)
    return {"items": items, "own": own}


@page_view(RequestResource, "nakijken", Permission.VIEW_REQUESTS, f"{TEMPLATES}/register.jinja2")
def from_case_view(context: RequestResource, request: Request) -> Any:
    """Go from the case to the page of the copy, which is the same for everybody."""
    home = request.resource_path(context.__parent__.__parent__)
    return HTTPSeeOther(f"{home.rstrip('/')}/{NAME}/{context.row.reference}")


@form_view(CopyResource, "", CHECK, f"{TEMPLATES}/check.jinja2", guards=ASKED)
def check_view(context: CopyResource, request: Request) -> Any:
    """Show a copy and nothing else of the case; ask whether it points to somebody."""
    row, session, keys = context.row, request.db, request.registry.key_ring
    back = request.resource_path(context.__parent__)
    if request.method == "POST":
        # Locked, so that it stays as it was judged.
        lock_request(session, row)
    copy, made = copy_of(session, row.id), frozen_copy(session, keys, row)
    refused = _refusal(request, row, copy, made)
    if copy is None or made is None or refused:
        request.flash(refused, "warning")
        return HTTPSeeOther(f"{back}?{ALL}=ja")
    form = Form(
        _schema(QUESTIONS[Capacity.of(row.capacity)]),
        request,
        buttons=[Button("klaar", "Klaar")],
        appstruct={"gezien": copy.sha256},
        cancel_url=back,
    )

    def on_valid(values: dict[str, Any]) -> Any:
        if values["gezien"] != copy.sha256:
            # Answered anew, about what is shown now.
            form["gezien"].cstruct, form["ziet"].cstruct = copy.sha256, ""
            raise ConflictError(CHANGED)
        shows, seen = values["ziet"] == YES, values["wat"]
        if shows and not seen:
            raise FormError("Schrijf op wat u zag, zodat het weg kan.", "wat")
        step, more = ("terug", {"reden": seen}) if shows else ("nagekeken", {})
        try:
            note_check(session, row, shows, seen or None, request.actor)
            move_request(request.registry, session, row, step, more, request.actor)
        except (CopyError, WorkflowError) as problem:
            raise FormError(str(problem)) from None
        went = "gaat terug, met wat u zag" if shows else "is nagekeken en kan naar de vrager"
        request.flash(f"Dank u wel. De kopie {went}.")
        return HTTPSeeOther(back)

    def page() -> dict[str, Any]:
        note_read(request, context.holder, KIND, [row.id], task="kopie nakijken")
        return {
            "row": row,
            "capacity": Capacity.word(row.capacity),
            "sections": sections_of(made.parts),
            "files": files_of(made.parts),
            "here": request.resource_path(context),
        }

    return handle_form(request, form, on_valid, page)


def _refusal(
    request: Request, row: SubjectRequest, copy: SubjectCopy | None, made: Copy | None
) -> str | None:
    """Return why this person can't judge this copy."""
    me = request.actor.id
    if copy is not None and row.state != RequestState.CHECKING:
        return JUDGED if copy.checked_by_id == me else ELSEWHERE
    if copy is None or made is None:
        return "Deze kopie is er niet meer: een stuk erin is intussen gewist."
    own = "Een ander dan u kijkt deze kopie na: u hebt haar gemaakt."
    return refusal(request.db, copy.made_by_id, me, own)


def _schema(question: str) -> Any:
    return Schema(
        # The hash of what the second person reads.
        field(forms.Text(64), "Gezien", name="gezien", missing="", widget=forms.Hidden()),
        field(
            forms.OneOf((("nee", "Nee"), (YES, "Ja")), radio=True),
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
            needed_sometimes=True,
            description="Alleen bij ja: waar het staat, zonder de naam zelf te herhalen.",
        ),
    )


@view_config(context=CopyResource, name=FILE, request_method="GET", permission=CHECK, guards=ASKED)
def file_view(context: CopyResource, request: Request) -> Any:
    """Show an attachment that goes along."""
    made = frozen_copy(request.db, request.registry.key_ring, context.row)
    waits = made is not None and context.row.state == RequestState.CHECKING
    parts = made.parts if made is not None and waits else ()
    return shown_file(request, context.row, parts, request.resource_path(context))


def shown_file(request: Request, row: SubjectRequest, parts: Sequence[Part], back: str) -> Any:
    """Send the attachment that the address names, of those of a copy; back when it is gone."""
    name = dict(query_pairs(request)).get("naam", "")
    file = next((file for file in files_of(parts) if file.name == name), None)
    if file is None or request.db.get(ReportAttachment, file.id) is None:
        request.flash("Dit bestand zit niet (meer) bij deze kopie.", "warning")
        return HTTPSeeOther(back)
    task = f"bijlage bekijken voor verzoek {row.reference}"
    note_read(request, row.holder, REPORT, [file.report_id], task=task, fields=["bijlage"])
    return file_response(request, row.holder, file, file.name)
