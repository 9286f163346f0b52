"""The sample of reads: lines of the log that the FG looks at, and asks the reader about.

A question goes to who read, never by way of somebody's head. The reader answers in words; the FG
judges, or asks on. Rows go when the lines of the log that they are about are older than their term.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from random import Random, SystemRandom
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, cast, delete, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.mail import person
from stopintimidatie.core.accounts.models import RoleAssignment, User
from stopintimidatie.core.accounts.services import busy_holders, colleagues
from stopintimidatie.core.audit import SYSTEM, Actor, AuditEvent, AuditSubject, record
from stopintimidatie.core.clock import AMSTERDAM, utc_now, working_days_after
from stopintimidatie.core.jobs import Job, JobContext
from stopintimidatie.core.mail import Letter, MailTemplate, Writing, queue_mail
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage import transaction
from stopintimidatie.core.text import day_of, uuid_of
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.workflow import DossierKind
from stopintimidatie.privacy.log.models import KIND, ReadQuestion
from stopintimidatie.privacy.log.queries import READ
from stopintimidatie.privacy.log.services import log_terms

# Lines of one sample.
SAMPLE: Final = 10
# The days back that a sample on demand looks.
LATELY: Final = timedelta(days=30)
# Working days without an answer before the reader is reminded.
PATIENCE: Final = 5
WHY: Final = "Waarom las u dit?"
# The name of the field in lines about reading contact data.
CONTACT: Final = "contactgegevens"


class Judgement(StrEnum):
    """Judgement of the FG about an answer; also about a read that needed no question."""

    CLEAR = "duidelijk"
    ASK_ON = "navragen"
    WRONG = "niet_in_orde"


class QuestionError(Exception):
    """A question that can't be asked, answered or judged now; the message says why."""


# The sample


def _reads(holder: str, since: datetime, before: datetime) -> list[ColumnElement[bool]]:
    """Return the conditions of the reads of people in a time, that stand in no sample yet."""
    known = select(ReadQuestion.event_id).where(ReadQuestion.holder == holder)
    return [
        AuditEvent.holder == holder,
        AuditEvent.action == READ,
        AuditEvent.actor_kind == "gebruiker",
        AuditEvent.actor_id.is_not(None),
        AuditEvent.at >= since,
        AuditEvent.at < before,
        AuditEvent.id.not_in(known),
    ]


def _delicate(holder: str) -> ColumnElement[bool]:
    """Return the condition of reads of contact data, and of dossiers about a person."""
    persons = (
        select(AuditSubject.event_id)
        .join(Dossier, Dossier.id == AuditSubject.subject_id)
        .where(AuditSubject.holder == holder, Dossier.kind == DossierKind.PERSON.value)
    )
    return or_(cast(AuditEvent.fields, Text).contains(CONTACT), AuditEvent.id.in_(persons))


def draw(
    session: Session, holder: str, since: datetime, before: datetime, number: int, source: Random
) -> Sequence[AuditEvent]:
    """Draw reads at random: of each reader one, and half of them delicate as far as there are.

    With more readers than places it is drawn who is in it. The only FG isn't: nobody could ask.

    Args:
        session: Transaction of the holder.
        holder: The holder whose log it is.
        since: From this moment on.
        before: Until this moment.
        number: How many reads at most.
        source: The source of chance; the same source draws the same from the same log.
    """
    reads = select(AuditEvent.id, AuditEvent.actor_id, _delicate(holder).label("delicate"))
    reads = reads.where(*_reads(holder, since, before))
    watchers = [str(user.id) for user in colleagues(session, holder, Permission.ASK_READS)]
    if len(watchers) == 1:
        reads = reads.where(AuditEvent.actor_id != watchers[0])
    rows = list(session.execute(reads.order_by(AuditEvent.at, AuditEvent.id)))
    source.shuffle(rows)
    readers = sorted({str(row.actor_id) for row in rows})
    picks: dict[UUID, bool] = {}
    for reader in source.sample(readers, min(number, len(readers))):
        _pick([row for row in rows if row.actor_id == reader], picks, len(picks) + 1, number)
    _pick(rows, picks, number, number)
    events = select(AuditEvent).where(AuditEvent.id.in_(picks))
    return session.scalars(events.order_by(AuditEvent.at.desc(), AuditEvent.id)).all()


