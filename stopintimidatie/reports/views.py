"""The page of a report, and one page for each step that a person can make with it."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.municipalities.answers import OFFICER, REPORTER, in_words
from stopintimidatie.register.models import Municipality
from stopintimidatie.reports import history, steps, summary
from stopintimidatie.reports.areas import area_names
from stopintimidatie.reports.attachments import attachments_of
from stopintimidatie.reports.contacts import has_contact, read_contact
from stopintimidatie.reports.conversation import CLOSED
from stopintimidatie.reports.doubles import waiting_doubles
from stopintimidatie.reports.forms import (
    LONGEST_PATH,
    answers,
    conflict,
    seen,
    step_form,
    way_out,
)
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.paths import path_of_report
from stopintimidatie.reports.reporter import VERDICTS
from stopintimidatie.reports.resources import ReportResource
from stopintimidatie.reports.services import KIND, StaleReportError, move, take_in_hand
from stopintimidatie.reports.signals import marked
from stopintimidatie.reports.workflow import REPORT_WORKFLOW
from stopintimidatie.security import Permission
from stopintimidatie.security.permissions import may
from stopintimidatie.security.trail import note_read
from stopintimidatie.web.forms import Change, Form, FormError, handle_form
from stopintimidatie.web.panels import panels
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import query_pairs, safe_path
from stopintimidatie.workflow import FieldKind, Transition, WorkflowError
from stopintimidatie.workflow.registry import WORKFLOW_EFFECTS, WORKFLOW_OPTIONS

# Of what was handed over or destroyed only this much is shown.
TOMBSTONES = frozenset({"overgedragen", "vernietigd"})
PAGE = "stopintimidatie.reports:templates/report.jinja2"
STEP_PAGE = "stopintimidatie.reports:templates/step.jinja2"


@view_config(
    context=ReportResource,
    name="",
    request_method="GET",
    permission=Permission.VIEW_REPORT,
    renderer=PAGE,
)
def report_view(context: ReportResource, request: Request) -> dict[str, Any]:
    """Everything that is known of a report; of one that is gone, where it went."""
    if context.report.state in TOMBSTONES:
        return {"report": context.report, "tombstone": _tombstone(context, request)}
    note_read(request, context.holder, KIND, [context.report.id], task="melding bekijken")
    return {
        "report": context.report,
        "tombstone": None,
        **_known(context, request),
        **contact_of(context, request),
        "steps": step_links(context, request),
        "actions": steps.actions(request, context),
        "panels": panels(request, "melding", context),
    }


def _known(context: ReportResource, request: Request) -> dict[str, Any]:
    report, session = context.report, request.db
    handlers = history.names_of(session, [report.handler_id] if report.handler_id else [])
    names = area_names(session, report)
    return {
        "summary": summary,
        "names": names,
        "account": marked(report.description) if report.description else None,
        "appearance": marked(report.offender_appearance) if report.offender_appearance else None,
        "own_answers": in_words(session, report.own_answers, REPORTER),
        "triage_answers": in_words(session, report.own_answers, OFFICER),
        "handler": handlers.get(str(report.handler_id)),
        "timeline": history.timeline(session, report),
        "messages": history.messages_of(session, report),
        "attachments": attachments_of(session, report.id),
        "may_open": bool(request.has_permission(Permission.VIEW_ATTACHMENT, context)),
        "verdict": dict(VERDICTS).get(report.reporter_verdict or ""),
        "may_write": may_write(context, request),
        "here": request.resource_path(context),
        "duplicate_of": _reference_of(session, report),
        "doubles": waiting_doubles(session, report),
        # A report with a number lives below its dossier.
        "dossier": request.resource_path(context.__parent__),
    }


def may_write(context: ReportResource, request: Request) -> bool:
    """Whether this person can write to the reporter now."""
    allowed: bool = bool(request.has_permission(Permission.TRIAGE, context))
    return allowed and context.report.state not in CLOSED


def _reference_of(session: Any, report: Report) -> str | None:
    if report.duplicate_of_id is None:
        return None
    other = session.get(Report, report.duplicate_of_id)
    return None if other is None else str(other.reference)


def contact_of(
    context: ReportResource, request: Request, task: str = "melding bekijken"
) -> dict[str, Any]:
    """Contact data for who may see it; for others only whether there is any."""
    if not request.has_permission(Permission.VIEW_CONTACT, context):
        return {"contact": None, "contact_exists": has_contact(request.db, context.report)}
    contact = read_contact(request.db, request.registry.key_ring, context.report)
    if contact is not None:
        note_read(
            request,
            context.holder,
            KIND,
            [context.report.id],
            task=task,
            fields=["contactgegevens"],
        )
    return {"contact": contact, "contact_exists": contact is not None}


def _tombstone(context: ReportResource, request: Request) -> dict[str, Any]:
    """Where it went, when; and a way there for who works there as well."""
    report = context.report
    receiver = request.db.get(Municipality, report.handed_to) if report.handed_to else None
    identity = request.identity
    visible = (
        identity is not None
        and report.handed_to is not None
        and may(identity.roles_for(report.handed_to), Permission.VIEW_REPORT)
    )
    return {
        "receiver": receiver.name if receiver is not None else None,
        "at": report.ended_at,
        "href": f"/m/{report.reference}" if visible else None,
    }


def came_from(request: Request, default: str) -> str:
    """The page that led here (GET parameter `terug`), when that is one of ours."""
    wanted = dict(query_pairs(request)).get("terug", "")
    return safe_path(wanted, default) if len(wanted) <= LONGEST_PATH else default


def step_path(request: Request, context: ReportResource, step: Transition) -> str:
    path: str = request.resource_path(context, steps.step_name(step))
    return path


def step_page(context: ReportResource, request: Request, title: str) -> dict[str, Any]:
    """What stands beside a form about a report; the read is noted."""
    note_read(request, context.holder, KIND, [context.report.id], task=title.lower())
    account = context.report.description
    return {
        "title": title,
        "report": context.report,
        "summary": summary,
        "names": area_names(request.db, context.report),
        "account": marked(account) if account else None,
        "here": request.resource_path(context),
        "doubles": waiting_doubles(request.db, context.report),
    }


def impossible(context: ReportResource, request: Request, page: dict[str, Any]) -> dict[str, Any]:
    """The report isn't in a state for this (any more): say so, and what can be done instead."""
    request.response.status_int = 409
    latest = history.moves_of(request.db, context.report)[:1]
    return {
        **page,
        "form": None,
        "state": steps.state_label(context.report),
        "latest": [(history.title_of(line), line.actor_name, line.at) for line in latest],
        "steps": step_links(context, request),
    }


