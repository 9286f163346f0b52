"""What people do with a proposed pattern. One transaction each, with its audit event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, record
from stopintimidatie.clock import utc_now
from stopintimidatie.dossiers.filing import REFERABLE, file_report, membership_of
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.services import DossierPlan, create_dossier
from stopintimidatie.dossiers.vocabulary import DossierKind
from stopintimidatie.dossiers.workflow import LIVE
from stopintimidatie.patterns.models import Pattern, PatternReport
from stopintimidatie.patterns.searching import LEFT_OUT
from stopintimidatie.patterns.vocabulary import DECIDABLE, KIND, PatternState
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import move
from stopintimidatie.web.filters import local
from stopintimidatie.workflow import WorkflowError

FILABLE: Final = REFERABLE | {"in_behandeling"}


class StalePatternError(Exception):
    """Somebody else decided, or a search changed it, since this person saw it."""


@dataclass(frozen=True, slots=True)
class Filed:
    """What came of accepting: the dossier, how many reports went in, and which have to wait."""

    dossier: Dossier
    filed: int
    waiting: tuple[str, ...]


def reports_of(session: Session, pattern: Pattern) -> Sequence[Report]:
    """The reports that show a pattern and still count, oldest first."""
    shown = select(PatternReport.report_id).where(PatternReport.pattern_id == pattern.id)
    return session.scalars(
        select(Report)
        .where(Report.id.in_(shown), Report.state.not_in(LEFT_OUT))
        .order_by(Report.incident_start, Report.id)
    ).all()


def take_in_hand(session: Session, pattern: Pattern, version: int) -> None:
    """Lock a pattern for a decision.

    :raises StalePatternError: it isn't the one this person saw.
    :raises WorkflowError: there is nothing to decide (any more).
    """
    session.flush()
    session.refresh(pattern, with_for_update=True)
    if pattern.version != version:
        raise StalePatternError
    if pattern.state not in DECIDABLE:
        raise WorkflowError("Over dit patroon is al besloten, of het is vervallen.")


def accept(
    session: Session,
    effects: Mapping[str, Any],
    pattern: Pattern,
    plan: DossierPlan | UUID,
    actor: Actor,
    *,
    take_new: bool,
) -> Filed:
    """Make a dossier of it, or add it to one.

    :param plan: the new dossier, or the id of the one to add to.
    :param take_new: take new reports in hand first; otherwise they wait for triage.
    :raises WorkflowError: the dossier isn't there or runs no more.
    """
    if isinstance(plan, DossierPlan):
        dossier = create_dossier(session, actor, pattern.holder, plan)
    else:
        dossier = _running(session, plan)
    reason = f"Hoort bij patroon P-{pattern.number}: zelfde plek en tijd."
    filed, waiting = 0, []
    for report in reports_of(session, pattern):
        if membership_of(session, dossier.id, report.id) is not None:
            continue
        if report.state == "nieuw" and take_new:
            move(session, effects, report, "in_behandeling_nemen", {"behandelaar": actor.id}, actor)
        if report.state in FILABLE:
            file_report(session, effects, dossier, report, reason, actor)
            filed += 1
        else:
            waiting.append(report.reference)
    pattern.dossier_id = dossier.id
    _decide(session, pattern, PatternState.ACCEPTED, actor, None, None)
    return Filed(dossier, filed, tuple(waiting))


def _running(session: Session, dossier_id: UUID) -> Dossier:
    dossier = session.scalars(select(Dossier).where(Dossier.id == dossier_id)).one_or_none()
    if dossier is None or dossier.state not in LIVE or dossier.kind == DossierKind.PERSON.value:
        raise WorkflowError("Dit dossier loopt niet (meer). Kies een ander.", "dossier")
    return dossier


def snooze(session: Session, pattern: Pattern, until: date, actor: Actor) -> None:
    """Not now: it comes back on that day, if it is still there.

    :raises WorkflowError: the day has passed.
    """
    _later(until)
    _decide(session, pattern, PatternState.SNOOZED, actor, until, None)


def reject(session: Session, pattern: Pattern, reason: str, until: date, actor: Actor) -> None:
    """It is nothing, and why; until that day it isn't proposed again.

    :raises WorkflowError: the day has passed.
    """
    _later(until)
    _decide(session, pattern, PatternState.REJECTED, actor, until, reason)


def _later(day: date) -> None:
    if day <= local(utc_now()).date():
        raise WorkflowError("Kies een dag na vandaag.", "tot")


def _decide(
    session: Session,
    pattern: Pattern,
    state: PatternState,
    actor: Actor,
    until: date | None,
    reason: str | None,
) -> None:
    pattern.state, pattern.until, pattern.reason = state, until, reason
    pattern.decided_at, pattern.decided_by = utc_now(), actor.name
    record(session, actor, "patroon.besluit", pattern.holder, KIND, [pattern.id], fields=[state])
