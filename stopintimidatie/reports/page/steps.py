"""The steps of a report: who may make them, their forms, their choices and their effects.

Buttons follow from the workflow and from the person's rights; nothing here names a step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.accounts.services import colleagues
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, Change, ConflictError, Form, field
from stopintimidatie.core.forms.transitions import transition_schema
from stopintimidatie.core.registry import Directive
from stopintimidatie.core.security import Permission
from stopintimidatie.core.web.request import safe_path
from stopintimidatie.core.workflow import FieldKind, Transition, WorkflowError, plain
from stopintimidatie.municipalities.areas.facts import CODE as PRACTICE
from stopintimidatie.municipalities.areas.facts import is_practice
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.reports.arrival.services import announce
from stopintimidatie.reports.conversation import calls
from stopintimidatie.reports.conversation.services import (
    expect_answer,
    take_back_messages,
    tell,
    tell_once,
)
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page.decisions import TAKE, Began, decide
from stopintimidatie.reports.page.proposals import propose
from stopintimidatie.reports.page.queries import account_of_changes
from stopintimidatie.reports.page.replies import answer_in_time
from stopintimidatie.reports.rules import needs_second_look, normalise_reference
from stopintimidatie.reports.services import append_move, becomes_urgent, reindex_report
from stopintimidatie.reports.vocabulary import FEEDBACK, KIND, FollowUp
from stopintimidatie.reports.words import is_past, signals_of
from stopintimidatie.reports.workflow import (
    CONTACT,
    DESK_STEPS,
    DOUBLE,
    ENDED,
    NOT_HANDLED,
    NOT_HANDLED_REASONS,
    REPORT_WORKFLOW,
    ReportState,
)

# The name of the action of the dossiers that begins one with the report in hand.
NEW_DOSSIER: Final = "nieuw-dossier"
# On a signal these ask first whether somebody is in danger; some of them close a report.
CLOSING: Final = NOT_HANDLED | {"afhandelen"}
ON_SIGNAL: Final = CLOSING | {TAKE, "in_dossier"}
DANGER: Final = "gevaar"
STAYS_OPEN: Final = (
    "{} is spoed en blijft open, want er is iemand in gevaar. Bel eerst 112; de rest kan daarna."
)
YES_NO: Final = (("nee", "nee"), ("ja", "ja"))
# The reason of the end of a report that was erased.
ERASED: Final = "gewist_op_verzoek"
LONGEST_PATH: Final = 500
# Seconds since 1970, so that a page can say what was done since it was opened.
LATEST: Final = 99_999_999_999

Values = Mapping[str, Any]
# (code, words) of each choice.
Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Action:
    """Something rare to do with the report in hand: a link below the keys."""

    label: str
    href: str


# (request, report resource) -> Action, or None for who may not or needn't.
ActionFactory = Callable[[Any, Any], Action | None]
REPORT_ACTIONS: Final = Directive[str, ActionFactory]("add_report_action", "report_actions")


def actions(request: Any, context: Any) -> list[Action]:
    """Return what the higher rooms offer for this report, in order."""
    factories = REPORT_ACTIONS.of(request.registry).values()
    offered = (factory(request, context) for factory in factories)
    return [action for action in offered if action is not None]


def report_action(request: Any, context: Any, name: str) -> Action | None:
    """Return the action that a higher room added under this name, where this person may do it.

    Raises:
        KeyError: No room added such an action.
    """
    return REPORT_ACTIONS.of(request.registry)[name](request, context)


def step_name(transition: Transition) -> str:
    """Return the name of the step in an address."""
    return transition.name.replace("_", "-")


def possible_steps(request: Any, context: Any) -> list[Transition]:
    """Return the steps that this person can make with the report now, each with its page."""
    return [
        step
        for step in REPORT_WORKFLOW.transitions
        if can_begin(step, context.report)
        if step.name not in DESK_STEPS and request.has_permission(step.permission, context)
    ]


def must_ask_danger(report: Report) -> bool:
    """Tell whether nobody answered yet if somebody is in danger, while there is a signal.

    It must be of the last days: a longer one ago is shown with its signal instead.
    """
    return report.danger_now is None and not is_past(report) and bool(signals_of(report))


def typed_danger(request: Any) -> str | None:
    """Return whether somebody is in danger: ja, nee, or None without one clear answer."""
    answers = request.POST.getall("gevaar")
    return answers[0] if answers in (["ja"], ["nee"]) else None


def answer_danger(session: Session, report: Report, danger: bool, actor: Actor) -> None:
    """Store whether somebody is in danger now; if so the report is spoed at once."""
    report.danger_now = danger
    report.triaged_at = utc_now()
    if danger and not report.urgent:
        becomes_urgent(session, report)
    report.urgent = report.urgent or danger
    answer = {"Nu iemand in gevaar": "ja" if danger else "nee"}
    append_move(session, report, actor, "beoordelen", report.state, answer)
    reindex_report(session, report)
    fields = ["nu iemand in gevaar"]
    record(session, actor, "melding.beoordeeld", report.holder, KIND, [report.id], fields=fields)


def can_begin(step: Transition, report: Report) -> bool:
    """Tell whether a step can be made now; a new report is taken in hand first (`decide`)."""
    if report.state == ReportState.NEW and ReportState.IN_HAND in step.sources:
        return True
    return report.state in step.sources


def decide_or_propose(
    session: Session,
    effects: Mapping[str, Any],
    report: Report,
    name: str,
    given: Values,
    actor: Actor,
    *,
    began: Began | None = None,
) -> bool:
    """Make a step; return False where one alone may not, and a colleague was asked to look.

    `began`: as of `decide`. The caller has locked the report. Raises `WorkflowError`.
    """
    double = given.get("reden_code") == DOUBLE and _is_as_guarded(session, given["dubbel_van"])
    guarded = name in NOT_HANDLED and not double
    if not (guarded and needs_second_look(report.all_forms, report.reporter_age_group)):
        decide(session, effects, report, [(name, given)], actor, began=began)
        return True
    with session.begin_nested():
        state = ReportState.IN_HAND if report.state == ReportState.NEW else report.state
        REPORT_WORKFLOW.check(state, name, given)
        if given.get("reden_code") != DOUBLE:
            calls.check_contact(report, given.get("contact"))
        kept = {key: plain(value) for key, value in given.items() if value}
        propose(session, report, name, kept, actor, effects, began)
    return False


def _is_as_guarded(session: Session, reference: Any) -> bool:
    """Tell whether the other report needs a second look too; else it would be an easy way out."""
    wanted = normalise_reference(str(reference)) or ""
    other = session.scalars(select(Report).where(Report.reference == wanted)).first()
    return other is None or needs_second_look(other.all_forms, other.reporter_age_group)


def undo_step(request: Any, context: Any, made: Transition, before: str) -> Transition | None:
    """Return the step that undoes this one; None without one that this person may make."""
    wanted = {before, *({ReportState.IN_HAND} if made.target in ENDED else ())}
    steps = (step for step in REPORT_WORKFLOW.moves_from(made.target) if step.target in wanted)
    return next((s for s in steps if request.has_permission(s.permission, context)), None)


def state_label(report: Report) -> str:
    """Return the state of a report in words."""
    return ReportState.word(report.state)


def release(session: Session, report: Report, values: Values, actor: Actor) -> None:
    """Have the holder told of a report that came out of quarantine."""
    announce(session, report)


def assign_handler(session: Session, report: Report, values: Values, actor: Actor) -> None:
    """Set who handles the report."""
    report.handler_id = UUID(str(values["behandelaar"]))


def ask_reporter(session: Session, report: Report, values: Values, actor: Actor) -> None:
    """Ask the reporter, who reads it with the follow code, and wait until the last day."""
    expect_answer(session, report, as_day(values["uiterlijk"]))
    tell(session, report, "vraag", values["vraag"], actor)


def ask_partner(session: Session, report: Report, values: Values, actor: Actor) -> None:
    """Wait for a partner until the last day; the question stands in the history."""
    report.waiting_until = as_day(values["uiterlijk"])


def stop_waiting(session: Session, report: Report, values: Values, actor: Actor) -> None:
    """Clear the last day for an answer."""
    report.waiting_until = None


def finish(session: Session, report: Report, values: Values, actor: Actor) -> None:
    """Store the follow-ups, and give the reporter the feedback once.

    Raises:
        WorkflowError: A reporter waits for contact, or the follow-ups exclude each other.
    """
    calls.check_nobody_waits(session, report)
    report.follow_ups = _follow_ups(values["opvolging"])
    calls.settle_contact(session, report, values.get("contact"), actor)
    if values["terugkoppeling"] == "gegeven":
        tell_once(session, report, "terugkoppeling", values["bericht"], actor)


def _follow_ups(chosen: Iterable[str]) -> list[str]:
    """Return the follow-ups as a list.

    Raises:
        WorkflowError: Something was done, and at the same time nothing.
    """
    codes = list(chosen)
    for alone in (FollowUp.NONE_POSSIBLE, FollowUp.PICTURE_ONLY):
        if alone in codes and len(codes) > 1:
            raise WorkflowError(
                f"‘{alone.nl.capitalize()}’ kan niet samen met een andere opvolging. Haal een van"
                " de vinkjes weg.",
                "opvolging",
            )
    return codes


def end(session: Session, report: Report, values: Values, actor: Actor) -> None:
    """Store why the report isn't handled; a double hands its contact to the other report."""
    calls.check_nobody_waits(session, report)
    report.ended_reason = values["reden_code"]
    if values["reden_code"] != DOUBLE or values.get("contact"):
        calls.settle_contact(session, report, values.get("contact"), actor)
    if values["reden_code"] != DOUBLE:
        return
    other = calls.other_report(session, report, values["dubbel_van"])
    report.duplicate_of_id = other.id
    calls.carry_contact(session, report, other, actor)


