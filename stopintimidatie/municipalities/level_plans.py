"""A level that begins later: planned, taken back, and written down when its moment has come.

From that moment on everybody reads the new level, because the profile tells it by the clock
(`MunicipalityProfile.level`). The job only keeps the books, and has follow what follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from stopintimidatie.audit import SYSTEM, Actor, record
from stopintimidatie.clock import utc_now
from stopintimidatie.jobs import Job, JobContext, enqueue
from stopintimidatie.mail import Letter, MailTemplate, Writing, queue_mail
from stopintimidatie.municipalities.levels import (
    AUDIT_KIND,
    LevelChange,
    LevelRefusedError,
    LevelRules,
    drop_plan,
    end_running,
    locked_profile,
    refuse_unless_possible,
    set_level,
    settle_due,
)
from stopintimidatie.municipalities.models import (
    MunicipalityLevel,
    MunicipalityProfile,
    ParticipationLevel,
)
from stopintimidatie.municipalities.postbox import postbox_recipient
from stopintimidatie.register.models import Municipality
from stopintimidatie.storage.tenancy import NATIONAL

LEVEL_JOB: Final = Job("gemeente.niveau")
FURTHEST: Final = timedelta(days=366)
# So long before its moment a plan is held against its conditions once more.
LOOKED_AT_AGAIN: Final = timedelta(days=1)


@dataclass(frozen=True)
class LevelPlan:
    """What a municipality will be, and from when on."""

    level: ParticipationLevel
    begins: datetime


def plan_level(
    session: Session,
    rules: LevelRules,
    actor: Actor,
    code: str,
    level: ParticipationLevel,
    begins: datetime | None,
    *,
    reason: str | None = None,
) -> LevelChange:
    """Let a municipality take part so far from this moment on; none, or one that passed: now.

    :raises LevelRefusedError: unknown, already so, something is missing, or another plan waits.
    """
    now = utc_now()
    if begins is None or begins <= now:
        return set_level(session, rules, actor, code, level, reason=reason)
    if begins > now + FURTHEST:
        raise LevelRefusedError(["Plan hoogstens een jaar vooruit."])
    profile = locked_profile(session, rules, actor, code)
    if profile.next_level is not None:
        raise LevelRefusedError(["Er is al een wijziging gepland. Trek die eerst in."])
    change = LevelChange(code, ParticipationLevel(profile.noted_level), level, actor)
    refuse_unless_possible(session, rules, change)
    session.add(profile)
    end_running(session, profile, begins)
    profile.next_level, profile.next_level_from = level, begins
    session.add(MunicipalityLevel(code=code, level=level, since=begins))
    session.flush()
    enqueue(session, LEVEL_JOB, NATIONAL, {"gemeente": code}, delay=begins - now)
    if begins - LOOKED_AT_AGAIN > now:
        # What people and accounts lost since then is in no form of the desk.
        early = begins - LOOKED_AT_AGAIN - now
        enqueue(session, LEVEL_JOB, NATIONAL, {"gemeente": code}, delay=early)
    _note(session, actor, "gemeente.niveau_gepland", code, level, reason)
    return change


def plan_of(session: Session, code: str) -> LevelPlan | None:
    """What is planned for a municipality, as long as it hasn't begun."""
    row = session.get(MunicipalityProfile, code)
    if row is None or not row.next_level or not row.next_level_from:
        return None
    if row.next_level_from <= utc_now():
        return None
    return LevelPlan(ParticipationLevel(row.next_level), row.next_level_from)


def take_back_plan(
    session: Session, rules: LevelRules, actor: Actor, code: str, *, reason: str | None = None
) -> LevelPlan | None:
    """Take back what was planned; None: there was nothing, or it has begun."""
    profile = locked_profile(session, rules, actor, code)
    plan = plan_of(session, code)
    if plan is not None:
        drop_plan(session, profile)
        _note(session, actor, "gemeente.niveau_ingetrokken", code, plan.level, reason)
    return plan


def take_back_when_lacking(
    session: Session, rules: LevelRules, actor: Actor, code: str
) -> Sequence[str]:
    """A plan falls when its conditions no longer hold; why, one sentence each."""
    plan = plan_of(session, code)
    if plan is None:
        return ()
    profile = session.get_one(MunicipalityProfile, code)
    change = LevelChange(code, ParticipationLevel(profile.noted_level), plan.level, actor)
    try:
        refuse_unless_possible(session, rules, change)
    except LevelRefusedError as refused:
        take_back_plan(session, rules, actor, code)
        return refused.missing
    return ()


def _note(
    session: Session,
    actor: Actor,
    action: str,
    code: str,
    level: ParticipationLevel,
    reason: str | None,
) -> None:
    fields = [code, level.value]
    record(session, actor, action, NATIONAL, AUDIT_KIND, reason=reason, fields=fields)


def begin_planned(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Job: the moment has come, or comes near, or the plan was taken back meanwhile."""
    rules = context.registry.level_rules
    for payload in payloads:
        code = payload["gemeente"]
        with context.transaction() as session:
            settle_due(session, rules, SYSTEM, code)
            if take_back_when_lacking(session, rules, SYSTEM, code):
                _tell_the_desk(session, code)


def _tell_the_desk(session: Session, code: str) -> None:
    desk = postbox_recipient(session, NATIONAL)
    if desk is not None:
        queue_mail(session, NATIONAL, FELL.name, desk, values={"gemeente": code})


def _fell(writing: Writing) -> Letter:
    town = writing.session.get_one(Municipality, writing.message.values["gemeente"])
    path = f"/{NATIONAL}/aansluiting?gemeente={town.slug}"
    return Letter({"gemeente": town.name, "pad": path})


FELL: Final = MailTemplate(
    "niveau_vervallen",
    "Een geplande aansluiting gaat niet door",
    "stopintimidatie.municipalities:templates/mail/niveau_vervallen.txt.jinja2",
    _fell,
)
