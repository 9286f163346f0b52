"""Mail to the persons named for police data: that something waits, and not a word of what.

Other people read the log, and an operator reads jobs and mail. So names are neutral, no message
tells which item it is about, and none is written in the log of the house.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.mail import PERSON
from stopintimidatie.core.accounts.services import busy_holders
from stopintimidatie.core.audit import Actor
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, JobContext
from stopintimidatie.core.mail import Letter, MailTemplate, Recipient, Writing, queue_mail
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage import transaction
from stopintimidatie.core.text import day_of
from stopintimidatie.privacy.log.services import log_terms
from stopintimidatie.privacy.police.models import PoliceAccess, PoliceItem
from stopintimidatie.privacy.police.resources import NEAR, named_persons, readable

EVERY_MORNING: Final = Job("werklijst.herinneren")
TEMPLATE: Final = "werklijst_wacht"
WEEK: Final = 7


def tell_named(session: Session, item: PoliceItem, actor: Actor) -> None:
    """Mail the named persons, but the one who did it, that a new item waits to be completed."""
    session.flush()
    _mail(session, item.holder, [item.id], str(item.id), but=actor.id)


def run_every_morning(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Mail the named persons when the day of an item is near or there; forget old reasons (job)."""
    with context.transaction() as session:
        holders = busy_holders(session, Permission.POLICE_DATA)
    today, term = day_of(utc_now()), log_terms(context.settings)[0]
    for holder in holders:
        with transaction(context.engine, holder) as session:
            old = delete(PoliceAccess).where(
                PoliceAccess.holder == holder, PoliceAccess.at < term.before
            )
            session.execute(old)
            near = select(PoliceItem.id, PoliceItem.review_on).where(
                PoliceItem.holder == holder,
                PoliceItem.destroyed_at.is_(None),
                PoliceItem.review_on <= today + NEAR,
            )
            rows = session.execute(near.order_by(PoliceItem.id))
            items = [number for number, day in rows if is_day(day, today)]
            _mail(session, holder, items, today.isoformat())


def is_day(review_on: date, today: date) -> bool:
    """Tell whether today reminds: two weeks before, on the day, and each week after it."""
    past = today - review_on
    return past == -NEAR or (past.days >= 0 and past.days % WEEK == 0)


def _mail(
    session: Session, holder: str, items: Sequence[UUID], key: str, *, but: str | None = None
) -> None:
    """Mail each named person who may read one of these items, once."""
    for person, roles in named_persons(session, holder).items() if items else ():
        mine = select(PoliceItem.id).where(PoliceItem.id.in_(items), readable(roles))
        if str(person) != but and session.scalar(mine.limit(1)) is not None:
            to = Recipient(PERSON.kind, str(person))
            queue_mail(session, holder, TEMPLATE, to, key=f"wacht:{holder}:{key}:{person}")


def _letter(writing: Writing) -> Letter | None:
    """Write it, if something still waits for this person."""
    holder = writing.message.holder
    roles = named_persons(writing.session, holder).get(UUID(writing.message.recipient_id))
    waits = select(PoliceItem.id).where(
        PoliceItem.holder == holder,
        PoliceItem.destroyed_at.is_(None),
        PoliceItem.review_on <= day_of(utc_now()) + NEAR,
        readable(roles or ()),
    )
    if writing.session.scalar(waits.limit(1)) is None:
        return None
    return Letter({"link": writing.link("/")})


WAITS: Final = MailTemplate(TEMPLATE, "Er wacht iets op u", __package__, _letter, logged=False)
