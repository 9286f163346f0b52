"""The desk's queue as a workbench: list, report in hand, decisions, and undoing them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select

from stopintimidatie.core import forms
from stopintimidatie.core.audit import record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, Form, FormError, Schema, ask_values, field
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.web.components import Panel, is_partial, turn_of
from stopintimidatie.core.web.register import COUNTED, read_register
from stopintimidatie.core.web.request import (
    Request,
    form_view,
    page_view,
    post_view,
    query_pairs,
    wanted_page,
    with_params,
    worth_counting,
)
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS
from stopintimidatie.desk.forwarding.services import take_back_offer
from stopintimidatie.desk.forwarding.views import number_returned
from stopintimidatie.desk.models import LocalPolicy, PolicyKind
from stopintimidatie.desk.queue import forms as desk_forms
from stopintimidatie.desk.queue import services as queue
from stopintimidatie.desk.queue.forms import (
    ASK,
    CHOICES,
    CLOSE,
    DOUBLE,
    RARE,
    READ,
    ROUTE,
    TAKE_BACK,
)
from stopintimidatie.desk.queue.pages import (
    NAME,
    detail_of,
    in_queue,
    municipality_facet,
    read_report,
    rows_of,
    why_not,
)
from stopintimidatie.desk.queue.routing import Guess, guess, route
from stopintimidatie.desk.queue.steps import NO_HARASSMENT, check_nobody_receives, said
from stopintimidatie.desk.resources import Desk, DeskMunicipality
from stopintimidatie.municipalities.areas.resources import count_with_menu
from stopintimidatie.municipalities.levels.services import AUDIT_KIND, number_without_admin
from stopintimidatie.municipalities.people.queries import number_due
from stopintimidatie.reports.conversation.services import mark_read
from stopintimidatie.reports.inbox.bulk import TEMPLATE, quarantine_view
from stopintimidatie.reports.inbox.panels import since_last_day
from stopintimidatie.reports.inbox.services import make_proof
from stopintimidatie.reports.inbox.views import absent, in_hand
from stopintimidatie.reports.page.decisions import ASSESS, PROPOSED, Began, decide, store
from stopintimidatie.reports.page.proposals import propose
from stopintimidatie.reports.page.steps import Action, typed_danger
from stopintimidatie.reports.resources import ReportResource
from stopintimidatie.reports.rules import needs_second_look
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.workbench.forms import Option
from stopintimidatie.reports.workbench.pages import Place, bar_for
from stopintimidatie.reports.workbench.selection import PAGE, ChoiceView, changed, own_path
from stopintimidatie.reports.workbench.views import undo_view as undo_last
from stopintimidatie.reports.workflow import NOT_PLACED, REPORT_WORKFLOW, ReportState


@page_view(Desk, "", Permission.VIEW_DESK, "templates/queue.jinja2")
def queue_view(context: Desk, request: Request) -> dict[str, Any]:
    """Show what the desk must decide on, or another view of the queue, and one report opened."""
    session, asked, now = request.db, dict(query_pairs(request)), utc_now()
    if is_partial(request):
        # The address follows what is shown, also after a decision that led here.
        request.response.headers["HX-Push-Url"] = request.path_qs
    standing = asked.get("bezorging") if asked.get("bezorging") in queue.STANDINGS else None
    wanted = queue.QueueFilter(standing, asked.get("gemeente"))
    most = worth_counting(wanted_page(request), COUNTED)
    counts = _counted(context, request, wanted, most)
    total, to_decide = counts.pop("total"), counts.pop("to_decide")
    queued = read_register(request, total, partial(queue.page, session, wanted), most=most)
    reports = [report for report, _ in queued.rows]
    references = [report.reference for report in reports]
    chosen, opened, onwards = in_hand(request, reports, references, partial(read_report, session))
    ids = [report.id for report in reports]
    note_read(request, context.holder, KIND, ids, task="wachtrij landelijk meldpunt")
    detail = None
    if opened is not None:
        if chosen or opened.id not in ids:
            note_read(request, context.holder, KIND, [opened.id], task="melding openen")
        resource = ReportResource(opened.reference, context, opened)
        here = with_params(request, melding=opened.reference)
        place = Place(request.resource_path(resource).rstrip("/"), here, onwards)
        detail = detail_of(resource, request, place)
    return {
        "items": rows_of(request, queued.rows, opened),
        "queued": queued,
        "turn": turn_of(request, queued.paging, "melding"),
        "standing": wanted.standing,
        "standings": queue.STANDINGS,
        "counts": queue.by_standing(session, wanted),
        "to_decide": to_decide if to_decide <= COUNTED else None,
        "municipalities": municipality_facet(request, wanted),
        "chosen": chosen,
        "absent": absent(request),
        "detail": detail,
        "last": bar_for(request, context.holder),
        "undo": request.resource_path(context, "ongedaan"),
        "here": request.resource_path(context),
        "notices": counts,
        "since": None if is_partial(request) else since_last_day(request, NATIONAL, in_queue),
        "proof": make_proof(request.registry.key_ring, request.actor, NATIONAL, now),
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


@form_view(ReportResource, NAME, Permission.ROUTE_REPORT, PAGE)
class DeskChoice(ChoiceView):
    """A choice of the desk."""

    name = NAME
    choices = CHOICES
    on_signal = closing = frozenset({CLOSE, DOUBLE})
    in_danger = (
        "{} is niet gesloten, want er is iemand in gevaar. Geef de melding door, of stel de melder"
        " een vraag."
    )
    presses: ClassVar = {READ: mark_read}
    more_acts: ClassVar = {CLOSE: {PROPOSED}}

    @property
    def here(self) -> str:
        """The queue with the report in hand, where no other page is named."""
        wanted = {"melding": self.report.reference}
        queue = self.request.resource_path(self.context.__parent__, query=wanted)
        return own_path(self.asked.get("hier")) or queue

    def why_not(self) -> str:
        """Say why the choice can't be made now; empty when it can."""
        if self.choice in RARE:
            return ""
        return super().why_not() or (changed(self.request.db, self.report) if self._past() else "")

    def _past(self) -> bool:
        return bool(why_not(self.report))

    def may_urge(self) -> bool:
        """Tell whether spoed can be marked."""
        return not self._past()

    def form(self, back: Mapping[str, str]) -> Form:
        """Return the form of the choice; `back`: the values of its fields `terug` and `hier`."""
        guessed = self._guess() if self.choice == ROUTE else None
        return desk_forms.desk_form(self.choice, self.request, self.report, guessed, back)

    def _guess(self) -> Guess | None:
        return guess(self.request.db, self.request.registry.locator_cache, self.report)

    def _warn(self, form: Form) -> bool:
        locators = self.request.registry.locator_cache
        return desk_forms.warn(form, self.request.db, locators, self.report)

    def panel(self, form: Form) -> dict[str, Any]:
        """Return what the panel shows besides the form."""
        if self.choice == ROUTE and self.posts and form.buttons:
            self._warn(form)
        return {
            "listed": self._listed() if form.buttons else [],
            "second_look": self.choice == CLOSE and self._is_guarded(),
        }

    def _is_guarded(self) -> bool:
        return needs_second_look(self.report.all_forms, self.report.reporter_age_group)

    def _listed(self) -> list[Option]:
        """Return the answers that take one press."""
        session, report = self.request.db, self.report
        if self.choice == DOUBLE:
            return desk_forms.doubles(session, report)
        if self.choice == ASK:
            return desk_forms.questions(report)
        return desk_forms.endings(session, report) if self.choice == CLOSE else []

    def make(self, form: Form, values: Mapping[str, Any], began: Began) -> bool:
        """Make the choice: False where a colleague looks first."""
        session, report, actor = self.request.db, self.report, self.request.actor
        if self.choice in self.closing and report.danger_now:
            if typed_danger(self.request) == "ja":
                store(session, report, actor, [ASSESS], began)
            return True
        if self.choice == ROUTE:
            self._route(form, values)
            return True
        if self.choice == TAKE_BACK:
            take_back_offer(session, report, values["reden"], actor)
            return True
        name, answers, guarded = self._step(values)
        if guarded:
            REPORT_WORKFLOW.check(report.state, name, answers)
            propose(session, report, name, answers, actor, began=began)
            return False
        effects = WORKFLOW_EFFECTS.of(self.request.registry)
        decide(session, effects, report, [(name, answers)], actor, began=began)
        return True

    def _route(self, form: Form, values: Mapping[str, Any]) -> None:
        """Route the report; where place and town disagree, only when said and confirmed."""
        session, registry, report = self.request.db, self.request.registry, self.report
        town, seems = desk_forms.chosen_town(session, values["gemeente"]), self._guess()
        if seems is not None and seems.town.code != town.code and values["reden"] == seems.reason:
            form["reden"].cstruct = ""
            raise FormError(desk_forms.OTHER_REASON.format(seems.town.name, town.name), "reden")
        if self._warn(form):
            raise FormError(desk_forms.CHECK, "gemeente")
        route(session, registry, report, town.code, values["reden"], self.request.actor)

    def _step(self, values: Mapping[str, Any]) -> tuple[str, dict[str, Any], bool]:
        """Return the step of the choice, its answers, and whether a colleague looks first."""
        name = self.choices[self.choice].step
        asked = ("vraag", "uiterlijk", "bericht", "dubbel_van", "reden")
        answers = {key: values[key] for key in asked if values.get(key)}
        if self.choice == DOUBLE:
            return name, {**answers, "reden_code": "dubbel"}, False
        if self.choice != CLOSE:
            return name, answers, False
        code = self.request.POST.get("reden_code") or NOT_PLACED
        if code == NO_HARASSMENT:
            check_nobody_receives(self.request.db, self.report)
            why = "Het gaat over iets anders dan straatintimidatie."
            answers = {"reden": why, "bericht": said(self.report, "no_harassment")}
            return "meldpunt_geen_straatintimidatie", answers, True
        kept = {} if code == "test" else answers
        return name, {**kept, "reden_code": code}, self._is_guarded()


