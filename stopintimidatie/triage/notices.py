"""A new report tells its municipality: that something waits, never what. Spoed until opened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.clock import utc_now
from stopintimidatie.jobs import Job, JobContext, enqueue
from stopintimidatie.mail import Letter, MailTemplate, Writing, queue_mail
from stopintimidatie.mail.hours import in_office_hours
from stopintimidatie.mail.models import MailMessage
from stopintimidatie.municipalities.postbox import postbox_recipient, urgent_recipient
from stopintimidatie.register.models import Municipality
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.opened import is_opened
from stopintimidatie.storage.tenancy import NATIONAL

REPEAT_JOB: Final = Job("melding.spoed")
# A municipality that gets many hears of them once in so long: the message says "reports wait".
AT_MOST_EVERY: Final = timedelta(minutes=15)
# What is older needs no message: a demo, or an installation that was off.
TOO_OLD: Final = timedelta(days=7)
_FOLDER: Final = "stopintimidatie.triage:templates/mail"


def tell(context: JobContext, session: Session, report: Report) -> None:
    """Have the municipality told of a report that came in, or that was handed to it."""
    holder = report.holder
    if holder == NATIONAL:
        return
    if report.received_at < utc_now() - TOO_OLD or report.state != "nieuw":
        return
    if report.urgent or report.danger_now:
        tell_urgently(session, holder, report, 0)
        return
    recipient = postbox_recipient(session, holder)
    if recipient is None:
        return
    now = utc_now()
    slot = int(now.timestamp() // AT_MOST_EVERY.total_seconds())
    delay = timedelta(0)
    if _told_in(session, slot):
        # One more after this slot, for what came in after the message of this slot went out.
        slot += 1
        delay = timedelta(seconds=slot * AT_MOST_EVERY.total_seconds() - now.timestamp())
    queue_mail(session, holder, NEW.name, recipient, key=f"{NEW.name}:{slot}", delay=delay)


def _told_in(session: Session, slot: int) -> bool:
    key = f"{NEW.name}:{slot}"
    return session.scalar(select(MailMessage.id).where(MailMessage.key == key)) is not None


def tell_urgently(session: Session, holder: str, report: Report, number: int) -> None:
    """Tell of spoed, for the so many-th time, and come back to it."""
    key = f"spoed:{report.id}:{number}"
    values = {"kenmerk": report.reference}
    mailbox = postbox_recipient(session, holder)
    if mailbox is not None:
        queue_mail(session, holder, URGENT.name, mailbox, about=report.id, values=values, key=key)
    phone = None if in_office_hours(utc_now()) else urgent_recipient(session, holder)
    if phone is not None:
        text_key = f"sms:{key}"
        queue_mail(
            session, holder, URGENT_TEXT.name, phone, about=report.id, values=values, key=text_key
        )
    if mailbox is not None or phone is not None:
        payload = {"report": str(report.id), "number": number + 1}
        enqueue(session, REPEAT_JOB, holder, payload, delay=pause_before(number + 1))


def pause_before(number: int) -> timedelta:
    """Each quarter for two hours, each hour for a day, and then daily, until it is opened."""
    if number <= 8:
        return timedelta(minutes=15)
    return timedelta(hours=1) if number <= 30 else timedelta(days=1)


def repeat(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Job: still not opened? Tell again."""
    for payload in payloads:
        with context.transaction() as session:
            report = session.get(Report, UUID(payload["report"]))
            if report is not None and not is_opened(session, report):
                tell_urgently(session, context.holder, report, payload["number"])


def _still_new(writing: Writing) -> Letter | None:
    """Not when somebody took them all in hand before the message went out."""
    session, holder = writing.session, writing.message.holder
    waiting = select(Report.id).where(Report.holder == holder, Report.state == "nieuw").limit(1)
    if session.scalar(waiting) is None:
        return None
    return Letter(_place(session, holder))


def _still_unopened(writing: Writing) -> Letter | None:
    report = writing.session.get(Report, writing.message.about_id)
    if report is None or is_opened(writing.session, report):
        return None
    return Letter({**writing.message.values, **_place(writing.session, writing.message.holder)})


def _place(session: Session, holder: str) -> dict[str, str]:
    row = session.get_one(Municipality, holder)
    return {"gemeente": row.name, "pad": f"/gemeenten/{row.slug}/postvak"}


NEW: Final = MailTemplate(
    "nieuwe_melding", "Er is een nieuwe melding", f"{_FOLDER}/nieuwe_melding.txt.jinja2", _still_new
)
URGENT: Final = MailTemplate(
    "spoed", "Spoed: er wacht een melding", f"{_FOLDER}/spoed.txt.jinja2", _still_unopened
)
URGENT_TEXT: Final = MailTemplate(
    "spoed_sms", "", f"{_FOLDER}/spoed_sms.txt.jinja2", _still_unopened, text_message=True
)
TEMPLATES: Final = (NEW, URGENT, URGENT_TEXT)