def reopen(session: Session, report: Report, values: Values, actor: Actor) -> None:
    """Clear why the report had ended, and let contact be due again that nobody had.

    The other report of a double waits no longer.
    """
    calls.give_back(session, report)
    report.contact_deadline = report.contact_deadline or report.contact_owed
    report.contact_owed = None
    report.ended_reason = report.reporter_verdict = None
    report.duplicate_of_id = None
    report.follow_ups = []


def withdraw(session: Session, report: Report, values: Values, actor: Actor) -> None:
    """Stop all that goes on; the rest is locked, and destroyed when its term is over."""
    take_back_messages(session, report, report.received_at)
    calls.open_waiting(session, EFFECTS, report, actor)
    calls.contact_over(session, report, spoken=False)


def mark_erased(session: Session, report: Report, values: Values, actor: Actor) -> None:
    """Clear all terms of a report that was erased at request."""
    calls.open_waiting(session, EFFECTS, report, actor)
    calls.contact_over(session, report, spoken=True)
    report.waiting_until = None
    report.ended_reason = ERASED


def as_day(value: Any) -> date:
    """Return a day, from a form or as it is kept in the history."""
    return value if isinstance(value, date) else date.fromisoformat(str(value))


# The effects of steps besides the new state, by the name in the workflow.
EFFECTS: Final = {
    "melding.vrijgeven": release,
    "melding.behandelaar": assign_handler,
    "melding.vraag_melder": ask_reporter,
    "melding.vraag_partner": ask_partner,
    "melding.wachten_voorbij": stop_waiting,
    "melding.afhandelen": finish,
    "melding.einde": end,
    "melding.heropenen": reopen,
    "melding.intrekken": withdraw,
    "melding.wissen": mark_erased,
}


