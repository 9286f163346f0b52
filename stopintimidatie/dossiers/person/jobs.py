"""Watch over person-directed dossiers: advice that comes too late, and days to review."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, Actor
from stopintimidatie.core.clock import AMSTERDAM, utc_now
from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.mail import Letter, MailTemplate, Recipient, Writing, queue_mail
from stopintimidatie.core.text import date_text
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.person.models import PersonGround, PrivacyAdvice
from stopintimidatie.dossiers.person.services import (
    ADVICE_JOB,
    ASKED,
    GIVEN,
    LIST,
    check_reason,
    check_review_day,
    ground_of,
    open_dossier,
    privacy_officers,
)
from stopintimidatie.dossiers.services import COLLEAGUE, DossierError, append, log
from stopintimidatie.dossiers.workflow import LIVE

REVIEW_JOB: Final = Job("persoonsgericht.herinneren")
DAYS_BEFORE: Final = 14
TIME_OF_DAY: Final = time(8, 0)


def watch_advice(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Mail owner and privacy officers about advice that isn't there in time (job)."""
    for number, payload in enumerate(payloads):
        with context.ending(number) as session:
            row = session.get(PrivacyAdvice, UUID(payload["id"])) if session else None
            if session is None or row is None or row.outcome is not None or row.due_at is None:
                continue
            if utc_now() < row.due_at:
                delay = max(row.due_at - utc_now(), timedelta(minutes=1))
                enqueue(session, ADVICE_JOB, row.holder, payload, delay=delay)
                continue
            dossier = session.get_one(Dossier, row.dossier_id)
            log(session, dossier, SYSTEM, "advies_te_laat")
            people = {*privacy_officers(session, row.holder)}
            people |= {str(dossier.owner_id)} if dossier.owner_id else set()
            for person in sorted(people):
                key, to = f"{OVERDUE.name}:{row.id}:{person}", Recipient(COLLEAGUE, person)
                queue_mail(session, row.holder, OVERDUE.name, to, about=row.id, key=key)


def review(
    session: Session, dossier: Dossier, new_day: date, reason: str, actor: Actor
) -> PersonGround:
    """Keep a dossier about a person for another while: a new day to look again, with the reason.

    Raises:
        DossierError: There is no ground, the day is beyond six months, or a reason is missing.
    """
    open_dossier(session, dossier)
    row = ground_of(session, dossier)
    if row is None:
        raise DossierError("Leg eerst de grond vast.")
    check_review_day(new_day)
    check_reason(reason, "Schrijf op waarom het dossier nog nodig is.")
    row.review_on = new_day
    row.changed_at, row.changed_by = utc_now(), actor.name
    session.flush()
    values = {"reden": reason, "nieuwe_datum": new_day.isoformat()}
    append(session, dossier, actor, "herzien", values=values)
    log(session, dossier, actor, "herzien", ["review_on"])
    schedule_review(session, row)
    return row


def schedule_review(session: Session, row: PersonGround) -> None:
    """Have the owner mailed two weeks before the review day, and on the day itself."""
    for before in (DAYS_BEFORE, 0):
        day = row.review_on - timedelta(days=before)
        delay = datetime.combine(day, TIME_OF_DAY, AMSTERDAM) - utc_now()
        if delay > timedelta(0):
            payload = {"grond": str(row.id), "dag": row.review_on.isoformat(), "voor": before}
            enqueue(session, REVIEW_JOB, row.holder, payload, delay=delay)


def remind_of_review(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Queue a mail to the owners of dossiers that must still be reviewed on that day (job)."""
    for payload in payloads:
        with context.transaction() as session:
            row = session.get(PersonGround, UUID(payload["grond"]))
            dossier = session.get(Dossier, row.dossier_id) if row is not None else None
            if row is None or dossier is None or not _is_due(row, dossier, payload["dag"]):
                continue
            name, day = REVIEW.name, payload["dag"]
            owner = Recipient(COLLEAGUE, str(dossier.owner_id))
            key, values = f"{name}:{row.id}:{day}:{payload['voor']}", {"dag": day}
            queue_mail(session, row.holder, name, owner, about=row.id, values=values, key=key)


def _is_due(row: PersonGround, dossier: Dossier, day: str) -> bool:
    live = dossier.state in LIVE and dossier.owner_id is not None
    return live and row.review_on.isoformat() == day


def _letter(waits: Callable[[PrivacyAdvice], bool]) -> Callable[[Writing], Letter | None]:
    """Return what writes about advice, as long as that waits for somebody."""

    def write(writing: Writing) -> Letter | None:
        row = writing.session.get(PrivacyAdvice, writing.message.about_id)
        waiting = row is not None and waits(row)
        return Letter({"link": writing.link(f"/{LIST}")}) if waiting else None

    return write


def _review_letter(writing: Writing) -> Letter | None:
    row = writing.session.get(PersonGround, writing.message.about_id)
    dossier = writing.session.get(Dossier, row.dossier_id) if row is not None else None
    day = str(writing.message.values["dag"])
    if row is None or dossier is None or not _is_due(row, dossier, day):
        return None
    return Letter({"dag": date_text(row.review_on), "link": writing.link(f"/{LIST}")})


OVERDUE: Final = MailTemplate(
    "advies_te_laat",
    "Een advies is niet op tijd gegeven",
    __package__,
    _letter(lambda row: row.outcome is None),
)
REVIEW: Final = MailTemplate(
    "dossier_herzien", "Een dossier moet worden herzien", __package__, _review_letter
)
MAILS: Final = (
    MailTemplate(
        ASKED, "Een dossier wacht op uw advies", __package__, _letter(lambda row: row.waits)
    ),
    MailTemplate(
        GIVEN,
        "Een advies over een dossier is gegeven",
        __package__,
        _letter(lambda row: row.outcome is not None and row.followed is None),
        work=True,
    ),
    OVERDUE,
    REVIEW,
)
