"""The desk's queue as a workbench: list, report in hand, decisions, and undoing them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from sqlalchemy import select

from stopintimidatie.core.forms import (
    ConflictError,
    Form,
    FormError,
    handle_form,
    no_longer,
    refuse_form,
)
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.session import COUNTED
from stopintimidatie.core.web.components import answer_in_panel, is_partial, turn_of
from stopintimidatie.core.web.request import (
    Paging,
    Request,
    form_view,
    page_view,
    post_view,
    query_pairs,
    wanted_page,
    with_params,
    worth_counting,
)
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS, WorkflowError
from stopintimidatie.desk.forwarding.services import take_back_offer
from stopintimidatie.desk.forwarding.views import number_returned
from stopintimidatie.desk.queue import forms as desk_forms
from stopintimidatie.desk.queue import services as queue
from stopintimidatie.desk.queue import words
from stopintimidatie.desk.queue.delivery import guess, route
from stopintimidatie.desk.queue.forms import (
    ASK,
    CLOSE,
    DOUBLE,
    RARE,
    READ,
    ROUTE,
    TAKE_BACK,
    TITLES,
    URGENT,
)
from stopintimidatie.desk.queue.pages import (
    NAME,
    PROPOSAL_NAME,
    bar_of,
    detail_of,
    in_queue,
    municipality_facet,
    next_path,
    report_in_hand,
    rows_of,
    views_of,
    why_not,
)
from stopintimidatie.desk.queue.steps import NO_HARASSMENT, check_nobody_receives, with_help
from stopintimidatie.desk.resources import Desk
from stopintimidatie.municipalities.areas.resources import count_with_menu
from stopintimidatie.municipalities.levels.services import number_without_admin
from stopintimidatie.municipalities.people.queries import number_due
from stopintimidatie.municipalities.settings.rules import fallback_of
from stopintimidatie.reports.conversation.services import mark_read
from stopintimidatie.reports.inbox.panels import since_last_day
from stopintimidatie.reports.inbox.views import TEMPLATE, absent, quarantine_view
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page.decisions import (
    ALREADY,
    ASSESS,
    PROPOSED,
    Began,
    decide,
    did_just,
    remember,
    store,
)
from stopintimidatie.reports.page.proposals import (
    answer_proposal,
    lock_proposal,
    open_proposal,
    propose,
    too_long,
)
from stopintimidatie.reports.page.steps import (
    STAYS_OPEN,
    Action,
    answer_danger,
    conflict,
    must_ask_danger,
    typed_danger,
    typed_version,
)
from stopintimidatie.reports.page.views import step_page
from stopintimidatie.reports.resources import ReportResource
from stopintimidatie.reports.rules import needs_second_look
from stopintimidatie.reports.services import StaleReportError, lock_report
from stopintimidatie.reports.triage.services import set_urgent
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.workbench.proposals import answer_again
from stopintimidatie.reports.workbench.services import tell_with
from stopintimidatie.reports.workbench.views import BUTTON, ask_danger, changed, own_path
from stopintimidatie.reports.workbench.views import undo_view as undo_last
from stopintimidatie.reports.workflow import REPORT_WORKFLOW, TURN_DOWN

TEMPLATES: Final = "stopintimidatie.desk.queue:templates"
# The heading of what can be filled in beside the answers that take one press.
OTHER: Final = {
    ASK: "Een andere vraag",
    CLOSE: "Niet te plaatsen, met een eigen bericht",
    DOUBLE: "Een andere melding",
}


@page_view(Desk, "", Permission.VIEW_DESK, "templates/queue.jinja2")
def queue_view(context: Desk, request: Request) -> dict[str, Any]:
    """Show what the desk must decide on, or another view of the queue, and one report opened."""
    session, asked = request.db, dict(query_pairs(request))
    if is_partial(request):
        # The address follows what is shown, also after a decision that led here.
        request.response.headers["HX-Push-Url"] = request.path_qs
    standing = asked.get("bezorging") if asked.get("bezorging") in queue.STANDINGS else None
    wanted = queue.QueueFilter(standing, asked.get("gemeente"))
    number = wanted_page(request)
    most = worth_counting(number, COUNTED)
    counts = _counted(context, request, wanted, most)
    total, to_decide = counts.pop("total"), counts.pop("to_decide")
    paging = Paging.counted(number, total, most)
    rows = queue.page(session, wanted, paging.offset, paging.size)
    reports = [report for report, _ in rows]
    chosen, opened = report_in_hand(session, reports, asked.get("melding", ""))
    ids = [report.id for report in reports]
    note_read(request, context.holder, KIND, ids, task="wachtrij landelijk meldpunt")
    detail = None
    if opened is not None:
        if chosen or opened.id not in ids:
            note_read(request, context.holder, KIND, [opened.id], task="melding openen")
        here = with_params(request, melding=opened.reference)
        onwards = next_path(request, opened, reports)
        resource = ReportResource(opened.reference, context, opened)
        detail = detail_of(resource, request, here, onwards)
    return {
        "items": rows_of(request, rows, opened),
        "paging": paging,
        "turn": turn_of(request, paging, "melding"),
        "standing": wanted.standing,
        "views": views_of(request, wanted, to_decide),
        "municipalities": municipality_facet(request, wanted),
        "chosen": chosen,
        "absent": absent(request),
        "detail": detail,
        "last": bar_of(request, context.holder),
        "undo": request.resource_path(context, "ongedaan"),
        "here": request.resource_path(context),
        "notices": counts,
        "since": None if is_partial(request) else since_last_day(request, NATIONAL, in_queue),
    }


def _counted(
    context: Desk, request: Request, wanted: queue.QueueFilter, most: int
) -> dict[str, int]:
    """Count the rows of this view and of what must be decided on, and what else waits here.

    One statement for all. A partial answer has no room for what else waits.
    """
    session, identity = request.db, request.identity
    assert identity is not None  # noqa: S101 - the view needs a permission
    to_decide = queue.QueueFilter(None, wanted.municipality)
    numbers: dict[str, Any] = {
        "total": queue.number_waiting(wanted, most),
        "to_decide": queue.number_waiting(to_decide, COUNTED),
    }
    if is_partial(request):
        row = session.execute(select(*numbers.values())).one()
        return dict(zip(numbers, row, strict=True))
    numbers |= {
        "returned": number_returned(),
        "without_admin": number_without_admin(),
        "reviews": number_due(context.holder, identity.user_id),
    }
    return count_with_menu(request, context.holder, numbers)


# Decisions


@form_view(ReportResource, NAME, Permission.ROUTE_REPORT, f"{TEMPLATES}/choice.jinja2")
def choice_view(context: ReportResource, request: Request) -> Any:
    """Show what a choice asks, and make it."""
    asked = {**dict(query_pairs(request)), **dict(request.POST.items())}
    choice = asked.get("keuze", "")
    if choice in (URGENT, READ) and request.method == "POST":
        return _press(context, request, choice)
    if choice not in TITLES:
        # A reload of a refused answer: its choice was posted, and isn't in the address.
        return HTTPSeeOther(in_queue(context.report))
    back = {name: own_path(asked.get(name)) for name in ("terug", "hier")}
    report, session = context.report, request.db
    waits = choice not in RARE and open_proposal(session, report) is not None
    if waits and BUTTON not in request.POST:
        request.flash(words.WAITS.format(report.reference), "warning")
        return HTTPSeeOther(back["hier"] or in_queue(report))
    seems = guess(session, request.registry.locator_cache, report) if choice == ROUTE else None
    form = desk_forms.choice_form(choice, request, report, seems, back)

    def page() -> dict[str, Any]:
        if choice == ROUTE and request.method == "POST" and form.buttons:
            desk_forms.warn(form, session, request.registry.locator_cache, report)
        return _panel(context, request, choice, form)

    if waits:
        problem = no_longer(form, words.WAITS.format(report.reference))
        return refuse_form(request, form, problem, page)

    return handle_form(request, form, lambda v: _make(context, request, choice, form, v), page)


def _panel(context: ReportResource, request: Request, choice: str, form: Form) -> dict[str, Any]:
    """Return the values of the panel, alone or on a page with the account beside it."""
    report = context.report
    answer_in_panel(request)
    return {
        **({} if is_partial(request) else step_page(context, request, TITLES[choice])),
        "report": report,
        "panel_title": TITLES[choice],
        "action": request.resource_path(context, NAME),
        "listed": _listed(request, report, choice) if form.buttons else [],
        "hidden": {
            name: form[name].cstruct for name in ("keuze", "versie", "gezien", "terug", "hier")
        },
        "other": OTHER.get(choice, ""),
        "second_look": choice == CLOSE
        and needs_second_look(report.all_forms, report.reporter_age_group),
    }


def _listed(request: Request, report: Report, choice: str) -> list[desk_forms.Option]:
    """Return the answers that take one press."""
    if choice == DOUBLE:
        return desk_forms.doubles(request.db, report)
    if choice == ASK:
        return desk_forms.questions(report)
    if choice != CLOSE:
        return []
    try:
        check_nobody_receives(request.db, report)
    except WorkflowError:
        return desk_forms.endings(report, nobody_receives=False)
    return desk_forms.endings(report, nobody_receives=True)


def _make(
    context: ReportResource, request: Request, choice: str, form: Form, values: Mapping[str, Any]
) -> Any:
    """Make the choice, and go on to the next report."""
    session, report = request.db, context.report
    here = own_path(values["hier"]) or in_queue(report)
    try:
        lock_report(session, report, values["versie"])
    except StaleReportError:
        acts = (desk_forms.STEPS.get(choice, choice), PROPOSED)
        if did_just(session, report, request.actor, acts, values["versie"]):
            request.flash(ALREADY.format(report.reference))
            return HTTPSeeOther(own_path(values["terug"]) or here)
        return _refuse(request, report, choice, form, values)
    # The page offers no key then; a form that lay open still comes here.
    if choice not in RARE and why_not(report):
        return _refuse(request, report, choice, form, values)
    began = Began(report)
    if choice in (CLOSE, DOUBLE) and (halted := _danger(context, request, here)) is not None:
        return halted
    try:
        if choice == ROUTE:
            _route(request, report, form, values)
        elif choice == TAKE_BACK:
            take_back_offer(session, report, values["reden"], request.actor)
        else:
            _step(request, report, choice, values, began)
    except WorkflowError as problem:
        raise FormError(str(problem), problem.field) from None
    return HTTPSeeOther(own_path(values["terug"]) or here)


def _refuse(
    request: Request, report: Report, choice: str, form: Form, values: Mapping[str, Any]
) -> HTTPSeeOther:
    """Say that a colleague was first. Raises `ConflictError` where something was typed."""
    if BUTTON not in request.POST:
        return _changed(request, report, own_path(values["hier"]) or in_queue(report))
    if choice not in RARE and why_not(report):
        raise no_longer(form, changed(request.db, report))
    raise conflict(request.db, form, report, values["gezien"], ())


def _route(request: Request, report: Report, form: Form, values: Mapping[str, Any]) -> None:
    """Route the report; where place and town disagree, only when that was said and confirmed."""
    session, registry = request.db, request.registry
    town = desk_forms.chosen_town(session, values["gemeente"])
    seems = guess(session, registry.locator_cache, report)
    if seems is not None and seems.town.code != town.code and values["reden"] == seems.reason:
        form["reden"].cstruct = ""
        raise FormError(desk_forms.OTHER_REASON.format(seems.town.name, town.name), "reden")
    if desk_forms.warn(form, session, registry.locator_cache, report):
        raise FormError(desk_forms.CHECK, "gemeente")
    route(session, registry, report, town.code, values["reden"], request.actor)


def _danger(context: ReportResource, request: Request, here: str) -> Response | None:
    """Return the question about danger, or the way back of what may not close; None to go on."""
    report = context.report
    if must_ask_danger(report):
        answer, began = typed_danger(request), Began(report)
        if answer is None:
            return ask_danger(context, request, NAME)
        answer_danger(request.db, report, answer == "ja", request.actor)
        if answer == "ja":
            store(request.db, report, request.actor, [ASSESS], began)
            request.flash(STAYS_OPEN.format(report.reference), "error")
            return HTTPSeeOther(here)
    if report.danger_now:
        request.flash(words.IN_DANGER.format(report.reference), "warning")
        return HTTPSeeOther(here)
    return None


def _step(
    request: Request, report: Report, choice: str, values: Mapping[str, Any], began: Began
) -> None:
    name = desk_forms.STEPS[choice]
    answers = {
        key: values[key]
        for key in ("vraag", "uiterlijk", "bericht", "dubbel_van", "reden")
        if values.get(key)
    }
    if choice == DOUBLE:
        answers["reden_code"] = "dubbel"
    elif choice == CLOSE:
        code = request.POST.get("reden_code") or "niet_te_plaatsen"
        answers = {"reden_code": code, **({} if code == "test" else answers)}
        if code == NO_HARASSMENT or needs_second_look(report.all_forms, report.reporter_age_group):
            _ask_colleague(request, report, name, answers, began)
            return
    effects = WORKFLOW_EFFECTS.of(request.registry)
    decide(request.db, effects, report, [(name, answers)], request.actor, began=began)


def _ask_colleague(
    request: Request, report: Report, name: str, answers: Mapping[str, Any], began: Began
) -> None:
    """Propose to close the report; a colleague decides."""
    if answers["reden_code"] == NO_HARASSMENT:
        check_nobody_receives(request.db, report)
        message = words.NO_HARASSMENT[fallback_of(report.language)]
        answers = {"reden": words.NO_HARASSMENT_REASON, "bericht": message}
        name = "meldpunt_geen_straatintimidatie"
    REPORT_WORKFLOW.check(report.state, name, answers)
    propose(request.db, report, name, answers, request.actor, began=began)
    request.flash(words.PROPOSED.format(report.reference))


def _press(context: ReportResource, request: Request, choice: str) -> HTTPSeeOther:
    """Do what one press does: spoed, or that the reporter's words were read."""
    session, report, actor = request.db, context.report, request.actor
    here = own_path(request.POST.get("hier")) or in_queue(report)
    try:
        lock_report(session, report, typed_version(request))
    except StaleReportError:
        return _changed(request, report, here)
    if choice == READ:
        mark_read(session, report, actor)
        return HTTPSeeOther(own_path(request.POST.get("terug")) or here)
    if why_not(report):
        return _changed(request, report, here)
    with remember(session, report, actor, "spoed"):
        set_urgent(session, report, not report.urgent, actor)
    return HTTPSeeOther(here)


