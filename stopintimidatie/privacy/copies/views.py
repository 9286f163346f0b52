"""Pages of who makes a copy: marking its texts, and handing it over once it is checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from markupsafe import Markup
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from pyramid.view import view_config

from stopintimidatie.core import forms
from stopintimidatie.core.audit import record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.forms import Button, Form, FormError, Schema, field, handle_form
from stopintimidatie.core.mail.addresses import readable
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import date_text, datetime_long, day_of
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import (
    Paging,
    Request,
    form_view,
    post_view,
    wanted_page,
)
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.disclosures.models import Pickup, PickupState
from stopintimidatie.disclosures.pickup import KIND as OFFERED
from stopintimidatie.disclosures.pickup import (
    MAIL_CODE_LASTS,
    mail_code_of,
    make_code,
    renew_mail_code,
)
from stopintimidatie.exports.review.rules import MarkError, Signs, read_marks, signs_for, with_marks
from stopintimidatie.privacy.copies.pages import shown_file
from stopintimidatie.privacy.copies.queries import count_demands
from stopintimidatie.privacy.copies.rules import HIDES_REPORTER, Part, files_of
from stopintimidatie.privacy.copies.services import (
    CopyError,
    bring_together,
    copy_of,
    frozen_copy,
    parts_of,
    pdf_of,
    pickup_of,
    put_ready,
    save_marks,
)
from stopintimidatie.privacy.copies.words import OWN_WORDS
from stopintimidatie.privacy.requests.models import (
    Capacity,
    Channel,
    RequestState,
    SubjectRequest,
)
from stopintimidatie.privacy.requests.personal import KIND
from stopintimidatie.privacy.requests.resources import RequestResource
from stopintimidatie.privacy.requests.services import move_request, way_to_send

MARK: Final = "kopie"
READY: Final = "klaarzetten"
AGAIN: Final = "kopie-opnieuw"
PRINT: Final = "kopie-pdf"
FILE: Final = "kopie-bestand"
SPOKEN: Final = "kopie-code"
WRITTEN: Final = "kopie-briefcode"
TEMPLATES: Final = "stopintimidatie.privacy.copies:templates"
HANDLE: Final = Permission.HANDLE_REQUESTS
# The copy holds contact data, and a code opens it.
ASKED: Final = (recently_confirmed,)
asked_file = partial(
    view_config, context=RequestResource, request_method="GET", permission=HANDLE, guards=ASKED
)
SIZE: Final = 10
LIMIT: Final = 20_000
HOW_TO_WRITE: Final = (
    "Schrijf zelf op wat er over deze persoon is vastgelegd: gesprekken met deze persoon,"
    " afspraken, wat een partner deed. Geen dag, plek, werk, school of club, en niets wat één"
    " iemand meemaakte. De zinnen die hierna komen, gaan niet mee: zij zijn er om uit te putten."
)
DONE: Final = "nakijken"
PICK_UP: Final = "ophalen"
BY_POST: Final = "post"
ON_PAPER: Final = "De kopie zit bij deze brief."
AT_COUNTER: Final = "U krijgt de kopie op papier. Bel ons, dan spreken wij af hoe u haar krijgt."
ON_FOLLOW_PAGE: Final = "Zelf ophalen: de vrager maakt een code op de volgpagina"
WAYS: Final = (
    (PICK_UP, "Zelf ophalen op de ophaalpagina, met een code"),
    (BY_POST, "Op papier, met de brief"),
)


def only_marking(context: RequestResource, request: Request) -> Any:
    """Send who comes too early or too late back to the case."""
    if context.row.state == RequestState.REDACTING:
        return None
    request.flash("Aan de kopie kunt u nu niet werken.", "warning")
    return HTTPSeeOther(request.resource_path(context))


@form_view(RequestResource, MARK, HANDLE, f"{TEMPLATES}/mark.jinja2", guards=(only_marking, *ASKED))
def mark_view(context: RequestResource, request: Request) -> Any:
    """Mark in each text what points to another; the last page sends it to a second person."""
    row, session, keys = context.row, request.db, request.registry.key_ring
    here, everything = request.resource_path(context), parts_of(session, keys, row)
    paging = Paging(wanted_page(request), len(everything), SIZE)
    parts = everything[paging.offset : paging.offset + paging.size]
    signs = signs_for(part.text for part in everything)
    last = paging.offset + paging.size >= paging.total
    done = Button(DONE, "Laten nakijken") if last else Button("verder", "Opslaan en verder")
    form = Form(
        _schema(parts, signs, here),
        request,
        buttons=[done, Button("opslaan", "Alleen opslaan", kind="secondary")],
        appstruct=_before(parts, signs),
        cancel_url=here,
    )

    def on_valid(values: dict[str, Any]) -> Any:
        marked = {part.key: _read(part, values, signs, n) for n, part in enumerate(parts)}
        left = save_marks(session, keys, row, marked, request.actor)
        if form.pressed() == DONE:
            if left:
                raise FormError(f"Bekijk eerst ook de andere pagina's: nog {left} onderdelen.")
            return _send_on(context, request)
        request.flash(f"Opgeslagen. Nog {left} te bekijken." if left else "Opgeslagen.")
        page = paging.page + (form.pressed() == "verder")
        return HTTPSeeOther(f"{here}/{MARK}?pagina={page}")

    def page() -> dict[str, Any]:
        note_read(request, context.holder, KIND, [row.id], task="kopie markeren")
        copy = copy_of(session, row.id)
        return {
            "reference": row.reference,
            "capacity": Capacity.word(row.capacity),
            "reported": row.capacity == Capacity.REPORTED,
            "own_words": OWN_WORDS,
            "hides": row.capacity in HIDES_REPORTER,
            "signs": signs,
            "demanded": count_demands(request.registry, session, row),
            "paging": paging,
            "answer": copy.answer if copy is not None else None,
            "again_href": f"{here}/{AGAIN}",
        }

    return handle_form(request, form, on_valid, page)


def _schema(parts: Sequence[Part], signs: Signs, here: str) -> Any:
    fields = []
    for number, part in enumerate(parts):
        title = f"{part.section}: {part.label[0].lower()}{part.label[1:]}"
        if part.written:
            text = forms.Text(LIMIT, lines=True)
            widget = forms.TextArea(rows=8)
            fields.append(
                field(text, title, name=f"t{number}", description=HOW_TO_WRITE, widget=widget)
            )
            continue
        if part.text:
            rows = min(12, 2 + len(part.text) // 80)
            fields.append(
                field(
                    forms.Text(LIMIT, lines=True),
                    title,
                    name=f"t{number}",
                    description=f"Zet {signs.begin} voor en {signs.end} achter wat weg moet.",
                    widget=forms.TextArea(rows=rows),
                )
            )
        fields.append(
            field(
                forms.Flag(),
                _leave_out(part, title),
                name=f"w{number}",
                missing=False,
                description="" if part.text else _facts(part, here),
            )
        )
    return Schema(*fields)


def _leave_out(part: Part, title: str) -> str:
    if part.file is not None:
        return f"Niet meegeven, want er staan anderen op: {title}"
    return "Dit helemaal weglaten" if part.text else f"Weglaten: {title}"


def _facts(part: Part, here: str) -> Markup:
    lines: list[str] = [f"{name}: {value}" for name, value in part.facts]
    lines += [" · ".join(row) for row in part.rows[:12]]
    if len(part.rows) > 12:
        lines.append(f"en nog {len(part.rows) - 12} regels")
    if part.file is not None:
        link = Markup('<a class="utrecht-link utrecht-link--html-a" href="{}">{} bekijken</a>')
        lines.append(link.format(f"{here}/{FILE}?naam={part.file.name}", part.file.name))
    return Markup("<br>").join(lines)


def _before(parts: Sequence[Part], signs: Signs) -> dict[str, Any]:
    begin: dict[str, Any] = {f"w{number}": part.out for number, part in enumerate(parts)}
    for number, part in enumerate(parts):
        if part.text:
            spans = () if part.written else part.spans
            begin[f"t{number}"] = with_marks(part.text, spans, signs)
    return begin


def _read(part: Part, values: dict[str, Any], signs: Signs, number: int) -> Part:
    """Return a part as it was marked or written.

    Raises:
        FormError: A sign is missing, or the text was changed.
    """
    text = (values.get(f"t{number}") or "").replace("\r\n", "\n")
    if part.written:
        return replace(part, text=text, seen=True)
    try:
        spans = read_marks(part.text, text, signs) if part.text else ()
    except MarkError as problem:
        words = str(problem).replace("De tekst van de melder", "De tekst")
        raise FormError(words, f"t{number}") from None
    return replace(part, spans=spans, out=values[f"w{number}"], seen=True)


def _send_on(context: RequestResource, request: Request) -> Any:
    """Let a second person judge the copy.

    Raises:
        FormError: It can't go there yet.
    """
    try:
        move_request(request.registry, request.db, context.row, "tweede_persoon", {}, request.actor)
    except (CopyError, WorkflowError) as problem:
        raise FormError(str(problem)) from None
    request.flash("De kopie wacht nu op een tweede persoon, onder ‘Kopieën nakijken’.")
    return HTTPSeeOther(request.resource_path(context))


@post_view(RequestResource, AGAIN, HANDLE, guards=(only_marking, *ASKED))
def again_view(context: RequestResource, request: Request) -> Any:
    """Bring the data together anew, as after another search; marks in the same texts stay."""
    parts = bring_together(request.registry, request.db, context.row, request.actor)
    new = sum(not part.seen for part in parts)
    request.flash(f"Opnieuw bijeengebracht. Nog {new} te bekijken.")
    return HTTPSeeOther(f"{request.resource_path(context)}/{MARK}")


@form_view(RequestResource, READY, HANDLE, f"{TEMPLATES}/ready.jinja2", guards=ASKED)
def ready_view(context: RequestResource, request: Request) -> Any:
    """Hand the checked copy over: at the pick-up page, or on paper."""
    row, here = context.row, request.resource_path(context)
    if row.state != RequestState.CHECKED:
        request.flash("Laat de kopie eerst nakijken door een tweede persoon.", "warning")
        return HTTPSeeOther(here)
    form = Form(
        Schema(
            field(forms.OneOf(_ways(row), radio=True), "Hoe krijgt de vrager de kopie?", name="hoe")
        ),
        request,
        buttons=[Button("versturen", "Versturen")],
        appstruct={"hoe": PICK_UP},
        cancel_url=here,
    )

    def on_valid(values: dict[str, Any]) -> Any:
        keys = request.registry.key_ring
        try:
            if pdf_of(request.db, keys, row) is None:
                raise CopyError("De PDF wordt nog gemaakt. Probeer het over een minuut opnieuw.")
            how = {"reden": AT_COUNTER if row.channel == Channel.FOLLOW else ON_PAPER}
            if values["hoe"] == PICK_UP:
                pickup = put_ready(request.db, keys, row, request.actor)
                how = {"reden": _where(request, row, pickup)}
            move_request(request.registry, request.db, row, "versturen", how, request.actor)
        except (CopyError, WorkflowError) as problem:
            raise FormError(str(problem)) from None
        way = way_to_send(keys, row, paper=values["hoe"] == BY_POST)
        request.flash(f"Het verzoek is beantwoord. {way}")
        return HTTPSeeOther(here)

    made = frozen_copy(request.db, request.registry.key_ring, row)
    files = [
        (file.name, f"{here}/{FILE}?naam={file.name}")
        for file in files_of(made.parts if made is not None else ())
    ]
    on_follow = row.channel == Channel.FOLLOW
    page = {"reference": row.reference, "files": files, "on_follow": on_follow}
    return handle_form(request, form, on_valid, page)


def _ways(row: SubjectRequest) -> tuple[tuple[str, str], ...]:
    return ((PICK_UP, ON_FOLLOW_PAGE), WAYS[1]) if row.channel == Channel.FOLLOW else WAYS


def _where(request: Request, row: SubjectRequest, pickup: Pickup) -> str:
    """Return what the letter says about picking it up; the code goes apart from it."""
    until = date_text(day_of(pickup.expires_at)) if pickup.expires_at is not None else ""
    address = f"{request.app_settings.public_address}/ophalen/{pickup.reference}"
    begin = f"U haalt de kopie zelf op, tot {until}: {address}. Daar hebt u een code voor nodig."
    if row.channel == Channel.FOLLOW:
        return f"{begin} Die maakt u op de volgpagina van uw melding."
    return f"{begin} Die krijgt u apart van deze brief, of door de telefoon."


@post_view(RequestResource, SPOKEN, HANDLE, guards=ASKED)
def spoken_view(context: RequestResource, request: Request) -> Any:
    """Make a code to tell at the telephone; it counts for half an hour."""
    pickup = pickup_of(request.db, context.row)
    here = request.resource_path(context)
    if pickup is None or pickup.state == PickupState.WITHDRAWN:
        request.flash("Er staat niets klaar om op te halen.", "warning")
        return HTTPSeeOther(here)
    code = make_code(request.db, request.registry.key_ring, pickup, request.actor)
    said = "Zeg haar door de telefoon: zij geldt een half uur."
    request.flash(f"Code {readable(code)} voor {pickup.reference}. {said}")
    return HTTPSeeOther(here)


@post_view(RequestResource, WRITTEN, HANDLE, renderer=f"{TEMPLATES}/code.jinja2", guards=ASKED)
def written_view(context: RequestResource, request: Request) -> Any:
    """Make a code for on paper, on a page to print; it counts for a fortnight."""
    pickup = pickup_of(request.db, context.row)
    here = request.resource_path(context)
    if pickup is None or pickup.state == PickupState.WITHDRAWN:
        request.flash("Er staat niets klaar om op te halen.", "warning")
        return HTTPSeeOther(here)
    keys = request.registry.key_ring
    renew_mail_code(keys, pickup)
    about = [pickup.id, context.row.id]
    record(
        request.db, request.actor, "ophalen.code", pickup.holder, OFFERED, about, fields=["post"]
    )
    ends = utc_now() + MAIL_CODE_LASTS
    if pickup.expires_at is not None:
        ends = min(ends, pickup.expires_at)
    return {
        "code": readable(mail_code_of(keys, pickup)),
        "number": pickup.reference,
        "address": f"{request.app_settings.public_address}/ophalen",
        "until": date_text(day_of(ends)),
        "back": here,
    }


@asked_file(name=PRINT)
def print_view(context: RequestResource, request: Request) -> Any:
    """Send the checked copy as PDF to who prints it, for a person who gets it on paper."""
    row, session = context.row, request.db
    pdf = pdf_of(session, request.registry.key_ring, row)
    if pdf is None or row.state not in (RequestState.CHECKED, RequestState.SENT):
        request.flash("Er is nog geen nagekeken kopie om te printen.", "warning")
        return HTTPSeeOther(request.resource_path(context))
    note_read(request, context.holder, KIND, [row.id], task="kopie printen")
    response = Response(pdf, content_type="application/pdf")
    response.content_disposition = f'attachment; filename="{row.reference}.pdf"'
    return response


@asked_file(name=FILE)
def file_view(context: RequestResource, request: Request) -> Any:
    """Show an attachment to who decides whether it goes along."""
    parts = parts_of(request.db, request.registry.key_ring, context.row)
    return shown_file(request, context.row, parts, request.resource_path(context))


def copy_panel(context: RequestResource, request: Request) -> Panel | None:
    """Show on the case how far the copy is, and how it is picked up."""
    copy = copy_of(request.db, context.row.id)
    if copy is None:
        return None
    pickup = pickup_of(request.db, context.row)
    here = request.resource_path(context)
    facts: list[tuple[str, Any]] = [("Gemaakt door", copy.made_by)]
    if copy.checked_at is not None and copy.checked_by:
        facts.append(("Nagekeken door", f"{copy.checked_by}, {datetime_long(copy.checked_at)}"))
    if copy.answer:
        facts.append(("Wat de tweede persoon zag", copy.answer))
    waits = pickup is not None and pickup.state != PickupState.WITHDRAWN
    if pickup is not None and waits:
        facts.append(("Ophalen met nummer", pickup.reference))
        if pickup.expires_at is not None:
            facts.append(("Op te halen tot", datetime_long(pickup.expires_at)))
    if copy.picked_up_at is not None:
        facts.append(("Opgehaald", datetime_long(copy.picked_up_at)))
    may = request.has_permission(HANDLE, context)
    return Panel(
        "De kopie",
        f"{TEMPLATES}/panel.jinja2",
        {
            "facts": facts,
            "mark_href": f"{here}/{MARK}"
            if may and context.row.state == RequestState.REDACTING
            else None,
            "print_href": f"{here}/{PRINT}"
            if may and context.row.state in (RequestState.CHECKED, RequestState.SENT)
            else None,
            "spoken_href": f"{here}/{SPOKEN}" if may and waits else None,
            "written_href": f"{here}/{WRITTEN}" if may and waits else None,
            # Only an objection that is upheld brings a case with a copy back there.
            "reopened": context.row.state == RequestState.SEARCHING,
            "on_follow": context.row.channel == Channel.FOLLOW,
        },
    )
