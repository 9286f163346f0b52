"""Decisions about a report: made, undone within ten minutes, held, or answered by a second person.

A decision keeps what stood before it, so that undoing it needs no reason. What leaves the house
because of it (a message, an offer, the status that the reporter reads) is held as long: by
`reports.services.held_until`, which holds nothing of an urgent report.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Exists, Select, exists, select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.services import colleagues
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.registry import Directive
from stopintimidatie.core.second import sign
from stopintimidatie.core.security import Permission
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.reports.conversation.calls import give_back
from stopintimidatie.reports.conversation.services import take_back_messages
from stopintimidatie.reports.models import Report, ReportDecision, ReportProposal
from stopintimidatie.reports.services import (
    UNDO_FOR,
    append_move,
    check_no_proposal,
    close_offer,
    held_until,
    keep_undoable,
    move_report,
    reindex_report,
)
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.workflow import NOT_HANDLED, REPORT_WORKFLOW, TO_NEIGHBOURHOOD

Steps = Sequence[tuple[str, Mapping[str, Any]]]
TAKE: Final = "in_behandeling_nemen"
# Names of lines of the history.
PROPOSED: Final = "voorgesteld"
DECLINED: Final = "voorstel_afgewezen"
# Keys in the values of a decision: the version before it, the answers of a step that is held, the
# id of the proposal that was made or accepted with it, and the assessment before it.
VERSION, HELD, PROPOSAL, ASSESSED = "versie", "antwoorden", "voorstel", "beoordeling"
# An assessment is no step of the workflow; undoing it does this, in this order.
ASSESS: Final = "beoordelen"
_UNDOES: Final = {ASSESS: (TO_NEIGHBOURHOOD, ASSESS)}
NO_WAY_BACK: Final = (
    "Dit kunt u niet met één druk ongedaan maken. Kies bij de melding wat er nu moet gebeuren."
)
AT_ONCE: Final = "Bij spoed gaat alles meteen weg. Dat is niet terug te halen."
# The steps of which something leaves the house besides the status.
LEAVES: Final = frozenset(
    {"vraag_melder", "afhandelen", "overdracht_aanbieden", "doorgeven", "meldpunt_vraag"}
    | NOT_HANDLED
    | {"meldpunt_bericht", "meldpunt_afsluiten", "meldpunt_geen_straatintimidatie"}
)

# Undoing does this besides restoring the columns of `Before`.
Undo = Callable[[Session, Report, ReportDecision, Actor], None]
UNDO_EFFECTS: Final = Directive[str, Undo]("add_undo", "undo_effects")
# (registry, session, report, answers, actor): makes a step that was held.
HeldStep = Callable[[Any, Session, Report, Mapping[str, Any], Actor], None]
HELD_STEPS: Final = Directive[str, HeldStep]("add_held_step", "held_steps")
JOB: Final = Job("melding.besluit")
# The same once more within this time is a second press of one button.
TWICE_WITHIN: Final = timedelta(seconds=15)
ALREADY: Final = "{}: dit had u al gedaan."


class UndoError(Exception):
    """The decision can't be undone; the message says why, to the person."""


class Before(msgspec.Struct):
    """The columns of a report that undoing a decision restores."""

    state: str
    urgent: bool
    danger_now: bool | None
    handler_id: UUID | None
    contact_deadline: datetime | None
    contact_agreed: str | None
    next_attempt_at: datetime | None
    snoozed_until: date | None
    waiting_until: date | None
    ended_at: datetime | None
    ended_reason: str | None
    duplicate_of_id: UUID | None
    follow_ups: list[str]
    triaged_at: datetime | None
    reporter_spoke_at: datetime | None
    leaves_at: datetime | None
    shown_state: str | None
    shown_until: datetime | None
    # Not of a decision that an earlier release kept.
    contact_owed: datetime | None = None


