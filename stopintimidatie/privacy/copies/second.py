"""The second person of a copy: nobody who saved it; that it was judged, the step asks.

Who judges sees the copy and the capacity, and nothing else of the case.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms, second
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.forms import Button, Form, FormError, Schema, field, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.web.request import Request, form_view, query_pairs
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.privacy.copies.queries import TEMPLATES
from stopintimidatie.privacy.copies.rules import Copy, Part, files_of, sections_of
from stopintimidatie.privacy.copies.services import copy_of, frozen_copy
from stopintimidatie.privacy.requests.models import KIND, Capacity, RequestState, SubjectRequest
from stopintimidatie.privacy.requests.resources import NAME as REQUESTS
from stopintimidatie.privacy.requests.resources import RequestResource
from stopintimidatie.privacy.requests.services import lock_request, move_request
from stopintimidatie.privacy.requests.workflow import RequestRule
from stopintimidatie.privacy.subjects.models import SubjectCopy
from stopintimidatie.reports.models import ReportAttachment
from stopintimidatie.reports.page.views import file_response
from stopintimidatie.reports.vocabulary import KIND as REPORT

# The view on which a copy is judged, below the case.
CHECK: Final = "nakijken"
ASKED: Final = (recently_confirmed,)
FILE: Final = "nakijken-bestand"
YES: Final = "ja"
_OF_OTHERS: Final = "Kan de vrager in deze kopie iets over iemand anders lezen?"
QUESTIONS: Final = {
    Capacity.REPORTER: _OF_OTHERS,
    Capacity.REPORTED: "Kan hij of zij zien wie meldde?",
    Capacity.MENTIONED: "Kan hij of zij zien wie meldde, of iets over iemand anders lezen?",
    Capacity.PARTNER: _OF_OTHERS,
}
OWN: Final = "Een ander dan u kijkt de kopie na: u werkte eraan mee."


def why_not_check(session: Session, request: SubjectRequest, actor: Actor) -> str | None:
    """Return why somebody can't be the second person for a copy that waits; None: they can."""
    row = copy_of(session, request.id)
    return second.ANSWERED if row is None else second.why_not(session, row, actor.id, own=OWN)


def check_copy(
    registry: Any,
    session: Session,
    request: SubjectRequest,
    seen: str | None,
    *,
    shows: bool,
    answer: str | None,
    actor: Actor,
) -> None:
    """Judge a copy as the second person: it may go, or goes back with what was seen in it.

    Args:
        registry: of the application.
        session: of the answer.
        request: whose copy it is.
        seen: the hash of what was read.
        shows: whether it tells who reported, or of others.
        answer: what was seen, in words.
        actor: the second person.

    Raises:
        SecondError: It doesn't wait, changed meanwhile, or isn't this person's to judge.
        WorkflowError: The step isn't possible now.
    """
    lock_request(session, request)
    row = copy_of(session, request.id)
    if row is None:
        raise second.SecondError(second.ANSWERED)
    second.lock_open(session, row, actor, seen=seen, is_now=lambda: row.sha256)
    second.check_hand(session, row, actor, own=OWN)
    row.shows_reporter, row.answer, row.changed_by = shows, answer, actor.name
    second.sign(session, row, actor)
    fields = ["ja" if shows else "nee"]
    record(session, actor, "kopie.nagekeken", request.holder, KIND, [request.id], fields=fields)
    step, more = ("terug", {"reden": answer}) if shows else ("nagekeken", {})
    move_request(registry, session, request, step, more, actor)


def _only_checked(registry: Any, session: Session, request: Any, actor: Actor) -> None:
    """Refuse the step of who judged nothing."""
    row = copy_of(session, request.id)
    if row is None or row.answered_by_id is None or row.shows_reporter:
        raise WorkflowError("Laat de kopie eerst nakijken door een tweede persoon.")


RULE: Final = RequestRule(
    "nakijken", "nagekeken", refuses=why_not_check, follows=_only_checked, page=CHECK
)
_REFERENCE: Final = (
    select(SubjectRequest.reference)
    .where(SubjectRequest.id == SubjectCopy.request_id)
    .scalar_subquery()
)
SECOND: Final = second.Second(
    "kopie",
    "Kopie voor een betrokkene nakijken",
    SubjectCopy,
    Permission.CHECK_COPY,
    lambda row: f"/{REQUESTS}/{row.key}/{CHECK}",
    own_path=lambda row: f"/{REQUESTS}/{row.key}",
    key=_REFERENCE,
    about=_REFERENCE,
)

# Its pages


@form_view(RequestResource, CHECK, Permission.CHECK_COPY, f"{TEMPLATES}/check.jinja2", guards=ASKED)
def check_view(context: RequestResource, request: Request) -> Any:
    """Show a copy and nothing else of the case; ask whether it points to somebody."""
    row, session, keys = context.row, request.db, request.registry.key_ring
    back = request.resource_path(context.__parent__.__parent__)
    copy, made = copy_of(session, row.id), frozen_copy(session, keys, row)
    refused = _refusal(request, copy, made)
    if copy is None or made is None or refused:
        request.flash(refused, "warning")
        return HTTPSeeOther(back)
    form = Form(
        _schema(QUESTIONS[Capacity.of(row.capacity)]),
        request,
        buttons=[Button("klaar", "Klaar")],
        cancel_url=back,
    )

    def on_valid(values: dict[str, Any]) -> Any:
        if values["gezien"] != copy.sha256:
            # Answered anew, about what is shown now.
            form["ziet"].cstruct = ""
            raise second.SecondError(second.CHANGED)
        shows, seen = values["ziet"] == YES, values["wat"] or None
        if shows and not seen:
            raise FormError("Schrijf op wat u zag, zodat het weg kan.", "wat")
        judged = {"shows": shows, "answer": seen, "actor": request.actor}
        check_copy(request.registry, session, row, values["gezien"], **judged)
        went = "gaat terug, met wat u zag" if shows else "is nagekeken en kan naar de vrager"
        request.flash(f"Dank u wel. De kopie {went}.")
        return HTTPSeeOther(back)

    def page() -> dict[str, Any]:
        form["gezien"].cstruct = copy.sha256
        note_read(request, context.holder, KIND, [row.id], task="kopie nakijken")
        return {
            "row": row,
            "capacity": Capacity.word(row.capacity),
            "sections": sections_of(made.parts),
            "files": files_of(made.parts),
            "here": request.resource_path(context, FILE),
        }

    return handle_form(request, form, on_valid, page)


def _refusal(request: Request, copy: SubjectCopy | None, made: Copy | None) -> str | None:
    """Return why this person can't judge this copy."""
    if copy is None or made is None:
        return "Deze kopie is er niet meer: een stuk erin is intussen gewist."
    if not copy.waits:
        if copy.answered_by_id == request.actor.id:
            return second.TWICE
        return (
            "Deze kopie wacht nu niet op een tweede persoon. Uw antwoord is niet bewaard. Komt zij"
            " terug, dan staat zij weer in deze lijst."
        )
    return second.why_not(request.db, copy, request.actor.id, own=OWN)


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


@view_config(
    context=RequestResource,
    name=FILE,
    request_method="GET",
    permission=Permission.CHECK_COPY,
    guards=ASKED,
)
def file_view(context: RequestResource, request: Request) -> Any:
    """Show an attachment that goes along."""
    made = frozen_copy(request.db, request.registry.key_ring, context.row)
    waits = made is not None and context.row.state == RequestState.CHECKING
    parts = made.parts if made is not None and waits else ()
    return shown_file(request, context.row, parts, request.resource_path(context, CHECK))


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
