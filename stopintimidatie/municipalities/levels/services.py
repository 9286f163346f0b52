"""How far a municipality takes part: reading it, changing it with its history, planning it.

Routing and the intake ask it before any holder is known.

Higher rooms know when a level may begin (an agreement, a checklist) and what follows from it (what
was forwarded earlier appears): `config.add_level_condition` and `config.add_level_effect`.

A level may begin later. From that moment on everybody reads the new level, because the profile
tells it by the clock (`MunicipalityProfile.level`). The job only keeps the books, and has follow
what follows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.mail import Letter, MailTemplate, Writing, queue_mail
from stopintimidatie.core.registry import Directive
from stopintimidatie.core.storage.tenancy import NATIONAL, enter
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.queries import municipality_by_code
from stopintimidatie.municipalities.levels.models import (
    MunicipalityLevel,
    MunicipalityProfile,
    ParticipationLevel,
)
from stopintimidatie.municipalities.people.services import postbox_recipient


def profile_of(session: Session, code: str) -> MunicipalityProfile:
    """Return the profile; one nobody spoke with yet gets an empty one, not stored."""
    found = session.get(MunicipalityProfile, code)
    return empty_profile(code) if found is None else found


def empty_profile(code: str) -> MunicipalityProfile:
    """Make the profile of a municipality that nobody spoke with yet; not stored."""
    return MunicipalityProfile(
        code=code,
        level=ParticipationLevel.NO_AGREEMENT,
        contact_within_days=3,
        let_op_working_days=10,
    )


def level_of(session: Session, code: str) -> ParticipationLevel:
    """Return how far the municipality takes part."""
    level = session.scalar(
        select(MunicipalityProfile.level).where(MunicipalityProfile.code == code)
    )
    return ParticipationLevel.NO_AGREEMENT if level is None else ParticipationLevel(level)


# Changing

AUDIT_KIND: Final = "gemeente"


@dataclass(frozen=True)
class LevelChange:
    """A municipality about to go from one level to another, or gone."""

    code: str
    before: ParticipationLevel
    after: ParticipationLevel
    actor: Actor


# What is still missing, in Dutch sentences; nothing: it may begin.
Condition = Callable[[Session, LevelChange], Iterable[str]]
Effect = Callable[[Session, LevelChange], None]


LEVEL_CONDITIONS: Final = Directive[str, Condition]("add_level_condition", "level_conditions")
LEVEL_EFFECTS: Final = Directive[str, Effect]("add_level_effect", "level_effects")


@dataclass(frozen=True)
class LevelRules:
    """Conditions and effects that the rooms above registered, by name."""

    conditions: Mapping[str, Condition] = field(default_factory=dict)
    effects: Mapping[str, Effect] = field(default_factory=dict)


class LevelRefusedError(Exception):
    """The level can't begin yet; `missing` says why, one sentence each."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(" ".join(missing))
        self.missing = tuple(missing)


def set_level(
    session: Session,
    rules: LevelRules,
    actor: Actor,
    code: str,
    level: ParticipationLevel,
    *,
    reason: str | None = None,
) -> LevelChange:
    """Let a municipality take part so far from now on, in a transaction of the desk.

    :param rules: `registry.level_rules`.
    :param reason: for the log; no personal data.
    :raises LevelRefusedError: unknown, already so, or something is missing.
    """
    profile = locked_profile(session, rules, actor, code)
    change = LevelChange(code, ParticipationLevel(profile.noted_level), level, actor)
    refuse_unless_possible(session, rules, change)
    _store(session, profile, change)
    for effect in rules.effects.values():
        effect(session, change)
    _note(session, change, reason)
    return change


def locked_profile(
    session: Session, rules: LevelRules, actor: Actor, code: str
) -> MunicipalityProfile:
    """Lock the profile until the end of the transaction, and write down what is due.

    :raises LevelRefusedError: there is no such municipality.
    """
    enter(session, NATIONAL)
    if municipality_by_code(session, code) is None:
        raise LevelRefusedError(["Deze gemeente staat niet in het register."])
    settle_due(session, rules, actor, code)
    profile = session.get(MunicipalityProfile, code, with_for_update=True)
    return empty_profile(code) if profile is None else profile


def refuse_unless_possible(session: Session, rules: LevelRules, change: LevelChange) -> None:
    """Refuse a level that is already so, or for which something is missing.

    :raises LevelRefusedError: it may not begin.
    """
    if change.before == change.after:
        label = change.after.label
        raise LevelRefusedError([f"Deze gemeente doet al mee op het niveau {label}."])
    missing = [text for check in rules.conditions.values() for text in check(session, change)]
    if missing:
        raise LevelRefusedError(missing)


def settle_due(session: Session, rules: LevelRules, actor: Actor, code: str) -> LevelChange | None:
    """Write down a planned level whose moment has come, and let follow from it what follows.

    Everybody reads the new level from that moment on already; this may come later.
    """
    profile = session.get(MunicipalityProfile, code, with_for_update=True)
    if profile is None or not profile.next_level or not profile.next_level_from:
        return None
    if profile.next_level_from > utc_now():
        return None
    before, after = ParticipationLevel(profile.noted_level), ParticipationLevel(profile.next_level)
    change = LevelChange(code, before, after, actor)
    profile.noted_level, profile.level_since = after, profile.next_level_from
    profile.next_level = profile.next_level_from = None
    session.flush()
    for effect in rules.effects.values():
        effect(session, change)
    _note(session, change, None)
    return change