def add_version(schema: Any) -> None:
    """Add the hidden fields with the version of the report that this person saw, and when."""
    schema["versie"] = field(forms.Integer(1), "Versie", widget=forms.Hidden(), name="versie")
    moment = forms.Integer(0, LATEST)
    schema["gezien"] = field(moment, "Gezien", widget=forms.Hidden(), name="gezien", missing=0)


def version_values(report: Report) -> dict[str, int]:
    """Return the values of the fields that `add_version` adds."""
    return {"versie": report.version, "gezien": int(utc_now().timestamp())}


def typed_version(request: Any) -> int:
    """Return the version that a button posted; 0 when it is none."""
    version = request.POST.get("versie", "")
    return int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0


def add_way_back(schema: Any) -> None:
    """Add the hidden field with the address to go to after the form."""
    path, hidden = forms.Text(LONGEST_PATH), forms.Hidden()
    schema["terug"] = field(path, "Terug", widget=hidden, name="terug", missing="")


def step_form(
    transition: Transition,
    offered: Mapping[str, Choices],
    request: Any,
    appstruct: Mapping[str, Any],
    back: str,
    signals_given: Sequence[str] = (),
) -> Form:
    """Return the form of a step; its fields follow from what the workflow says the step asks.

    `offered`: per name of an options list what there is to choose from.
    `back`: where to go afterwards.
    `signals_given`: signals of danger that nobody answered yet; the form asks about them first.
    """
    schema = transition_schema(transition, offered)
    if signals_given and transition.name in ON_SIGNAL:
        schema.children.insert(0, danger_field(signals_given))
    for question in transition.fields:
        if question.kind is FieldKind.DATE:
            schema[question.name].validator = answer_in_time
    add_version(schema)
    add_way_back(schema)
    button = Button(transition.name, transition.label)
    values = {**appstruct, "terug": back}
    return Form(schema, request, buttons=[button], appstruct=values, cancel_url=back)


