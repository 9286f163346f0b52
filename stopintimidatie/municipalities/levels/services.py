"""The level of participation of a municipality: reading, changing and planning it.

Routing and the intake read it before any holder is known.

Higher rooms register when a level may begin (an agreement, a checklist: a condition) and what is
done once it begins (reports that waited are handed over: an effect), with
`config.add_level_condition` and `config.add_level_effect`.

A level may begin later. From that moment on everybody reads the new level, because the profile
looks at the clock (`MunicipalityProfile.level`). The job only stores it and does the effects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, ScalarSelect, delete, func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import RoleAssignment
from stopintimidatie.core.audit import SYSTEM, Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.mail import Letter, MailTemplate, Writing, queue_mail
from stopintimidatie.core.registry import Directive
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.tenancy import NATIONAL, enter
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.queries import municipality_by_code
from stopintimidatie.municipalities.levels.models import (
    MunicipalityLevel,
    MunicipalityProfile,
    ParticipationLevel,
)
from stopintimidatie.municipalities.people.services import able, postbox_recipient


def profile_of(session: Session, code: str) -> MunicipalityProfile:
    """Return the profile of a municipality; an empty one, not stored, where there is none."""
    return session.get(MunicipalityProfile, code) or empty_profile(code)


def empty_profile(code: str) -> MunicipalityProfile:
    """Make the profile of a municipality that has none yet; it isn't stored."""
    return MunicipalityProfile(code=code, level=ParticipationLevel.NO_AGREEMENT)


def level_of(session: Session, code: str) -> ParticipationLevel:
    """Return the level by which reports of a municipality go now."""
    level = session.scalar(
        select(MunicipalityProfile.level).where(MunicipalityProfile.code == code)
    )
    return ParticipationLevel.NO_AGREEMENT if level is None else ParticipationLevel(level)


def agreed_level_of(session: Session, code: str) -> ParticipationLevel:
    """Return the level that was agreed with a municipality, also while its gate is closed."""
    return ParticipationLevel(profile_of(session, code).agreed_level)


def without_admin(session: Session) -> Sequence[Municipality]:
    """Return the municipalities that take part, or have people, and lack an admin; by name."""
    lacking = select(Municipality).where(*_lacks_admin()).order_by(Municipality.name)
    return session.scalars(lacking).all()


def number_without_admin() -> ScalarSelect[int]:
    """Return a subquery that counts those municipalities."""
    return select(func.count(Municipality.code)).where(*_lacks_admin()).scalar_subquery()


def _lacks_admin() -> tuple[ColumnElement[bool], ...]:
    admins = able(RoleAssignment.holder).where(RoleAssignment.role == Role.ADMIN)
    connected = select(MunicipalityProfile.code).where(
        MunicipalityProfile.level == ParticipationLevel.PROGRAMME
    )
    return (
        Municipality.code.in_(select(RoleAssignment.holder).union(connected)),
        Municipality.code.not_in(admins),
    )


# Changing

AUDIT_KIND: Final = "gemeente"


@dataclass(frozen=True)
class LevelChange:
    """A change of the level of a municipality, wanted or made."""

    code: str
    before: ParticipationLevel
    after: ParticipationLevel
    actor: Actor


# Tells what is still missing, in Dutch sentences; when nothing is, the level may begin.
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
    """Give a municipality this level from now on, in a transaction of the desk.

    The reason goes to the log, and holds no personal data.

    Raises:
        LevelRefusedError: there is no such municipality, it has this level, or something is
            missing.
    """
    profile = locked_profile(session, rules, actor, code)
    change = LevelChange(code, ParticipationLevel(profile.noted_level), level, actor)
    refuse_unless_possible(session, rules, change)
    _store(session, profile, change)
    for effect in rules.effects.values():
        effect(session, change)
    _note(session, actor, "gemeente.niveau", code, level, reason)
    return change


def locked_profile(
    session: Session, rules: LevelRules, actor: Actor, code: str
) -> MunicipalityProfile:
    """Return the profile, locked until the end of the transaction; a plan that is due is stored.

    Raises:
        LevelRefusedError: there is no such municipality.
    """
    enter(session, NATIONAL)
    if municipality_by_code(session, code) is None:
        raise LevelRefusedError(["Deze gemeente staat niet in het register."])
    settle_due(session, rules, actor, code)
    profile = session.get(MunicipalityProfile, code, with_for_update=True)
    return empty_profile(code) if profile is None else profile


def refuse_unless_possible(session: Session, rules: LevelRules, change: LevelChange) -> None:
    """Check that a level may begin.

    Raises:
        LevelRefusedError: the municipality has this level, or something is missing.
    """
    if change.before == change.after:
        label = change.after.label
        raise LevelRefusedError([f"Deze gemeente doet al mee op het niveau {label}."])
    conditions = rules.conditions.values()
    missing = [sentence for condition in conditions for sentence in condition(session, change)]
    if missing:
        raise LevelRefusedError(missing)


