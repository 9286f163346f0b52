"""The answer of a second person to a colleague's proposal."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render_to_response
from pyramid.response import Response

from stopintimidatie.core import forms
from stopintimidatie.core.forms import (
    Button,
    ConflictError,
    Form,
    FormError,
    Schema,
    field,
    no_longer,
    refuse_form,
)
from stopintimidatie.core.security import Permission
from stopintimidatie.core.web.request import Request, post_view
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS, WorkflowError
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page.proposals import (
    LONGEST_ANSWER,
    answer_proposal,
    lock_proposal,
    open_proposal,
    too_long,
)
from stopintimidatie.reports.page.steps import (
    LONGEST_PATH,
    add_version,
    add_way_back,
    typed_version,
)
from stopintimidatie.reports.resources import ReportResource
from stopintimidatie.reports.services import StaleReportError
from stopintimidatie.reports.workbench.services import say_where_help_is
from stopintimidatie.reports.workbench.views import PAGE, changed, own_path, panel_page
from stopintimidatie.reports.workflow import NOT_HANDLED

VIEW: Final = "voorstel"


@post_view(ReportResource, VIEW, Permission.TRIAGE)
def proposal_view(context: ReportResource, request: Request) -> Response:
    """Make the step that a colleague proposed, or decline it."""
    session, report, actor = request.db, context.report, request.actor
    here = own_path(request.POST.get("hier")) or request.resource_path(context)
    onwards = own_path(request.POST.get("terug")) or here
    accepted = request.POST.get("akkoord") == "ja"
    answer = request.POST.get("antwoord", "").strip()
    if not accepted and (over := too_long(answer)):
        return answer_again(context, request, FormError(over, "antwoord"))
    if not accepted and not answer:
        request.flash("Schrijf op waarom niet. Er is nog niets gewijzigd.", "error")
        return HTTPSeeOther(here)
    try:
        proposal = lock_proposal(session, report, typed_version(request))
        effects = WORKFLOW_EFFECTS.of(request.registry)
        with session.begin_nested():
            made = answer_proposal(session, effects, proposal, report, accepted, answer, actor)
    except StaleReportError:
        if answer and not accepted:
            return answer_again(context, request, ConflictError(changed(session, report)))
        request.flash(changed(session, report), "warning")
        return HTTPSeeOther(here)
    except WorkflowError as problem:
        if answer and not accepted:
            return answer_again(context, request, ConflictError(str(problem)))
        request.flash(str(problem), "error")
        return HTTPSeeOther(here)
    # With a double the work goes on elsewhere, and the reporter reads that.
    if made is not None and proposal.step in NOT_HANDLED and report.duplicate_of_id is None:
        say_where_help_is(session, report, made, actor)
    if not accepted:
        request.flash(f"{report.reference}: u bent het er niet mee eens. Uw collega leest waarom.")
    return HTTPSeeOther(onwards)


def answer_again(
    context: ReportResource, request: Request, problem: FormError, view: str = VIEW
) -> Response:
    """Return the form with the reason that was typed; `problem`: the reason it isn't taken.

    `view`: the name of the view that takes it; the desk has its own.
    """
    report, session = context.report, request.db
    form = _answer_form(request, report, request.resource_path(context, view))
    if open_proposal(session, report) is None:
        problem = no_longer(form, problem.message)
    elif isinstance(problem, ConflictError):
        problem = ConflictError(f"{problem.message} Uw antwoord is nog niet verstuurd.")

    def page() -> dict[str, Any]:
        form["versie"].cstruct = str(report.version)
        return panel_page(context, request, "Tweede blik")

    values = refuse_form(request, form, problem, page)
    return render_to_response(PAGE, values, request=request, response=request.response)


def _answer_form(request: Any, report: Report, action: str) -> Form:
    """Return the form of who doesn't agree with a proposal: why not. `action`: where it goes."""
    hidden = forms.Hidden()
    schema = Schema(field(forms.Text(LONGEST_ANSWER, lines=True), "Waarom niet?", name="antwoord"))
    schema["akkoord"] = field(forms.Text(3), "Akkoord", widget=hidden, name="akkoord")
    add_version(schema)
    add_way_back(schema)
    path = forms.Text(LONGEST_PATH)
    schema["hier"] = field(path, "Hier", widget=hidden, name="hier", missing="")
    buttons = [Button("nee", "Niet akkoord")]
    return Form(schema, request, buttons=buttons, action=action, formid="antwoord")
