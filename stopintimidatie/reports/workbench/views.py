"""The views of decisions: taken with one press, or asked about in a panel of the rail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from pyramid.httpexceptions import HTTPForbidden, HTTPSeeOther

from stopintimidatie.core import forms as fields
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
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.web.request import Request, form_view, page_view, post_view, query_pairs
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS, WorkflowError
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.reports.models import Report, ReportDecision
from stopintimidatie.reports.page.decisions import PROPOSED as PROPOSED_LINE
from stopintimidatie.reports.page.decisions import Began, UndoError, last_decision, undo
from stopintimidatie.reports.page.proposals import answer_proposal, open_proposal
from stopintimidatie.reports.page.steps import (
    NEW_DOSSIER,
    add_version,
    add_way_back,
    report_action,
    typed_version,
    version_values,
)
from stopintimidatie.reports.resources import GONE, ReportResource
from stopintimidatie.reports.rules import needs_second_look, normalise_reference
from stopintimidatie.reports.services import StaleReportError, lock_report, path_of_report
from stopintimidatie.reports.triage.services import ASSESSABLE
from stopintimidatie.reports.triage.similar import MOST, similar_to
from stopintimidatie.reports.triage.views import TASK, similar_values
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.words import area_names
from stopintimidatie.reports.workbench import forms
from stopintimidatie.reports.workbench.pages import PROPOSAL_VIEW, UNDO
from stopintimidatie.reports.workbench.selection import (
    PAGE,
    ChoiceView,
    changed,
    own_path,
    panel_page,
)
from stopintimidatie.reports.workbench.services import CLOSING, make_choice, say_where_help_is
from stopintimidatie.reports.workbench.vocabulary import (
    CHOICES,
    DOUBLE,
    FILE,
    NAME,
    ON_SIGNAL,
    OPEN_FOR_ALL,
    REJECT,
    TAKE,
)
from stopintimidatie.reports.workflow import NOT_HANDLED, TURN_DOWN, ReportState

# Taken in hand first, and then a page of its own.
NEW: Final = "nieuw_dossier"


@form_view(ReportResource, NAME, Permission.TRIAGE, PAGE)
class TownChoice(ChoiceView):
    """A choice of a municipality."""

    name = NAME
    choices: ClassVar = {**CHOICES, NEW: replace(CHOICES[TAKE], step="")}
    on_signal = ON_SIGNAL | {NEW}
    closing = CLOSING
    more_acts: ClassVar = {
        TAKE: {"toewijzen"},
        REJECT: {TURN_DOWN, PROPOSED_LINE},
        DOUBLE: {PROPOSED_LINE},
    }
    in_danger = (
        "{} is niet gesloten, want er is iemand in gevaar. Klopt dat niet meer? Pas het aan onder"
        " ‘Meer vastleggen’."
    )

    def __call__(self) -> Any:
        """Show what the choice asks, and make it, where this person may."""
        if self.choice == NEW and not self.posts:
            self.choice = ""
        known = self.choice in {FILE, NEW}
        if known and not self.request.has_permission(Permission.EDIT_DOSSIER, self.context):
            raise HTTPForbidden()
        return super().__call__()

    def why_not(self) -> str:
        """Say why the choice can't be made now; empty when it can."""
        if self.report.state not in self.choices[self.choice].states:
            return changed(self.request.db, self.report)
        return super().why_not()

    def may_urge(self) -> bool:
        """Tell whether spoed can be marked."""
        return self.report.state in ASSESSABLE

    @property
    def _known(self) -> str:
        return TAKE if self.choice == NEW else self.choice

    def form(self, back: Mapping[str, str]) -> Form:
        """Return the form of the choice; `back`: the values of its fields `terug` and `hier`."""
        offered = forms.dossier_choices(self.request, self.report) if self.choice == FILE else ()
        return forms.town_form(self._known, self.request, self.report, offered, back)

    def panel(self, form: Form) -> dict[str, Any]:
        """Return what the panel shows besides the form."""
        report, possible = self.report, bool(form.buttons)
        guarded = needs_second_look(report.all_forms, report.reporter_age_group)
        return {
            "listed": self._listed(form) if possible else [],
            "typed": self.choice != REJECT or report.contact_due is not None,
            "second_look": self.choice == REJECT and guarded,
            "contact": report.contact_deadline if self.choice == DOUBLE else None,
            "may_begin": self.choice == FILE and possible,
        }

    def _listed(self, form: Form) -> list[forms.Option]:
        request, report = self.request, self.report
        if self.choice == REJECT:
            return [] if report.contact_due else forms.rejections()
        if self.choice not in {FILE, DOUBLE} or report.holder == NATIONAL:
            return []
        similar = similar_to(request.db, request.registry, report, MOST)
        if self.choice == DOUBLE:
            options = forms.doubles(report, similar)
        else:
            area = area_names(request.db, report).neighbourhood
            options = forms.dossiers(similar, form["dossier"].schema.typ.choices, area)
        seen = [option.like.id for option in options if option.like is not None]
        if seen:
            note_read(request, report.holder, KIND, seen, task=TASK)
        return options

    def make(self, form: Form, values: Mapping[str, Any], began: Began) -> bool | str:
        """Make the choice: False where a colleague looks first, or the page of a new dossier."""
        request, report = self.request, self.report
        effects, made = WORKFLOW_EFFECTS.of(request.registry), True
        if self.choice != NEW or report.state == ReportState.NEW:
            steps = forms.steps_for(self._known, request.db, report, values)
            made = make_choice(
                request.db, effects, report, self._known, steps, request.actor, began
            )
        return self._new_dossier() if self.choice == NEW else made

    def _new_dossier(self) -> str:
        """Return the address of the form for a new dossier, which is a page of its own."""
        self.request.db.flush()
        action = report_action(self.request, self.context, NEW_DOSSIER)
        other = normalise_reference(self.request.POST.get("met", "")[:40])
        if action is None:
            return self.here
        also = f"&{urlencode({'melding': other})}" if other is not None else ""
        return f"{action.href}{also}"


@page_view(ReportResource, "naast", Permission.VIEW_REPORT, "templates/beside.jinja2")
def beside_view(context: ReportResource, request: Request) -> Any:
    """Show the most similar reports beside the one in hand, which is loaded first."""
    report, asked = context.report, dict(query_pairs(request))
    if context.holder == NATIONAL or report.state in GONE:
        return HTTPSeeOther(request.resource_path(context))
    values = similar_values(context, request)
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


# The answer of a second person to a colleague's proposal, in a municipality and at the desk


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
    schema = Schema(field(fields.Text(1000, lines=True), "Waarom niet?", name="antwoord"))
    add_version(schema)
    add_way_back(schema)
    forms.add_here(schema)
    action = request.resource_path(context, PROPOSAL_VIEW)
    return Form(
        schema, request, buttons=[Button("nee", "Niet akkoord")], action=action, formid="antwoord"
    )
