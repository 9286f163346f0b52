"""The question of the FG why somebody read something, by mail; and the questions of 1.0.0.

A question is a line of the log, about the line that was read and the person who is asked. That
person may open the line, and answers the FG outside the system.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, delete, or_, select
from sqlalchemy.orm import Session, aliased

from stopintimidatie.core.accounts.mail import person
from stopintimidatie.core.accounts.models import RoleAssignment, User
from stopintimidatie.core.audit import READ, Actor, AuditEvent, AuditSubject, record
from stopintimidatie.core.jobs import Job, JobContext
from stopintimidatie.core.mail import Letter, MailTemplate, Writing, queue_mail
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import Holder, transaction
from stopintimidatie.core.text import uuid_of
from stopintimidatie.privacy.log.models import KIND, ReadQuestion
from stopintimidatie.privacy.log.services import log_terms

ASKED: Final = "inzagevraag.gesteld"
# The page of a line for who is asked about it.
PAGE: Final = "account-inzage"
HEADS: Final = (Role.PROCESS_OWNER.value,)


def askable(session: Session, event: AuditEvent, asker: Actor) -> Sequence[User]:
    """Return who can be asked about a read: the reader, if still here, and the heads; by name.

    Nobody for a line that isn't a read by a person, and never who asks.
    """
    if event.action != READ or event.actor_kind != "gebruiker":
        return []
    reader = uuid_of(event.actor_id or "")
    people = (
        select(User)
        .join(RoleAssignment, RoleAssignment.user_id == User.id)
        .where(RoleAssignment.holder == event.holder, RoleAssignment.counting())
        .where(or_(User.id == reader, RoleAssignment.role.in_(HEADS)))
        .where(User.blocked_at.is_(None), User.id != uuid_of(asker.id or ""))
    )
    return session.scalars(people.order_by(User.name, User.username).distinct()).all()


def questions_about(event: AuditEvent) -> Select[AuditEvent, UUID]:
    """Select the questions about a line of the log with the ids of who was asked, oldest first."""
    line = aliased(AuditSubject)
    return (
        select(AuditEvent, AuditSubject.subject_id)
        .join(line, line.event_id == AuditEvent.id)
        .join(AuditSubject, AuditSubject.event_id == AuditEvent.id)
        .where(AuditEvent.holder == event.holder, AuditEvent.action == ASKED)
        .where(line.subject_id == event.id, AuditSubject.subject_id != event.id)
        .order_by(AuditEvent.at, AuditEvent.id)
    )


def ask(session: Session, event: AuditEvent, user: User, actor: Actor) -> bool:
    """Mail somebody the question why this was read; False: that person was asked before."""
    if user.id in {number for _, number in session.execute(questions_about(event))}:
        return False
    record(session, actor, ASKED, event.holder, KIND, [event.id, user.id])
    key = f"{KIND}:{event.id}:{user.id}"
    queue_mail(session, event.holder, KIND, person(user.id), about=event.id, key=key)
    return True


def _letter(writing: Writing) -> Letter | None:
    line, holder = writing.message.about_id, writing.message.holder
    return Letter({"link": writing.link(f"/{PAGE}?nr={line}&waar={holder}")}) if line else None


# A reminder of 1.0.0 that waits is about no line: it goes out no more.
MAILS: Final = tuple(
    MailTemplate(
        name,
        "De FG heeft een vraag voor u",
        "stopintimidatie.privacy.log:templates/mail/inzagevraag.txt.jinja2",
        _letter,
    )
    for name in (KIND, "inzagevraag_herinnering")
)
EVERY_DAY: Final = Job("inzagevraag.dagelijks")
MORNING: Final = time(6)


def forget_questions(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Delete the questions of 1.0.0 about lines of the log that are older than their term (job)."""
    old = ReadQuestion.event_at < log_terms(context.settings)[0].before
    with transaction(context.engine, write=False) as session:
        holders = session.scalars(select(Holder.code).order_by(Holder.code)).all()
    for holder in holders:
        with transaction(context.engine, holder, write=False) as session:
            waits = session.scalar(select(ReadQuestion.id).where(old).limit(1)) is not None
        if waits:
            with transaction(context.engine, holder) as session:
                session.execute(delete(ReadQuestion).where(old))