def settle_due(session: Session, rules: LevelRules, actor: Actor, code: str) -> LevelChange | None:
    """Store a planned level whose moment has come, and carry out its effects; None: none is due.

    This may come later than the moment: everybody reads the new level from then on already.
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
    _note(session, actor, "gemeente.niveau", code, after)
    return change


def _note(
    session: Session,
    actor: Actor,
    action: str,
    code: str,
    level: ParticipationLevel,
    reason: str | None = None,
) -> None:
    fields = [code, level.value]
    record(session, actor, action, NATIONAL, AUDIT_KIND, reason=reason, fields=fields)


def _store(session: Session, profile: MunicipalityProfile, change: LevelChange) -> None:
    now = utc_now()
    session.add(profile)
    end_running_level(session, profile, now)
    if profile.next_level == change.after:
        # The level that was planned begins now.
        drop_plan(session, profile)
    profile.noted_level, profile.level_since = change.after, now
    until = profile.next_level_from
    session.add(MunicipalityLevel(code=change.code, level=change.after, since=now, until=until))
    session.flush()


def end_running_level(session: Session, profile: MunicipalityProfile, moment: datetime) -> None:
    """End the present period at this moment.

    Periods from before the history was kept have no row: then one is added.
    """
    row = running_level(session, profile.code)
    if row is not None:
        row.until = moment
    elif profile.noted_level != ParticipationLevel.NO_AGREEMENT:
        since, level = profile.level_since, profile.noted_level
        session.add(MunicipalityLevel(code=profile.code, level=level, since=since, until=moment))


def running_level(session: Session, code: str) -> MunicipalityLevel | None:
    """Return the period in which a municipality is now."""
    now = utc_now()
    return session.scalars(
        select(MunicipalityLevel).where(
            MunicipalityLevel.code == code,
            MunicipalityLevel.since <= now,
            MunicipalityLevel.until.is_(None) | (MunicipalityLevel.until > now),
        )
    ).one_or_none()


def drop_plan(session: Session, profile: MunicipalityProfile) -> None:
    """Drop the plan of a municipality; the present period has no end again."""
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
    """Return the periods of a municipality until now, the latest first.

    Before the first it was *zonder afspraak*.
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
# Time before the start of a planned level at which its conditions are checked once more.
CHECKED_BEFORE: Final = timedelta(days=1)


@dataclass(frozen=True)
class LevelPlan:
    """A level that a municipality will have, and from when on."""

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
    """Give a municipality a level from a moment on; without one, or when it has passed, now.

    Raises:
        LevelRefusedError: as `set_level`, or another plan waits.
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
    early = begins - CHECKED_BEFORE - now
    if early > timedelta():
        # Until then colleagues may leave or lose a role, which no form of the desk shows.
        enqueue(session, LEVEL_JOB, NATIONAL, {"gemeente": code}, delay=early)
    _note(session, actor, "gemeente.niveau_gepland", code, level, reason)
    return change


def plan_of(session: Session, code: str) -> LevelPlan | None:
    """Return the plan of a municipality, as long as it hasn't begun."""
    return plan_in(profile_of(session, code))


def plan_in(profile: MunicipalityProfile) -> LevelPlan | None:
    """Return the plan in a profile, as long as it hasn't begun."""
    begins = profile.next_level_from
    if not profile.next_level or begins is None or begins <= utc_now():
        return None
    return LevelPlan(ParticipationLevel(profile.next_level), begins)


def take_back_plan(
    session: Session, rules: LevelRules, actor: Actor, code: str, *, reason: str | None = None
) -> LevelPlan | None:
    """Take back a plan and return it; None when there is none, or it has begun."""
    profile = locked_profile(session, rules, actor, code)
    plan = plan_of(session, code)
    if plan is not None:
        drop_plan(session, profile)
        _note(session, actor, "gemeente.niveau_ingetrokken", code, plan.level, reason)
    return plan


def take_back_when_lacking(
    session: Session, rules: LevelRules, actor: Actor, code: str
) -> Sequence[str]:
    """Take back a plan whose conditions no longer hold; return what is missing, in sentences."""
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


def begin_planned_level(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Begin a planned level whose moment has come, or drop it and mail the desk (job)."""
    rules = context.registry.level_rules
    for payload in payloads:
        code = payload["gemeente"]
        with context.transaction() as session:
            settle_due(session, rules, SYSTEM, code)
            lacking = take_back_when_lacking(session, rules, SYSTEM, code)
            desk = postbox_recipient(session, NATIONAL)
            if lacking and desk is not None:
                queue_mail(session, NATIONAL, DROPPED.name, desk, values={"gemeente": code})


def _write_dropped(writing: Writing) -> Letter:
    town = writing.session.get_one(Municipality, writing.message.values["gemeente"])
    path = f"/{NATIONAL}/aansluiting?gemeente={town.slug}"
    return Letter({"gemeente": town.name, "pad": path})


DROPPED: Final = MailTemplate(
    "niveau_vervallen", "Een geplande aansluiting gaat niet door", __package__, _write_dropped
)