@post_view(Desk, "ongedaan", Permission.ROUTE_REPORT)
def undo_view(context: Desk, request: Request) -> HTTPSeeOther:
    """Undo one's last decision at the desk, and open its report."""
    return undo_last(context, request)


def routing_action(request: Any, context: Any) -> Action | None:
    """Return the button to the queue with this report in hand, on its page at the desk."""
    if context.holder != NATIONAL or context.report.state == ReportState.QUARANTINE:
        return None
    if not request.has_permission(Permission.ROUTE_REPORT, context):
        return None
    return Action("Beslissen in de wachtrij", in_queue(context.report))


@form_view(Desk, "quarantaine", Permission.RELEASE, TEMPLATE)
def desk_quarantine_view(context: Desk, request: Request) -> Any:
    """Show the quarantine of the reports that no municipality holds."""
    return quarantine_view(context, request)


# The campaign or policy of a municipality itself

_NOTHING = "geen"


class PolicySchema(Schema):
    """The form to record a municipality's own campaign or policy."""

    soort = field(
        forms.OneOf(
            [
                (_NOTHING, "niets, voor zover bekend"),
                (PolicyKind.CAMPAIGN.value, "een eigen campagne"),
                (PolicyKind.POLICY.value, "eigen beleid"),
            ],
            radio=True,
        ),
        "Deze gemeente heeft",
    )
    naam = field(
        forms.Text(120),
        "Naam van de campagne of het beleid",
        description="Zoals de gemeente het zelf noemt. Geen namen van mensen.",
        missing="",
    )


