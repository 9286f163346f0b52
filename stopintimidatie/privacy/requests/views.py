"""The list of requests of a holder, entering one, its case, and the steps of it."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy import case, func, select

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.forms import Button, Form, FormError, handle_form, later_version
from stopintimidatie.core.forms.transitions import derive_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.text import date_short, date_text, datetime_short, day_of, days_until
from stopintimidatie.core.web.components import ListItem, TimelineEntry, panels
from stopintimidatie.core.web.request import (
    Paging,
    Request,
    form_view,
    page_view,
    query_pairs,
    wanted_page,
)
from stopintimidatie.core.workflow import Transition, WorkflowError, options_of
from stopintimidatie.dossiers.words import link
from stopintimidatie.privacy.requests.forms import EntrySchema
from stopintimidatie.privacy.requests.letters import LetterKind, letters_of
from stopintimidatie.privacy.requests.models import (
    AskedBy,
    Capacity,
    Channel,
    ChildOutcome,
    Ground,
    ObjectionOutcome,
    RequestLetter,
    RequestState,
    Right,
    SentHow,
    SubjectRequest,
    SubjectRequestMove,
)
from stopintimidatie.privacy.requests.models import Identity as IdentityHow
from stopintimidatie.privacy.requests.personal import KIND
from stopintimidatie.privacy.requests.resources import RequestRegister, RequestResource
from stopintimidatie.privacy.requests.rules import about_child, advice_on, identities_of
from stopintimidatie.privacy.requests.services import (
    WITH_LETTER,
    Entry,
    Person,
    enter_once,
    move_request,
    moves_of,
    obstacle,
    read_person,
    read_question,
    refuses_effect,
    refuses_extension,
    refuses_second,
    way_to_send,
)
from stopintimidatie.privacy.requests.workflow import AGAIN, REQUEST_WORKFLOW, fits, rules_of

TEMPLATES: Final = "stopintimidatie.privacy.requests:templates"
FORM: Final = f"{TEMPLATES}/form.jinja2"
NEW: Final = "nieuw"
STEP: Final = "stap"
SEE: Final = Permission.VIEW_REQUESTS
HANDLE: Final = Permission.HANDLE_REQUESTS
# The person who asks is known by name and address.
ASKED: Final = (recently_confirmed,)
Values = dict[str, Any]
# Steps that answer nothing, or go back: never the button that stands out.
ASIDE: Final = frozenset(
    REQUEST_WORKFLOW.transition(name).label
    for name in ("terug", "weigeren", "doorsturen", "intrekken")
)
# Lines of the history that are no step of the workflow.
EVENTS: Final = {
    "ontvangen": "Ontvangen",
    "verlengd": "Termijn verlengd",
    "kind_gehoord": "Kind gehoord",
    "bezwaar": "Bezwaar ontvangen",
    "bezwaar_klaar": "Bezwaar afgerond",
    "beperkt": "Gebruik beperkt",
    "opgeheven": "Beperking opgeheven",
    "gecorrigeerd": "Correctie ernaast gezet",
    "brief_verstuurd": "Brief verstuurd",
    "gewist": "Persoon, vraag en brieven gewist",
}


# The list


@page_view(RequestRegister, "", SEE, f"{TEMPLATES}/register.jinja2")
def register_view(context: RequestRegister, request: Request) -> Values:
    """Show the requests: those that wait for an answer first, by their day, then the others."""
    is_open = SubjectRequest.ended_at.is_(None)
    late = is_open & (SubjectRequest.due_on < day_of(utc_now()))
    total, open_count, late_count = request.db.execute(
        select(
            func.count(),
            func.count().filter(is_open),
            func.count().filter(late),
        ).select_from(SubjectRequest)
    ).one()
    paging = Paging(wanted_page(request), total)
    rows = request.db.scalars(
        select(SubjectRequest)
        .order_by(
            SubjectRequest.ended_at.is_not(None),
            case((is_open, SubjectRequest.due_on)),
            SubjectRequest.ended_at.desc(),
            SubjectRequest.reference,
        )
        .offset(paging.offset)
        .limit(paging.size)
    ).all()
    may = request.has_permission(HANDLE, context)
    return {
        "total": total,
        "open_count": open_count,
        "late": late_count,
        "running": [_item(context, request, row) for row in rows if row.ended_at is None],
        "ended": [_item(context, request, row) for row in rows if row.ended_at is not None],
        "paging": paging,
        "new": request.resource_path(context, NEW) if may else None,
    }


def _item(context: RequestRegister, request: Request, row: SubjectRequest) -> ListItem:
    state = REQUEST_WORKFLOW.state(row.state).label
    about = (Capacity.word(row.capacity), state)
    if row.ended_at is not None:
        due = date_text(row.objection_due)
        objection = (f"bezwaar: beslissen uiterlijk {due}",) if row.objection_runs else ()
        when: tuple[str, ...] = (f"afgerond op {date_text(row.ended_at)}", *objection)
    else:
        extended = ("verlengd",) if row.extended_on else ()
        when = (f"uiterlijk {date_text(row.due_on)} ({days_until(row.due_on)})", *extended)
    late = row.ended_at is None and row.due_on < day_of(utc_now())
    href = request.resource_path(context, row.reference)
    title = f"{row.reference}: {Right.word(row.right)}"
    return ListItem(title, href, ("te_laat",) if late else (), (*about, *when))


@form_view(RequestRegister, NEW, HANDLE, FORM)
def new_view(context: RequestRegister, request: Request) -> Any:
    """Enter a request that came in; its clock runs from the day it was received."""
    form = Form(
        EntrySchema(),
        request,
        buttons=[Button("opslaan", "Verzoek opslaan")],
        appstruct={"ontvangen_op": day_of(utc_now())},
        cancel_url=request.resource_path(context),
    )

    def on_valid(values: Values) -> Any:
        if not any(values[name] for name in ("email", "telefoon", "adres")):
            raise FormError(
                "Vul een e-mailadres, telefoonnummer of postadres in: u moet kunnen antwoorden.",
                "email",
            )
        person = Person(
            values["naam"],
            values["email"] or "",
            values["telefoon"] or "",
            values["adres"] or "",
        )
        entry = Entry(
            values["recht"],
            values["hoedanigheid"],
            values["vraagt"],
            values["kanaal"],
            values["ontvangen_op"],
            person,
            values["vraag"],
            child=values["jong"],
        )
        keys = request.registry.key_ring
        row, new = enter_once(request.db, keys, context.holder, entry, request.actor)
        saved = "Het verzoek is opgeslagen." if new else "U had dit verzoek al opgeslagen."
        request.flash(
            f"{saved} Antwoord uiterlijk {date_text(row.due_on)}. De ontvangstbevestiging staat"
            " klaar bij de brieven."
        )
        href = request.resource_url(context, row.reference)
        return HTTPSeeOther(href + _identified(request, row, values["identiteit"]))

    page = {
        "heading": "Verzoek invoeren",
        "above": context.owner,
        "intro": "Van iemand die vraagt wat wij over hen bewaren, of dat wil laten verbeteren,"
        " wissen of beperken. Wie het vraagt en wat er staat, bewaren wij versleuteld.",
        "warning": "",
    }
    return handle_form(request, form, on_valid, page)


def _identified(request: Request, row: SubjectRequest, how: str | None) -> str:
    """Note how it is known who asks; return the page below the case with which one goes on.

    Raises:
        FormError: That is no way for who asks for a child.
    """
    if how and row.state == RequestState.RECEIVED:
        try:
            move_request(
                request.registry, request.db, row, "identiteit", {"hoe": how}, request.actor
            )
        except WorkflowError as refused:
            raise FormError(str(refused), "identiteit") from None
    if row.state != RequestState.SEARCHING or row.right != Right.ACCESS or refuses_effect(row):
        return ""
    return next(f"/{rule.page}" for rule in rules_of(request.registry, "redigeren") if rule.page)


# The case


@page_view(RequestResource, "", SEE, f"{TEMPLATES}/request.jinja2", guards=ASKED)
def request_view(context: RequestResource, request: Request) -> Values:
    """Show a request: its clock, what to do next, its letters and its history."""
    row, keys = context.row, request.registry.key_ring
    note_read(request, row.holder, KIND, [row.id], task="verzoek bekijken")
    may = bool(request.has_permission(HANDLE, context))
    here = request.resource_path(context)
    steps, blocked = _steps(context, request)
    for_child = about_child(row.asked_by, child=row.child)
    return {
        "row": row,
        "right": f"Verzoek: {Right.word(row.right)}",
        "state": REQUEST_WORKFLOW.state(row.state).label,
        "late": row.ended_at is None and row.due_on < day_of(utc_now()),
        "for_child": for_child,
        "advice": None if row.ended_at else advice_on(row.asked_by, child=row.child),
        "hear": f"{here}/kind-gehoord" if may and for_child and not row.ended_at else None,
        "steps": steps,
        "onwards": bool(steps) and steps[0][0] not in ASIDE,
        "blocked": blocked,
        "others": _others(row, here) if may else [],
        "facts": _facts(context, request),
        "question": read_question(keys, row),
        "gone": row.person is None,
        "panels": panels(request, KIND, context),
        "letters": [_letter(made, here) for made in letters_of(request.db, row)],
        "letter_href": f"{here}/brief-maken" if may and row.person is not None else None,
        "history": [_entry(moved) for moved in moves_of(request.db, row)],
    }


def _steps(
    context: RequestResource, request: Request
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the steps to make now, each with its page, and those that can't be made yet, why."""
    row, here = context.row, request.resource_path(context)
    ready, blocked = [], []
    for move in REQUEST_WORKFLOW.moves_from(row.state):
        if move.name == AGAIN or not fits(row.right, move.name):
            continue
        if not request.has_permission(move.permission, context):
            continue
        why = obstacle(request.registry, request.db, row, move.name)
        if why is None and move.name == "nagekeken":
            why = refuses_second(request.db, row, request.actor)
        if why is None:
            ready.append((move.label, f"{here}/{_page_of(request, move)}"))
        else:
            blocked.append((move.label, why))
    return ready, blocked


