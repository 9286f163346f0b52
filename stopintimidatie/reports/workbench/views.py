"""The views of decisions: taken with one press, or asked about in a panel of the rail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound, HTTPSeeOther
from pyramid.renderers import render_to_response
from pyramid.response import Response

from stopintimidatie.core.forms import (
    Form,
    FormError,
    handle_form,
    no_longer,
    refuse_form,
)
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.web.components import answer_in_panel, is_partial, leave_panel
from stopintimidatie.core.web.request import (
    Request,
    form_view,
    page_view,
    post_view,
    query_pairs,
    safe_path,
)
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS, WorkflowError
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.reports.models import Report, ReportDecision
from stopintimidatie.reports.page.decisions import (
    ALREADY,
    ASSESS,
    Began,
    UndoError,
    did_just,
    last_decision,
    remember,
    undo,
)
from stopintimidatie.reports.page.decisions import PROPOSED as PROPOSED_LINE
from stopintimidatie.reports.page.proposals import (
    asked_in_words,
    open_proposal,
)
from stopintimidatie.reports.page.queries import latest_change
from stopintimidatie.reports.page.steps import (
    LONGEST_PATH,
    NEW_DOSSIER,
    answer_danger,
    conflict,
    must_ask_danger,
    report_action,
    typed_danger,
    typed_version,
    version_values,
)
from stopintimidatie.reports.page.views import came_from, step_page
from stopintimidatie.reports.resources import GONE, ReportResource
from stopintimidatie.reports.rules import needs_second_look, normalise_reference
from stopintimidatie.reports.services import StaleReportError, lock_report, path_of_report
from stopintimidatie.reports.triage.panels import BESIDE, TASK, similar_values
from stopintimidatie.reports.triage.services import ASSESSABLE, set_urgent
from stopintimidatie.reports.triage.similar import MOST, similar_to
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.words import area_names, signals_of
from stopintimidatie.reports.workbench import forms
from stopintimidatie.reports.workbench.forms import STEPS, TITLES, choice_form, steps_for
from stopintimidatie.reports.workbench.pages import UNDO
from stopintimidatie.reports.workbench.rail import (
    CHOICES,
    DOUBLE,
    FILE,
    NAME,
    ON_SIGNAL,
    OPEN_FOR_ALL,
    REJECT,
    TAKE,
    URGENT,
)
from stopintimidatie.reports.workbench.services import (
    CLOSING,
    make_choice,
)
from stopintimidatie.reports.workflow import TURN_DOWN

PAGE: Final = "stopintimidatie.reports.workbench:templates/choice.jinja2"
BESIDE_NAME: Final = "naast"
BESIDE_PAGE: Final = "stopintimidatie.reports.workbench:templates/beside.jinja2"
# Taken in hand first, and then a page of its own.
NEW: Final = "nieuw_dossier"
KNOWN: Final = frozenset({*TITLES, NEW})
UNKNOWN: Final = "Deze keuze bestaat niet. Kies bij de melding wat nu moet."
CHANGED: Final = "{} is intussen gewijzigd.{} Kijk wat er nu staat en besluit opnieuw."
# The name of the button below what was typed; a line of a small list has none.
BUTTON: Final = "vastleggen"
# Other acts in the history that a choice may make than the step of `STEPS`.
SAME: Final = {
    TAKE: {"toewijzen"},
    REJECT: {TURN_DOWN, PROPOSED_LINE},
    DOUBLE: {PROPOSED_LINE},
}
STAYED_OPEN: Final = {STEPS[TAKE], "vrijgeven", ASSESS}
QUARANTINED: Final = "{} staat in quarantaine. Haal de melding daar eerst uit; daarna kan dit."
PROPOSED: Final = "{} wacht op een tweede blik. Beantwoord eerst het voorstel van de collega."
DANGER: Final = "{} is spoed, want er is iemand in gevaar. Bel eerst 112; de rest kan daarna."


@form_view(ReportResource, NAME, Permission.TRIAGE, PAGE)
def choice_view(context: ReportResource, request: Request) -> Any:
    """Show what a choice asks, and make it; on a signal ask first whether somebody is in danger."""
    asked = request.POST if request.method == "POST" else dict(query_pairs(request))
    choice = asked.get("keuze", "")
    if choice == URGENT and request.method == "POST":
        return _urgent(context, request)
    if choice not in KNOWN or (choice == NEW and request.method != "POST"):
        return _too_late(context, request, UNKNOWN)
    if choice in {FILE, NEW} and not request.has_permission(Permission.EDIT_DOSSIER, context):
        raise HTTPForbidden()
    if _did_already(context, request, choice):
        return _go_on_again(context, request)
    why = _impossible(context, request, choice)
    if why and BUTTON not in request.POST:
        return _too_late(context, request, why)
    return _ask(context, request, choice, why)


def _impossible(context: ReportResource, request: Request, choice: str) -> str:
    """Return why this choice can't be made now; empty when it can."""
    report = context.report
    states = CHOICES[choice].states if choice in CHOICES else OPEN_FOR_ALL
    if report.state not in states:
        return changed(request.db, report)
    waits = open_proposal(request.db, report) is not None
    return PROPOSED.format(report.reference) if waits else ""


