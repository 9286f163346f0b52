"""Proposals that wait for a second person: asked again by who made them, mailed each morning."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, insert, or_, select, true, union_all
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.mail import person
from stopintimidatie.core.accounts.models import RoleAssignment, User
from stopintimidatie.core.audit import record
from stopintimidatie.core.clock import is_working_day, local_date, utc_now
from stopintimidatie.core.jobs import Job, JobContext
from stopintimidatie.core.mail import Letter, MailTemplate, Recipient, Writing, queue_mail
from stopintimidatie.core.mail.models import MailChoice, MailMessage, MailState
from stopintimidatie.core.mail.services import take_gathered, waiting_readers
from stopintimidatie.core.second import (
    ANSWERED,
    SECONDS,
    Second,
    SecondError,
    proposed_rows,
    waiting_rows,
)
from stopintimidatie.core.security import Identity, Role
from stopintimidatie.core.storage import NATIONAL, transaction
from stopintimidatie.home.models import SecondNotice
from stopintimidatie.municipalities.people.absence import away_today
from stopintimidatie.municipalities.people.services import able

KIND: Final = "voorstel"
NOBODY_HERE: Final = "Hier kan nu niemand hierover beslissen. Bel wie dat wel kan."
AGAIN: Final = "U vroeg dit vandaag al opnieuw. Morgen kan het weer, of bel uw collega."
EVERY_MORNING: Final = Job("wacht.mailen")
MORNING: Final = time(8)


def staff_of(session: Session, holder: str, today: date) -> list[Identity]:
    """Return who has a role at a holder, can sign in and isn't away, by name."""
    rows = session.execute(
        able(RoleAssignment.role, User)
        .where(RoleAssignment.holder == holder)
        .order_by(User.name, User.username)
    )
    roles = defaultdict[User, set[tuple[str, Role]]](set)
    for role, user in rows:
        roles[user].add((holder, Role(role)))
    away = away_today(session, holder, today)
    return [
        Identity(user.id, user.username, user.name, frozenset(own))
        for user, own in roles.items()
        if user.id not in away
    ]


def answerers(
    session: Session, registry: Any, holder: str, me: Identity
) -> Mapping[UUID, Sequence[str]]:
    """Return for each proposal who may answer it at this holder now, by name; but oneself."""
    names = defaultdict[UUID, list[str]](list)
    for colleague in staff_of(session, holder, local_date(utc_now())):
        rows = waiting_rows(registry, holder, colleague)
        for row in () if rows is None or colleague == me else session.execute(rows):
            names[row.id].append(colleague.name)
    return names


def remind(
    session: Session, registry: Any, holder: str, number: UUID | None, identity: Identity
) -> None:
    """Have the others mailed once more of what this person proposed; once a day.

    Raises:
        SecondError: it isn't theirs, waits no more or not here, or they did this today.
    """
    rows = proposed_rows(registry, holder, identity)
    mine = None if rows is None else rows.where(rows.selected_columns.id == number)
    row = None if mine is None else session.execute(mine).first()
    if row is None:
        raise SecondError(ANSWERED)
    if row.id not in answerers(session, registry, holder, identity):
        raise SecondError(NOBODY_HERE)
    notices = SecondNotice.holder == holder, SecondNotice.proposal_id == row.id
    asked = session.scalar(
        select(func.max(SecondNotice.at)).where(*notices, SecondNotice.person_id.is_(None))
    )
    if asked is not None and local_date(asked) == local_date(utc_now()):
        raise SecondError(AGAIN)
    session.execute(delete(SecondNotice).where(*notices))
    session.add(SecondNotice(holder=holder, proposal_id=row.id))
    record(session, identity.actor, "voorstel.herinnerd", holder, KIND, [row.id], fields=[row.kind])


# The mail of each working day


def mail_waiting(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Mail each person once for whom something waits that they weren't mailed of (job).

    With it goes the number of messages that were gathered for who chose that. The message is of the
    day: a repeat after a crash sends no second one.
    """
    today = local_date(utc_now())
    if not is_working_day(today):
        return
    with context.transaction() as session:
        holders = sorted(session.scalars(select(RoleAssignment.holder).distinct()))
        unwanted = or_(User.mail == MailChoice.NONE, User.blocked_at.is_not(None))
        silent = {*session.scalars(select(User.id).where(unwanted))}
    with transaction(context.engine, NATIONAL, write=False) as session:
        readers = waiting_readers(session)
    numbers, news = defaultdict[UUID, int](int), defaultdict[str, list[tuple[UUID, UUID]]](list)
    for holder in holders:
        with transaction(context.engine, holder, write=False) as session:
            mailed = select(SecondNotice.person_id, SecondNotice.proposal_id)
            known = {
                (*row,) for row in session.execute(mailed.where(SecondNotice.holder == holder))
            }
            for identity in staff_of(session, holder, today):
                number = identity.user_id
                rows = waiting_rows(context.registry, holder, identity)
                for row in () if rows is None or number in silent else session.execute(rows):
                    if row.id is None:
                        # A program of 1.0.0 set this provider up during the upgrade.
                        continue
                    numbers[number] += 1
                    if (str(number), row.id) not in known:
                        news[holder].append((number, row.id))
    readers |= {person(number) for pairs in news.values() for number, _ in pairs}
    for reader in sorted(readers, key=lambda reader: reader.id):
        number = UUID(reader.id)
        _mail(context, reader, today, None if number in silent else numbers[number])
    for holder in holders:
        _keep(context, holder, news[holder])


def _mail(context: JobContext, reader: Recipient, today: date, number: int | None) -> None:
    """Ask for the message of the day with this number of proposals; None: it isn't wanted."""
    key = f"{MAIL.name}:{today}:{reader.id}"
    with transaction(context.engine, NATIONAL) as session:
        if session.scalar(select(MailMessage.id).where(MailMessage.key == key)) is not None:
            # Messages that were gathered since wait for the next one.
            return
        if number is None:
            take_gathered(session, reader, MailState.NOT_NEEDED)
            return
        values = {"aantal": number, "berichten": take_gathered(session, reader, MailState.SENT)}
        queue_mail(session, NATIONAL, MAIL.name, reader, values=values, key=key)


def _keep(context: JobContext, holder: str, news: Sequence[tuple[UUID, UUID]]) -> None:
    """Remember who was mailed of what, for as long as it waits."""
    kinds: Sequence[Second] = [*SECONDS.of(context.registry).values()]
    # Some that belong to a municipality wait at the desk: it is mailed of those too.
    waiting = union_all(
        *(
            select(k.table.id).where(
                k.table.id.is_not(None),
                k.table.waiting(),
                true() if k.turn else k.table.holder == holder,
            )
            for k in kinds
        )
    )
    rows = [
        {"holder": holder, "person_id": str(number), "proposal_id": proposal}
        for number, proposal in news
    ]
    with transaction(context.engine, holder) as session:
        gone = SecondNotice.proposal_id.not_in(waiting)
        session.execute(delete(SecondNotice).where(SecondNotice.holder == holder, gone))
        if rows:
            session.execute(insert(SecondNotice), rows)


def _letter(writing: Writing) -> Letter:
    """Write how much waits; not what it is, and nobody's name."""
    links = {"link": writing.link("/wacht"), "start": writing.link("/")}
    return Letter({"berichten": 0, **writing.message.values, **links})


# Not `work`: it is asked for only who wants it, and it tells what was gathered.
MAIL: Final = MailTemplate("wacht_op_u", "Er wacht iets op u", __package__, _letter)
