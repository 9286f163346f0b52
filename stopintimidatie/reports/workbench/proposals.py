"""The answer of a second person to a colleague's proposal, in a municipality and at the desk."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther

from stopintimidatie.core import forms
from stopintimidatie.core.forms import (
    Button,
    ConflictError,
    Form,
    FormError,
    Schema,
    field,
    handle_form,
    no_longer,
)
from stopintimidatie.core.security import Permission
from stopintimidatie.core.web.request import Request, page_view
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS, WorkflowError
from stopintimidatie.reports.page.proposals import answer_proposal, open_proposal
from stopintimidatie.reports.page.steps import (
    LONGEST_PATH,
    add_version,
    add_way_back,
    typed_version,
)
from stopintimidatie.reports.resources import ReportResource
from stopintimidatie.reports.services import StaleReportError, lock_report
from stopintimidatie.reports.workbench.pages import PROPOSAL_VIEW
from stopintimidatie.reports.workbench.selection import PAGE, changed, own_path, panel_page
from stopintimidatie.reports.workbench.services import say_where_help_is
from stopintimidatie.reports.workflow import NOT_HANDLED

LONGEST: Final = 1000


@page_view(ReportResource, PROPOSAL_VIEW, Permission.SECOND_LOOK, PAGE, request_method="POST")
def proposal_view(context: ReportResource, request: Request) -> Any:
    """Make the step that a colleague proposed, or decline it with a reason."""
    if request.POST.get("akkoord") == "ja":
        try:
            return _answer(context, request, None)
        except FormError as problem:
            request.flash(problem.message, "warning")
            return HTTPSeeOther(_here(context, request))
    form = _form(context, request)

    def decline(values: Any) -> HTTPSeeOther:
        try:
            return _answer(context, request, values["antwoord"])
        except ConflictError as late:
            form["versie"].cstruct = str(context.report.version)
            if open_proposal(request.db, context.report) is None:
                raise no_longer(form, late.message) from None
            raise ConflictError(f"{late.message} Uw antwoord is nog niet verstuurd.") from None

    return handle_form(request, form, decline, lambda: panel_page(context, request, "Tweede blik"))


def _here(context: ReportResource, request: Request) -> str:
    return own_path(request.POST.get("hier")) or request.resource_path(context)


def _answer(context: ReportResource, request: Request, refusal: str | None) -> HTTPSeeOther:
    """Answer the proposal; `refusal`: the reason of who doesn't agree.

    Raises:
        FormError: It can't be answered now, or not by this person.
    """
    session, report, actor = request.db, context.report, request.actor
    effects, accepted = WORKFLOW_EFFECTS.of(request.registry), refusal is None
    try:
        lock_report(session, report, typed_version(request))
        proposal = open_proposal(session, report)
        if proposal is None:
            raise StaleReportError(report)
        made = answer_proposal(session, effects, proposal, report, accepted, refusal or "", actor)
    except StaleReportError:
        raise ConflictError(changed(session, report)) from None
    except WorkflowError as problem:
        raise FormError(str(problem)) from None
    # With a double the work goes on elsewhere, and the reporter reads that.
    if made is not None and proposal.step in NOT_HANDLED and report.duplicate_of_id is None:
        say_where_help_is(session, report, made, actor)
    if not accepted:
        request.flash(f"{report.reference}: u bent het er niet mee eens. Uw collega leest waarom.")
    return HTTPSeeOther(own_path(request.POST.get("terug")) or _here(context, request))


def _form(context: ReportResource, request: Request) -> Form:
    """Return the form of who doesn't agree with a proposal: why not."""
    schema = Schema(field(forms.Text(LONGEST, lines=True), "Waarom niet?", name="antwoord"))
    add_version(schema)
    add_way_back(schema)
    path, hidden = forms.Text(LONGEST_PATH), forms.Hidden()
    schema["hier"] = field(path, "Hier", widget=hidden, name="hier", missing="")
    action = request.resource_path(context, PROPOSAL_VIEW)
    return Form(
        schema, request, buttons=[Button("nee", "Niet akkoord")], action=action, formid="antwoord"
    )