def danger_field(signals_given: Sequence[str]) -> Any:
    """Make the question whether somebody is in danger, which names the signals."""
    words = f"Er is een signaal: {', '.join(signals_given)}. Zo ja: bel eerst 112."
    danger = forms.OneOf(YES_NO, radio=True)
    return field(danger, "Is er nu iemand in gevaar?", description=words, name=DANGER)


def contact_fields(report: Report) -> list[Any]:
    """Make the question how the contact went, of a report whose reporter waits for it."""
    ways = forms.OneOf(calls.CONTACT_OVER, radio=True)
    needed: dict[str, Any] = {"missing": None, "needed_sometimes": True}
    return [field(ways, CONTACT.label, name=CONTACT.name, **needed)] if report.contact_due else []


def answers(transition: Transition, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers to the questions of the step, by name."""
    return {question.name: values.get(question.name) for question in transition.fields}


def way_out(values: Mapping[str, Any], default: str) -> str:
    """Return the address to go to after the form: the page before it, when that is ours."""
    return safe_path(values.get("terug") or None, default)


def conflict(
    session: Any, form: Form, report: Report, since: int, changes: Sequence[Change]
) -> ConflictError:
    """Return the error that says what somebody else did first; the input is kept.

    The form now carries the present version, so that it can be sent again on purpose.
    """
    form["versie"].cstruct = str(report.version)
    account = account_of_changes(session, report, since)
    return ConflictError(
        f"Deze melding is intussen gewijzigd.{account} Uw invoer is niet opgeslagen en er is niets"
        " overschreven. Klopt uw invoer nog? Verstuur het formulier dan opnieuw.",
        changes,
    )


def handlers(session: Session, report: Report) -> Choices:
    """Return (id, name) of the people who may handle reports of this holder."""
    people = colleagues(session, report.holder, Permission.TRIAGE)
    return [(str(user.id), user.name) for user in people]


def municipalities(session: Session, report: Report) -> Choices:
    """Return (code, name) of those that a report can be handed to: the connected ones.

    The practice municipality gives nothing to others and gets nothing from them.
    """
    if is_practice(report.holder):
        return []
    rows = session.execute(
        select(Municipality.code, Municipality.name)
        .join(MunicipalityProfile, MunicipalityProfile.code == Municipality.code)
        .where(MunicipalityProfile.level == ParticipationLevel.PROGRAMME)
        .where(Municipality.code.not_in((report.holder, PRACTICE)))
        .order_by(Municipality.name)
    )
    return [(code, name) for code, name in rows]


# The choices that steps offer, by the name in the workflow.
OPTIONS: Final[Mapping[str, Callable[[Session, Report], Choices]]] = {
    "handlers": handlers,
    "follow_ups": lambda session, report: FollowUp.choices(),
    "not_handled": lambda session, report: NOT_HANDLED_REASONS,
    "feedback": lambda session, report: FEEDBACK,
    "contact_over": calls.contact_choices,
    "municipalities": municipalities,
}
