"""The page of one destruction list: its lines, the act of each role, and single lines otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound, HTTPSeeOther

from stopintimidatie.core.accounts.hands import hands_of
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.forms import Button, ConflictError, Form, FormError, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage.retention import RETENTION_CLASSES
from stopintimidatie.core.text import date_text, plural
from stopintimidatie.core.web.request import (
    NavItem,
    Paging,
    Request,
    form_view,
    page_view,
    post_view,
    query_pairs,
    wanted_page,
    with_params,
)
from stopintimidatie.privacy.destruction import extension, services, words
from stopintimidatie.privacy.destruction.forms import CHOICES, otherwise_schema, ruling_schema
from stopintimidatie.privacy.destruction.forms import OPEN as REOPEN
from stopintimidatie.privacy.destruction.models import DestructionLine, LineDecision
from stopintimidatie.privacy.destruction.queries import (
    GONE,
    STANDINGS,
    LineFilter,
    Numbers,
    held_by,
    is_late,
    lines_named,
    lines_of,
    numbers_of,
    people_of,
    standing_of,
    statements_of,
    step_lines,
    without_archive,
)
from stopintimidatie.privacy.destruction.resources import ListResource, may_open
from stopintimidatie.privacy.destruction.rules import ASSESSES, AUTHORISES, CHECKS, other_step
from stopintimidatie.privacy.destruction.services import Choice, fingerprint
from stopintimidatie.reports.vocabulary import KIND as REPORT

P: Final = Permission
TEMPLATES: Final = "stopintimidatie.privacy.destruction:templates"
FORM_PAGE: Final = f"{TEMPLATES}/form.jinja2"
# The parameter that names lines, by the reference of their document.
LINE: Final = "regel"
TASK: Final = "vernietigingslijst bekijken"
CHANGED: Final = "De lijst is intussen veranderd. Kijk haar opnieuw na, en doe het dan nog eens."
STALE: Final = (
    "Iemand anders heeft dit intussen gewijzigd. Wat u invulde staat er nog. Kijk het na, en sla"
    " het dan opnieuw op."
)
CHOOSE: Final = "Kies eerst een of meer regels in de lijst."
MAY: Final = {
    ASSESSES: P.ASSESS_DESTRUCTION,
    CHECKS: P.CHECK_DESTRUCTION,
    AUTHORISES: P.AUTHORISE_DESTRUCTION,
}


@dataclass(frozen=True)
class ShownLine:
    """A line of the list as its page shows it: never anything of its content."""

    line: DestructionLine
    label: str
    standing: str
    late: bool
    held: Sequence[str]
    # A decision to keep it beyond its maximum is asked for, or doesn't work yet.
    longer: bool
    href: str | None


@dataclass(frozen=True)
class Act:
    """An act that is this person's now, with the lines that it takes along and those it leaves.

    Args:
        step: its name, as it stands in the address.
        seen: the fingerprint of the lines that wait for it.
        ready: how many it takes along.
        held: how many something holds, or a decision is under way about.
        others: how many are for a colleague, who made no other step with them.
        archive: how many wait for the package of their dossier.
    """

    step: str
    seen: str
    ready: int
    held: int = 0
    others: int = 0
    archive: int = 0


@page_view(ListResource, "", P.VIEW_RETENTION, f"{TEMPLATES}/list.jinja2")
def list_view(context: ListResource, request: Request) -> dict[str, Any]:
    """Show the lines of a list (`?stand=uitgesteld`, `?laat=ja`, `?regel=M-4F7K-2QX9`)."""
    session, row, today = request.db, context.row, local_date(utc_now())
    checks = services.checks_here(session)
    numbers = numbers_of(session, [row.id], today, checks=checks).get(row.id, Numbers())
    wanted = _filter(request)
    total = 1 if wanted.reference else numbers.late if wanted.late else numbers.total
    shown = numbers.standings[wanted.standing] if wanted.standing else total
    paging = Paging(wanted_page(request), shown)
    lines = lines_of(session, row.id, wanted, today, paging.span)
    _note(context, request, lines)
    return {
        "row": row,
        "state": words.state_of_list(row),
        "numbers": numbers,
        "standings": STANDINGS,
        "act": _act_of(context, request, checks=checks),
        "people": people_of(session, row.id),
        "statements": statements_of(session, row.id) if numbers.standings[GONE] else [],
        "register": request.resource_path(context.__parent__),
        "here": request.resource_path(context).rstrip("/"),
        "views": _views(request, numbers, wanted),
        "lines": list(_shown(context, request, lines)),
        "paging": paging,
        "chooses": bool(_choices(context, request)),
        "owner": bool(request.has_permission(P.ASSESS_DESTRUCTION, context)),
    }


def _filter(request: Request) -> LineFilter:
    """Return the lines that the address asks for."""
    asked = dict(query_pairs(request))
    standing = asked.get("stand", "")
    return LineFilter(
        reference=asked.get(LINE, "")[:20],
        standing=standing if standing in STANDINGS else "",
        late=asked.get("laat") == "ja",
    )


def _views(request: Request, numbers: Numbers, wanted: LineFilter) -> list[NavItem]:
    """Return the states of lines to choose from, and what is late."""
    plain = {"pagina": None, LINE: None, "stand": None, "laat": None}
    href, all_ = with_params(request, **plain), wanted == LineFilter()
    views = [NavItem("Alles", href, current=all_, count=numbers.total)]
    for code, label in STANDINGS.items():
        href = with_params(request, **{**plain, "stand": code})
        number, current = numbers.standings[code], wanted.standing == code
        views.append(NavItem(label, href, current=current, count=number))
    href = with_params(request, **{**plain, "laat": "ja"})
    views.append(NavItem("Te laat", href, current=wanted.late, count=numbers.late))
    return [view for view in views if view.count or view.current or view is views[0]]


def _shown(
    context: ListResource, request: Request, lines: Sequence[DestructionLine]
) -> Iterator[ShownLine]:
    """Yield lines with by what they are held, and the way to their document for who may open it."""
    classes, today = RETENTION_CLASSES.of(request.registry), local_date(utc_now())
    held, longer = held_by(request.db, lines), services.asked_longer(request.db, lines)
    register, identity = request.resource_path(context.__parent__), request.identity
    for line in lines:
        gone, href = line.gone_at is not None, None
        if gone:
            href = f"{register}{line.reference}"
        elif identity is not None and may_open(identity, context.holder, line.document_kind):
            href = f"/m/{line.reference}" if line.document_kind == REPORT else None
        yield ShownLine(
            line,
            words.class_label(classes, line.retention_class),
            standing_of(line),
            is_late(line, today),
            () if gone else held.get(line.document_id, ()),
            line.document_id in longer,
            href,
        )


def _note(context: ListResource, request: Request, lines: Sequence[DestructionLine]) -> None:
    """Note that these reports were seen on a list."""
    ids = {line.document_id: None for line in lines if line.document_kind == REPORT}
    note_read(request, context.holder, REPORT, list(ids), task=TASK)


# The acts


def _act_of(context: ListResource, request: Request, *, checks: bool) -> Act | None:
    """Return the act that is this person's now; None without one."""
    session = request.db
    for step, permission in MAY.items():
        if (step == CHECKS and not checks) or not request.has_permission(permission, context):
            continue
        lines = step_lines(session, context.row.id, services.takes(session, step))
        if not lines:
            continue
        hands = hands_of(session, request.actor.id)
        mine = [line for line in lines if other_step(line, hands, step) is None]
        stay: set[Any] = set()
        if step == ASSESSES:
            stay = {*held_by(session, mine)} | services.asked_longer(session, mine)
        apart = without_archive(session, mine) if step == AUTHORISES else ()
        held, others = len(stay), len(lines) - len(mine)
        ready = len(mine) - held - len(apart)
        return Act(step, fingerprint(lines), ready, held, others, len(apart))
    return None


