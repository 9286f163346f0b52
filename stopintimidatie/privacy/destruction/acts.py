"""Pages about keeping a document beyond the absolute maximum: asking, advising, the decision."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther

from stopintimidatie.core.security import Permission, Role
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import date_text
from stopintimidatie.core.web.request import Request, form_view, post_view, query_pairs
from stopintimidatie.privacy.destruction import requests, words
from stopintimidatie.privacy.destruction.approval import CHANGED, LINE, TASK
from stopintimidatie.privacy.destruction.assessment import (
    FORM_PAGE,
    Values,
    form_about,
    handle,
    line_in,
)
from stopintimidatie.privacy.destruction.forms import advice_schema, ask_schema, ruling_schema
from stopintimidatie.privacy.destruction.models import DestructionLine
from stopintimidatie.privacy.destruction.requests import BODIES, TITLES, Ruling
from stopintimidatie.privacy.destruction.resources import ListResource
from stopintimidatie.privacy.destruction.services import ListError, fingerprint
from stopintimidatie.privacy.retention.models import Extension

TITLE: Final = "Langer bewaren dan het uiterste"
ASKS: Final = (
    "De archivaris en de FG geven eerst advies. Daarna besluit de verwerkingsverantwoordelijke: het"
    " college of de burgemeester. Tot dan blijft het document staan."
)


@form_view(ListResource, requests.ASK, Permission.ASSESS_DESTRUCTION, FORM_PAGE)
def ask_view(context: ListResource, request: Request) -> Any:
    """Ask to keep a document beyond its maximum."""
    line = line_in(context, request)
    form = form_about(context, request, [line], ask_schema(), "Vragen", [line])
    facts = [("Moet nu weg op", date_text(line.due_on)), ("Daarna", ASKS)]

    def act(values: Values) -> str:
        wanted = (values["tot"], values["reden"])
        requests.ask(request.db, context.row, line, wanted, request.actor, values["gezien"])
        return f"{line.reference}: gevraagd. De archivaris en de FG geven nu advies."

    return handle(context, request, form, [line], (TITLE, line.reference), act, facts=facts)


@form_view(ListResource, requests.ADVISE, Permission.ADVISE_KEEPING, FORM_PAGE)
def advise_view(context: ListResource, request: Request) -> Any:
    """Give the advice of the archivist or the FG, as the address says."""
    line, asked = _asked(context, request)
    role = _adviser(context, request)
    title = f"Advies geven als {TITLES[role]}"
    form = form_about(context, request, [line], advice_schema(), "Advies geven", [asked])

    def act(values: Values) -> str:
        advice = (values["advies"] == "eens", values["reden"])
        requests.advise(request.db, asked, role, advice, request.actor, values["gezien"])
        return f"{line.reference}: uw advies is vastgelegd."

    return handle(
        context,
        request,
        form,
        [line],
        (title, line.reference),
        act,
        [asked],
        facts=words.request_rows(asked),
    )


def _adviser(context: ListResource, request: Request) -> Role:
    """Return the role in which somebody advises.

    Raises:
        HTTPNotFound: the address names no adviser's role of this person.
    """
    asked = dict(query_pairs(request)).get("als", "")
    own = request.identity.roles_for(context.holder) if request.identity else frozenset()
    role = next((role for role in requests.ADVISERS if role.value == asked), None)
    if role is None or role not in own:
        raise HTTPNotFound()
    return role


@form_view(ListResource, requests.ENTER, Permission.ASSESS_DESTRUCTION, FORM_PAGE)
def enter_view(context: ListResource, request: Request) -> Any:
    """Enter what the controller decided."""
    line, asked = _asked(context, request)
    form = form_about(context, request, [line], ruling_schema(BODIES), "Besluit opslaan", [asked])

    def act(values: Values) -> str:
        ruling = Ruling(
            values["besluit"] == "ja",
            values["wie"],
            values["nummer"],
            values["datum"],
            values["tot"],
        )
        requests.enter(
            request.db, context.row, line, asked, ruling, request.actor, values["gezien"]
        )
        if ruling.until is not None:
            return f"{line.reference} mag blijven tot {date_text(ruling.until)}."
        return f"{line.reference} mag niet langer blijven. Beslis er nu over: kies ‘Mee’."

    return handle(
        context,
        request,
        form,
        [line],
        ("Besluit invullen", line.reference),
        act,
        [asked],
        facts=words.request_rows(asked),
    )


@post_view(ListResource, requests.WITHDRAW, Permission.ASSESS_DESTRUCTION)
def withdraw_view(context: ListResource, request: Request) -> HTTPSeeOther:
    """Take a request back; what is decided already stays."""
    line, asked = _asked(context, request)
    if fingerprint([asked]) != request.POST.get("gezien", ""):
        request.flash(CHANGED, "warning")
    else:
        try:
            requests.withdraw(request.db, asked, request.actor)
            request.flash(f"{line.reference}: de vraag is ingetrokken.")
        except ListError as problem:
            request.flash(problem.message, "warning")
    here = request.resource_path(context).rstrip("/")
    return HTTPSeeOther(f"{here}?{LINE}={line.reference}")


def _asked(context: ListResource, request: Request) -> tuple[DestructionLine, Extension]:
    """Return the line that the address names, and the latest request about it; note the read.

    Raises:
        HTTPNotFound: nobody asked anything about it.
    """
    line = line_in(context, request)
    known = requests.extensions_on(request.db, line.document_id)
    if not known:
        raise HTTPNotFound()
    note_read(request, context.holder, line.document_kind, [line.document_id], task=TASK)
    return line, known[0]