@form_view(DeskMunicipality, "beleid", Permission.ROUTE_REPORT)
def policy_view(context: DeskMunicipality, request: Request) -> Any:
    """Show the form of a municipality's own campaign or policy, and record it."""
    code = context.municipality.code
    present = request.db.get(LocalPolicy, code)
    start = {"soort": present.kind, "naam": present.name} if present else {"soort": _NOTHING}
    here = request.resource_path(context)

    def act(values: dict[str, Any]) -> None:
        name = values["naam"].strip()
        if values["soort"] != _NOTHING and not name:
            raise FormError("Schrijf hoe de gemeente het noemt.", "naam")
        if present is not None:
            request.db.delete(present)
            request.db.flush()
        if values["soort"] != _NOTHING:
            request.db.add(LocalPolicy(code=code, kind=PolicyKind(values["soort"]), name=name))
        actor = request.actor
        record(request.db, actor, "gemeente.beleid", NATIONAL, AUDIT_KIND, fields=[code])
        request.flash("Vastgelegd.")

    page = {
        "heading": "Eigen campagne of beleid",
        "above": context.municipality.name,
        "intro": "Doet een gemeente zelf al iets tegen straatintimidatie? Dan staat bij haar op de"
        " bellijst en in de cijfers: bied programma aan.",
    }
    button = Button("vastleggen", "Vastleggen")
    return ask_values(request, PolicySchema(), button, act, here, page, given=start)


def policy_panel(context: Any, request: Any) -> Panel:
    """Return the panel about a municipality's own policy, on its page at the desk."""
    code = context.municipality.code
    values = {
        "policy": queue.policies_of(request.db, [code]).get(code),
        "href": request.resource_path(context, "beleid"),
    }
    renderer = "stopintimidatie.desk.queue:templates/policy_panel.jinja2"
    return Panel("Eigen campagne of beleid", renderer, values)
