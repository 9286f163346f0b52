"""Onboarding at the desk: the checklist, and what follows when a municipality joins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from stopintimidatie.accounts.invitations import NO_PASSWORD
from stopintimidatie.accounts.models import RoleAssignment, User
from stopintimidatie.audit import SYSTEM, Actor, record
from stopintimidatie.desk.models import Onboarding
from stopintimidatie.desk.onboarding_rules import Colleague, missing
from stopintimidatie.jobs import Job, JobContext, enqueue
from stopintimidatie.municipalities.levels import LevelChange
from stopintimidatie.municipalities.mail_domains import domains_of
from stopintimidatie.municipalities.models import ParticipationLevel
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import move
from stopintimidatie.security import Role
from stopintimidatie.storage.tenancy import NATIONAL
from stopintimidatie.workflow.registry import WORKFLOW_EFFECTS

KIND: Final = "aansluiting"
JOB: Final = Job("aansluiting.overdragen")
HANDED_OVER_AT_ONCE: Final = 50
REASON: Final = "De gemeente is nu aangesloten."


def checklist_of(session: Session, code: str) -> Onboarding | None:
    """The checklist of a municipality, when anything was noted."""
    return session.scalars(
        select(Onboarding).where(Onboarding.municipality_code == code)
    ).one_or_none()


def colleagues_of(session: Session, code: str) -> list[Colleague]:
    """Everybody with a role in the municipality, by name."""
    users = session.scalars(
        select(User)
        .where(User.roles.any(RoleAssignment.holder == code))
        .options(selectinload(User.roles))
        .order_by(User.name, User.username)
    )
    return [_colleague(user, code) for user in users]


def _colleague(user: User, code: str) -> Colleague:
    return Colleague(
        id=user.id,
        name=user.name,
        username=user.username,
        roles=frozenset(Role(row.role) for row in user.roles if row.holder == code),
        elsewhere=any(row.holder != code for row in user.roles),
        active=user.password_hash != NO_PASSWORD and user.blocked_at is None,
        trained_on=user.trained_on,
    )


def save_checklist(
    session: Session, code: str, values: Mapping[str, Any], actor: Actor
) -> Onboarding:
    """Note what was done; what is emptied is to be done again."""
    row = checklist_of(session, code)
    if row is None:
        row = Onboarding(holder=NATIONAL, municipality_code=code)
        session.add(row)
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    session.flush()
    if changed:
        fields = [code, *changed]
        record(session, actor, "aansluiting.gewijzigd", NATIONAL, KIND, [row.id], fields=fields)
    return row


def set_trained(session: Session, actor: Actor, code: str, person: UUID, day: date | None) -> None:
    """Note on which day somebody of the municipality was trained."""
    user = session.get_one(User, person)
    user.trained_on = day
    record(session, actor, "gebruiker.opgeleid", NATIONAL, "gebruiker", [user.id], fields=[code])


def checklist_complete(session: Session, change: LevelChange) -> Iterable[str]:
    """Level condition: a municipality joins when its checklist is complete."""
    if change.after is not ParticipationLevel.PROGRAMME:
        return []
    domains = domains_of(session, [change.code])[change.code]
    people = colleagues_of(session, change.code)
    return missing(checklist_of(session, change.code), people, domains)


def hand_over_what_waits(session: Session, change: LevelChange) -> None:
    """Level effect: what waits at the desk for the municipality goes to its portal."""
    if change.after is ParticipationLevel.PROGRAMME:
        enqueue(session, JOB, NATIONAL, {"code": change.code, "by": change.actor.id})


def hand_over(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Job: some reports at a time, each with its chain of custody, until none is left."""
    effects = WORKFLOW_EFFECTS.of(context.registry)
    for payload in payloads:
        more = True
        while more:
            with context.transaction() as session:
                by = _actor(session, payload["by"])
                more = _hand_some_over(session, effects, payload["code"], by)


def _actor(session: Session, number: str | None) -> Actor:
    """Who let the municipality join; on the command line nobody in particular."""
    user = session.get(User, UUID(number)) if number else None
    return SYSTEM if user is None else Actor("gebruiker", str(user.id), user.name)


def _hand_some_over(session: Session, effects: Mapping[str, Any], code: str, by: Actor) -> bool:
    reports = session.scalars(
        select(Report)
        .where(Report.municipality_code == code, Report.state == "nieuw")
        .where(Report.holder == NATIONAL)
        .order_by(Report.received_at, Report.id)
        .limit(HANDED_OVER_AT_ONCE)
        .with_for_update()
    ).all()
    answers = {"gemeente": code, "reden": REASON}
    for report in reports:
        move(session, effects, report, "doorgeven", answers, by)
    return len(reports) == HANDED_OVER_AT_ONCE
