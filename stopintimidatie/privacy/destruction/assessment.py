"""Deciding on lines of a destruction list, one or many at once, and taking one back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound, HTTPSeeOther

from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.forms import Button, ConflictError, Form, FormError, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage.retention import RETENTION_CLASSES
from stopintimidatie.core.text import plural
from stopintimidatie.core.web.components import answer_in_panel, is_partial
from stopintimidatie.core.web.request import (
    Crumb,
    Request,
    form_view,
    post_view,
    query_pairs,
    with_params,
)
from stopintimidatie.privacy.destruction import services, words
from stopintimidatie.privacy.destruction.approval import (
    ANY,
    CHANGED,
    LINE,
    TEMPLATES,
    filter_of,
    may_take_back,
)
from stopintimidatie.privacy.destruction.forms import decision_schema, take_back_schema
from stopintimidatie.privacy.destruction.models import DestructionLine, LineDecision
from stopintimidatie.privacy.destruction.queries import (
    AUTHORISED,
    GONE,
    archive_keys,
    line_of,
    lines_named,
    lines_of,
    standing_of,
)
from stopintimidatie.privacy.destruction.requests import set_apart
from stopintimidatie.privacy.destruction.resources import ListResource
from stopintimidatie.privacy.destruction.services import AT_MAXIMUM, Choice, fingerprint
from stopintimidatie.privacy.retention.models import Extension
from stopintimidatie.reports.workbench.views import own_path

FORM_PAGE: Final = f"{TEMPLATES}/form.jinja2"
TITLES: Final = {
    LineDecision.GOES: "Mee",
    LineDecision.POSTPONED: "Uitstellen",
    LineDecision.HELD: "Vasthouden",
}
BUTTONS: Final = {
    LineDecision.GOES: "{} mee",
    LineDecision.POSTPONED: "{} uitstellen",
    LineDecision.HELD: "{} vasthouden",
}
ABOUT: Final = {
    LineDecision.GOES: "Deze regels gaan op hun eigen dag, als de privacyfunctionaris ze heeft"
    " nagekeken en de archivaris heeft gemachtigd. Wat bevroren is, gaat niet.",
    LineDecision.POSTPONED: "Vanaf de dag die u kiest, staan deze regels weer bij wat u moet"
    " beslissen.",
    LineDecision.HELD: "Deze documenten blijven, tot iemand iets anders beslist.",
}
CHOOSE: Final = "Kies eerst een of meer regels in de lijst."
STALE: Final = (
    "Iemand anders heeft dit intussen gewijzigd. Wat u invulde staat er nog. Kijk het na, en sla"
    " het dan opnieuw op."
)
Values = dict[str, Any]


def line_in(context: ListResource, request: Request) -> DestructionLine:
    """Return the line that the address names.

    Raises:
        HTTPNotFound: this list has no such line.
    """
    reference = dict(query_pairs(request)).get(LINE, "")[:20]
    line = line_of(request.db, context.row.id, reference)
    if line is None:
        raise HTTPNotFound()
    return line


def _back(context: ListResource, request: Request, values: Values) -> str:
    here = request.resource_path(context).rstrip("/")
    back = own_path(values.get("terug"))
    return back if back.startswith(here) else here


@post_view(ListResource, "mee", Permission.ASSESS_DESTRUCTION)
def goes_view(context: ListResource, request: Request) -> HTTPSeeOther:
    """Let a line go on its day."""
    line, posted = line_in(context, request), dict(request.POST.items())
    try:
        _decide(context, request, [line], Choice(LineDecision.GOES), posted.get("gezien", ""))
    except services.StaleListError:
        request.flash(CHANGED, "warning")
    except services.ListError as problem:
        request.flash(problem.message, "warning")
    return HTTPSeeOther(_back(context, request, posted))


@form_view(ListResource, "uitstellen", Permission.ASSESS_DESTRUCTION, FORM_PAGE)
def postpone_view(context: ListResource, request: Request) -> Any:
    """Put a line off until a day."""
    return _decide_line(context, request, LineDecision.POSTPONED)


@form_view(ListResource, "vasthouden", Permission.HOLD, FORM_PAGE)
def hold_view(context: ListResource, request: Request) -> Any:
    """Hold a line back: its document stays."""
    return _decide_line(context, request, LineDecision.HELD)


def _decide_line(context: ListResource, request: Request, decision: LineDecision) -> Any:
    """Show the form of a decision on one line, and take it."""
    line = line_in(context, request)
    form = form_about(context, request, [line], decision_schema(decision), TITLES[decision])

    def act(values: Values) -> str:
        choice = Choice(decision, values.get("reden"), values.get("tot"))
        _decide(context, request, [line], choice, values["gezien"])
        return words.done_words(line.reference, decision.value, choice.until)

    return handle(context, request, form, [line], (TITLES[decision], line.reference), act)


@form_view(ListResource, "terughalen", Permission.VIEW_RETENTION, FORM_PAGE)
def take_back_view(context: ListResource, request: Request) -> Any:
    """Take a line back whose destruction was authorised."""
    if not may_take_back(context, request):
        raise HTTPForbidden()
    line = line_in(context, request)
    form = form_about(context, request, [line], take_back_schema(), "Terughalen")

    def act(values: Values) -> str:
        services.take_back(request.db, context.row, line, values["reden"], request.actor)
        return f"{line.reference} is teruggehaald, en weer onbeslist."

    return handle(context, request, form, [line], ("Terughalen", line.reference), act)


# Many at once


@form_view(ListResource, "samen", Permission.HOLD, FORM_PAGE)
def together_view(context: ListResource, request: Request) -> Any:
    """Show how many lines a decision is about, and take it: those chosen, or all of the filters."""
    decision = _asked_decision(request)
    if decision is not LineDecision.HELD and not request.has_permission(
        Permission.ASSESS_DESTRUCTION, context
    ):
        raise HTTPForbidden()
    chosen = _chosen(context, request)
    open_ = [line for line in chosen if standing_of(line) not in (AUTHORISED, GONE)]
    apart = set_apart(request.db, open_, decision)
    lines = [line for line in open_ if line not in apart]
    if not lines:
        say = AT_MAXIMUM.format(apart[0].reference) if apart else CHOOSE
        request.flash(say, "warning")
        return HTTPSeeOther(request.resource_path(context).rstrip("/"))
    many = plural(len(lines), "regel", "regels")
    label = BUTTONS[decision].format(many)
    form = form_about(context, request, lines, decision_schema(decision), label)
    classes = RETENTION_CLASSES.of(request.registry)

    def act(values: Values) -> str:
        choice = Choice(decision, values.get("reden"), values.get("tot"))
        number = _decide(context, request, lines, choice, values["gezien"])
        left = words.left_over(len(lines) - number)
        return f"Besloten over {plural(number, 'regel', 'regels')}. {left}".rstrip()

    title = (f"{TITLES[decision]}: {many}", "Meer regels tegelijk")
    about = {
        "left": len(chosen) - len(open_),
        "apart": len(apart),
        "about": ABOUT[decision],
        "counted": [
            *words.by_class(classes, lines),
            *(
                (f"Sleutel van het archief voor {reference}", key)
                for reference, key in archive_keys(request.db, lines).items()
            ),
        ],
        "references": [line.reference for line in lines],
    }
    return handle(context, request, form, lines, title, act, lines, **about)


def _asked_decision(request: Request) -> LineDecision:
    asked = dict(query_pairs(request)).get("besluit", "")
    known = {decision.value: decision for decision in LineDecision}
    if asked not in known:
        raise HTTPNotFound()
    return known[asked]


def _chosen(context: ListResource, request: Request) -> Sequence[DestructionLine]:
    """Return the lines that the address names, or all that its filters leave."""
    pairs = query_pairs(request)
    if dict(pairs).get(ANY) == "ja":
        wanted, today = filter_of(request), local_date(utc_now())
        return lines_of(request.db, context.row.id, wanted, today)
    references = [value[:20] for name, value in pairs if name == LINE]
    return lines_named(request.db, context.row.id, references)


# Shared by all decisions


def _decide(
    context: ListResource,
    request: Request,
    lines: Sequence[DestructionLine],
    choice: Choice,
    seen: str,
) -> int:
    """Take a decision; who only looks holds up after lets lines keep their place in the round."""
    judges = bool(request.has_permission(Permission.ASSESS_DESTRUCTION, context))
    with request.db.begin_nested():
        return services.decide(
            request.db,
            context.row,
            [line.id for line in lines],
            choice,
            request.actor,
            seen=seen,
            by_checker=not judges,
        )


def form_about(
    context: ListResource,
    request: Request,
    lines: Sequence[DestructionLine],
    schema: Any,
    label: str,
    seen: Sequence[DestructionLine | Extension] = (),
) -> Form:
    """Return a form about lines; `seen`: the rows that mustn't change meanwhile, if not these."""
    here = request.resource_path(context).rstrip("/")
    query = f"?{LINE}={lines[0].reference}" if len(lines) == 1 else ""
    # A question about other rows than the line doesn't begin with the line's own answers.
    only = lines[0] if len(lines) == 1 and not seen else None
    known = {"tot": only.postponed_until, "reden": only.reason} if only is not None else {}
    names = {node.name for node in schema}
    return Form(
        schema,
        request,
        buttons=[Button("opslaan", label)],
        appstruct={
            **{name: value for name, value in known.items() if name in names and value},
            "gezien": fingerprint(seen or lines),
            "terug": f"{here}{query}",
        },
        action=with_params(request),
        cancel_url=f"{here}{query}",
    )


def handle(
    context: ListResource,
    request: Request,
    form: Form,
    lines: Sequence[DestructionLine],
    title: tuple[str, str],
    act: Callable[[Values], str],
    seen: Sequence[DestructionLine | Extension] = (),
    **about: Any,
) -> Any:
    """Show the form, or act; what was typed stays when somebody was first."""

    def on_valid(values: Values) -> HTTPSeeOther:
        try:
            said = act(values)
        except services.StaleListError:
            form["gezien"].cstruct = fingerprint(seen or lines)
            raise ConflictError(STALE, []) from None
        except services.ListError as problem:
            raise FormError(problem.message, problem.field) from None
        request.flash(said)
        return HTTPSeeOther(_back(context, request, values))

    def page() -> Values:
        answer_in_panel(request)
        trail = [] if is_partial(request) else [*request.breadcrumb, Crumb(title[0], request.path)]
        return {
            "title": title[0],
            "above": title[1],
            "crumbs": trail,
            "left": 0,
            "apart": 0,
            **about,
        }

    return handle_form(request, form, on_valid, page)
