"""The page of one destruction list: its lines, the act of each role, and single lines otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound, HTTPSeeOther

from stopintimidatie.core import forms
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.forms import Button, ConflictError, Form, Schema, field, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage.retention import RETENTION_CLASSES
from stopintimidatie.core.text import date_text, plural
from stopintimidatie.core.web.register import read_register
from stopintimidatie.core.web.request import (
    Request,
    form_view,
    page_view,
    post_view,
    query_pairs,
    with_params,
)
from stopintimidatie.privacy.destruction import extension, services
from stopintimidatie.privacy.destruction.models import DestructionLine, LineState
from stopintimidatie.privacy.destruction.queries import (
    Numbers,
    held_by,
    is_late,
    lines_asked,
    lines_of,
    numbers_of,
    open_to,
    people_of,
    statements_of,
    without_archive,
)
from stopintimidatie.privacy.destruction.resources import ListResource
from stopintimidatie.privacy.destruction.rules import ASSESSES, AUTHORISES, CHECKS, MAY
from stopintimidatie.privacy.destruction.services import Choice, fingerprint
from stopintimidatie.reports.vocabulary import KIND as REPORT

CHOICES: Final = {
    LineState.POSTPONED.value: "Uitstellen tot een dag",
    LineState.HELD.value: "Vasthouden, tot iemand iets anders beslist",
    LineState.UNDECIDED.value: "Terug naar onbeslist",
}
P: Final = Permission
TEMPLATES: Final = "stopintimidatie.privacy.destruction:templates"
FORM_PAGE: Final = f"{TEMPLATES}/form.jinja2"
# The parameter that names lines, by the reference of their document.
LINE: Final = "regel"
TASK: Final = "vernietigingslijst bekijken"
STALE: Final = (
    "Iemand anders heeft dit intussen gewijzigd. Wat u invulde staat er nog. Kijk het na, en sla"
    " het dan opnieuw op."
)
CHOOSE: Final = "Kies eerst een of meer regels in de lijst."


@page_view(ListResource, "", P.VIEW_RETENTION, f"{TEMPLATES}/list.jinja2")
def list_view(context: ListResource, request: Request) -> dict[str, Any]:
    """Show the lines of a list (`?stand=uitgesteld`, `?laat=ja`, `?regel=M-4F7K-2QX9`)."""
    session, row, today = request.db, context.row, local_date(utc_now())
    checks = services.checks_here(session)
    numbers = numbers_of(session, [row.id], today, checks=checks).get(row.id, Numbers())
    asked = dict(query_pairs(request))
    reference, late = asked.get(LINE, "")[:20], asked.get("laat") == "ja"
    states = dict(LineState.choices())
    standing = asked.get("stand", "")
    standing = standing if standing in states else ""
    total = 1 if reference else numbers.late if late else numbers.total
    wanted = lines_asked(reference, standing, late, today)
    lines = read_register(
        request,
        numbers.standings[standing] if standing else total,
        lambda offset, size: lines_of(session, row.id, *wanted, span=(offset, offset + size)),
    )
    _note(context, request, lines.rows)
    return {
        "row": row,
        "numbers": numbers,
        "standings": states,
        "act": _act_of(context, request, checks=checks),
        "people": people_of(session, row.id),
        "statements": statements_of(session, row.id) if numbers.standings[LineState.GONE] else [],
        "register": request.resource_path(context.__parent__),
        "here": request.resource_path(context).rstrip("/"),
        "standing": standing,
        "late": late,
        "all": not (reference or standing or late),
        "lines": lines,
        "classes": RETENTION_CLASSES.of(request.registry),
        "late_lines": {line.id for line in lines.rows if is_late(line, today)},
        "held": held_by(session, [line for line in lines.rows if line.gone_at is None]),
        "longer": services.asked_longer(session, lines.rows),
        "opens": request.has_permission(P.VIEW_REPORT, context),
        "chooses": bool(_choices(context, request)),
        "owner": bool(request.has_permission(P.ASSESS_DESTRUCTION, context)),
    }


def _note(context: ListResource, request: Request, lines: Sequence[DestructionLine]) -> None:
    """Note that these reports were seen on a list."""
    ids = {line.document_id: None for line in lines if line.document_kind == REPORT}
    note_read(request, context.holder, REPORT, list(ids), task=TASK)


# The acts


def _act_of(context: ListResource, request: Request, *, checks: bool) -> dict[str, Any] | None:
    """Return the act that is this person's now; None without one.

    Its step, the fingerprint of the lines that wait for it, and how many it takes along, something
    holds, are for a colleague, or wait for the package of their dossier.
    """
    session, row = request.db, context.row
    for step, permission in MAY.items():
        if (step == CHECKS and not checks) or not request.has_permission(permission, context):
            continue
        waits = services.takes(session, step)
        if not (lines := lines_of(session, row.id, waits)):
            continue
        mine = lines_of(session, row.id, waits, open_to(step, request.actor.id))
        stay: set[Any] = set()
        if step == ASSESSES:
            stay = {*held_by(session, mine)} | services.asked_longer(session, mine)
        apart = without_archive(session, mine) if step == AUTHORISES else ()
        return {
            "step": step,
            "seen": fingerprint(lines),
            "ready": len(mine) - len(stay) - len(apart),
            "held": len(stay),
            "others": len(lines) - len(mine),
            "archive": len(apart),
        }
    return None


@post_view(ListResource, ASSESSES, P.ASSESS_DESTRUCTION)
@post_view(ListResource, CHECKS, P.CHECK_DESTRUCTION)
@post_view(ListResource, AUTHORISES, P.AUTHORISE_DESTRUCTION, guards=(recently_confirmed,))
def step_view(context: ListResource, request: Request) -> HTTPSeeOther:
    """Make a step with the lines that the page showed."""
    step, seen = request.view_name, request.POST.get("gezien", "")
    number = services.make_step(request.db, context.row, step, request.actor, seen)
    request.flash(f"{plural(number, 'regel', 'regels')} {services.DONE[step]}.")
    return HTTPSeeOther(request.resource_path(context).rstrip("/"))


# Single lines otherwise

Values = dict[str, Any]


def _choices(context: ListResource, request: Request) -> list[str]:
    """Return what this person may decide on single lines."""
    owner = request.has_permission(P.ASSESS_DESTRUCTION, context)
    holds = request.has_permission(P.HOLD, context)
    reopens = owner or request.has_permission(P.AUTHORISE_DESTRUCTION, context)
    allowed = dict(zip(CHOICES, (owner, holds, reopens), strict=True))
    return [code for code in CHOICES if allowed[code]]


@form_view(ListResource, "anders", P.VIEW_RETENTION, FORM_PAGE)
def otherwise_view(context: ListResource, request: Request) -> Any:
    """Decide otherwise on the lines that the address names."""
    if not (choices := _choices(context, request)):
        raise HTTPForbidden()
    if not (lines := _lines_in(context, request)):
        request.flash(CHOOSE, "warning")
        return HTTPSeeOther(request.resource_path(context).rstrip("/"))

    def act(values: Values) -> str:
        decision = (
            None if values["besluit"] == LineState.UNDECIDED else LineState.of(values["besluit"])
        )
        choice = Choice(decision, values["reden"], values.get("tot"))
        ids, seen = [line.id for line in lines], values["gezien"]
        number = services.decide(request.db, context.row, ids, choice, request.actor, seen=seen)
        return f"Besloten over {plural(number, 'regel', 'regels')}."

    return _handle(context, request, otherwise_schema(choices), lines, act, longer=False)


@form_view(ListResource, "langer-bewaren", P.ASSESS_DESTRUCTION, FORM_PAGE)
def longer_view(context: ListResource, request: Request) -> Any:
    """Enter the controller's decision to keep a document beyond its maximum."""
    if not (lines := _lines_in(context, request)):
        raise HTTPNotFound()
    line = lines[0]

    def act(values: Values) -> str:
        ruling = extension.Ruling(
            values["tot"], values["reden"], values["wie"], values["nummer"], values["datum"]
        )
        made = extension.enter(
            request.db, context.row, line, ruling, request.actor, values["gezien"]
        )
        day = date_text(extension.works_on(made))
        return f"{line.reference}: ingevuld. De archivaris en de FG weten het. Het werkt op {day}."

    asked = extension.open_extension(request.db, line.document_id)
    schema = ruling_schema(extension.BODIES)
    return _handle(context, request, schema, [line], act, longer=True, asked=asked)