def _did_already(context: ReportResource, request: Request, choice: str) -> bool:
    """Tell whether this is the second press of a button, of which the first did what it says."""
    report, version = context.report, typed_version(request)
    if request.method != "POST" or version == report.version:
        return False
    names = {STEPS[choice], *SAME.get(choice, ())} if choice in STEPS else {choice}
    if typed_danger(request) == "ja":
        names |= STAYED_OPEN
    return did_just(request.db, report, request.actor, names, version)


def _go_on_again(context: ReportResource, request: Request) -> HTTPSeeOther:
    """Say that it was done already, and go where the first press went."""
    here = own_path(request.POST.get("hier")) or request.resource_path(context)
    request.flash(ALREADY.format(context.report.reference))
    return HTTPSeeOther(own_path(request.POST.get("terug")) or here)


def _ask(context: ReportResource, request: Request, choice: str, why: str) -> Any:
    """Show the form, or take it; `why`: the reason that it can't be taken."""
    report = context.report
    known = FILE if choice == NEW else choice
    offered = forms.dossier_choices(request, report) if known == FILE else ()
    back = {
        "terug": came_from(request, ""),
        "hier": own_path(dict(query_pairs(request)).get("hier")),
    }
    form = choice_form(TAKE if choice == NEW else choice, request, report, offered, back)
    # In a panel the page around it has another address.
    form.action = request.resource_path(context, NAME)

    def page() -> dict[str, Any]:
        return _page(context, request, choice, form, offered)

    if why:
        return refuse_form(request, form, no_longer(form, why), page)

    def on_valid(values: Mapping[str, Any]) -> Any:
        return _make(context, request, choice, form, values)

    return handle_form(request, form, on_valid, page)


def _page(
    context: ReportResource, request: Request, choice: str, form: Form, offered: Any
) -> dict[str, Any]:
    """Return the values of the panel, alone or on a page with the account beside it."""
    report, possible = context.report, bool(form.buttons)
    hidden = {name: form[name].cstruct for name in ("keuze", "versie", "gezien", "terug", "hier")}
    return {
        **panel_page(context, request, TITLES.get(choice, "")),
        "listed": _listed(context, request, choice, offered) if possible else [],
        "hidden": hidden,
        "typed": choice != REJECT or report.contact_due is not None,
        "second_look": choice == REJECT
        and needs_second_look(report.all_forms, report.reporter_age_group),
        "contact": report.contact_deadline if choice == DOUBLE else None,
        "may_begin": choice == FILE and possible,
    }


def panel_page(context: ReportResource, request: Request, title: str) -> dict[str, Any]:
    """Return the values of a panel with a form and nothing else."""
    answer_in_panel(request)
    return {
        **({} if is_partial(request) else step_page(context, request, title)),
        "report": context.report,
        "panel_title": title,
        "action": request.resource_path(context, NAME),
        "listed": [],
        "hidden": {},
        "typed": True,
        "second_look": False,
        "contact": None,
        "may_begin": False,
        "danger": None,
    }


def _listed(
    context: ReportResource, request: Request, choice: str, offered: Any
) -> list[forms.Option]:
    if choice == REJECT:
        return [] if context.report.contact_due else forms.rejections()
    if choice not in {FILE, DOUBLE} or context.holder == NATIONAL:
        return []
    similar = similar_to(request.db, request.registry, context.report, MOST)
    if choice == DOUBLE:
        options = forms.doubles(context.report, similar)
    else:
        area = area_names(request.db, context.report).neighbourhood
        options = forms.dossiers(similar, offered, area)
    seen = [option.like.id for option in options if option.like is not None]
    if seen:
        note_read(request, context.holder, KIND, seen, task=TASK)
    return options


