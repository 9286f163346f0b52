"""The register of breaches, the page of one breach, and the forms that take it further."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, Form, FormError, handle_form, later_version
from stopintimidatie.core.forms.transitions import derive_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import datetime_long, datetime_short, number, plural
from stopintimidatie.core.web.components import TimelineEntry
from stopintimidatie.core.web.request import (
    Paging,
    Request,
    form_view,
    page_view,
    query_pairs,
    wanted_page,
)
from stopintimidatie.core.workflow import WorkflowError, options_of
from stopintimidatie.dossiers.words import link
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.privacy.breaches.forms import (
    ap_schema,
    aware_schema,
    facts_of,
    facts_schema,
    read_facts,
    this_minute,
)
from stopintimidatie.privacy.breaches.models import Breach, BreachDocument, BreachMove, BreachNotice
from stopintimidatie.privacy.breaches.resources import (
    BreachRegister,
    BreachResource,
    count,
    listed,
)
from stopintimidatie.privacy.breaches.services import (
    Tally,
    documents_of,
    first_notices,
    kinds_in,
    lock,
    lost_of,
    move,
    moves_of,
    notices_of,
    set_aware,
    set_facts,
    steps_of,
    tally,
)
from stopintimidatie.privacy.breaches.vocabulary import (
    KIND,
    Category,
    Cause,
    Group,
    NoticeKind,
    Obstacle,
    Risk,
    in_words,
    people_in_words,
)
from stopintimidatie.privacy.breaches.workflow import (
    COUNTS,
    DONE,
    TO_AP,
    WORKFLOW,
    countdown,
    is_late,
    line_words,
    why_not_now,
)

_TEMPLATES: Final = "stopintimidatie.privacy.breaches:templates"
FORM: Final = f"{_TEMPLATES}/form.jinja2"
STEP, FACTS, AWARE = "stap", "feiten", "tijdstip"
COLUMNS: Final = ("Nummer", "Wat", "Bekend sinds", "Termijn bij de AP", "Toestand")


@page_view(BreachRegister, "", Permission.VIEW_BREACHES, f"{_TEMPLATES}/register.jinja2")
def register_view(context: BreachRegister, request: Request) -> dict[str, Any]:
    """Show the register: what waits for a decision about the AP first."""
    now, here = utc_now(), request.resource_path(context)
    paging = Paging(wanted_page(request), count(request.db))
    breaches = request.db.scalars(listed().offset(paging.offset).limit(paging.size)).all()
    late = sum(row.state in COUNTS and now > row.due_at for row in breaches)
    first = first_notices(request.db, [row.id for row in breaches])
    return {
        "owner": context.owner,
        "columns": COLUMNS,
        "rows": [_row(row, here, first, now) for row in breaches],
        "paging": paging,
        "late": plural(late, "datalek is", "datalekken zijn") if late else "",
        "report_href": request.resource_path(context.__parent__, "datalek-melden"),
    }


def _row(breach: Breach, here: str, first: Mapping[UUID, datetime], now: datetime) -> list[Any]:
    return [
        link(f"{here}/{breach.reference}", breach.reference),
        Cause.word(breach.cause),
        datetime_short(breach.aware_at),
        clock_words(breach, first.get(breach.id), now),
        WORKFLOW.state(breach.state).label,
    ]


def clock_words(breach: Breach, first: datetime | None, now: datetime) -> str:
    """Return how the 72 hours stand: what is left, or when the AP was told.

    `first`: the moment of the first notification; None: there is none.
    """
    if breach.state in COUNTS:
        return countdown(breach.due_at, now)
    if first is None:
        return "niet gemeld bij de AP"
    if is_late(breach.due_at, first):
        return f"later dan 72 uur gemeld: {countdown(breach.due_at, first)}"
    return "op tijd gemeld bij de AP"


@page_view(BreachResource, "", Permission.VIEW_BREACHES, f"{_TEMPLATES}/breach.jinja2")
def breach_view(context: BreachResource, request: Request) -> dict[str, Any]:
    """Show one breach: its clock, the facts, whom was told, and what can be done."""
    breach, session, now = context.breach, request.db, utc_now()
    note_read(request, context.holder, KIND, [breach.id], task="datalek lezen")
    notices = notices_of(session, breach)
    first = next((row.sent_at for row in notices if row.kind == NoticeKind.FIRST), None)
    counted, moves = tally(session, breach), moves_of(session, breach)
    paging = Paging(wanted_page(request), counted.total)
    documents = documents_of(session, breach, paging.offset, paging.size)
    may = bool(request.has_permission(Permission.HANDLE_BREACHES, context))
    open_ = may and breach.closed_at is None
    here = request.resource_path(context)
    return {
        "breach": breach,
        "owner": context.owner,
        "state": WORKFLOW.state(breach.state).label,
        "counts": breach.state in COUNTS,
        "late": breach.state in COUNTS and now > breach.due_at,
        "countdown": clock_words(breach, first, now),
        "clock": _clock(breach),
        "facts": fact_rows(breach, counted.total),
        "judgement": _judgement(breach),
        "lost": _lost(session, breach),
        "notices": [_notice(row) for row in notices],
        "documents": [[row.reference, _telling(row)] for row in documents],
        "paging": paging,
        "counted": _counted(counted),
        "ways": _ways(breach, here, counted) if may else [],
        "towns": _town_rows(session, breach, towns_of(moves)),
        "share_href": f"{here}/gemeenten" if open_ and context.holder == NATIONAL else None,
        "ap_href": f"{here}/ap-gegevens",
        "history": [_line(row) for row in moves],
        "steps": [
            (move.label, f"{here}/{STEP}?naam={move.name}") for move in steps_of(breach, notices)
        ]
        if may
        else [],
        "facts_href": f"{here}/{FACTS}" if open_ else None,
        "aware_href": f"{here}/{AWARE}" if open_ else None,
    }


def _clock(breach: Breach) -> list[tuple[str, str]]:
    rows = [
        ("Bekend sinds", datetime_long(breach.aware_at)),
        ("Bij de AP uiterlijk", datetime_long(breach.due_at)),
        ("Gemeld door", f"{breach.reported_by}, {datetime_short(breach.made_at)}"),
    ]
    if breach.late_reason:
        rows.append(("Waarom later dan 72 uur", breach.late_reason))
    return rows


def fact_rows(breach: Breach, reports: int) -> list[tuple[str, str]]:
    """Return the facts of article 33(3) AVG with this number of reports: labels and texts."""
    return [
        ("Soort", Cause.word(breach.cause)),
        ("Wat er gebeurde", breach.description),
        ("Wanneer", _between(breach)),
        ("Welke gegevens", in_words(Category, breach.categories)),
        ("Van wie", in_words(Group, breach.groups)),
        ("Hoeveel mensen", people_in_words(breach.people, reports)),
        ("Wat dit kan betekenen", breach.consequences or ""),
        ("Wat eraan is gedaan", breach.measures or ""),
    ]


def _between(breach: Breach) -> str:
    begin, end = (
        datetime_short(moment) if moment else ""
        for moment in (breach.happened_from, breach.happened_until)
    )
    if begin and end:
        return f"van {begin} tot {end}"
    return f"vanaf {begin}" if begin else f"tot {end}" if end else ""


def _judgement(breach: Breach) -> list[tuple[str, str]]:
    if breach.risk is None:
        return []
    return [("Risico voor mensen", Risk.word(breach.risk)), ("Waarom", breach.risk_reason or "")]


def _lost(session: Session, breach: Breach) -> list[tuple[str, str]]:
    """Return the document that is lost; nothing when it didn't begin with one."""
    lost = lost_of(session, breach)
    if lost is None:
        return []
    return [
        ("Stuk", f"{lost.reference}, van {lost.source_kind} {lost.source_reference}"),
        ("Ontvanger", lost.recipient),
        ("Gemaakt", datetime_long(lost.made_at)),
        ("Soorten gegevens", kinds_in(session, lost)),
    ]


