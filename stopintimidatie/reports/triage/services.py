"""The services of triage: store an assessment with its changes, mark urgency, close doubles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Final

from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.text import AMSTERDAM, date_text, local
from stopintimidatie.municipalities.areas.locator import Method
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.municipalities.settings.queries import (
    OFFICER,
    answers_by,
    answers_in_words,
    with_answers_of,
)
from stopintimidatie.reports.conversation.calls import contact_over
from stopintimidatie.reports.models import Report, ReportDecision
from stopintimidatie.reports.page.decisions import ASSESS, ASSESSED, TAKE, Began
from stopintimidatie.reports.page.steps import decide_or_propose
from stopintimidatie.reports.services import (
    append_move,
    becomes_urgent,
    move_report,
    reindex_report,
    set_forms,
)
from stopintimidatie.reports.vocabulary import KIND, Form, in_order
from stopintimidatie.reports.words import CONTACT_AGREED, listed
from stopintimidatie.reports.workflow import ENDED, TO_NEIGHBOURHOOD, ReportState

# The states in which a report can be assessed; in others another step comes first.
ASSESSABLE: Final = frozenset(ReportState) - ENDED - {ReportState.QUARANTINE, ReportState.OFFERED}
# The way of contact that says that there was contact.
SPOKE: Final = "is_geweest"
# The ways of contact that need a last day: somebody has to be reached.
WITH_DEADLINE: Final = frozenset({"bellen", "mailen", "via_app"})
_YES_NO: Final = {True: "ja", False: "nee", None: ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The answers on the triage form, as filled in or as stored."""

    danger_now: bool | None
    forms: tuple[str, ...]
    urgent: bool
    neighbourhood: str | None
    suspected_offence: bool | None
    suspected_offence_reason: str | None
    contact: str | None
    contact_before: date | None
    # Answers to the municipality's own questions, by the name of the question.
    own_answers: Mapping[str, Any] = field(default_factory=dict)


def current_assessment(report: Report) -> Assessment:
    """Return the assessment as it stands."""
    deadline = report.contact_deadline
    return Assessment(
        danger_now=report.danger_now,
        forms=tuple(report.forms),
        urgent=report.urgent,
        neighbourhood=report.neighbourhood_code,
        suspected_offence=report.suspected_offence,
        suspected_offence_reason=report.suspected_offence_reason,
        contact=report.contact_agreed,
        contact_before=local(deadline).date() if deadline is not None else None,
        own_answers=answers_by(report.own_answers, OFFICER),
    )


def describe(session: Session, assessment: Assessment) -> dict[str, str]:
    """Return an assessment in words, by label, for the history and to show a conflict."""
    area = session.get(Neighbourhood, assessment.neighbourhood or "")
    return {
        "Nu iemand in gevaar": _YES_NO[assessment.danger_now],
        "Vormen": listed(Form, in_order(assessment.forms)) or "",
        "Spoed": _YES_NO[assessment.urgent],
        "Wijk": area.name if area is not None else "",
        "Vermoeden van een strafbaar feit": _YES_NO[assessment.suspected_offence],
        "Waarom dit vermoeden": assessment.suspected_offence_reason or "",
        "Contact": dict(CONTACT_AGREED).get(assessment.contact or "", ""),
        "Contact uiterlijk": date_text(assessment.contact_before),
        **answers_in_words(session, assessment.own_answers),
    }


def begin_assessment(report: Report) -> Began:
    """Return how a report stands before it is assessed, so that undoing that restores all of it."""
    kept = {
        "vermoeden": report.suspected_offence,
        "waarom": report.suspected_offence_reason,
        "vragen": answers_by(report.own_answers, OFFICER),
        "vormen": report.confirmed_forms,
        "wijk": report.neighbourhood_code,
        "buurt": report.subneighbourhood_code,
        "plek_van": report.located_by,
    }
    names = [ASSESS, TAKE] if report.state == ReportState.NEW else [ASSESS]
    return Began(report, names, {ASSESSED: kept})