def _make(
    context: ReportResource, request: Request, choice: str, form: Form, values: Mapping[str, Any]
) -> Any:
    """Make the choice, and go on to the next report."""
    session, report, actor = request.db, context.report, request.actor
    here = own_path(values["hier"]) or request.resource_path(context)
    onwards = own_path(values["terug"]) or here
    try:
        lock_report(session, report, values["versie"])
    except StaleReportError:
        if _did_already(context, request, choice):
            return _go_on_again(context, request)
        if BUTTON in request.POST:
            why = _impossible(context, request, choice)
            seen = values["gezien"]
            refused = no_longer(form, why) if why else conflict(session, form, report, seen, ())
            raise refused from None
        return _too_late(context, request)
    danger, began = typed_danger(request), Began(report)
    if choice in ON_SIGNAL | {NEW} and must_ask_danger(report):
        if danger is None:
            return ask_danger(context, request)
        answer_danger(session, report, danger == "ja", actor)
    known = TAKE if choice == NEW else choice
    effects = WORKFLOW_EFFECTS.of(request.registry)
    try:
        steps = steps_for(known, session, report, values)
        if choice != NEW or report.state == "nieuw":
            made = make_choice(session, effects, report, known, steps, actor, began)
        else:
            made = True
    except WorkflowError as problem:
        raise FormError(str(problem), problem.field) from None
    if choice == NEW:
        return _begin_dossier(context, request, here)
    return _go_on(context, request, choice, made, here, onwards)


@page_view(ReportResource, BESIDE_NAME, Permission.VIEW_REPORT, BESIDE_PAGE)
def beside_view(context: ReportResource, request: Request) -> Any:
    """Show the most similar reports beside the one in hand, which is loaded first."""
    report, asked = context.report, dict(query_pairs(request))
    if context.holder == NATIONAL or report.state in GONE:
        return HTTPSeeOther(request.resource_path(context))
    values = similar_values(context, request, BESIDE)
    may_file = bool(request.has_permission(Permission.EDIT_DOSSIER, context))
    may_decide = bool(request.has_permission(Permission.TRIAGE, context))
    offered = forms.dossier_choices(request, report) if may_file and values["similar"] else ()
    seen = {**version_values(report), "terug": own_path(asked.get("terug"))}
    return {
        **values,
        "may_decide": may_decide and report.state in OPEN_FOR_ALL,
        "may_file": may_file,
        "can_be_double": forms.can_be_double,
        "numbers": [number for number, _ in offered],
        "action": request.resource_path(context, NAME),
        "hidden": [*seen.items(), ("hier", own_path(asked.get("hier")))],
    }


def _go_on(
    context: ReportResource, request: Request, choice: str, made: bool, here: str, onwards: str
) -> HTTPSeeOther:
    """Say what has to be said besides the bar, and redirect to the next report."""
    report = context.report
    if report.danger_now and typed_danger(request) == "ja":
        request.flash(DANGER.format(report.reference), "error")
        return HTTPSeeOther(here)
    if choice in CLOSING and report.danger_now:
        request.flash(
            f"{report.reference} is niet gesloten, want er is iemand in gevaar. Klopt dat niet"
            " meer? Pas het aan onder ‘Meer vastleggen’.",
            "warning",
        )
        return HTTPSeeOther(here)
    if not made:
        request.flash(asked_in_words(report))
    return HTTPSeeOther(onwards)


def _begin_dossier(context: ReportResource, request: Request, here: str) -> Response:
    """Redirect to the form for a new dossier, which is a page of its own."""
    request.db.flush()
    action = report_action(request, context, NEW_DOSSIER)
    href = action.href if action is not None else here
    other = normalise_reference(request.POST.get("met", "")[:40])
    if action is not None and other is not None:
        href = f"{href}&{urlencode({'melding': other})}"
    return leave_panel(request, href)


