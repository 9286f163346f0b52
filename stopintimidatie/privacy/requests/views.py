"""The list of requests of a holder, entering one, its case, and the steps of it."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.forms import (
    Button,
    FormError,
    Schema,
    ask_values,
    field,
    handle_form,
    later_version,
)
from stopintimidatie.core.forms.transitions import derive_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage.session import transaction
from stopintimidatie.core.text import _, date_text, day_of
from stopintimidatie.core.web.components import Panel, panels
from stopintimidatie.core.web.register import read_register
from stopintimidatie.core.web.request import Request, form_view, page_view, query_pairs
from stopintimidatie.core.web.translation import gettext, keep_language
from stopintimidatie.core.workflow import Transition, WorkflowError, options_of
from stopintimidatie.privacy.requests import models, resources, services
from stopintimidatie.privacy.requests.documents import add_trace, hold_traces
from stopintimidatie.privacy.requests.forms import EntrySchema
from stopintimidatie.privacy.requests.letters import ANSWERS, LetterKind, letters_of, read_letter
from stopintimidatie.privacy.requests.models import KIND, RequestState, Right, SubjectRequest
from stopintimidatie.privacy.requests.rules import about_child, identities_of
from stopintimidatie.privacy.requests.workflow import REQUEST_WORKFLOW, fits, rules_of
from stopintimidatie.reports.conversation.queries import Copy, Standing
from stopintimidatie.reports.conversation.services import CLOSED_TEXTS, REPORTER
from stopintimidatie.reports.follow.forms import HOME, form_of
from stopintimidatie.reports.follow.resources import FollowPages, follower_of
from stopintimidatie.reports.follow.views import REPORT, standing_of
from stopintimidatie.reports.vocabulary import KIND as REPORT_KIND
from stopintimidatie.reports.vocabulary import AgeGroup

TEMPLATES: Final = "stopintimidatie.privacy.requests:templates"
FORM: Final = f"{TEMPLATES}/form.jinja2"
NEW: Final = "nieuw"
STEP: Final = "stap"
SEE: Final = Permission.VIEW_REQUESTS
HANDLE: Final = Permission.HANDLE_REQUESTS
# The person who asks is known by name and address.
ASKED: Final = (recently_confirmed,)
Values = dict[str, Any]


# The list


@page_view(resources.RequestRegister, "", SEE, f"{TEMPLATES}/register.jinja2")
def register_view(context: resources.RequestRegister, request: Request) -> Values:
    """Show the requests: those that wait for an answer first, by their day, then the others."""
    today = day_of(utc_now())
    total, open_count, late = resources.count_requests(request.db, today)
    return {
        "requests": read_register(request, total, partial(resources.list_requests, request.db)),
        "open_count": open_count,
        "late": late,
        "state_of": state_of,
        "words": models,
        "today": today,
        "here": request.resource_path(context).rstrip("/"),
        "may": bool(request.has_permission(HANDLE, context)),
    }


def state_of(row: SubjectRequest) -> str:
    """Return the state of a request in words; a decision that didn't go yet says so."""
    return "Besluit nog niet verstuurd" if row.is_unsent else RequestState.word(row.state)


@form_view(resources.RequestRegister, NEW, HANDLE, FORM)
def new_view(context: resources.RequestRegister, request: Request) -> Any:
    """Enter a request that came in; its clock runs from the day it was received."""

    def act(values: Values) -> HTTPSeeOther:
        if not any(values[name] for name in ("email", "telefoon", "adres")):
            raise FormError(
                "Vul een e-mailadres, telefoonnummer of postadres in: u moet kunnen antwoorden.",
                "email",
            )
        person = services.Person(
            *(values[name] or "" for name in ("naam", "email", "telefoon", "adres"))
        )
        entry = services.Entry(
            right=values["recht"],
            capacity=values["hoedanigheid"],
            asked_by=values["vraagt"],
            channel=values["kanaal"],
            received_on=values["ontvangen_op"],
            person=person,
            question=values["vraag"],
            child=values["jong"],
        )
        keys = request.registry.key_ring
        row = services.enter_request(request.db, keys, context.holder, entry, request.actor)
        request.flash(
            f"Het verzoek is opgeslagen. Antwoord uiterlijk {date_text(row.due_on)}. De"
            " ontvangstbevestiging staat klaar bij de brieven."
        )
        href = request.resource_url(context, row.reference)
        return HTTPSeeOther(href + _identified(request, row, values["identiteit"]))

    button, given = Button("opslaan", "Verzoek opslaan"), {"ontvangen_op": day_of(utc_now())}
    back = request.resource_path(context)
    return ask_values(request, EntrySchema(), button, act, back, given=given)