def decide(
    session: Session,
    effects: Mapping[str, Any],
    report: Report,
    steps: Steps,
    actor: Actor,
    *,
    began: Began | None = None,
    values: Mapping[str, Any] | None = None,
) -> ReportDecision:
    """Make these steps as one decision; a new report is taken in hand first where that is needed.

    `steps`: the name of each step, with its answers. `began`: where the decision began earlier
    than this. `values`: what undoing it must know. The caller has locked the report.

    Raises:
        WorkflowError: A step isn't possible now, or an answer is missing; nothing is changed.
    """
    first, take = (REPORT_WORKFLOW.transition(name) for name in (steps[0][0], TAKE))
    if report.state in take.sources and take.target in first.sources:
        steps = [(TAKE, {"behandelaar": actor.id}), *steps]
    began = began or Began(report)
    with session.begin_nested():
        for name, answers in steps:
            move_report(session, effects, report, name, answers, actor)
    names = [name for name, _ in steps]
    final = AT_ONCE if held_until(report, actor) is None and LEAVES.intersection(names) else None
    return store(session, report, actor, names, began, final, values)


class Began:
    """The columns and the version of a report before a decision, and the moment.

    `names`: of what was done first, before the steps. `values`: what undoing that must know.
    """

    def __init__(
        self, report: Report, names: Sequence[str] = (), values: Mapping[str, Any] | None = None
    ) -> None:
        self.before: dict[str, Any] = msgspec.to_builtins(
            {name: getattr(report, name) for name in Before.__struct_fields__}
        )
        self.at, self.version = utc_now(), report.version
        self.names, self.values = names, values or {}


@contextmanager
def remember(
    session: Session,
    report: Report,
    actor: Actor,
    name: str,
    began: Began | None = None,
) -> Iterator[None]:
    """Keep how the report stood before an act that is no step of the workflow.

    `name`: of the act, as in the history. `began`: as of `decide`.
    """
    began = began or Began(report)
    yield
    store(session, report, actor, [name], began)


def remember_final(session: Session, report: Report, actor: Actor, name: str) -> None:
    """Keep that an act was made that can't be undone, so that no older one seems the last."""
    store(session, report, actor, [name], Began(report), NO_WAY_BACK)


def store(
    session: Session,
    report: Report,
    actor: Actor,
    names: Sequence[str],
    began: Began,
    final: str | None = None,
    values: Mapping[str, Any] | None = None,
) -> ReportDecision:
    """Store a decision about a report that was changed, with how it began."""
    # The version counts up when the change is written.
    session.flush()
    decision = ReportDecision(
        holder=report.holder,
        report_id=report.id,
        at=began.at,
        actor_id=str(actor.id),
        steps=[*began.names, *names],
        before=began.before,
        values={VERSION: began.version, **began.values, **(values or {})},
        version=report.version,
        until=began.at + UNDO_FOR,
        final=final,
    )
    session.add(decision)
    session.flush()
    return decision


def last_decision(session: Session, holder: str, actor_id: str) -> ReportDecision | None:
    """Return the newest decision of this person that is less than ten minutes old, if any."""
    return session.scalars(select_last_decision(holder, actor_id)).one_or_none()


def did_just(
    session: Session, report: Report, actor: Actor, names: Collection[str], version: int
) -> bool:
    """Tell whether this person decided the same just now, on the same version: pressed twice.

    `names`: of the steps that count as the same.
    """
    last = last_decision(session, report.holder, str(actor.id))
    return (
        last is not None
        and last.report_id == report.id
        and last.values.get(VERSION) == version
        and last.at > utc_now() - TWICE_WITHIN
        and any(name in names for name in last.steps)
    )


def select_last_decision(holder: str, actor_id: str) -> Select[ReportDecision]:
    """Select that decision, for who reads more with it."""
    return (
        select(ReportDecision)
        .where(
            ReportDecision.holder == holder,
            ReportDecision.actor_id == actor_id,
            ReportDecision.until > utc_now(),
            ReportDecision.undone_at.is_(None),
        )
        .order_by(ReportDecision.at.desc(), ReportDecision.id.desc())
        .limit(1)
    )


