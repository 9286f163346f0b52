"""The page of a report, of each of its steps, its attachments and the conversation."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.response import Response
from pyramid.view import view_config

from stopintimidatie.core import forms
from stopintimidatie.core.factors.confirmation import confirm_path, must_confirm
from stopintimidatie.core.forms import Button, Change, Form, FormError, Schema, field, handle_form
from stopintimidatie.core.security import GRANTS, Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.web.components import is_partial, panels
from stopintimidatie.core.web.errors import error_response
from stopintimidatie.core.web.request import (
    Request,
    form_view,
    page_view,
    post_view,
    query_pairs,
    safe_path,
)
from stopintimidatie.core.workflow import (
    WORKFLOW_EFFECTS,
    FieldKind,
    Transition,
    WorkflowError,
    options_of,
)
from stopintimidatie.municipalities.settings.queries import OFFICER, REPORTER, in_words
from stopintimidatie.municipalities.settings.standard import MESSAGE
from stopintimidatie.reports import words
from stopintimidatie.reports.attachments.services import MOST, Attachment, attachments_of, read
from stopintimidatie.reports.conversation.queries import waiting_doubles
from stopintimidatie.reports.conversation.services import (
    CLOSED,
    NO,
    VERDICTS,
    mark_read,
    write_to_reporter,
)
from stopintimidatie.reports.models import Report, ReportAttachment
from stopintimidatie.reports.page import queries, steps
from stopintimidatie.reports.page.decisions import ASSESS, Began, remember_final, store
from stopintimidatie.reports.page.map import map_of
from stopintimidatie.reports.page.proposals import asked_in_words, open_proposal
from stopintimidatie.reports.page.replies import FIELDS, answer_until, day_typed, replies_for
from stopintimidatie.reports.page.steps import (
    LONGEST_PATH,
    add_version,
    answers,
    conflict,
    step_form,
    typed_version,
    version_values,
    way_out,
)
from stopintimidatie.reports.page.tombstone import tombstone_of
from stopintimidatie.reports.personal import has_contact, read_contact
from stopintimidatie.reports.resources import GONE, ReportResource
from stopintimidatie.reports.rules import marked
from stopintimidatie.reports.services import (
    PROPOSAL_WAITS,
    StaleReportError,
    lock_report,
    path_of_report,
)
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.words import area_names
from stopintimidatie.reports.workflow import DESK_STEPS, ENDED, REPORT_WORKFLOW

# The parts of the page that the rooms with decisions draw: the rail, and the bar that undoes.
RAIL, BAR = "melding_besluiten", "melding_gedaan"
# The page that asks why contact data is needed of who wants no contact.
CONTACT_DATA = "contactgegevens"
STEP_PAGE = "stopintimidatie.reports.page:templates/step.jinja2"


@page_view(ReportResource, "", Permission.VIEW_REPORT, "templates/report.jinja2")
def report_view(context: ReportResource, request: Request) -> dict[str, Any]:
    """Show everything that is known of a report; of a report that is gone, where it went."""
    if is_partial(request):
        # The address follows the report, which a decision may have moved below a dossier.
        request.response.headers["HX-Push-Url"] = request.path_qs
    if context.report.state in GONE:
        return {"report": context.report, "tombstone": tombstone_of(context, request)}
    note_read(request, context.holder, KIND, [context.report.id], task="melding bekijken")
    return {
        "tombstone": None,
        **_known(context, request),
        **contact_of(context, request),
        "panels": panels(request, "melding", context),
        "rail": panels(request, RAIL, context),
        "done": panels(request, BAR, context),
    }


def account_of(report: Report) -> dict[str, Any]:
    """Return what any page about a report says of it, with what the words are made of."""
    account = marked(report.description) if report.description else None
    return {"report": report, "summary": words, "account": account}


def _known(context: ReportResource, request: Request) -> dict[str, Any]:
    report, session = context.report, request.db
    timeline, handler = queries.timeline(session, report)
    names = area_names(session, report)
    may_triage = bool(request.has_permission(Permission.TRIAGE, context))
    head = session.get(Report, report.duplicate_of_id) if report.duplicate_of_id else None
    return {
        **account_of(report),
        "names": names,
        "appearance": marked(report.offender_appearance) if report.offender_appearance else None,
        "own_answers": in_words(session, report.own_answers, REPORTER),
        "triage_answers": in_words(session, report.own_answers, OFFICER),
        "handler": handler,
        "timeline": timeline,
        "messages": queries.messages_of(session, report),
        "attachments": attachments_of(session, report.id),
        "may_open": bool(request.has_permission(Permission.VIEW_ATTACHMENT, context)),
        "verdict": dict(VERDICTS).get(report.reporter_verdict or ""),
        "unhelped": report.reporter_verdict == NO and report.state in ENDED,
        "may_write": may_triage and report.state not in CLOSED,
        "here": request.resource_path(context),
        "map": map_of(request, report, request.resource_path(context), names.neighbourhood),
        "duplicate_of": head.reference if head is not None else None,
        "doubles": waiting_doubles(session, report),
        # A report with a number lives below its dossier.
        "dossier": request.resource_path(context.__parent__),
    }


def contact_of(
    context: ReportResource,
    request: Request,
    task: str = "melding bekijken",
    *,
    reason: bool = False,
) -> dict[str, Any]:
    """Return the contact data for who may see it; for others only whether there is any.

    Who may gets the address where the second factor is asked, or the reason: without one nobody
    sees the data of a reporter who wants no call and no mail.
    """
    permitted = request.has_permission(Permission.VIEW_CONTACT, context)
    folded = context.report.contact_folded and not reason
    if not permitted or folded or must_confirm(request):
        exists = has_contact(request.db, context.report)
        way = (
            request.resource_path(context, CONTACT_DATA)
            if folded
            else confirm_path(request.path_qs)
        )
        way = way if permitted and exists else ""
        return {"contact": None, "contact_exists": exists, "contact_way": way, "folded": folded}
    contact = read_contact(request.db, request.registry.key_ring, context.report)
    if contact is not None:
        ids, fields = [context.report.id], ["contactgegevens"]
        note_read(request, context.holder, KIND, ids, task=task, fields=fields)
    there = contact is not None
    return {"contact": contact, "contact_exists": there, "contact_way": "", "folded": False}


def came_from(request: Request, default: str, name: str = "terug") -> str:
    """Return the page that led here (a parameter of the address), when that is ours."""
    wanted = dict(query_pairs(request)).get(name, "")
    return safe_path(wanted, default) if len(wanted) <= LONGEST_PATH else default


def step_page(context: ReportResource, request: Request, title: str) -> dict[str, Any]:
    """Return the values of a page with a form about a report; the read is noted."""
    note_read(request, context.holder, KIND, [context.report.id], task=title.lower())
    return {
        **account_of(context.report),
        "title": title,
        "names": area_names(request.db, context.report),
        "here": request.resource_path(context),
        "doubles": waiting_doubles(request.db, context.report),
    }


def impossible(context: ReportResource, request: Request, page: dict[str, Any]) -> dict[str, Any]:
    """Return the page that says that the report's state doesn't allow this, and what it allows."""
    request.response.status_int = 409
    latest = queries.moves_of(request.db, context.report)[:1]
    return {
        **page,
        "form": None,
        "state": steps.state_label(context.report),
        "latest": [(queries.title_of(line.name), line) for line in latest],
        "steps": step_links(context, request),
    }


def step_links(context: ReportResource, request: Request) -> list[tuple[str, str]]:
    """Return the steps this person can make now, each with its page."""
    return [
        (step.label, request.resource_path(context, steps.step_name(step)))
        for step in steps.possible_steps(request, context)
    ]


class StepView:
    """The page of a step: a form that the workflow describes."""

    def __init__(self, transition: Transition) -> None:
        self.transition = transition

    def __call__(self, context: ReportResource, request: Request) -> Any:
        """Show the form of the step and make the step; say so when it isn't possible now."""
        title = self.transition.label
        shown_only = request.method != "POST"
        if shown_only and not steps.can_begin(self.transition, context.report):
            return impossible(context, request, step_page(context, request, title))
        if shown_only and open_proposal(request.db, context.report) is not None:
            late = impossible(context, request, step_page(context, request, title))
            return {**late, "why": PROPOSAL_WAITS, "steps": ()}
        form = self._form(context, request)

        def page() -> dict[str, Any]:
            shown = step_page(context, request, title)
            return {**shown, "nothing_to_choose": self._empty_lists(form)}

        return handle_form(request, form, lambda v: self._make(context, request, form, v), page)

    def _form(self, context: ReportResource, request: Request) -> Form:
        offered = options_of(request.registry, request.db, self.transition, context.report)
        back = came_from(request, request.resource_path(context))
        identity = request.identity
        known = {
            **version_values(context.report),
            "behandelaar": str(identity.user_id) if identity else None,
            "uiterlijk": answer_until(),
        }
        report = context.report
        asked = words.signals_of(report) if steps.must_ask_danger(report) else ()
        form = step_form(self.transition, offered, request, known, back, asked)
        if self.transition.name in FIELDS:
            name, kind = FIELDS[self.transition.name]
            until = day_typed(request.POST.get("uiterlijk", ""))
            form[name].widget.ready = replies_for(request.db, context.report, kind, until)
        return form

    def _empty_lists(self, form: Form) -> list[str]:
        return [
            question.label
            for question in self.transition.fields
            if question.options
            # A line only suggests what is in its list.
            and question.kind is not FieldKind.LINE
            and question.name in form
            and not form[question.name].schema.typ.choices
        ]

    def _make(
        self, context: ReportResource, request: Request, form: Form, values: dict[str, Any]
    ) -> Any:
        """Make the step, in one transaction, and go back to where the person came from."""
        session, report = request.db, context.report
        before = report.state
        effects = WORKFLOW_EFFECTS.of(request.registry)
        try:
            lock_report(session, report, values["versie"])
            given = answers(self.transition, values)
            name, actor, began = self.transition.name, request.actor, Began(report)
            if self._in_danger(request, report, values.get(steps.DANGER), began):
                return HTTPSeeOther(request.resource_path(context))
            made = steps.decide_or_propose(
                session, effects, report, name, given, actor, began=began
            )
        except StaleReportError:
            if not steps.can_begin(self.transition, report):
                latest = queries.latest_change(session, report)
                why = f"De melding heeft nu de toestand ‘{steps.state_label(report)}’.{latest}"
                raise forms.no_longer(form, why) from None
            change = Change("Toestand", steps.state_label(report), self.transition.label)
            raise conflict(session, form, report, values["gezien"], [change]) from None
        except WorkflowError as problem:
            raise FormError(str(problem), problem.field) from None
        if not made:
            request.flash(asked_in_words(report))
            here = request.resource_path(context)
            return HTTPSeeOther(way_out(values, path_of_report(session, report.id) or here))
        return self._done(context, request, values, before)

    def _in_danger(
        self, request: Request, report: Report, answer: str | None, began: Began
    ) -> bool:
        """Store the answer about danger, where it was asked; with yes nothing is closed."""
        if answer is not None:
            steps.answer_danger(request.db, report, answer == "ja", request.actor)
        stops = answer == "ja" and self.transition.name in steps.CLOSING
        if stops:
            store(request.db, report, request.actor, [ASSESS], began)
            request.flash(steps.STAYS_OPEN.format(report.reference), "error")
        return stops

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
    """Say on the next page what was done, with a link that takes it back where possible."""
    state = step.target.nl
    back = steps.undo_step(request, context, step, before)
    link = (f"{back.label}…", f"{path}/{steps.step_name(back)}") if back else None
    request.flash(f"{context.report.reference} is bijgewerkt. Toestand: {state}.", link=link)