def _pick(rows: Sequence[Any], picks: dict[UUID, bool], until: int, number: int) -> None:
    """Add reads until there are so many: delicate ones while less than half of all are."""
    delicate = [row for row in rows if row.delicate and row.id not in picks]
    lacking = max(0, number // 2 - sum(picks.values()))
    for row in [*delicate[:lacking], *rows]:
        if len(picks) < until:
            picks.setdefault(row.id, bool(row.delicate))


def draw_sample(
    session: Session,
    actor: Actor,
    holder: str,
    since: datetime,
    before: datetime,
    *,
    period: str | None = None,
    source: Random | None = None,
) -> int:
    """Put reads of this time in the sample, and tell how many.

    `period`: the month that a sample of itself is of; None for one that the FG asked for.
    """
    events = draw(session, holder, since, before, SAMPLE, source or SystemRandom())
    for event in events:
        session.add(_row(event, period))
    if events:
        record(session, actor, "inzagevraag.getrokken", holder, KIND, fields=[str(len(events))])
    return len(events)


def _row(event: AuditEvent, period: str | None = None) -> ReadQuestion:
    return ReadQuestion(
        holder=event.holder,
        event_id=event.id,
        event_at=event.at,
        task=event.task,
        reader_id=str(event.actor_id),
        reader=event.actor_name,
        drawn_at=utc_now(),
        period=period,
    )


def row_of_event(session: Session, event: AuditEvent) -> ReadQuestion:
    """Return the row about a line of the log; a new one if the line was in no sample yet.

    Raises:
        QuestionError: The line isn't a read by a person.
    """
    if event.action != READ or event.actor_kind != "gebruiker" or not event.actor_id:
        raise QuestionError("Vragen kan alleen over een regel ‘Gelezen’ van een collega.")
    row = session.scalar(select(ReadQuestion).where(ReadQuestion.event_id == event.id))
    if row is None:
        row = _row(event)
        session.add(row)
        session.flush()
    return row


# Question, answer, judgement


def reads_here(session: Session, holder: str, reader_id: str) -> User | None:
    """Return the account of a reader who still has a role here; None for who left."""
    number = uuid_of(reader_id)
    return session.scalar(
        select(User)
        .join(RoleAssignment, RoleAssignment.user_id == User.id)
        .where(User.id == number, User.blocked_at.is_(None))
        .where(RoleAssignment.holder == holder, RoleAssignment.counting())
        .limit(1)
    )


def ask(session: Session, row: ReadQuestion, question: str | None, actor: Actor) -> None:
    """Ask the reader why; also once more, after an answer that isn't clear.

    Raises:
        QuestionError: The reader is the asker, left, or has the question already.
    """
    if row.judged_at is not None and row.judgement != Judgement.ASK_ON:
        raise QuestionError("Over deze inzage is al geoordeeld.")
    if row.asked_at is not None and row.answered_at is None:
        raise QuestionError("Deze vraag is al gesteld. Wacht op het antwoord.")
    if row.reader_id == actor.id:
        raise QuestionError("U las dit zelf. Alleen een andere FG kan u ernaar vragen.")
    if reads_here(session, row.holder, row.reader_id) is None:
        raise QuestionError(
            f"{row.reader} werkt hier niet meer, dus de vraag komt bij niemand aan. Vraag het de"
            " leidinggevende van toen, en leg hier vast wat u oordeelt."
        )
    text = question or WHY
    row.question = f"{row.question}\n\n{text}" if row.question else text
    row.asked_at, row.asked_by_id, row.asked_by = utc_now(), actor.id, actor.name
    row.answered_at = row.reminded_at = None
    record(session, actor, "inzagevraag.gesteld", row.holder, KIND, [row.id])


def answer(session: Session, row: ReadQuestion, text: str, actor: Actor) -> None:
    """Write down why something was read, by who read it.

    Raises:
        QuestionError: It isn't asked, or not to this person.
    """
    if row.asked_at is None or row.answered_at is not None or row.reader_id != actor.id:
        raise QuestionError("Deze vraag is al beantwoord, of is niet aan u.")
    row.answer = f"{row.answer}\n\n{text}" if row.answer else text
    row.answered_at = utc_now()
    record(session, actor, "inzagevraag.beantwoord", row.holder, KIND, [row.id])


def judge(
    session: Session, row: ReadQuestion, judgement: Judgement, reason: str | None, actor: Actor
) -> None:
    """Judge an answer, or a read that needs no question; to ask on is to ask once more.

    Raises:
        QuestionError: It was judged before, waits for an answer, or is the judge's own read.
    """
    if row.judged_at is not None and row.judgement != Judgement.ASK_ON:
        raise QuestionError("Over deze inzage is al geoordeeld.")
    if row.reader_id == actor.id:
        raise QuestionError("U las dit zelf. Alleen een andere FG kan erover oordelen.")
    gone = reads_here(session, row.holder, row.reader_id) is None
    if row.asked_at is not None and row.answered_at is None and not gone:
        raise QuestionError("De lezer heeft nog niet geantwoord. Wacht daarop.")
    if judgement == Judgement.ASK_ON:
        ask(session, row, reason, actor)
    row.judgement, row.judged_reason, row.judged_at = judgement.value, reason, utc_now()
    fields = [judgement.value]
    record(session, actor, "inzagevraag.beoordeeld", row.holder, KIND, [row.id], fields=fields)


def unfinished() -> ColumnElement[bool]:
    """Make the condition that a read was not judged, or is asked about once more."""
    judged = ReadQuestion.judgement
    return or_(judged.is_(None), judged == Judgement.ASK_ON.value)


# Each day

EVERY_DAY: Final = Job("inzagevraag.dagelijks")
MORNING: Final = time(6)


def run_every_day(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Draw the sample of last month, remind who didn't answer, and let old rows go (job)."""
    too_old = log_terms(context.settings)[0].before
    with transaction(context.engine, write=False) as session:
        holders = busy_holders(session, Permission.ASK_READS)
    for holder in holders:
        with transaction(context.engine, holder, write=False) as session:
            # Without an FG nobody looks at a sample.
            watched = bool(colleagues(session, holder, Permission.ASK_READS))
            rows = session.scalar(select(ReadQuestion.id).limit(1)) is not None
        if not watched and not rows:
            continue
        with transaction(context.engine, holder) as session:
            session.execute(delete(ReadQuestion).where(ReadQuestion.event_at < too_old))
            if watched:
                draw_month(session, holder)
            _remind(session, holder)


def draw_month(session: Session, holder: str, source: Random | None = None) -> int:
    """Draw the sample of last month, once; tell how many reads are in it."""
    first = day_of(utc_now()).replace(day=1)
    start = (first - timedelta(days=1)).replace(day=1)
    period = f"{start:%Y-%m}"
    mine = select(ReadQuestion.id).where(ReadQuestion.holder == holder)
    if session.scalar(mine.where(ReadQuestion.period == period).limit(1)) is not None:
        return 0
    since, before = _midnight(start), _midnight(first)
    return draw_sample(session, SYSTEM, holder, since, before, period=period, source=source)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=AMSTERDAM)


def open_questions(holder: str, reader_id: str) -> Select[Any]:
    """Select the questions of a holder that wait for the answer of this reader."""
    return select(ReadQuestion.id).where(
        ReadQuestion.holder == holder,
        ReadQuestion.reader_id == reader_id,
        ReadQuestion.asked_at.is_not(None),
        ReadQuestion.answered_at.is_(None),
        unfinished(),
    )


def _remind(session: Session, holder: str) -> None:
    """Mail each reader, once, whose question waits five working days."""
    today = day_of(utc_now())
    waiting = session.scalars(
        select(ReadQuestion)
        .where(ReadQuestion.holder == holder, ReadQuestion.asked_at.is_not(None))
        .where(ReadQuestion.answered_at.is_(None), ReadQuestion.reminded_at.is_(None), unfinished())
        .order_by(ReadQuestion.asked_at, ReadQuestion.id)
    ).all()
    for row in waiting:
        asked = row.asked_at
        reader = reads_here(session, holder, row.reader_id)
        if asked is None or reader is None or working_days_after(day_of(asked), PATIENCE) > today:
            continue
        row.reminded_at = utc_now()
        number = asked.timestamp()
        key = f"{REMINDER.name}:{row.id}:{number:.0f}"
        queue_mail(session, holder, REMINDER.name, person(UUID(row.reader_id)), key=key)


def _write(writing: Writing) -> Letter:
    return Letter({"questions": writing.link("/account-inzagevragen")})


REMINDER: Final = MailTemplate(
    "inzagevraag_herinnering",
    "Er wacht een vraag op uw antwoord",
    "stopintimidatie.privacy.log:templates/mail/inzagevraag_herinnering.txt.jinja2",
    _write,
)
