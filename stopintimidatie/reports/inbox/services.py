"""The services of the inbox: short addresses, what is new, and notices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    Engine,
    Select,
    String,
    and_,
    bindparam,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.sessions import digest, read_session, with_roles
from stopintimidatie.core.audit import Actor, AuditEvent, AuditSubject
from stopintimidatie.core.clock import in_office_hours, utc_now
from stopintimidatie.core.jobs import JobContext, enqueue
from stopintimidatie.core.mail import Letter, MailTemplate, Writing, queue_mail
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.security import Identity, Permission
from stopintimidatie.core.security.permissions import may
from stopintimidatie.core.security.policy import VisitCookie
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.models import UtcDateTime
from stopintimidatie.core.storage.session import reading, standalone, transaction
from stopintimidatie.core.storage.tenancy import HOLDER_SETTING, NATIONAL
from stopintimidatie.core.tree import locate_reference
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.people.services import postbox_recipient, urgent_recipient
from stopintimidatie.reports.models import Report, ReportMove
from stopintimidatie.reports.page.decisions import ALERT
from stopintimidatie.reports.resources import GONE
from stopintimidatie.reports.services import URGENT_JOB, path_of_report
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.workbench.services import openings
from stopintimidatie.reports.workflow import ENDED, RING_AT_ONCE, Delivery, ReportState
from stopintimidatie.settings import Settings


def is_opened(session: Session, report: Report) -> bool:
    """Tell whether somebody opened the report, by the log, or has already changed it."""
    if report.state != ReportState.NEW or report.triaged_at is not None:
        return True
    read = openings(AuditEvent.id).where(AuditSubject.subject_id == report.id)
    return session.scalar(read.limit(1)) is not None


def address_for(engine: Engine, identity: Identity, reference: str) -> str | None:
    """Return the address of the copy this person may see, rather a living one than a tombstone.

    Each copy lies with another holder, so each is read in a transaction of its own.
    """
    with transaction(engine, write=False) as session:
        holders = locate_reference(session, reference, KIND)
    copies = [
        copy
        for holder in sorted(holders, key=lambda holder: holder == NATIONAL)
        if may(identity.roles_for(holder), Permission.VIEW_REPORT)
        if (copy := _copy(engine, holder, reference)) is not None
    ]
    # Sorting is stable: among equals a municipality's copy stays before the national one.
    return min(copies, key=lambda copy: copy[0])[1] if copies else None


def _copy(engine: Engine, holder: str, reference: str) -> tuple[bool, str] | None:
    """Return whether a holder's copy is gone, and its address; None without a copy."""
    with transaction(engine, holder, write=False) as session:
        mine = (Report.holder == holder, Report.reference == reference)
        row = session.execute(select(Report.id, Report.state).where(*mine)).first()
        path = path_of_report(session, row.id) if row is not None else None
    return None if row is None or path is None else (row.state in GONE, path)


# New reports since a page was made, asked every few seconds by a page that is open

# Kept by the page, which was allowed to see the list: opaque, and for an hour.
PROOF: Final = VisitCookie("nieuw", "nieuw", timedelta(hours=1))
MOST_NEW: Final = 100
# The condition of a report that the desk must decide on, while it is new.
FOR_DESK: Final = or_(
    Report.delivery.in_((Delivery.TO_ROUTE, Delivery.EXPIRED)),
    and_(Report.urgent.is_(True), Report.delivery.in_(RING_AT_ONCE)),
)


def make_proof(keys: KeyRing, actor: Actor, holder: str, since: datetime) -> str:
    """Return what a page asks with for the reports that came in at a holder since a moment."""
    return PROOF.seal(keys, utc_now(), actor.id, holder, since.isoformat())


def count_new(engine: Engine, settings: Settings, proof: Sequence[str], token: str) -> int | None:
    """Count what came in since the page of a proof, up to `MOST_NEW`, in one statement.

    Returns:
        None when the session of the token isn't this person's, has ended, or may not see the list.
    """
    person, holder, since = proof
    national = holder == NATIONAL
    values = {
        "token": digest(token),
        "at_holder": holder,
        "since": datetime.fromisoformat(since),
    }
    with standalone(reading(engine)).connect() as connection:
        rows = connection.execute(_new_since(engine.dialect.name, national), values).all()
    _, identity = read_session(settings, rows)
    needed = Permission.VIEW_DESK if national else Permission.VIEW_REPORT
    if identity is None or str(identity.user_id) != person:
        return None
    return int(rows[0].new) if may(identity.roles_for(holder), needed) else None


# Built once: every open inbox asks it every few seconds.
@cache
def _new_since(dialect: str, national: bool) -> Select[Any]:
    """Select the session of a token with the number of new reports; on its own it is a transaction.

    The rows of reports are asked after the database was told the holder: they are joined with that.
    """
    asked = bindparam("at_holder", type_=String)
    entered = func.set_config(HOLDER_SETTING, asked, True) if dialect == "postgresql" else asked
    here = select(entered.label("holder")).cte("here").prefix_with("MATERIALIZED")
    new = (
        select(Report.id)
        .where(
            Report.holder == here.c.holder,
            Report.state == ReportState.NEW,
            Report.received_at > bindparam("since", type_=UtcDateTime),
            *((FOR_DESK, Report.leaves_at.is_(None)) if national else ()),
        )
        .limit(MOST_NEW)
        .correlate(here)
        .subquery()
    )
    number = select(func.count()).select_from(new).correlate(here).scalar_subquery()
    return with_roles().add_columns(select(number).select_from(here).scalar_subquery().label("new"))