def ask_danger(context: ReportResource, request: Request, view: str = NAME) -> Response:
    """Return the question about danger; the answer comes back with all that was filled in.

    `view`: the name of the view that asks; the desk has its own.
    """
    report = context.report
    answer_in_panel(request)
    kept = [pair for pair in request.POST.items() if pair[0] not in {"csrf_token", "gevaar"}]
    values = {
        **({} if is_partial(request) else step_page(context, request, "Is er iemand in gevaar?")),
        "report": report,
        "action": request.resource_path(context, view),
        "danger": {"signals": signals_of(report), "fields": kept},
        "panel_title": "Is er nu iemand in gevaar?",
    }
    return render_to_response(PAGE, values, request=request, response=request.response)


def _urgent(context: ReportResource, request: Request) -> Response:
    """Mark or unmark spoed, and stay at the report."""
    session, report, actor = request.db, context.report, request.actor
    here = own_path(request.POST.get("terug")) or request.resource_path(context)
    wanted = request.POST.get("spoed", "")
    if wanted not in {"ja", "nee"}:
        raise HTTPNotFound()
    try:
        lock_report(session, report, typed_version(request))
    except StaleReportError:
        if _did_already(context, request, URGENT):
            return _go_on_again(context, request)
        request.flash(changed(session, report), "warning")
        return HTTPSeeOther(here)
    if report.state not in ASSESSABLE:
        return _too_late(context, request)
    with remember(session, report, actor, "spoed"):
        set_urgent(session, report, wanted == "ja", actor)
    return HTTPSeeOther(here)


def changed(session: Any, report: Report) -> str:
    """Say why it can't be done: the state that forbids it, else what was changed by whom."""
    if report.state == "quarantaine":
        return QUARANTINED.format(report.reference)
    return CHANGED.format(report.reference, latest_change(session, report))


def _too_late(context: ReportResource, request: Request, why: str = "") -> Response:
    posts = request.method == "POST"
    asked = request.POST if posts else dict(query_pairs(request))
    here = own_path(asked.get("hier")) or request.resource_path(context)
    request.flash(why or changed(request.db, context.report), "warning")
    # An answer to a GET stands in a panel, which is no place for a list.
    return HTTPSeeOther(here) if posts else leave_panel(request, here)


def own_path(text: str | None) -> str:
    """Return a path of ours that came from outside, or nothing."""
    return safe_path(text, "") if text and len(text) <= LONGEST_PATH else ""


@post_view(MunicipalityResource, UNDO, Permission.TRIAGE)
def undo_view(context: Any, request: Request) -> HTTPSeeOther:
    """Undo one's last decision, and open its report; the desk uses it too."""
    session, actor = request.db, request.actor
    # From the own page of a report one goes to such a page, from a list to the report in it.
    alone = own_path(request.POST.get("hier"))
    back = alone or own_path(request.POST.get("terug")) or request.resource_path(context)
    decision = last_decision(session, context.holder, str(actor.id))
    if decision is None or str(decision.id) != request.POST.get("besluit", ""):
        request.flash(
            "Dit kan niet meer ongedaan worden gemaakt. Kies bij de melding wat nu moet.",
            "warning",
        )
        return HTTPSeeOther(back)
    try:
        with session.begin_nested():
            report = undo(session, request.registry, decision, actor)
    except UndoError as problem:
        request.flash(str(problem), "warning")
        return HTTPSeeOther(back)
    request.flash(f"{report.reference}: ongedaan gemaakt. {_as_before(report, decision)}")
    own = path_of_report(session, report.id) if alone else None
    return HTTPSeeOther(own or _with_report(back, report.reference))


def _as_before(report: Report, decision: ReportDecision) -> str:
    """Return in words that a report stands as before, with what could not be undone and why."""
    if decision.before["handler_id"] and report.handler_id is None:
        return "Niemand behandelt de melding: wie dat deed, behandelt hier geen meldingen meer."
    if report.danger_now and not decision.before["danger_now"]:
        return "Alleen spoed blijft staan: wie dienst heeft, is al gewaarschuwd."
    return "De melding staat er weer zoals daarvoor."


def _with_report(path: str, reference: str) -> str:
    """Return the address of a list with this report opened."""
    parts = urlsplit(path)
    kept = [pair for pair in parse_qsl(parts.query) if pair[0] != "melding"]
    return f"{parts.path}?{urlencode([*kept, ('melding', reference)])}"
