"""The page of who makes a copy: its texts are marked there, and it is handed over from there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Any, Final

from markupsafe import Markup
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.core import forms
from stopintimidatie.core.audit import record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.forms import (
    Button,
    Form,
    FormError,
    Schema,
    ask_values,
    field,
    handle_form,
)
from stopintimidatie.core.mail.addresses import readable
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import day_of
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import Request, form_view, post_view
from stopintimidatie.core.web.responses import pdf_response
from stopintimidatie.disclosures.pickup import KIND as OFFERED
from stopintimidatie.disclosures.pickup import MAIL_CODE_LASTS, mail_code_of, renew_mail_code
from stopintimidatie.exports.review.rules import MarkError, Signs, read_marks, signs_for, with_marks
from stopintimidatie.privacy.copies import rules, services
from stopintimidatie.privacy.copies.queries import TEMPLATES, count_demands
from stopintimidatie.privacy.copies.second import shown_file
from stopintimidatie.privacy.requests.forms import day_field
from stopintimidatie.privacy.requests.models import KIND, Capacity, Channel, RequestState
from stopintimidatie.privacy.requests.resources import RequestResource
from stopintimidatie.privacy.requests.services import move_request, way_to_send

COPY: Final = "kopie"
PRINT: Final = "kopie-pdf"
FILE: Final = "kopie-bestand"
CODE: Final = "kopie-code"
HANDLE: Final = Permission.HANDLE_REQUESTS
# The copy holds contact data, and a code opens it.
ASKED: Final = (recently_confirmed,)
asked_file = partial(
    view_config, context=RequestResource, request_method="GET", permission=HANDLE, guards=ASKED
)
LIMIT: Final = 20_000
HOW_TO_WRITE: Final = (
    "Schrijf zelf op wat er over deze persoon is vastgelegd: gesprekken met deze persoon,"
    " afspraken, wat een partner deed. Geen dag, plek, werk, school of club, en niets wat één"
    " iemand meemaakte."
)
CHANGED: Final = "De gegevens zijn intussen opnieuw bijeengebracht. Kijk ze na zoals ze nu zijn."
DONE: Final = "nakijken"
PICK_UP: Final = "ophalen"
ON_FOLLOW_PAGE: Final = "Zelf ophalen, op de volgpagina"
WITH_CODE: Final = "Zelf ophalen op de ophaalpagina, met een code"
BY_POST: Final = ("post", "Op papier, met de brief")
GIVEN: Final = (RequestState.CHECKED, RequestState.SENT)


@form_view(RequestResource, COPY, HANDLE, f"{TEMPLATES}/copy.jinja2", guards=ASKED)
def copy_view(context: RequestResource, request: Request) -> Any:
    """Mark what points to another; once a second person judged it, hand the copy over."""
    copy = services.copy_of(request.db, context.row.id)
    if copy is None or context.row.state not in (RequestState.REDACTING, *GIVEN):
        request.flash("Aan de kopie kunt u nu niet werken.", "warning")
        return HTTPSeeOther(request.resource_path(context))
    note_read(request, context.holder, KIND, [context.row.id], task="kopie bekijken")
    page = {
        "row": context.row,
        "copy": copy,
        "capacity": Capacity.word(context.row.capacity),
        "here": request.resource_path(context),
        "form": None,
        # Kept here: a step that is refused half way has changed the row already.
        "marks": context.row.state == RequestState.REDACTING,
    }
    if page["marks"]:
        return _mark(context, request, page)
    return _give(context, request, page)


def _mark(context: RequestResource, request: Request, page: dict[str, Any]) -> Any:
    """Show all parts of a copy, by document, to be marked; then a second person gets it."""
    row, session, keys, here = context.row, request.db, request.registry.key_ring, page["here"]
    parts = services.parts_of(session, keys, row)
    signs, seen = signs_for(part.text for part in parts), sha256(rules.encoded(parts)).hexdigest()
    # A person reported about gets a summary alone; the officer writes it from these sentences.
    sources = [part for part in parts if row.capacity == Capacity.REPORTED and _is_source(part)]
    form = Form(
        _schema([part for part in parts if part not in sources], signs, here),
        request,
        buttons=[
            Button(DONE, "Laten nakijken"),
            Button("opslaan", "Alleen opslaan", kind="secondary"),
        ],
        appstruct={"gezien": seen},
        cancel_url=here,
    )

    def on_valid(values: dict[str, Any]) -> Any:
        if values["gezien"] != seen:
            request.flash(CHANGED, "warning")
            return HTTPSeeOther(f"{here}/{COPY}")
        marked = [
            replace(part, out=True) if part in sources else _read(part, values, signs)
            for part in parts
        ]
        services.save_marks(session, keys, row, marked, request.actor)
        if form.pressed() != DONE:
            request.flash("Opgeslagen.")
            return HTTPSeeOther(f"{here}/{COPY}")
        move_request(request.registry, session, row, "tweede_persoon", {}, request.actor)
        request.flash("De kopie wacht nu op een tweede persoon.")
        return HTTPSeeOther(here)

    page |= {
        "sources": sources,
        "summarised": row.capacity in rules.HIDES_REPORTER,
        "signs": signs,
        "demanded": count_demands(request.registry, session, row),
    }
    return handle_form(request, form, on_valid, page)


def _is_source(part: rules.Part) -> bool:
    return bool(part.text) and not part.written


def _name(part: rules.Part) -> str:
    return f"d{sha256(part.key.encode()).hexdigest()[:12]}"


def _schema(parts: Sequence[rules.Part], signs: Signs, here: str) -> Any:
    """Return a group of fields for each document, with two for each of its texts."""
    schema = Schema(
        field(forms.Text(64), "Gezien", name="gezien", missing="", widget=forms.Hidden())
    )
    for number, (title, several) in enumerate(rules.sections_of(parts)):
        fields = [made for part in several for made in _fields(part, signs, here)]
        schema.add(Schema(*fields, title=title, name=f"stuk{number}", names_mistakes=True))
    return schema


def _fields(part: rules.Part, signs: Signs, here: str) -> list[Any]:
    name, text = _name(part), forms.Text(LIMIT, lines=True)
    if part.written:
        rows, begin = forms.TextArea(rows=8), part.text
        return [
            field(text, part.label, name=name, description=HOW_TO_WRITE, widget=rows, default=begin)
        ]
    fields, left_out = [], f"Weglaten: {part.label[0].lower()}{part.label[1:]}"
    if part.text:
        rows = forms.TextArea(rows=min(12, 2 + len(part.text) // 80))
        begin = with_marks(part.text, part.spans, signs)
        fields.append(field(text, part.label, name=name, widget=rows, default=begin))
        left_out = "Dit helemaal weglaten"
    elif part.file is not None:
        left_out = f"Niet meegeven, want er staan anderen op: {part.label}"
    about = "" if part.text else _facts(part, here)
    flag = forms.Flag()
    out = field(
        flag, left_out, name=f"{name}-weg", missing=False, description=about, default=part.out
    )
    return [*fields, out]


def _facts(part: rules.Part, here: str) -> Markup:
    lines: list[str] = [f"{name}: {value}" for name, value in part.facts]
    lines += [" · ".join(row) for row in part.rows]
    if part.file is not None:
        link = Markup('<a class="utrecht-link utrecht-link--html-a" href="{}">{} bekijken</a>')
        lines.append(link.format(f"{here}/{FILE}?naam={part.file.name}", part.file.name))
    return Markup("<br>").join(lines)


def _read(part: rules.Part, values: dict[str, Any], signs: Signs) -> rules.Part:
    """Return a part as it was marked or written.

    Raises:
        FormError: A sign is missing, or the text was changed.
    """
    name = _name(part)
    group, typed = next((key, group) for key, group in values.items() if _has(group, name))
    text = (typed.get(name) or "").replace("\r\n", "\n")
    if part.written:
        return replace(part, text=text)
    try:
        spans = read_marks(part.text, text, signs) if part.text else ()
    except MarkError as problem:
        raise FormError(str(problem), f"{group}.{name}") from None
    return replace(part, spans=spans, out=typed[f"{name}-weg"])


def _has(group: Any, name: str) -> bool:
    return isinstance(group, dict) and (name in group or f"{name}-weg" in group)


def _give(context: RequestResource, request: Request, page: dict[str, Any]) -> Any:
    """Hand the checked copy over; then show what is to be printed, and the way to a code."""
    row, session, keys, here = context.row, request.db, request.registry.key_ring, page["here"]
    made, pickup = services.frozen_copy(session, keys, row), services.pickup_of(session, row)
    page |= {
        "files": rules.files_of(made.parts if made is not None else ()),
        "letter": services.letter_of(session, row),
        "pickup": pickup,
        "on_follow": row.channel == Channel.FOLLOW,
    }
    if row.state == RequestState.SENT:
        return page
    pick_up = (PICK_UP, ON_FOLLOW_PAGE if page["on_follow"] else WITH_CODE)
    ways = forms.OneOf((pick_up, BY_POST), radio=True)
    schema = Schema(
        field(ways, "Hoe krijgt de vrager de kopie?", name="hoe"),
        day_field("Wanneer gaat de brief weg?", name="op"),
    )

    def act(values: dict[str, Any]) -> HTTPSeeOther:
        paper = values["hoe"] != PICK_UP
        address = "" if paper else f"{request.app_settings.public_address}/ophalen"
        services.hand_over(request.registry, session, row, values["op"], address, request.actor)
        request.flash(f"Het verzoek is beantwoord. {way_to_send(keys, row, paper=paper)}")
        return HTTPSeeOther(f"{here}/{COPY}")

    button, given = Button("versturen", "Versturen"), {"hoe": PICK_UP, "op": day_of(utc_now())}
    return ask_values(request, schema, button, act, here, page, given=given)


@post_view(RequestResource, CODE, HANDLE, renderer=f"{TEMPLATES}/code.jinja2", guards=ASKED)
def code_view(context: RequestResource, request: Request) -> Any:
    """Make a code on a page to print, or to tell at the telephone; it counts for a fortnight."""
    pickup = services.pickup_of(request.db, context.row)
    if pickup is None:
        request.flash("Er staat niets klaar om op te halen.", "warning")
        return HTTPSeeOther(request.resource_path(context))
    keys = request.registry.key_ring
    renew_mail_code(keys, pickup)
    about = [pickup.id, context.row.id]
    record(
        request.db, request.actor, "ophalen.code", pickup.holder, OFFERED, about, fields=["post"]
    )
    ends = utc_now() + MAIL_CODE_LASTS
    return {
        "code": readable(mail_code_of(keys, pickup)),
        "number": pickup.reference,
        "address": f"{request.app_settings.public_address}/ophalen",
        "until": min(ends, pickup.expires_at or ends),
        "back": f"{request.resource_path(context)}/{COPY}",
    }


@asked_file(name=PRINT)
def print_view(context: RequestResource, request: Request) -> Any:
    """Send the checked copy as PDF to who prints it, for a person who gets it on paper."""
    row, session = context.row, request.db
    pdf = services.pdf_of(session, request.registry.key_ring, row)
    if pdf is None or row.state not in GIVEN:
        request.flash("Er is nog geen nagekeken kopie om te printen.", "warning")
        return HTTPSeeOther(request.resource_path(context))
    note_read(request, context.holder, KIND, [row.id], task="kopie printen")
    return pdf_response(row.reference, pdf)


@asked_file(name=FILE)
def file_view(context: RequestResource, request: Request) -> Any:
    """Show an attachment to who decides whether it goes along."""
    parts = services.parts_of(request.db, request.registry.key_ring, context.row)
    return shown_file(request, context.row, parts, request.resource_path(context))


def copy_panel(context: RequestResource, request: Request) -> Panel | None:
    """Show on the case how far the copy is, with the way to it."""
    copy = services.copy_of(request.db, context.row.id)
    if copy is None:
        return None
    open_ = context.row.state in (RequestState.REDACTING, *GIVEN)
    may = request.has_permission(HANDLE, context) and open_
    values = {
        "copy": copy,
        "pickup": services.pickup_of(request.db, context.row),
        # An age that was mended brings a case with a copy back there; in 1.0.0 an objection too.
        "reopened": context.row.state == RequestState.SEARCHING,
        "href": f"{request.resource_path(context)}/{COPY}" if may else None,
    }
    return Panel("De kopie", f"{TEMPLATES}/panel.jinja2", values)