def _page_of(request: Request, move: Transition) -> str:
    pages = [rule.page for rule in rules_of(request.registry, move.name) if rule.page]
    return pages[0] if pages else f"{STEP}?naam={move.name}"


def _others(row: SubjectRequest, here: str) -> list[tuple[str, str]]:
    """Return what else can be done with a request, besides its steps."""
    links = []
    if refuses_extension(row) is None:
        links.append(("Termijn verlengen", f"{here}/verlengen"))
    if row.objection_runs:
        links.append(("Uitkomst van het bezwaar vastleggen", f"{here}/bezwaar-uitkomst"))
        links.append(("Bezwaar wijzigen", f"{here}/bezwaar"))
    elif row.ended_at is not None and row.objection_until is not None and not row.objection_on:
        links.append(("Bezwaar vastleggen", f"{here}/bezwaar"))
    return links


def _facts(context: RequestResource, request: Request) -> list[tuple[str, str]]:
    """Return what is known of a request, for its page."""
    row = context.row
    person = read_person(request.registry.key_ring, row)
    facts = [
        ("Ontvangen op", f"{date_text(row.received_on)}, {Channel.word(row.channel)}"),
        ("Antwoord uiterlijk", date_text(row.due_on)),
        ("Als wie", Capacity.word(row.capacity)),
        ("Gevraagd door", AskedBy.word(row.asked_by)),
    ]
    if person is not None:
        rows = (
            ("Naam", person.name),
            ("E-mailadres", person.email),
            ("Telefoon", person.phone),
            ("Postadres", person.address.replace("\n", ", ")),
        )
        facts += [(label, value) for label, value in rows if value]
    if row.identity_at is not None:
        code = str(row.identity_how)
        how = identities_of(row.asked_by, child=row.child).get(code) or IdentityHow.word(code)
        facts.append(("Identiteit", f"{how}; {row.identity_by}, {datetime_short(row.identity_at)}"))
    if row.extended_on is not None:
        facts.append(("Verlengd", f"op {date_text(row.extended_on)}: {row.extended_reason}"))
    if row.child_heard_on is not None:
        outcome = ChildOutcome.word(row.child_outcome)
        facts.append(("Kind gehoord", f"op {date_text(row.child_heard_on)}: {outcome}"))
    if row.ended_at is not None:
        facts += _ending(row)
    if row.objection_on is not None:
        facts += _objection(row)
    return facts