def add_step_views(config: Any) -> None:
    """Add a page for every step that a role can make, with the permission of that step.

    The others are the desk's, the reporter's and retention's.
    """
    for step in REPORT_WORKFLOW.transitions:
        if step.name in DESK_STEPS or not GRANTS[step.permission]:
            continue
        config.add_view(
            StepView(step),
            context=ReportResource,
            name=steps.step_name(step),
            request_method=("GET", "POST"),
            permission=step.permission,
            renderer=STEP_PAGE,
        )


@view_config(
    context=ReportResource,
    name="bijlage",
    request_method="GET",
    permission=Permission.VIEW_ATTACHMENT,
)
def attachment_view(context: ReportResource, request: Request) -> Response:
    """Send the content of an attachment: `?nummer=1`."""
    attachment = wanted_attachment(request, context.report)
    if attachment is None:
        raise HTTPNotFound()
    task = f"bijlage {attachment.number} openen"
    note_read(request, context.holder, KIND, [context.report.id], task=task, fields=["bijlage"])
    name = attachment.file_name(context.report.reference)
    return file_response(request, context.holder, attachment, name)


def file_response(
    request: Request, holder: str, row: Any, name: str, entity: type[Any] = ReportAttachment
) -> Response:
    """Return the content of an attachment, of the type that we gave it ourselves.

    `name`: the name of the file. `entity`: the table of the attachment.
    """
    registry = request.registry
    response = Response(content_type=row.media_type, charset=None)
    response.app_iter = read(registry.engine, registry.key_ring, holder, row.id, entity)
    response.content_length = row.size
    # A photo is shown; sound and video are saved, for no player of ours is around them.
    how = "inline" if row.media_type == "image/jpeg" else "attachment"
    response.headers["Content-Disposition"] = f'{how}; filename="{name}"'
    return response