def _note(session: Session, change: LevelChange, reason: str | None) -> None:
    fields = [change.code, change.after.value]
    record(
        session, change.actor, "gemeente.niveau", NATIONAL, AUDIT_KIND, reason=reason, fields=fields
    )


def _store(session: Session, profile: MunicipalityProfile, change: LevelChange) -> None:
    now = utc_now()
    session.add(profile)
    end_running_level(session, profile, now)
    if profile.next_level == change.after:
        # It is so now: there is nothing left of the plan.
        drop_plan(session, profile)
    profile.noted_level, profile.level_since = change.after, now
    until = profile.next_level_from
    session.add(MunicipalityLevel(code=change.code, level=change.after, since=now, until=until))
    session.flush()


def end_running_level(session: Session, profile: MunicipalityProfile, moment: datetime) -> None:
    """End the present stretch now; begin it first when it is from before the history."""
    row = running_level(session, profile.code)
    if row is not None:
        row.until = moment
    elif profile.noted_level != ParticipationLevel.NO_AGREEMENT:
        since, level = profile.level_since, profile.noted_level
        session.add(MunicipalityLevel(code=profile.code, level=level, since=since, until=moment))


def running_level(session: Session, code: str) -> MunicipalityLevel | None:
    """Return the stretch of time that lasts now."""
    now = utc_now()
    return session.scalars(
        select(MunicipalityLevel).where(
            MunicipalityLevel.code == code,
            MunicipalityLevel.since <= now,
            MunicipalityLevel.until.is_(None) | (MunicipalityLevel.until > now),
        )
    ).one_or_none()


def drop_plan(session: Session, profile: MunicipalityProfile) -> None:
    """Drop what was planned; the present stretch has no end again."""
    row = running_level(session, profile.code)
    if row is not None:
        row.until = None
    session.execute(
        delete(MunicipalityLevel).where(
            MunicipalityLevel.code == profile.code, MunicipalityLevel.since > utc_now()
        )
    )
    profile.next_level = profile.next_level_from = None
    session.flush()


def level_history(session: Session, code: str) -> Sequence[MunicipalityLevel]:
    """Return every stretch of time, the latest first; what is planned is left out.

    Before the first: *zonder afspraak*.
    """
    rows = session.scalars(
        select(MunicipalityLevel)
        .where(MunicipalityLevel.code == code, MunicipalityLevel.since <= utc_now())
        .order_by(MunicipalityLevel.since.desc())
    ).all()
    if rows:
        return rows
    profile = session.get(MunicipalityProfile, code)
    if profile is None or profile.noted_level == ParticipationLevel.NO_AGREEMENT:
        return []
    return [MunicipalityLevel(code=code, level=profile.level, since=profile.level_since)]


# Planning

LEVEL_JOB: Final = Job("gemeente.niveau")
FURTHEST: Final = timedelta(days=366)
# So long before its moment a plan is held against its conditions once more.
LOOKED_AT_AGAIN: Final = timedelta(days=1)


@dataclass(frozen=True)
class LevelPlan:
    """Level that a municipality will have, and from when on."""

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
    end_running_level(session, profile, begins)
    profile.next_level, profile.next_level_from = level, begins
    session.add(MunicipalityLevel(code=code, level=level, since=begins))
    session.flush()
    enqueue(session, LEVEL_JOB, NATIONAL, {"gemeente": code}, delay=begins - now)
    if begins - LOOKED_AT_AGAIN > now:
        # What people and accounts lost since then is in no form of the desk.
        early = begins - LOOKED_AT_AGAIN - now
        enqueue(session, LEVEL_JOB, NATIONAL, {"gemeente": code}, delay=early)
    _note_plan(session, actor, "gemeente.niveau_gepland", code, level, reason)
    return change


def plan_of(session: Session, code: str) -> LevelPlan | None:
    """Return what is planned for a municipality, as long as it hasn't begun."""
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
        _note_plan(session, actor, "gemeente.niveau_ingetrokken", code, plan.level, reason)
    return plan


def take_back_when_lacking(
    session: Session, rules: LevelRules, actor: Actor, code: str
) -> Sequence[str]:
    """Drop a plan whose conditions no longer hold; return why, a sentence each."""
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


def _note_plan(
    session: Session,
    actor: Actor,
    action: str,
    code: str,
    level: ParticipationLevel,
    reason: str | None,
) -> None:
    fields = [code, level.value]
    record(session, actor, action, NATIONAL, AUDIT_KIND, reason=reason, fields=fields)


def begin_planned_level(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Begin the planned level when its moment has come, or remind of it (job)."""
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
    "stopintimidatie.municipalities.levels:templates/mail/niveau_vervallen.txt.jinja2",
    _fell,
)