def _ending(row: SubjectRequest) -> list[tuple[str, str]]:
    facts = [(REQUEST_WORKFLOW.state(row.state).label, date_text(row.ended_at))]
    if row.refused_ground:
        facts.append(("Grond", Ground.word(row.refused_ground)))
    if row.decided_reason:
        facts.append(("Toelichting", row.decided_reason))
    if row.objection_until is not None:
        facts.append(("Bezwaar kan tot en met", date_text(row.objection_until)))
    return facts


def _objection(row: SubjectRequest) -> list[tuple[str, str]]:
    number = f", zaak {row.objection_number}" if row.objection_number else ""
    facts = [("Bezwaar", f"ontvangen op {date_text(row.objection_on)}{number}")]
    if row.objection_runs and row.objection_due is not None:
        late = " (te laat)" if row.objection_due < day_of(utc_now()) else ""
        facts.append(
            ("Over het bezwaar beslissen", f"uiterlijk {date_text(row.objection_due)}{late}")
        )
    if row.objection_outcome is not None:
        ended = date_text(row.objection_ended_on)
        facts.append(("Uitkomst", f"{ObjectionOutcome.word(row.objection_outcome)}, op {ended}"))
        if row.objection_reason:
            facts.append(("Waarom", row.objection_reason))
    return facts