def _identified(request: Request, row: SubjectRequest, how: str | None) -> str:
    """Note how it is known who asks; return the page below the case with which one goes on.

    Raises:
        FormError: That is no way for who asks for a child.
    """
    if how and row.state == RequestState.RECEIVED:
        try:
            services.move_request(
                request.registry, request.db, row, "identiteit", {"hoe": how}, request.actor
            )
        except WorkflowError as refused:
            raise FormError(str(refused), "identiteit") from None
    if (
        row.state != RequestState.SEARCHING
        or row.right != Right.ACCESS
        or services.refuses_effect(row)
    ):
        return ""
    return next(f"/{rule.page}" for rule in rules_of(request.registry, "redigeren") if rule.page)


# The case


@page_view(resources.RequestResource, "", SEE, f"{TEMPLATES}/request.jinja2", guards=ASKED)
def request_view(context: resources.RequestResource, request: Request) -> Values:
    """Show a request: its clock, what to do next, its letters and its history."""
    row, keys = context.row, request.registry.key_ring
    note_read(request, row.holder, KIND, [row.id], task="verzoek bekijken")
    may = bool(request.has_permission(HANDLE, context))
    letters = letters_of(request.db, row)
    answer = next((made for made in letters if made.kind in ANSWERS), None)
    how = identities_of(row.asked_by, child=row.child).get(str(row.identity_how))
    return {
        "row": row,
        "here": request.resource_path(context),
        "may": may,
        "state": state_of(row),
        "late": row.ended_at is None and row.due_on < day_of(utc_now()),
        "for_child": about_child(row.asked_by, child=row.child),
        "steps": _steps(context, request),
        "extends": may and services.refuses_extension(row) is None,
        "answer": answer if row.is_unsent else None,
        "person": services.read_person(keys, row),
        "known_by": how or models.Identity.word(row.identity_how) if row.identity_how else None,
        "question": services.read_question(keys, row),
        "panels": panels(request, KIND, context),
        "letters": letters,
        "words": models,
        "titled": LetterKind.word,
        "history": resources.moves_of(request.db, row),
        "iso": date.fromisoformat,
        "labels": {move.name: move.label for move in REQUEST_WORKFLOW.transitions},
    }


def _steps(
    context: resources.RequestResource, request: Request
) -> list[tuple[Transition, str, str | None]]:
    """Return the steps from here with the page of each, and why it can't be made yet; else None."""
    row, steps = context.row, []
    for move in REQUEST_WORKFLOW.moves_from(row.state):
        if fits(row.right, move.name) and request.has_permission(move.permission, context):
            why = services.obstacle(request.registry, request.db, row, move.name)
            for rule in rules_of(request.registry, move.name):
                why = why or rule.refuses(request.db, row, request.actor)
            steps.append((move, _page_of(request, move), why))
    return steps


def _page_of(request: Request, move: Transition) -> str:
    pages = [rule.page for rule in rules_of(request.registry, move.name) if rule.page]
    return pages[0] if pages else f"{STEP}?naam={move.name}"


# A step


@form_view(resources.RequestResource, STEP, HANDLE, FORM)
def step_view(context: resources.RequestResource, request: Request) -> Any:
    """Show the form of a step of the workflow (`?naam=weigeren`), and make the step."""
    move = _wanted(context, request)
    row, here = context.row, request.resource_path(context)
    page_name = _page_of(request, move)
    if not page_name.startswith(f"{STEP}?"):
        return HTTPSeeOther(f"{here}/{page_name}")
    why = services.obstacle(request.registry, request.db, row, move.name)
    if request.method != "POST" and (row.state not in move.sources or why is not None):
        label = RequestState.word(row.state)
        request.flash(why or f"‘{move.label}’ kan nu niet: de stand is ‘{label}’.", "warning")
        return HTTPSeeOther(here)
    form = derive_form(
        move,
        options_of(request.registry, request.db, move, row),
        request,
        version=row.version,
        cancel_url=here,
    )

    def on_valid(values: Values) -> Any:
        if row.version != values["versie"]:
            raise later_version(form, row)
        answers = {question.name: values.get(question.name) for question in move.fields}
        services.move_request(request.registry, request.db, row, move.name, answers, request.actor)
        way = ""
        if move.name in services.WITH_LETTER:
            way = f" {services.way_to_send(request.registry.key_ring, row)}"
        request.flash(f"Het verzoek staat nu op ‘{state_of(row)}’.{way}")
        return HTTPSeeOther(here)

    page: Values = {"heading": move.label, "row": row}
    if move.name in services.WITH_DONE:
        page["done"] = resources.done_for(request.db, row)
    return handle_form(request, form, on_valid, page)


def _wanted(context: resources.RequestResource, request: Request) -> Transition:
    try:
        move = REQUEST_WORKFLOW.transition(dict(query_pairs(request)).get("naam", ""))
    except WorkflowError:
        raise HTTPNotFound() from None
    if not fits(context.row.right, move.name):
        raise HTTPNotFound()
    return move


# The follow page: the reporter asks there, without an account
#
# The follow code says who asks (art. 11(2) AVG), so that the identity is settled at once.