def _lines_in(context: ListResource, request: Request) -> Sequence[DestructionLine]:
    """Return the lines of the list that the address names."""
    references = [value[:20] for name, value in query_pairs(request) if name == LINE]
    return lines_of(request.db, context.row.id, DestructionLine.reference.in_(references))


def _handle(
    context: ListResource,
    request: Request,
    schema: Any,
    lines: Sequence[DestructionLine],
    act: Callable[[Values], str],
    **about: Any,
) -> Any:
    """Show a form about lines, or act; what was typed stays when somebody was first."""
    seen, back = fingerprint(lines), request.resource_path(context).rstrip("/")
    form = Form(
        schema,
        request,
        buttons=[Button("opslaan", "Vastleggen")],
        appstruct={"gezien": seen},
        action=with_params(request),
        cancel_url=back,
    )

    def on_valid(values: Values) -> HTTPSeeOther:
        if values["gezien"] != seen:
            form["gezien"].cstruct = seen
            raise ConflictError(STALE)
        request.flash(act(values))
        return HTTPSeeOther(back)

    _note(context, request, lines)
    return handle_form(request, form, on_valid, {"row": context.row, "lines": lines, **about})


# The forms


def otherwise_schema(choices: Sequence[str]) -> Any:
    """Return the form to decide otherwise on lines, with the choices of this person."""
    day = field(
        forms.Date(),
        "Tot welke dag?",
        name="tot",
        missing=None,
        needed_sometimes=True,
        description="Vanaf morgen, en hooguit vijf jaar. Vanaf die dag staat de regel weer open.",
        drawn=forms.Opened("De dag", (LineState.POSTPONED.value,)),
    )
    return Schema(
        field(
            forms.OneOf([(code, CHOICES[code]) for code in choices], radio=True),
            "Wat wilt u?",
            name="besluit",
        ),
        *((day,) if LineState.POSTPONED.value in choices else ()),
        _reason("De reden staat op de lijst. Noem geen namen."),
        *_hidden(),
    )


def ruling_schema(bodies: Any) -> Any:
    """Return the form of the controller's decision to keep a document beyond its maximum."""
    return Schema(
        field(forms.OneOf(bodies, radio=True), "Wie besloot dit?", name="wie"),
        field(
            forms.Text(100),
            "Nummer van het besluit",
            name="nummer",
            widget=forms.TextInput(width="medium"),
        ),
        field(forms.Date(), "Datum van het besluit", name="datum"),
        field(
            forms.Date(),
            "Tot welke dag mag het blijven?",
            name="tot",
            description="Op die dag moet het weg. Hooguit vijf jaar vanaf vandaag.",
        ),
        _reason("De archivaris en de FG lezen dit. Noem geen namen."),
        *_hidden(),
    )


def _reason(description: str) -> Any:
    return field(
        forms.Text(1000, lines=True),
        "Waarom?",
        name="reden",
        description=description,
        widget=forms.TextArea(rows=3),
    )


def _hidden() -> tuple[Any, ...]:
    return (field(forms.Text(100), "Gezien", widget=forms.Hidden(), name="gezien", missing=""),)