def final_reason(registry: Any, decision: ReportDecision, version: int) -> str | None:
    """Return the reason that a decision can't be undone, in words; None when it can.

    `version`: the version of its report now.
    """
    if version != decision.version:
        return (
            "Dit kan niet meer: er is daarna iets aan de melding veranderd. Kijk in de geschiedenis"
            " van de melding."
        )
    if not set(_effects_of(decision)) <= UNDO_EFFECTS.of(registry).keys():
        return NO_WAY_BACK
    return decision.final


def _effects_of(decision: ReportDecision) -> list[str]:
    """Return the effects of the steps of a decision, the last first."""
    # A held step did nothing yet.
    if HELD in decision.values:
        return []
    names = {step.name: (step.effect,) for step in REPORT_WORKFLOW.transitions} | _UNDOES
    return [effect for name in reversed(decision.steps) for effect in names.get(name, ()) if effect]


def undo(session: Session, registry: Any, decision: ReportDecision, actor: Actor) -> Report:
    """Undo a decision: the report stands as before it, and what was held never leaves.

    Raises:
        UndoError: Too late, by somebody else, changed since, or there is no way back.
    """
    report = session.get_one(Report, decision.report_id)
    session.refresh(report, with_for_update=True)
    session.refresh(decision)
    _check(session, registry, decision, report, actor)
    state = report.state
    for effect in _effects_of(decision):
        UNDO_EFFECTS.of(registry)[effect](session, report, decision, actor)
    _restore(session, report, decision)
    decision.undone_at = utc_now()
    _undo_proposal(session, decision, actor)
    values = {"stappen": list(decision.steps), "behandelaar": _leave_to_nobody(session, report)}
    append_move(session, report, actor, "ongedaan", state, values)
    reindex_report(session, report)
    fields = list(decision.steps)
    record(session, actor, "melding.ongedaan", report.holder, KIND, [report.id], fields=fields)
    session.flush()
    # The report stands as the decision before this one left it: that can be undone again.
    keep_undoable(session, report, decision.values.get(VERSION))
    return report


# The text message to the number on duty.
ALERT: Final = "spoed_sms"


def is_alerted(report_id: Any, since: Any) -> Exists:
    """Return the condition that somebody was told of spoed of a report since a moment."""
    return exists().where(
        MailMessage.about_id == report_id,
        MailMessage.template == ALERT,
        MailMessage.created_at >= since,
    )


def _restore(session: Session, report: Report, decision: ReportDecision) -> None:
    """Set the columns as they were; danger of which somebody was told stays, and so does spoed."""
    before = msgspec.convert(decision.before, Before)
    answered = report.danger_now and not before.danger_now
    stays = set[str]()
    if answered and session.scalar(select(is_alerted(report.id, decision.at))):
        stays = {"danger_now", "urgent"}
    if report.shown_until is None:
        # It became urgent meanwhile: the reporter reads how it stands.
        stays |= {"shown_state", "shown_until"}
    if report.reporter_spoke_at is not None:
        # Said before the decision and not read by it, or said since.
        stays |= {"reporter_spoke_at"}
    for name in Before.__struct_fields__:
        if name not in stays:
            setattr(report, name, getattr(before, name))


def _leave_to_nobody(session: Session, report: Report) -> str:
    """Let nobody handle a report whose handler left meanwhile; return that in words, or nothing."""
    handlers = colleagues(session, report.holder, Permission.TRIAGE) if report.handler_id else ()
    if report.handler_id is None or report.handler_id in {user.id for user in handlers}:
        return ""
    report.handler_id = None
    return "niemand, want wie het was behandelt hier geen meldingen meer"


def _check(
    session: Session, registry: Any, decision: ReportDecision, report: Report, actor: Actor
) -> None:
    if decision.actor_id != str(actor.id):
        raise UndoError("Alleen wie dit besloot, kan het ongedaan maken.")
    if decision.undone_at is not None:
        raise UndoError("Dit is al ongedaan gemaakt.")
    if decision.until <= utc_now():
        raise UndoError(
            "Dit kan niet meer: het is langer dan tien minuten geleden. Kies bij de melding wat nu"
            " moet."
        )
    reason = final_reason(registry, decision, report.version)
    if reason is not None:
        raise UndoError(reason)
    proposal = _proposal_of(session, decision)
    if PROPOSED in decision.steps and proposal is not None and not proposal.waits:
        raise UndoError("Dit kan niet meer: een collega heeft al geantwoord.")