def _notice(row: BreachNotice) -> TimelineEntry:
    text = "\n".join(
        part for part in (f"Nummer van de AP: {row.number}" if row.number else "", row.text) if part
    )
    return TimelineEntry(row.sent_at, NoticeKind.word(row.kind), row.sent_by, text)


def _telling(row: BreachDocument) -> str:
    """Return how far telling the reporter of a document is."""
    if row.told_at is not None:
        return f"verteld op {datetime_short(row.told_at)}"
    if row.obstacle is not None:
        return f"kan hier niet: {Obstacle.word(row.obstacle)}"
    return "nog niet verteld"


def _counted(reporters: Tally) -> str:
    """Return in a sentence how many reporters were told."""
    verb = "heeft" if reporters.reached == 1 else "hebben"
    number_of = plural(reporters.total, "melder", "melders")
    words = f"{reporters.reached} van {number_of} {verb} een bericht."
    if reporters.hindered:
        words += f" Bij {reporters.hindered} kan dat hier niet: vertel het langs een andere weg."
    return words


def _ways(breach: Breach, here: str, reporters: Tally) -> list[tuple[str, str]]:
    """Return what can be done about people, as pairs of label and address."""
    if breach.closed_at is not None:
        return []
    ways = [("Meldingen toevoegen", f"{here}/meldingen")]
    if reporters.left:
        ways.insert(0, ("Melders vertellen", f"{here}/vertellen"))
    ways.append(("Anders of niet informeren", f"{here}/betrokkenen"))
    return ways


def _town_rows(session: Session, breach: Breach, codes: Sequence[str]) -> list[list[str]]:
    """Return the municipalities that a breach was given to, and how far each is, by name."""
    if not codes:
        return []
    wanted = select(Municipality.code, Municipality.name).where(Municipality.code.in_(codes))
    rows = session.execute(wanted.order_by(Municipality.name, Municipality.code))
    return [[row.name, *_stand(breach.towns.get(row.code))] for row in rows]


