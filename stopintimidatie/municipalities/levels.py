"""How far a municipality takes part: changed in one place, with its history and conditions.

Higher rooms know when a level may begin (an agreement, a checklist) and what follows from it (what
was forwarded earlier appears): `config.add_level_condition` and `config.add_level_effect`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, record
from stopintimidatie.clock import utc_now
from stopintimidatie.municipalities.models import (
    MunicipalityLevel,
    MunicipalityProfile,
    ParticipationLevel,
)
from stopintimidatie.municipalities.services import empty_profile
from stopintimidatie.register.queries import municipality_by_code
from stopintimidatie.registry import Directive
from stopintimidatie.storage.tenancy import NATIONAL, enter

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
    """The profile, held until the end of the transaction, with what is due written down.

    :raises LevelRefusedError: there is no such municipality.
    """
    enter(session, NATIONAL)
    if municipality_by_code(session, code) is None:
        raise LevelRefusedError(["Deze gemeente staat niet in het register."])
    settle_due(session, rules, actor, code)
    profile = session.get(MunicipalityProfile, code, with_for_update=True)
    return empty_profile(code) if profile is None else profile


def refuse_unless_possible(session: Session, rules: LevelRules, change: LevelChange) -> None:
    """:raises LevelRefusedError: already so, or something is missing."""
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
    end_running(session, profile, now)
    if profile.next_level == change.after:
        # It is so now: there is nothing left of the plan.
        drop_plan(session, profile)
    profile.noted_level, profile.level_since = change.after, now
    until = profile.next_level_from
    session.add(MunicipalityLevel(code=change.code, level=change.after, since=now, until=until))
    session.flush()


def end_running(session: Session, profile: MunicipalityProfile, moment: datetime) -> None:
    """The present stretch ends at this moment; it is begun when it is from before the history."""
    row = running_level(session, profile.code)
    if row is not None:
        row.until = moment
    elif profile.noted_level != ParticipationLevel.NO_AGREEMENT:
        since, level = profile.level_since, profile.noted_level
        session.add(MunicipalityLevel(code=profile.code, level=level, since=since, until=moment))


def running_level(session: Session, code: str) -> MunicipalityLevel | None:
    """The stretch of time that lasts now."""
    now = utc_now()
    return session.scalars(
        select(MunicipalityLevel).where(
            MunicipalityLevel.code == code,
            MunicipalityLevel.since <= now,
            MunicipalityLevel.until.is_(None) | (MunicipalityLevel.until > now),
        )
    ).one_or_none()


def drop_plan(session: Session, profile: MunicipalityProfile) -> None:
    """What was planned isn't any more; the present stretch has no end again."""
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
    """Every stretch of time, the latest first; what is planned is left out.

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