@post_view(ListResource, ASSESSES, P.ASSESS_DESTRUCTION)
@post_view(ListResource, CHECKS, P.CHECK_DESTRUCTION)
@post_view(ListResource, AUTHORISES, P.AUTHORISE_DESTRUCTION, guards=(recently_confirmed,))
def step_view(context: ListResource, request: Request) -> HTTPSeeOther:
    """Make a step, or say why not; either way the list is shown again."""
    step, seen = request.view_name, request.POST.get("gezien", "")
    try:
        with request.db.begin_nested():
            number = services.make_step(request.db, context.row, step, request.actor, seen)
    except services.StaleListError:
        request.flash(CHANGED, "warning")
    except services.ListError as problem:
        request.flash(problem.message, "warning")
    else:
        request.flash(f"{plural(number, 'regel', 'regels')} {services.DONE[step]}.")
    return HTTPSeeOther(request.resource_path(context).rstrip("/"))


# Single lines otherwise

Values = dict[str, Any]


def _choices(context: ListResource, request: Request) -> list[str]:
    """Return what this person may decide on single lines."""
    owner = request.has_permission(P.ASSESS_DESTRUCTION, context)
    holds = request.has_permission(P.HOLD, context)
    reopens = owner or request.has_permission(P.AUTHORISE_DESTRUCTION, context)
    allowed = {LineDecision.POSTPONED.value: owner, LineDecision.HELD.value: holds, REOPEN: reopens}
    return [code for code in CHOICES if allowed[code]]