def undo_assessment(
    session: Session, report: Report, decision: ReportDecision, actor: Actor
) -> None:
    """Restore what an assessment changed besides the columns that each decision keeps.

    A higher room has put the report back in its neighbourhood.
    """
    kept = decision.values.get(ASSESSED)
    if kept is None:
        return
    report.suspected_offence = kept["vermoeden"]
    report.suspected_offence_reason = kept["waarom"]
    report.own_answers = with_answers_of(report.own_answers, OFFICER, kept["vragen"])
    set_forms(report, kept["vormen"], confirmed=True)
    report.subneighbourhood_code, report.located_by = kept["buurt"], kept["plek_van"]


def assess(
    session: Session,
    effects: Mapping[str, Any],
    report: Report,
    assessment: Assessment,
    actor: Actor,
) -> None:
    """Store an assessment. A new report is taken in hand by who assesses it.

    The caller has locked the report and checked who may mark a suspected offence.
    """
    _take_in_hand(session, effects, report, actor)
    before = describe(session, current_assessment(report))
    _store(session, report, assessment)
    area = assessment.neighbourhood
    if area is not None and area != report.neighbourhood_code:
        effects[TO_NEIGHBOURHOOD](session, report, {"wijk": area}, actor)
        report.located_by = Method.OFFICER
    after = describe(session, assessment)
    differences = {
        label: text or "leeg" for label, text in after.items() if text != before.get(label, "")
    }
    append_move(session, report, actor, "beoordelen", report.state, differences)
    reindex_report(session, report)
    fields = [label.lower() for label in differences]
    record(session, actor, "melding.beoordeeld", report.holder, KIND, [report.id], fields=fields)


def _take_in_hand(
    session: Session, effects: Mapping[str, Any], report: Report, actor: Actor
) -> None:
    """Make the actor the handler of a new report; other reports stay as they are."""
    if report.state == ReportState.NEW:
        taking = {"behandelaar": actor.id}
        move_report(session, effects, report, "in_behandeling_nemen", taking, actor)


def _store(session: Session, report: Report, assessment: Assessment) -> None:
    report.triaged_at = utc_now()
    report.danger_now = assessment.danger_now
    if assessment.urgent and not report.urgent:
        becomes_urgent(session, report)
    report.urgent = assessment.urgent
    report.suspected_offence = assessment.suspected_offence
    report.suspected_offence_reason = assessment.suspected_offence_reason
    report.contact_agreed = assessment.contact
    report.own_answers = with_answers_of(report.own_answers, OFFICER, assessment.own_answers)
    if assessment.contact == SPOKE:
        contact_over(session, report, spoken=True)
    elif assessment.contact_before not in (None, current_assessment(report).contact_before):
        # Without a day it stays due, if it was promised, until somebody says how it went.
        report.contact_deadline = end_of(assessment.contact_before)
    if set(assessment.forms) != set(report.forms) or not report.confirmed_forms:
        set_forms(report, list(assessment.forms), confirmed=True)


def end_of(day: date | None) -> datetime | None:
    """Return the last minute of a day in Amsterdam."""
    return None if day is None else datetime.combine(day, time(23, 59), AMSTERDAM)


def set_urgent(session: Session, report: Report, urgent: bool, actor: Actor) -> None:
    """Mark or unmark spoed, without the rest of the assessment."""
    if report.urgent == urgent:
        return
    report.urgent = urgent
    if urgent:
        becomes_urgent(session, report)
    append_move(session, report, actor, "spoed", report.state, {"Spoed": _YES_NO[urgent]})
    reindex_report(session, report)
    fields = [_YES_NO[urgent]]
    record(session, actor, "melding.spoed", report.holder, KIND, [report.id], fields=fields)


def close_as_double(
    session: Session, effects: Mapping[str, Any], report: Report, other: str, actor: Actor
) -> bool:
    """Close a report as double of another; a new one is taken in hand first, by who does it.

    False where a colleague must look first. The caller has locked the report.

    Raises:
        WorkflowError: It can't be the double of that one; nothing is changed.
    """
    answers = {"reden_code": "dubbel", "dubbel_van": other}
    return decide_or_propose(session, effects, report, "niet_in_behandeling", answers, actor)