def step_links(context: ReportResource, request: Request) -> list[tuple[str, str]]:
    """The steps this person can make now, each with its page."""
    return [
        (step.label, step_path(request, context, step))
        for step in steps.possible_steps(request, context)
    ]


class StepView:
    """The page of one step: a form that the workflow describes."""

    def __init__(self, transition: Transition) -> None:
        self.transition = transition

    def __call__(self, context: ReportResource, request: Request) -> Any:
        title = self.transition.label
        late = context.report.state not in self.transition.sources
        if late and request.method != "POST":
            return impossible(context, request, step_page(context, request, title))
        form = self._form(context, request)

        def page() -> dict[str, Any]:
            shown = step_page(context, request, title)
            return {**shown, "nothing_to_choose": self._empty_lists(form)}

        return handle_form(request, form, lambda v: self._make(context, request, form, v), page)

    def _form(self, context: ReportResource, request: Request) -> Form:
        registry = request.registry
        offered = {
            asked.options: WORKFLOW_OPTIONS.of(registry)[asked.options](request.db, context.report)
            for asked in self.transition.fields
            if asked.options
        }
        back = came_from(request, request.resource_path(context))
        identity = request.identity
        known = {**seen(context.report), "behandelaar": str(identity.user_id) if identity else None}
        return step_form(self.transition, offered, request, known, back)

    def _empty_lists(self, form: Form) -> list[str]:
        return [
            asked.label
            for asked in self.transition.fields
            if asked.options
            # A line only suggests what is in its list.
            and asked.kind is not FieldKind.LINE
            and not form[asked.name].schema.typ.choices
        ]

    def _make(
        self, context: ReportResource, request: Request, form: Form, values: dict[str, Any]
    ) -> Any:
        """Make the step, in one transaction, and go back to where the person came from."""
        session, report = request.db, context.report
        before = report.state
        try:
            take_in_hand(session, report, values["versie"])
            # The page that tells of a refusal must not show what the step did before it.
            with session.begin_nested():
                move(
                    session,
                    WORKFLOW_EFFECTS.of(request.registry),
                    report,
                    self.transition.name,
                    answers(self.transition, values),
                    request.actor,
                )
        except StaleReportError:
            change = Change("Toestand", steps.state_label(report), self.transition.label)
            raise conflict(session, form, report, values["gezien"], [change]) from None
        except WorkflowError as problem:
            raise FormError(str(problem), problem.field) from None
        return self._done(context, request, values, before)

    def _done(
        self, context: ReportResource, request: Request, values: dict[str, Any], before: str
    ) -> HTTPSeeOther:
        old = request.resource_path(context)
        path = path_of_report(request.db, context.report.id) or old
        flash_step(request, context, self.transition, before, path)
        out = way_out(values, path)
        return HTTPSeeOther(path if out == old else out)


def flash_step(
    request: Request, context: ReportResource, step: Transition, before: str, path: str
) -> None:
    """Say on the next page what was done, with a link to take it back where that can be."""
    state = REPORT_WORKFLOW.state(step.target).label
    back = steps.way_back(request, context, step, before)
    link = (f"{back.label}…", f"{path}/{steps.step_name(back)}") if back else None
    request.flash(f"{context.report.reference} is bijgewerkt. Toestand: {state}.", link=link)


def add_step_views(config: Any) -> None:
    """A page for every step that a role can make: the view's permission is that of the step."""
    for step in steps.steps_by_people():
        config.add_view(
            StepView(step),
            context=ReportResource,
            name=steps.step_name(step),
            request_method=("GET", "POST"),
            permission=step.permission,
            renderer=STEP_PAGE,
        )
