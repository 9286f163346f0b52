"""Choices about the report in hand: asked about in a panel of the rail, or made with one press."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.renderers import render_to_response
from pyramid.response import Response

from stopintimidatie.core.forms import Form, FormError, handle_form, no_longer, refuse_form
from stopintimidatie.core.web.components import answer_in_panel, is_partial, leave_panel
from stopintimidatie.core.web.request import Request, query_pairs, safe_path
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page.decisions import ALREADY, ASSESS, Began, did_just, remember
from stopintimidatie.reports.page.proposals import asked_in_words, open_proposal
from stopintimidatie.reports.page.queries import latest_change
from stopintimidatie.reports.page.steps import (
    LONGEST_PATH,
    answer_danger,
    conflict,
    must_ask_danger,
    typed_danger,
    typed_version,
)
from stopintimidatie.reports.page.views import step_page
from stopintimidatie.reports.resources import ReportResource
from stopintimidatie.reports.services import StaleReportError, lock_report
from stopintimidatie.reports.triage.services import set_urgent
from stopintimidatie.reports.words import signals_of
from stopintimidatie.reports.workbench.vocabulary import URGENT, Choice
from stopintimidatie.reports.workflow import ReportState

PAGE: Final = "stopintimidatie.reports.workbench:templates/choice.jinja2"
UNKNOWN: Final = "Deze keuze bestaat niet. Kies bij de melding wat nu moet."
CHANGED: Final = "{} is intussen gewijzigd.{} Kijk wat er nu staat en besluit opnieuw."
# The name of the button below what was typed; a line of a small list has none.
BUTTON: Final = "vastleggen"
STAYED_OPEN: Final = frozenset({"in_behandeling_nemen", "vrijgeven", ASSESS})
QUARANTINED: Final = "{} staat in quarantaine. Haal de melding daar eerst uit; daarna kan dit."
PROPOSED: Final = "{} wacht op een tweede blik. Beantwoord eerst het voorstel van de collega."
DANGER: Final = "{} is spoed, want er is iemand in gevaar. Bel eerst 112; de rest kan daarna."


class ChoiceView:
    """The view of a choice; a municipality and the desk say which there are and what each does.

    Attributes:
        name: of the view.
        choices: by their names in addresses.
        on_signal: the choices that ask first whether somebody is in danger.
        closing: those that aren't made with somebody in danger.
        in_danger: says so; with the reference.
        more_acts: other acts in the history than its step that a choice may make.
        presses: what one press does besides spoed, by the choice.
    """

    name: ClassVar[str]
    choices: ClassVar[Mapping[str, Choice]]
    on_signal: ClassVar[Collection[str]]
    closing: ClassVar[Collection[str]]
    in_danger: ClassVar[str]
    more_acts: ClassVar[Mapping[str, Collection[str]]] = {}
    presses: ClassVar[Mapping[str, Callable[..., None]]] = {}

    def __init__(self, context: ReportResource, request: Request) -> None:
        self.context, self.request, self.report = context, request, context.report
        self.posts = request.method == "POST"
        self.asked = request.POST if self.posts else dict(query_pairs(request))
        self.choice = self.asked.get("keuze", "")

    def __call__(self) -> Any:
        """Show what the choice asks, and make it; on a signal ask first about danger."""
        if self.posts and self.choice in {URGENT, *self.presses}:
            return self._press()
        if self.choice not in self.choices:
            return self._too_late(UNKNOWN)
        if self._did_already():
            return self._go_on_again()
        why = self.why_not()
        if why and BUTTON not in self.request.POST:
            return self._too_late(why)
        form = self.form({name: own_path(self.asked.get(name)) for name in ("terug", "hier")})
        # In a panel the page around it has another address.
        form.action = self.request.resource_path(self.context, self.name)

        def page() -> dict[str, Any]:
            hidden = ("keuze", "versie", "gezien", "terug", "hier")
            return {
                **panel_page(self.context, self.request, self.choices[self.choice].title),
                "other": self.choices[self.choice].other,
                "action": form.action,
                "hidden": {name: form[name].cstruct for name in hidden},
                **self.panel(form),
            }

        if why:
            return refuse_form(self.request, form, no_longer(form, why), page)
        return handle_form(self.request, form, lambda values: self._make(form, values), page)

    def why_not(self) -> str:
        """Say why the choice can't be made now; empty when it can."""
        waits = open_proposal(self.request.db, self.report) is not None
        return PROPOSED.format(self.report.reference) if waits else ""

    def may_urge(self) -> bool:
        """Tell whether spoed can be marked."""
        raise NotImplementedError

    def acts(self) -> set[str]:
        """Return what the choice may leave in the history."""
        known = self.choices.get(self.choice)
        step = known.step if known is not None else ""
        return {step or self.choice, *self.more_acts.get(self.choice, ())}

    def form(self, back: Mapping[str, str]) -> Form:
        """Return the form of the choice; `back`: the values of its fields `terug` and `hier`."""
        raise NotImplementedError

    def panel(self, form: Form) -> dict[str, Any]:
        """Return what the panel shows besides the form."""
        raise NotImplementedError

    def make(self, form: Form, values: Mapping[str, Any], began: Began) -> bool | str:
        """Make the choice: False where a colleague looks first, or the page where it goes on."""
        raise NotImplementedError

    @property
    def here(self) -> str:
        """The page with the report in hand."""
        return own_path(self.asked.get("hier")) or self.request.resource_path(self.context)

    def _onwards(self) -> HTTPSeeOther:
        return HTTPSeeOther(own_path(self.asked.get("terug")) or self.here)

    def _did_already(self) -> bool:
        """Tell whether this is the second press of a button, of which the first did it."""
        request, version = self.request, typed_version(self.request)
        if not self.posts or version == self.report.version:
            return False
        names = {*self.acts(), *(STAYED_OPEN if typed_danger(request) == "ja" else ())}
        return did_just(request.db, self.report, request.actor, names, version)

    def _go_on_again(self) -> HTTPSeeOther:
        """Say that it was done already, and go where the first press went."""
        self.request.flash(ALREADY.format(self.report.reference))
        return self._onwards()

    def _too_late(self, why: str = "") -> Response:
        self.request.flash(why or changed(self.request.db, self.report), "warning")
        # An answer to a GET stands in a panel, which is no place for a list.
        return HTTPSeeOther(self.here) if self.posts else leave_panel(self.request, self.here)

    def _make(self, form: Form, values: Mapping[str, Any]) -> Any:
        """Make the choice, and go on to the next report."""
        request, session, report = self.request, self.request.db, self.report
        try:
            lock_report(session, report, values["versie"])
        except StaleReportError:
            if self._did_already():
                return self._go_on_again()
            if BUTTON not in request.POST:
                return self._too_late()
            why, seen = self.why_not(), values["gezien"]
            refused = no_longer(form, why) if why else conflict(session, form, report, seen, ())
            raise refused from None
        danger, began = typed_danger(request), Began(report)
        if self.choice in self.on_signal and must_ask_danger(report):
            if danger is None:
                return ask_danger(self.context, request, self.name)
            answer_danger(session, report, danger == "ja", request.actor)
        try:
            made = self.make(form, values, began)
        except WorkflowError as problem:
            raise FormError(str(problem), problem.field) from None
        if isinstance(made, str):
            return leave_panel(request, made)
        stays = self.choice in self.closing and report.danger_now
        if stays or (report.danger_now and danger == "ja"):
            words, kind = (DANGER, "error") if danger == "ja" else (self.in_danger, "warning")
            request.flash(words.format(report.reference), kind)
            return HTTPSeeOther(self.here)
        if not made:
            request.flash(asked_in_words(report))
        return self._onwards()

    def _press(self) -> Response:
        """Mark or unmark spoed, and stay at the report; or do what else takes one press."""
        request, session, report = self.request, self.request.db, self.report
        wanted, spoed = request.POST.get("spoed", ""), self.choice == URGENT
        if spoed and wanted not in {"ja", "nee"}:
            raise HTTPNotFound()
        try:
            lock_report(session, report, typed_version(request))
        except StaleReportError:
            return self._go_on_again() if spoed and self._did_already() else self._too_late()
        if not spoed:
            self.presses[self.choice](session, report, request.actor)
            return self._onwards()
        if not self.may_urge():
            return self._too_late()
        with remember(session, report, request.actor, URGENT):
            set_urgent(session, report, wanted == "ja", request.actor)
        return HTTPSeeOther(self.here)


def panel_page(context: ReportResource, request: Request, title: str) -> dict[str, Any]:
    """Return the values of a panel with a form and nothing else."""
    answer_in_panel(request)
    return {
        **({} if is_partial(request) else step_page(context, request, title)),
        "report": context.report,
        "panel_title": title,
    }


def ask_danger(context: ReportResource, request: Request, view: str) -> Response:
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


def changed(session: Any, report: Report) -> str:
    """Say why it can't be done: the state that forbids it, else what was changed by whom."""
    if report.state == ReportState.QUARANTINE:
        return QUARANTINED.format(report.reference)
    return CHANGED.format(report.reference, latest_change(session, report))


def own_path(text: str | None) -> str:
    """Return a path of ours that came from outside, or nothing."""
    return safe_path(text, "") if text and len(text) <= LONGEST_PATH else ""