@form_view(ListResource, "anders", P.VIEW_RETENTION, FORM_PAGE)
def otherwise_view(context: ListResource, request: Request) -> Any:
    """Decide otherwise on the lines that the address names."""
    choices = _choices(context, request)
    if not choices:
        raise HTTPForbidden()
    references = [value[:20] for name, value in query_pairs(request) if name == LINE]
    lines = lines_named(request.db, context.row.id, references)
    if not lines:
        request.flash(CHOOSE, "warning")
        return HTTPSeeOther(request.resource_path(context).rstrip("/"))
    form = _form(context, request, otherwise_schema(choices), lines)

    def act(values: Values) -> str:
        decision = None if values["besluit"] == REOPEN else LineDecision(values["besluit"])
        choice = Choice(decision, values["reden"], values.get("tot"))
        ids = [line.id for line in lines]
        number = services.decide(
            request.db, context.row, ids, choice, request.actor, seen=values["gezien"]
        )
        return f"Besloten over {plural(number, 'regel', 'regels')}."

    return _handle(context, request, form, lines, "Anders beslissen", act)


@form_view(ListResource, "langer-bewaren", P.ASSESS_DESTRUCTION, FORM_PAGE)
def longer_view(context: ListResource, request: Request) -> Any:
    """Enter the controller's decision to keep a document beyond its maximum."""
    line = _line_in(context, request)
    form = _form(context, request, ruling_schema(extension.BODIES), [line])
    asked = extension.open_extension(request.db, line.document_id)

    def act(values: Values) -> str:
        ruling = extension.Ruling(
            values["tot"], values["reden"], values["wie"], values["nummer"], values["datum"]
        )
        made = extension.enter(
            request.db, context.row, line, ruling, request.actor, values["gezien"]
        )
        day = date_text(extension.works_on(made))
        return f"{line.reference}: ingevuld. De archivaris en de FG weten het. Het werkt op {day}."

    title = "Langer bewaren dan het uiterste"
    return _handle(context, request, form, [line], title, act, asked=asked)


def _line_in(context: ListResource, request: Request) -> DestructionLine:
    """Return the line that the address names.

    Raises:
        HTTPNotFound: this list has no such line.
    """
    reference = dict(query_pairs(request)).get(LINE, "")[:20]
    lines = lines_named(request.db, context.row.id, [reference])
    if not lines:
        raise HTTPNotFound()
    return lines[0]


def _form(
    context: ListResource, request: Request, schema: Any, lines: Sequence[DestructionLine]
) -> Form:
    """Return a form about lines, which mustn't change meanwhile."""
    return Form(
        schema,
        request,
        buttons=[Button("opslaan", "Vastleggen")],
        appstruct={"gezien": fingerprint(lines)},
        action=with_params(request),
        cancel_url=request.resource_path(context).rstrip("/"),
    )


def _handle(
    context: ListResource,
    request: Request,
    form: Form,
    lines: Sequence[DestructionLine],
    title: str,
    act: Callable[[Values], str],
    **about: Any,
) -> Any:
    """Show the form, or act; what was typed stays when somebody was first."""

    def on_valid(values: Values) -> HTTPSeeOther:
        try:
            with request.db.begin_nested():
                said = act(values)
        except services.StaleListError:
            form["gezien"].cstruct = fingerprint(lines)
            raise ConflictError(STALE, []) from None
        except services.ListError as problem:
            raise FormError(problem.message, problem.field) from None
        request.flash(said)
        return HTTPSeeOther(request.resource_path(context).rstrip("/"))

    _note(context, request, lines)
    page = {"title": title, "above": f"Lijst {context.row.number}", "lines": lines, "asked": None}
    return handle_form(request, form, on_valid, {**page, **about})