def _stand(stand: Mapping[str, Any] | None) -> tuple[str, str, str]:
    """Return how far a municipality is, its number of reports, and of reporters who know."""
    if stand is None:
        return "nog niet in het register", "", ""
    total, reached = stand["total"], stand["reached"]
    informed = f"{reached} van {number(total)}" if total else ""
    return WORKFLOW.state(stand["toestand"]).label, number(total), informed


def towns_of(moves: Sequence[BreachMove]) -> list[str]:
    """Return the codes of the municipalities that a breach was given to."""
    given = (row.values.get("gemeenten", []) for row in moves if row.name == "doorgegeven")
    return sorted({code for codes in given for code in codes})


def _line(row: BreachMove) -> TimelineEntry:
    return TimelineEntry(row.at, line_words(row.name), row.actor_name, row.reason or "")


# Forms


def handle(
    context: BreachResource,
    request: Request,
    form: Form,
    heading: str,
    act: Callable[[dict[str, Any]], str],
    *,
    intro: str | None = None,
) -> Any:
    """Show a form about a breach; take it unless somebody else changed the breach meanwhile."""
    breach, back = context.breach, request.resource_path(context)

    def on_valid(values: dict[str, Any]) -> Any:
        lock(request.db, breach)
        if breach.version != values["versie"]:
            raise later_version(form, breach)
        try:
            words = act(values)
        except WorkflowError as problem:
            raise FormError(str(problem), problem.field) from None
        request.flash(words)
        return HTTPSeeOther(back)

    def page() -> dict[str, Any]:
        note_read(request, context.holder, KIND, [breach.id], task="datalek lezen")
        return {
            "heading": heading,
            "above": context.title,
            "intro": intro,
            "facts": _clock(breach)[:2],
        }

    return handle_form(request, form, on_valid, page)


@form_view(BreachResource, STEP, Permission.HANDLE_BREACHES, FORM)
def step_view(context: BreachResource, request: Request) -> Any:
    """Make a step of the workflow."""
    breach = context.breach
    name = dict(query_pairs(request)).get("naam", "")
    steps = steps_of(breach, notices_of(request.db, breach))
    step = next((step for step in steps if step.name == name), None)
    if step is None:
        if any(step.name == name for step in WORKFLOW.transitions):
            request.flash(why_not_now(breach.state, name), "info")
            return HTTPSeeOther(request.resource_path(context))
        raise HTTPNotFound()
    back = request.resource_path(context)
    if name in TO_AP:
        form = Form(
            ap_schema(breach, first=name == "ap_melden"),
            request,
            buttons=[Button(step.name, step.label)],
            appstruct={"op": this_minute(), "versie": breach.version},
            cancel_url=back,
        )
    else:
        form = derive_form(
            step,
            options_of(request.registry, request.db, step, breach),
            request,
            version=breach.version,
            cancel_url=back,
        )

    def act(values: dict[str, Any]) -> str:
        answers = {key: value for key, value in values.items() if key != "versie"}
        move(request.db, breach, name, answers, request.actor)
        return DONE[name]

    return handle(context, request, form, step.label, act)


@form_view(BreachResource, FACTS, Permission.HANDLE_BREACHES, FORM)
def facts_view(context: BreachResource, request: Request) -> Any:
    """Write down what happened, to whom, and what was done."""
    breach = open_breach(context)
    form = Form(
        facts_schema(tally(request.db, breach).total),
        request,
        buttons=[Button("opslaan", "Feiten opslaan")],
        appstruct=facts_of(breach),
        cancel_url=request.resource_path(context),
    )

    def act(values: dict[str, Any]) -> str:
        set_facts(request.db, breach, read_facts(values), request.actor)
        return "De feiten zijn opgeslagen."

    return handle(context, request, form, "Feiten", act)


@form_view(BreachResource, AWARE, Permission.HANDLE_BREACHES, FORM)
def aware_view(context: BreachResource, request: Request) -> Any:
    """Correct since when the breach is known."""
    breach = open_breach(context)
    form = Form(
        aware_schema(),
        request,
        buttons=[Button("opslaan", "Tijdstip wijzigen")],
        appstruct={"bekend": breach.aware_at, "versie": breach.version},
        cancel_url=request.resource_path(context),
    )

    def act(values: dict[str, Any]) -> str:
        moment = min(values["bekend"], utc_now())
        set_aware(request.db, breach, moment, values["reden"], request.actor)
        return f"De termijn loopt nu tot {datetime_long(breach.due_at)}."

    return handle(context, request, form, "Tijdstip wijzigen", act)


def open_breach(context: BreachResource) -> Breach:
    """Return the breach, while it isn't closed.

    Raises:
        HTTPNotFound: It is closed: nothing changes any more.
    """
    if context.breach.closed_at is not None:
        raise HTTPNotFound()
    return context.breach