def _changed(request: Request, report: Report, here: str) -> HTTPSeeOther:
    request.flash(changed(request.db, report), "warning")
    return HTTPSeeOther(here)


@post_view(ReportResource, PROPOSAL_NAME, Permission.ROUTE_REPORT)
def proposal_view(context: ReportResource, request: Request) -> Response:
    """Make the step that a colleague of the desk proposed, or decline it with a reason."""
    session, report = request.db, context.report
    here = own_path(request.POST.get("hier")) or in_queue(report)
    accepted = request.POST.get("akkoord") == "ja"
    answer = request.POST.get("antwoord", "").strip()
    if not accepted and (over := too_long(answer)):
        problem = FormError(over, "antwoord")
        return answer_again(context, request, problem, PROPOSAL_NAME)
    if not accepted and not answer:
        request.flash(words.WHY_NOT, "error")
        return HTTPSeeOther(here)
    try:
        proposal = lock_proposal(session, report, typed_version(request))
        effects = WORKFLOW_EFFECTS.of(request.registry)
        made = answer_proposal(session, effects, proposal, report, accepted, answer, request.actor)
    except (StaleReportError, WorkflowError) as error:
        late = isinstance(error, StaleReportError)
        why = changed(session, report) if late else str(error)
        if answer and not accepted:
            return answer_again(context, request, ConflictError(why), PROPOSAL_NAME)
        request.flash(why, "warning" if late else "error")
        return HTTPSeeOther(here)
    if made is not None and proposal.step == TURN_DOWN:
        tell_with(session, report, made, with_help(session, report, ""), request.actor)
    if not accepted:
        request.flash(words.DECLINED.format(report.reference))
    return HTTPSeeOther(own_path(request.POST.get("terug")) or here)


@post_view(Desk, "ongedaan", Permission.ROUTE_REPORT)
def undo_view(context: Desk, request: Request) -> HTTPSeeOther:
    """Undo one's last decision at the desk, and open its report."""
    return undo_last(context, request)


def routing_action(request: Any, context: Any) -> Action | None:
    """Return the button to the queue with this report in hand, on its page at the desk."""
    if context.holder != NATIONAL or context.report.state == "quarantaine":
        return None
    if not request.has_permission(Permission.ROUTE_REPORT, context):
        return None
    return Action("Beslissen in de wachtrij", in_queue(context.report))


@form_view(Desk, "quarantaine", Permission.RELEASE, TEMPLATE)
def desk_quarantine_view(context: Desk, request: Request) -> Any:
    """Show the quarantine of the reports that no municipality holds."""
    return quarantine_view(context, request)