ASK: Final = "gegevens"
WANTED: Final = (
    (models.Right.ACCESS.value, _("Ik wil een kopie van wat u over mij bewaart")),
    (models.Right.RECTIFICATION.value, _("Er klopt iets niet: ik wil het laten verbeteren")),
    (models.Right.ERASURE.value, _("Ik wil iets laten wissen")),
    (models.Right.RESTRICTION.value, _("Ik wil dat u iets voorlopig niet gebruikt")),
    (models.Right.OBJECTION.value, _("Ik wil niet dat u mijn gegevens gebruikt")),
)


class AskSchema(Schema):
    """The form of a reporter who asks something about the own data."""

    recht = field(forms.OneOf(WANTED, radio=True), _("Wat wilt u?"))
    vraag = field(
        forms.Text(2_000, lines=True),
        _("Waar gaat het om?"),
        description=_("Schrijf in uw eigen woorden wat u wilt. Uw naam hoeft er niet bij."),
        widget=forms.TextArea(rows=4),
    )


def asked_of(session: Session, copy: Copy) -> list[models.SubjectRequest]:
    """Return the requests that were made on the page of a report, the oldest first.

    Never what others asked that this report is part of.
    """
    mine = (
        select(models.SubjectRequest, models.RequestTrace.places)
        .join(models.RequestTrace, models.RequestTrace.request_id == models.SubjectRequest.id)
        .where(
            models.RequestTrace.document_id == copy.report_id,
            models.SubjectRequest.channel == models.Channel.FOLLOW.value,
        )
        .order_by(models.SubjectRequest.made_at, models.SubjectRequest.reference)
    )
    return [row for row, places in session.execute(mine) if models.Channel.FOLLOW in places]


def follow_panel(standing: Standing, request: Request) -> Panel | None:
    """Show on the follow page what was asked about the own data, our letters, and the way to ask.

    Who has no address reads the answer here.
    """
    keys = request.registry.key_ring
    with transaction(request.registry.engine, standing.copy.holder, write=False) as session:
        asked = [
            (row, [read_letter(keys, made) for made in letters_of(session, row)])
            for row in asked_of(session, standing.copy)
        ]
    closed = standing.copy.state in CLOSED_TEXTS
    if closed and not asked:
        return None
    values = {
        "asked": asked,
        "young": standing.age_group == AgeGroup.UNDER_16,
        "href": None if closed else keep_language(request, f"{HOME}/{ASK}"),
        "words": dict(WANTED),
    }
    return Panel(gettext("Uw gegevens"), f"{TEMPLATES}/follow_panel.jinja2", values)


@form_view(FollowPages, ASK, NO_PERMISSION_REQUIRED, f"{TEMPLATES}/follow_ask.jinja2")
def ask_view(context: FollowPages, request: Request) -> Any:
    """Ask for a copy, a correction, erasing, restriction, or object."""
    who = follower_of(request)
    standing = standing_of(request, who) if who else None
    if standing is None:
        return HTTPSeeOther(keep_language(request, HOME))
    back, button = keep_language(request, REPORT), Button("vragen", _("Vraag versturen"))
    form = form_of(request, AskSchema(), button, f"{HOME}/{ASK}", cancel_url=back)
    young = standing.age_group == AgeGroup.UNDER_16

    def on_valid(values: dict[str, Any]) -> Any:
        if standing.copy.state in CLOSED_TEXTS or young:
            raise FormError(_("Dit kan nu niet"))
        with transaction(request.registry.engine, standing.copy.holder) as session:
            asked = asked_of(session, standing.copy)
            if values["recht"] in {row.right for row in asked if row.ended_at is None}:
                raise FormError(
                    _("Dit hebt u al gevraagd. U krijgt daar nog antwoord op."), "recht"
                )
            take(request.registry, session, standing, values["recht"], values["vraag"])
        return HTTPSeeOther(f"{back}#{ASK}")

    page = {"standing": standing, "young": young, "back": back}
    return handle_form(request, form, on_valid, page)


def take(registry: Any, session: Any, standing: Standing, right: str, question: str) -> None:
    """Make the case of what a reporter asks; the follow code has settled who that is."""
    entry = services.Entry(
        right,
        models.Capacity.REPORTER.value,
        models.AskedBy.SELF.value,
        models.Channel.FOLLOW.value,
        day_of(utc_now()),
        services.Person(),
        question,
    )
    row = services.enter_request(session, registry.key_ring, standing.copy.holder, entry, REPORTER)
    how = {"hoe": models.Identity.FOLLOW_CODE.value}
    services.move_request(registry, session, row, "identiteit", how, REPORTER)
    document = (REPORT_KIND, standing.copy.report_id, standing.reference)
    # As a search by that code would have it.
    places = [models.Channel.FOLLOW.value, models.Identity.FOLLOW_CODE.value]
    add_trace(session, row, document, places, REPORTER, included=True)
    hold_traces(session, row, SYSTEM)
