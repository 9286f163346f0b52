"""The pages of triage: the form, the button that marks *spoed*, and closing as double."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.renderers import render_to_response
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.forms import Button, Change, Form, FormError, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.web.errors import ErrorPage, error_response
from stopintimidatie.core.web.request import (
    Request,
    form_view,
    page_view,
    post_view,
    query_pairs,
    safe_path,
)
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS, WORKFLOW_OPTIONS, WorkflowError
from stopintimidatie.municipalities.areas.queries import present_neighbourhoods_of
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.municipalities.settings.vocabulary import Question
from stopintimidatie.reports.conversation.calls import check_goes_on
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page.decisions import store
from stopintimidatie.reports.page.proposals import asked_in_words
from stopintimidatie.reports.page.steps import (
    NEW_DOSSIER,
    conflict,
    decide_or_propose,
    must_ask_danger,
    report_action,
    state_label,
    typed_version,
    version_values,
    way_out,
)
from stopintimidatie.reports.page.views import (
    STEP_PAGE,
    came_from,
    flash_step,
    impossible,
    step_page,
)
from stopintimidatie.reports.personal import reached_by
from stopintimidatie.reports.resources import GONE, ReportResource
from stopintimidatie.reports.rules import normalise_reference
from stopintimidatie.reports.services import (
    StaleReportError,
    lock_report,
    path_of_report,
)
from stopintimidatie.reports.triage import forms as triage_forms
from stopintimidatie.reports.triage.forms import assessment_of, filled_in, triage_schema
from stopintimidatie.reports.triage.services import (
    ASSESSABLE,
    Assessment,
    assess,
    begin_assessment,
    close_as_double,
    current_assessment,
    describe,
)
from stopintimidatie.reports.triage.similar import MOST, SHOWN, similar_to
from stopintimidatie.reports.vocabulary import KIND, ContactWish
from stopintimidatie.reports.words import CONTACT_AGREED, area_names, signals_of
from stopintimidatie.reports.workflow import ENDED, REPORT_WORKFLOW, ReportState

# The states in which the triage form also decides, and in which a report can be closed as double of
# another; in others it is waiting or filed.
DECIDABLE = frozenset({ReportState.NEW, ReportState.IN_HAND})
TITLE = "Beoordelen"
SAVE = Button("opslaan", "Opslaan")
DECIDE = Button("opslaan", "Vastleggen")


@form_view(ReportResource, "triage", Permission.TRIAGE, "templates/triage.jinja2")
def triage_view(context: ReportResource, request: Request) -> Any:
    """Show the form to assess a report; save the assessment and the decision."""
    if context.report.state not in ASSESSABLE and request.method != "POST":
        late = impossible(context, request, step_page(context, request, TITLE))
        return render_to_response(STEP_PAGE, late, request=request, response=request.response)
    decidable = context.report.state in DECIDABLE
    questions = published_for(request.db, context.report.holder).questions("triage")
    form = triage_form(context, request, questions)

    def page() -> dict[str, Any]:
        shown = step_page(context, request, TITLE)
        # Without buttons that leave the form.
        similar = {**similar_values(context, request), "may_close": False, "together": None}
        if decidable:
            references = [other.reference for other in similar["similar"]]
            form[triage_forms.PART]["dubbel_van"].widget.suggestions = references
        # A colleague decided first: the form is shown again, without the fields of the decision.
        undecided = None if decidable else triage_forms.in_words(request.POST)
        return {**shown, "similar": similar, "undecided": undecided}

    return handle_form(request, form, lambda v: _save(context, request, form, questions, v), page)


def triage_form(context: ReportResource, request: Request, questions: Sequence[Question]) -> Form:
    """Build the triage form.

    `questions`: the municipality's own questions at triage.
    """
    report = context.report
    present = present_neighbourhoods_of(request.db, report.holder, report.neighbourhood_code)
    areas = [(area.code, area.name) for area in present]
    offence = bool(request.has_permission(Permission.MARK_OFFENCE, context))
    decision = _decision(context, request) if report.state in DECIDABLE else None
    back = came_from(request, request.resource_path(context))
    start = {triage_forms.CHOICE: triage_forms.TAKE.name}
    last_day = current_assessment(report).contact_before
    return Form(
        triage_schema(areas, decision, questions, offence=offence, last_day=last_day),
        request,
        buttons=[DECIDE if decision else SAVE],
        appstruct={
            **filled_in(report, questions),
            **version_values(report),
            **({triage_forms.PART: start} if decision else {}),
            "terug": back,
        },
        cancel_url=back,
    )


def _decision(context: ReportResource, request: Request) -> Any:
    may_file = bool(request.has_permission(Permission.EDIT_DOSSIER, context))
    options = WORKFLOW_OPTIONS.of(request.registry)["dossiers"]
    dossiers = options(request.db, context.report) if may_file else ()
    new = context.report.state == ReportState.NEW
    offered = triage_forms.possible(new=new, may_file=may_file, dossiers=dossiers)
    return triage_forms.decision_schema(context.report, offered, dossiers)


def _save(
    context: ReportResource,
    request: Request,
    form: Form,
    questions: Sequence[Question],
    values: dict[str, Any],
) -> Any:
    """Store the assessment and the decision in one transaction; then go on."""
    session, report, actor = request.db, context.report, request.actor
    effects = WORKFLOW_EFFECTS.of(request.registry)
    assessment = assessment_of(values, current_assessment(report), questions)
    step = triage_forms.step_of(values)
    try:
        lock_report(session, report, values["versie"])
        if report.state not in ASSESSABLE:
            raise FormError(
                f"De melding is ‘{state_label(report)}’ en kan niet meer worden beoordeeld. Open"
                " de melding om te zien wat er nog kan."
            )
        _check_reachable(session, report, assessment)
        assessment = assessment_of(values, current_assessment(report), questions)
        # After a refusal the page shows the report again, as it was before this step.
        with session.begin_nested():
            began, made = begin_assessment(report), True
            assess(session, effects, report, assessment, actor)
            if step is None:
                store(session, report, actor, [], began)
            else:
                made = decide_or_propose(session, effects, report, *step, actor, began=began)
    except StaleReportError:
        theirs = describe(session, current_assessment(report))
        yours = describe(session, assessment)
        changes = [
            Change(label, theirs[label], yours[label])
            for label in theirs
            if theirs[label] != yours[label]
        ]
        raise conflict(session, form, report, values["gezien"], changes) from None
    except WorkflowError as problem:
        name = "waarom" if step and step[0] == "afhandelen" and problem.field == "reden" else None
        name = name or problem.field
        asked = triage_forms.PART in form and name in form[triage_forms.PART]
        control = f"{triage_forms.PART}.{name}" if asked else None
        raise FormError(str(problem), control) from None
    if not made:
        request.flash(asked_in_words(report))
        step = None
    return _onwards(context, request, values, step)


def _check_reachable(session: Session, report: Report, assessment: Assessment) -> None:
    """Check that there is a number to call or an address to mail to, where that was agreed.

    Raises:
        FormError: There is none.
    """
    missing = {"bellen": "telefoonnummer", "mailen": "e-mailadres"}
    phone, mail = reached_by(session, report)
    given = {"bellen": phone, "mailen": mail}
    # An earlier agreement may stay: the contact data may be gone by now.
    if assessment.contact == report.contact_agreed or given.get(assessment.contact or "", True):
        return
    ways = [label for how, label in CONTACT_AGREED if given.get(how, how == "via_app")]
    raise FormError(
        f"Er is geen {missing[str(assessment.contact)]} van deze melder. Wat wel kan:"
        f" {' of '.join(f'‘{label}’' for label in ways)}. Of kies ‘geen contact’.",
        "contact.hoe",
    )


def _onwards(
    context: ReportResource,
    request: Request,
    values: dict[str, Any],
    step: tuple[str, dict[str, Any]] | None,
) -> HTTPSeeOther:
    """Say what was done, and redirect to the next page of the decision, or back."""
    path = path_of_report(request.db, context.report.id) or request.resource_path(context)
    out = way_out(values, path)
    out = path if out == request.resource_path(context) else out
    begins = triage_forms.decided(values) == triage_forms.NEW_DOSSIER.name
    action = report_action(request, context, NEW_DOSSIER) if begins else None
    following = action.href if action else None
    if step is not None:
        made = REPORT_WORKFLOW.transition(step[0])
        flash_step(request, context, made, "in_behandeling", path)
    else:
        rest = " Wat u besloot, gaat hieronder verder." if following else ""
        request.flash(f"{context.report.reference}: de beoordeling is opgeslagen.{rest}")
    if values["beoordeling"]["gevaar"] == "ja" and not values["beoordeling"]["spoed"]:
        request.flash(f"{context.report.reference} is spoed, want er is iemand in gevaar.")
    return HTTPSeeOther(following or out)


NAME: Final = "dubbel"
SURE: Final = "zeker"


@post_view(ReportResource, NAME, Permission.TRIAGE)
def double_view(context: ReportResource, request: Request) -> Any:
    """Close this report as double of another; it can be taken back."""
    report: Report = context.report
    other, back = request.POST.get("dubbel_van", "")[:40], request.POST.get("terug", "")
    try:
        lock_report(request.db, report, typed_version(request))
        if report.state not in DECIDABLE:
            return error_response(request, 409)
        if must_ask_danger(report):
            return _ask_danger(context, request, other, back)
        if report.contact_deadline is not None and request.POST.get(SURE) != "ja":
            return _ask_first(context, request, other, back)
        effects = WORKFLOW_EFFECTS.of(request.registry)
        closed = close_as_double(request.db, effects, report, other, request.actor)
        request.db.flush()
    except StaleReportError:
        return error_response(request, 409)
    except WorkflowError as problem:
        reason = (str(problem), "Er is niets gewijzigd. Ga terug naar de vorige pagina.")
        return error_response(request, 400, ErrorPage("De melding is niet gesloten", reason))
    path = path_of_report(request.db, report.id) or request.resource_path(context)
    if closed:
        step = REPORT_WORKFLOW.transition("niet_in_behandeling")
        flash_step(request, context, step, "in_behandeling", path)
    else:
        request.flash(asked_in_words(report))
    return HTTPSeeOther(safe_path(back, path))


def _ask_danger(context: ReportResource, request: Request, other: str, back: str) -> HTTPSeeOther:
    """Redirect to the form that asks whether somebody is in danger, before it closes anything."""
    request.flash(
        f"Er is een signaal: {', '.join(signals_of(context.report))}. Zeg eerst of er iemand in"
        f" gevaar is. Kies dan onderaan ‘Afsluiten als dubbel’, van {other}.",
        "warning",
    )
    parameters = urlencode({"terug": back})
    return HTTPSeeOther(f"{request.resource_path(context, 'triage')}?{parameters}")


def _ask_first(context: ReportResource, request: Request, other: str, back: str) -> Any:
    """Redirect to the question what becomes of the contact that was promised.

    Raises:
        WorkflowError: The report can't be the double of the other.
    """
    head = _find(request.db, other)
    if head is None:
        raise WorkflowError("Die andere melding is niet gevonden.", "dubbel_van")
    check_goes_on(request.db, context.report, head)
    parameters = urlencode({"van": head.reference, "terug": back})
    return HTTPSeeOther(f"{request.resource_path(context, NAME)}?{parameters}")


def _find(session: Session, typed: str) -> Report | None:
    wanted = normalise_reference(typed[:40])
    return session.scalars(select(Report).where(Report.reference == (wanted or ""))).first()


@page_view(ReportResource, NAME, Permission.TRIAGE, "templates/double.jinja2")
def ask_view(context: ReportResource, request: Request) -> Any:
    """Ask what becomes of the contact that was promised, before the report is closed."""
    report, here = context.report, request.resource_path(context)
    parameters = dict(query_pairs(request))
    if "van" not in parameters or report.state not in DECIDABLE:
        return HTTPSeeOther(here)
    other = _find(request.db, parameters["van"])
    if other is None or other is report:
        raise HTTPNotFound()
    agreed = dict(CONTACT_AGREED).get(report.contact_agreed or "")
    return {
        **step_page(context, request, f"Sluiten als dubbel van {other.reference}"),
        "other": other,
        "done": other.state in ENDED,
        "how": agreed or ContactWish.word(report.wants_contact),
        "back": safe_path(parameters.get("terug", ""), here),
        "sure": SURE,
    }


# Similar reports: beside the report in hand, and on a page of their own

PAGE: Final = "vergelijkbaar"
# The number of similar reports beside the report in hand: at triage, and in the inbox.
BESIDE: Final = 5
TASK: Final = "vergelijkbare meldingen"


def similar_values(
    context: ReportResource, request: Request, limit: int = BESIDE
) -> dict[str, Any]:
    """Return the values of the section and the page; that these reports were seen is noted."""
    report, here = context.report, request.resource_path(context).rstrip("/")
    similar = similar_to(request.db, request.registry, report, limit)
    if similar:
        note_read(request, context.holder, KIND, [other.id for other in similar], task=TASK)
    action = report_action(request, context, NEW_DOSSIER)
    ready = [
        ("melding", other.reference) for other in similar if other.state == ReportState.IN_HAND
    ]
    may_triage = bool(request.has_permission(Permission.TRIAGE, context))
    return {
        "similar": similar,
        "report": report,
        "here": here,
        "more": f"{here}/{PAGE}" if len(similar) == limit else None,
        "may_close": may_triage and report.state in DECIDABLE,
        # A new dossier with this report and those that are ready for it.
        "together": f"{action.href}&{urlencode(ready)}" if action and ready else None,
    }


@page_view(ReportResource, PAGE, Permission.VIEW_REPORT, "templates/similar.jinja2")
def similar_view(context: ReportResource, request: Request) -> Any:
    """Show up to forty similar reports, the most similar first, with the parts of the score."""
    if context.holder == NATIONAL or context.report.state in GONE:
        return HTTPSeeOther(request.resource_path(context))
    values = similar_values(context, request, MOST)
    names = area_names(request.db, context.report)
    return {**values, "more": None, "names": names, "scored": values["similar"][:SHOWN]}
