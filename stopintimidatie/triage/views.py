"""The triage form of a report, the quick mark *spoed*, and the short address."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.renderers import render_to_response
from pyramid.view import view_config

from stopintimidatie.dossiers.menu import new_dossier_action
from stopintimidatie.municipalities.questions import Question
from stopintimidatie.municipalities.reading import published_for
from stopintimidatie.register.queries import present_neighbourhoods_of
from stopintimidatie.reports.forms import conflict, seen, way_out
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.paths import path_of_report
from stopintimidatie.reports.resources import ReportResource
from stopintimidatie.reports.services import StaleReportError, move, take_in_hand
from stopintimidatie.reports.steps import Action
from stopintimidatie.reports.views import STEP_PAGE, came_from, flash_step, impossible, step_page
from stopintimidatie.reports.workflow import REPORT_WORKFLOW
from stopintimidatie.security import Permission
from stopintimidatie.triage.finding import address_for
from stopintimidatie.triage.forms import (
    DECISION_LABELS,
    DECISIONS,
    SAVE,
    assessment_of,
    filled_in,
    triage_schema,
)
from stopintimidatie.triage.resources import ShortAddress
from stopintimidatie.triage.services import (
    ASSESSABLE,
    Assessment,
    assess,
    described,
    set_urgent,
    stored,
)
from stopintimidatie.triage.similar_views import BESIDE, similar_values
from stopintimidatie.web.errors import error_response
from stopintimidatie.web.forms import Change, Form, FormError, handle_form
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import safe_path
from stopintimidatie.workflow import WorkflowError

# On these the triage form also decides; in the other states the report is waiting or filed.
DECIDABLE = frozenset({"nieuw", "in_behandeling"})
# Decisions that ask more than the form does: they go on to the page of the step.
ASKS_MORE = frozenset({"afhandelen", "niet_in_behandeling"})
# The fields of a step, by their place on this form.
_FIELDS = {
    "dossier": "besluit.dossier",
    "reden": "besluit.reden",
    "dubbel_van": "besluit.dubbel_van",
}


def triage_action(request: Any, context: ReportResource) -> Action | None:
    """The button on the page of the report."""
    if context.report.state not in ASSESSABLE:
        return None
    if not request.has_permission(Permission.TRIAGE, context):
        return None
    return Action("Beoordelen", request.resource_path(context, "triage"), "primary")


@view_config(
    context=ReportResource,
    name="triage",
    request_method="GET",
    permission=Permission.TRIAGE,
    renderer="stopintimidatie.triage:templates/triage.jinja2",
)
@view_config(
    context=ReportResource,
    name="triage",
    request_method="POST",
    permission=Permission.TRIAGE,
    renderer="stopintimidatie.triage:templates/triage.jinja2",
)
def triage_view(context: ReportResource, request: Request) -> Any:
    """Assess the report, and decide about it where that can be done at once."""
    page = step_page(context, request, "Beoordelen")
    if context.report.state not in ASSESSABLE:
        page = impossible(context, request, page)
        return render_to_response(STEP_PAGE, page, request=request, response=request.response)
    form = triage_form(context, request)
    action = new_dossier_action(request, context)
    page["new_dossier"] = action.href if action else None
    page["similar"] = similar_values(context, request, BESIDE)
    return handle_form(request, form, lambda v: _save(context, request, form, v), page)


def triage_form(context: ReportResource, request: Request) -> Form:
    report = context.report
    decidable = report.state in DECIDABLE
    dossiers = _dossiers(context, request) if decidable else None
    present = present_neighbourhoods_of(request.db, report.holder, report.neighbourhood_code)
    areas = [(area.code, area.name) for area in present]
    offence = bool(request.has_permission(Permission.MARK_OFFENCE, context))
    questions = own_questions_of(request, report)
    decisions = [b for b in DECISIONS if b.name != "in_dossier" or dossiers] if decidable else []
    back = came_from(request, request.resource_path(context))
    return Form(
        triage_schema(areas, dossiers, questions, offence=offence),
        request,
        buttons=[SAVE, *decisions],
        appstruct={**filled_in(report, questions), **seen(report), "terug": back},
        cancel_url=back,
    )


def own_questions_of(request: Request, report: Report) -> tuple[Question, ...]:
    """What the municipality asks at triage now."""
    return published_for(request.db, report.holder).questions("triage")


def _dossiers(context: ReportResource, request: Request) -> Any:
    if not request.has_permission(Permission.EDIT_DOSSIER, context):
        return ()
    return request.registry.workflow_options["dossiers"](request.db, context.report)


def _save(context: ReportResource, request: Request, form: Form, values: dict[str, Any]) -> Any:
    """Store the assessment and the decision in one transaction; then go on."""
    session, report, actor = request.db, context.report, request.identity.actor  # type: ignore[union-attr]
    effects = request.registry.workflow_effects
    questions = own_questions_of(request, report)
    found = assessment_of(values, stored(report), questions)
    try:
        decision = _decision(form.pressed(), values)
        take_in_hand(session, report, values["versie"])
        found = assessment_of(values, stored(report), questions)
        assess(session, effects, report, found, actor)
        if decision is not None:
            move(session, effects, report, *decision, actor)
        session.flush()
    except StaleReportError:
        changes = _differences(session, stored(report), found)
        raise conflict(session, form, report, values["gezien"], changes) from None
    except WorkflowError as problem:
        raise FormError(str(problem), _FIELDS.get(problem.field or "")) from None
    return _onwards(context, request, form.pressed(), values)


def _decision(pressed: str | None, values: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """The step that a button stands for, with its answers.

    :raises WorkflowError: the answers that this step needs aren't there.
    """
    decided = values.get("besluit", {})
    if pressed == "in_dossier":
        name, keys = "in_dossier", ["dossier", "reden"]
    elif pressed == "dubbel":
        name, keys = "niet_in_behandeling", ["dubbel_van"]
    else:
        return None
    answers = {key: decided.get(key) for key in keys}
    if pressed == "dubbel":
        answers["reden_code"] = "dubbel"
    missing = REPORT_WORKFLOW.transition(name).missing(answers)
    if missing is not None:
        label = DECISION_LABELS.get(missing.name, missing.label)
        raise WorkflowError(f"Vul ‘{label}’ in, of kies een andere knop.", missing.name)
    return name, answers


def _differences(session: Any, now: Assessment, mine: Assessment) -> list[Change]:
    """Where what is stored now differs from what this person filled in."""
    theirs, yours = described(session, now), described(session, mine)
    return [
        Change(label, theirs[label], yours[label])
        for label in theirs
        if theirs[label] != yours[label]
    ]


def _onwards(
    context: ReportResource,
    request: Request,
    pressed: str | None,
    values: dict[str, Any],
) -> HTTPSeeOther:
    path = path_of_report(request.db, context.report.id) or request.resource_path(context)
    out = way_out(values, path)
    out = path if out == request.resource_path(context) else out
    if pressed in ASKS_MORE:
        name = pressed.replace("_", "-")
        return HTTPSeeOther(f"{path}/{name}?{urlencode({'terug': out})}")
    made = {"in_dossier": "in_dossier", "dubbel": "niet_in_behandeling"}.get(pressed or "")
    if made is not None:
        flash_step(request, context, REPORT_WORKFLOW.transition(made), "in_behandeling", path)
    else:
        request.flash(f"{context.report.reference}: de beoordeling is opgeslagen.")
    if values["beoordeling"]["gevaar"] == "ja" and not values["beoordeling"]["spoed"]:
        request.flash(f"{context.report.reference} is spoed, want er is iemand in gevaar.")
    return HTTPSeeOther(out)


@view_config(
    context=ReportResource, name="spoed", request_method="POST", permission=Permission.TRIAGE
)
def urgent_view(context: ReportResource, request: Request) -> Any:
    """Mark or unmark spoed with one press."""
    report, wanted = context.report, request.POST.get("spoed") == "ja"
    version = request.POST.get("versie", "")
    try:
        known = int(version) if version.isascii() and version.isdigit() else 0
        take_in_hand(request.db, report, known if len(version) < 10 else 0)
    except StaleReportError:
        return error_response(request, 409)
    if report.state not in ASSESSABLE:
        return error_response(request, 409)
    set_urgent(request.db, report, wanted, request.identity.actor)  # type: ignore[union-attr]
    request.db.flush()
    done = "gemarkeerd als spoed" if wanted else "geen spoed meer"
    request.flash(f"{report.reference}: {done}.")
    back = request.POST.get("terug", "")
    return HTTPSeeOther(safe_path(back, request.resource_path(context)))


@view_config(context=ShortAddress, request_method="GET", permission=Permission.SIGNED_IN)
def short_address(context: ShortAddress, request: Request) -> HTTPSeeOther:
    """To the copy that this person may see; for others there is no such report."""
    identity = request.identity
    path = identity and address_for(request.registry.engine, identity, context.reference)
    if not path:
        raise HTTPNotFound()
    return HTTPSeeOther(path)