def wanted_attachment(request: Request, report: Report) -> Attachment | None:
    """Return the attachment with the number in the address; None when it can't be opened."""
    number = dict(query_pairs(request)).get("nummer", "")
    if not (number.isascii() and number.isdigit() and len(number) <= len(str(MOST)) + 2):
        return None
    mine = attachments_of(request.db, report.id)
    return next((row for row in mine if row.number == int(number) and not row.sealed), None)


class MessageSchema(Schema):
    """The form of a message to the reporter."""

    tekst = field(
        forms.Text(4000, lines=True),
        "Bericht aan de melder",
        description="De melder leest dit met de volgcode. Uw naam staat er niet bij. Noem geen"
        " namen van anderen. Wilt u antwoord voor een bepaalde dag? Kies dan ‘Vraag stellen aan de"
        " melder’.",
    )


@form_view(ReportResource, "bericht", Permission.TRIAGE, STEP_PAGE)
def message_view(context: ReportResource, request: Request) -> Any:
    """Show the form of a message to the reporter, and send it."""
    report, here = context.report, request.resource_path(context)

    def page() -> dict[str, Any]:
        return step_page(context, request, "Bericht schrijven")

    if report.state in CLOSED and request.method != "POST":
        return impossible(context, request, page())
    schema = MessageSchema()
    add_version(schema)
    buttons = [Button("versturen", "Bericht versturen")]
    form = Form(schema, request, buttons=buttons, appstruct=version_values(report), cancel_url=here)
    form["tekst"].widget.ready = replies_for(request.db, report, MESSAGE)

    def on_valid(values: dict[str, Any]) -> Any:
        try:
            lock_report(request.db, report, values["versie"])
        except StaleReportError:
            raise conflict(request.db, form, report, values["gezien"], ()) from None
        if report.state in CLOSED:
            raise forms.FormError("Deze melding is niet meer bij u. Het bericht is niet verstuurd.")
        write_to_reporter(request.db, report, values["tekst"], request.actor)
        remember_final(request.db, report, request.actor, "bericht")
        request.flash(f"{report.reference}: het bericht staat klaar voor de melder.")
        return HTTPSeeOther(f"{here}#gesprek")

    return handle_form(request, form, on_valid, page)


@post_view(ReportResource, "gezien", Permission.TRIAGE)
def read_view(context: ReportResource, request: Request) -> Any:
    """Note that the messages were read: of the version that this person saw, not a later one."""
    try:
        lock_report(request.db, context.report, typed_version(request))
    except StaleReportError:
        return error_response(request, 409)
    mark_read(request.db, context.report, request.actor)
    return HTTPSeeOther(f"{request.resource_path(context)}#gesprek")