def _undo_proposal(session: Session, decision: ReportDecision, actor: Actor) -> None:
    """Open the proposal again that was accepted, or close the one that was made."""
    proposal = _proposal_of(session, decision)
    if proposal is None:
        return
    if PROPOSED in decision.steps:
        proposal.accepted, proposal.answer = False, "Ingetrokken door wie het voorstelde."
        sign(session, proposal, actor)
    else:
        proposal.answered_at = proposal.answered_by_id = proposal.answered_by = None
        proposal.accepted = proposal.answer = None


def _proposal_of(session: Session, decision: ReportDecision) -> ReportProposal | None:
    kept = decision.values.get(PROPOSAL)
    return session.get(ReportProposal, UUID(kept)) if kept else None


def hold_step(
    registry: Any,
    session: Session,
    report: Report,
    name: str,
    values: Mapping[str, Any],
    actor: Actor,
) -> ReportDecision:
    """Decide on a step that is made in ten minutes, unless it is undone; of an urgent one at once.

    `name`: of a function of `add_held_step`. `values`: its answers, as JSON. The caller has locked
    the report.

    Raises:
        WorkflowError: A proposal waits, or an urgent report can't make it; nothing is changed.
    """
    check_no_proposal(session, report)
    began = Began(report)
    until = held_until(report, actor)
    if until is None:
        with session.begin_nested():
            HELD_STEPS.of(registry)[name](registry, session, report, values, actor)
        return store(session, report, actor, [name], began, AT_ONCE)
    report.leaves_at = until
    kept = {HELD: dict(values), "door": actor.name}
    decision = store(session, report, actor, [name], began, values=kept)
    enqueue(session, JOB, report.holder, {"decision": str(decision.id)}, delay=UNDO_FOR)
    return decision


def carry_out(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Make the steps that were held until now; a job, harmless when done twice."""
    for payload in payloads:
        with context.transaction() as session:
            if decision := session.get(ReportDecision, UUID(payload["decision"])):
                _carry_out(context.registry, session, decision)


def _carry_out(registry: Any, session: Session, decision: ReportDecision) -> None:
    wanted = select(Report).where(Report.id == decision.report_id).with_for_update()
    report = session.scalars(wanted).one()
    # Undone, cleared by another step that was made meanwhile, or done before.
    if decision.undone_at is not None or report.leaves_at is None:
        return
    report.leaves_at = None
    actor = Actor("gebruiker", decision.actor_id, str(decision.values["door"]))
    name, answers = decision.steps[0], decision.values[HELD]
    try:
        with session.begin_nested():
            HELD_STEPS.of(registry)[name](registry, session, report, answers, actor)
    except WorkflowError as problem:
        append_move(
            session, report, actor, "besluit_mislukt", report.state, {"reden": str(problem)}
        )
        reindex_report(session, report)
        record(session, actor, "melding.besluit_mislukt", report.holder, KIND, [report.id])


def undo_messages(session: Session, report: Report, decision: ReportDecision, actor: Actor) -> None:
    """Take back what a decision told the reporter."""
    take_back_messages(session, report, decision.at)


def undo_end(session: Session, report: Report, decision: ReportDecision, actor: Actor) -> None:
    """Undo the end of a report: contact is due again, and nobody reads that it ended."""
    give_back(session, report)
    take_back_messages(session, report, decision.at)


# By the effect of the step; an effect that isn't here has no way back.
UNDO: Final[Mapping[str, Undo]] = {
    "melding.vrijgeven": lambda *_: None,
    "melding.behandelaar": lambda *_: None,
    "melding.vraag_partner": lambda *_: None,
    "melding.vraag_melder": undo_messages,
    "melding.wachten_voorbij": lambda *_: None,
    "melding.afhandelen": undo_messages,
    "melding.einde": undo_end,
    "overdracht.aanbieden": lambda session, report, *_: close_offer(session, report),
}