def _letter(made: RequestLetter, here: str) -> tuple[Any, str, str]:
    title = LetterKind.word(made.kind)
    shown = link(f"{here}/brief?nr={made.id}", title) if made.content else f"{title} (gewist)"
    sent = f"{date_short(made.sent_on)}, {SentHow.word(made.sent_how)}" if made.sent_on else "nee"
    return shown, datetime_short(made.made_at), sent


def _entry(moved: SubjectRequestMove) -> TimelineEntry:
    label = EVENTS.get(moved.name) or REQUEST_WORKFLOW.transition(moved.name).label
    said = moved.reason or ""
    if moved.name == "kind_gehoord":
        said = _outcome(moved)
    if moved.name == "bezwaar_klaar":
        said = f"{ObjectionOutcome.word(moved.values['uitkomst'])}. {said}"
    return TimelineEntry(moved.at, label, moved.actor_name, said)


def _outcome(moved: SubjectRequestMove) -> str:
    """Return what came of hearing a child that time; a later time doesn't overwrite it here."""
    outcome = ChildOutcome.word(moved.values["uitkomst"])
    return f"op {date_text(date.fromisoformat(moved.values['op']))}: {outcome}"


# A step


@form_view(RequestResource, STEP, HANDLE, FORM)
def step_view(context: RequestResource, request: Request) -> Any:
    """Show the form of a step of the workflow (`?naam=weigeren`), and make the step."""
    move = _wanted(context, request)
    row, here = context.row, request.resource_path(context)
    pages = [rule.page for rule in rules_of(request.registry, move.name) if rule.page]
    if pages:
        return HTTPSeeOther(f"{here}/{pages[0]}")
    why = obstacle(request.registry, request.db, row, move.name)
    if request.method != "POST" and (row.state not in move.sources or why is not None):
        label = REQUEST_WORKFLOW.state(row.state).label
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
        try:
            move_request(request.registry, request.db, row, move.name, answers, request.actor)
        except WorkflowError as refused:
            raise FormError(str(refused), refused.field) from None
        request.flash(_done(request.registry.key_ring, row, move.name))
        return HTTPSeeOther(here)

    page = {"heading": move.label, "above": f"Verzoek {row.reference}", "intro": "", "warning": ""}
    return handle_form(request, form, on_valid, page)


def _wanted(context: RequestResource, request: Request) -> Transition:
    try:
        move = REQUEST_WORKFLOW.transition(dict(query_pairs(request)).get("naam", ""))
    except WorkflowError:
        raise HTTPNotFound() from None
    if move.name == AGAIN or not fits(context.row.right, move.name):
        raise HTTPNotFound()
    return move


def _done(keys: KeyRing, row: SubjectRequest, name: str) -> str:
    done = f"Het verzoek staat nu op ‘{REQUEST_WORKFLOW.state(row.state).label}’."
    return f"{done} {way_to_send(keys, row)}" if name in WITH_LETTER else done