# Notices

REPEAT_JOB: Final = URGENT_JOB
# Among the values of a message: somebody here marked it as urgent.
LATER: Final = "later"
# A municipality that gets many hears of them once in so long: the message says "reports wait".
AT_MOST_EVERY: Final = timedelta(minutes=15)
# Age from which a report needs no message: it's of a demo, or the installation was off.
TOO_OLD: Final = timedelta(days=7)


def tell(context: JobContext, session: Session, report: Report) -> None:
    """Queue the mail to a municipality about a report that came in, or that was handed to it."""
    holder = report.holder
    if holder == NATIONAL or report.state != ReportState.NEW or _is_old(session, report):
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
    key = MailMessage.key == f"{NEW.name}:{slot}"
    if session.scalar(select(MailMessage.id).where(key)) is not None:
        # One more after this slot, for what came in after the message of this slot went out.
        slot += 1
        delay = timedelta(seconds=slot * AT_MOST_EVERY.total_seconds() - now.timestamp())
    queue_mail(session, holder, NEW.name, recipient, key=f"{NEW.name}:{slot}", delay=delay)


def _is_old(session: Session, report: Report) -> bool:
    """Tell whether it came in long ago; here, for a report that was handed over or routed."""
    latest = select(func.max(ReportMove.at)).where(ReportMove.report_id == report.id)
    return (session.scalar(latest) or report.received_at) < utc_now() - TOO_OLD


def tell_urgently(session: Session, holder: str, report: Report, number: int) -> None:
    """Queue the mail about spoed (and at night a text message), and the job that repeats it."""
    key = f"spoed:{report.id}:{number}"
    values = {"kenmerk": report.reference}
    mailbox = postbox_recipient(session, holder)
    if mailbox is not None:
        queue_mail(session, holder, URGENT.name, mailbox, about=report.id, values=values, key=key)
    phone = None if in_office_hours(utc_now()) else urgent_recipient(session, holder)
    if phone is not None:
        name, key = URGENT_TEXT.name, f"sms:{key}"
        queue_mail(session, holder, name, phone, about=report.id, values=values, key=key)
    if mailbox is not None or phone is not None:
        payload = {"report": str(report.id), "number": number + 1}
        enqueue(session, REPEAT_JOB, holder, payload, delay=pause_before(number + 1))


def pause_before(number: int) -> timedelta:
    """Return the pause before a repetition: a quarter, after two hours an hour, then a day."""
    if number <= 8:
        return timedelta(minutes=15)
    return timedelta(hours=1) if number <= 30 else timedelta(days=1)


def repeat(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Queue the mail again about urgent reports that nobody opened yet; a job."""
    for payload in payloads:
        with context.transaction() as session:
            # Locked: whoever takes danger back meanwhile must know that somebody is told.
            report = session.get(Report, UUID(payload["report"]), with_for_update=True)
            if report is None:
                continue
            if payload.get("later"):
                _tell_on_duty(session, report)
            elif not is_opened(session, report):
                tell_urgently(session, context.holder, report, payload["number"])


def _tell_on_duty(session: Session, report: Report) -> None:
    """Queue the text message about a report that a person marked as urgent at night."""
    if report.holder == NATIONAL or in_office_hours(utc_now()):
        return
    phone = urgent_recipient(session, report.holder)
    if phone is None or not report.urgent or report.state in ENDED:
        return
    values, key = {"kenmerk": report.reference, LATER: "ja"}, f"sms:spoed:{report.id}:later"
    name = URGENT_TEXT.name
    queue_mail(session, report.holder, name, phone, about=report.id, values=values, key=key)


def _new_letter(writing: Writing) -> Letter | None:
    """Return the letter; None when all new reports were taken in hand before it went out."""
    session, holder = writing.session, writing.message.holder
    new = select(Report.id).where(Report.holder == holder, Report.state == ReportState.NEW).limit(1)
    if session.scalar(new) is None:
        return None
    return Letter(_inbox(session, holder))


def _urgent_letter(writing: Writing) -> Letter | None:
    """Return the letter; None when the report was opened before it went out."""
    report = writing.session.get(Report, writing.message.about_id)
    if report is None:
        return None
    # A colleague opened it to mark it, and that is nobody on duty.
    later = LATER in writing.message.values
    if not later and is_opened(writing.session, report):
        return None
    return Letter({**writing.message.values, **_inbox(writing.session, writing.message.holder)})


def _inbox(session: Session, holder: str) -> dict[str, str]:
    row = session.get_one(Municipality, holder)
    return {"gemeente": row.name, "pad": f"/gemeenten/{row.slug}/postvak"}


NEW: Final = MailTemplate("nieuwe_melding", "Er is een nieuwe melding", __package__, _new_letter)
URGENT: Final = MailTemplate("spoed", "Spoed: er wacht een melding", __package__, _urgent_letter)
URGENT_TEXT: Final = MailTemplate(ALERT, "", __package__, _urgent_letter, text_message=True)
TEMPLATES: Final = (NEW, URGENT, URGENT_TEXT)
