"""Whether somebody has looked at a report. The log knows: each look is written there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, AuditEvent, AuditSubject
from stopintimidatie.core.clock import in_office_hours, utc_now
from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.mail import Letter, MailTemplate, Writing, queue_mail
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.security import Identity, Permission
from stopintimidatie.core.security.permissions import may
from stopintimidatie.core.storage.session import count_at_most, transaction
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.tree import locate_reference
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.people.services import postbox_recipient, urgent_recipient
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.resources import GONE, path_of_report
from stopintimidatie.reports.services import StaleReportError, lock_report, move_report
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.workflow import NOT_HANDLED_REASONS, REPORT_WORKFLOW

# Reads of one report that somebody chose; a list that it stands on is no look at it.
OPENED_BY: Final = "melding openen"
TASKS: Final = ("melding bekijken", OPENED_BY)


def is_opened(session: Session, report: Report) -> bool:
    """Whether somebody opened it, or already does something with it."""
    if report.state != "nieuw" or report.triaged_at is not None:
        return True
    found = session.scalar(
        select(AuditEvent.id)
        .join(AuditSubject, AuditSubject.event_id == AuditEvent.id)
        .where(
            AuditSubject.subject_id == report.id,
            AuditEvent.action == "gelezen",
            AuditEvent.task.in_(TASKS),
        )
        .limit(1)
    )
    return found is not None


# Finding the copy of a report that somebody may see, whoever holds it.


def address_for(engine: Engine, identity: Identity, reference: str) -> str | None:
    """The address of the copy this person may see: a living one before a tombstone.

    Each copy lies with another holder, so each is looked at in a transaction of its own.
    """
    with transaction(engine, write=False) as session:
        holders = locate_reference(session, reference, KIND)
    found = [
        copy
        for holder in sorted(holders, key=lambda holder: holder == NATIONAL)
        if may(identity.roles_for(holder), Permission.VIEW_REPORT)
        if (copy := _copy(engine, holder, reference)) is not None
    ]
    # Sorting is stable: among equals a municipality's copy stays before the national one.
    return min(found, key=lambda copy: copy[0])[1] if found else None


def _copy(engine: Engine, holder: str, reference: str) -> tuple[bool, str] | None:
    """Whether a holder's copy is gone, and its address."""
    with transaction(engine, holder, write=False) as session:
        row = session.execute(
            select(Report.id, Report.state).where(
                Report.holder == holder, Report.reference == reference
            )
        ).first()
        path = path_of_report(session, row.id) if row is not None else None
    return None if row is None or path is None else (row.state in GONE, path)


# A new report tells its municipality: that something waits, never what. Spoed until opened.


REPEAT_JOB: Final = Job("melding.spoed")
# A municipality that gets many hears of them once in so long: the message says "reports wait".
AT_MOST_EVERY: Final = timedelta(minutes=15)
# What is older needs no message: a demo, or an installation that was off.
TOO_OLD: Final = timedelta(days=7)
_FOLDER: Final = "stopintimidatie.reports.inbox:templates/mail"


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


# Deciding about many reports in quarantine at once; each on its own, with why one couldn't be.


STATE: Final = "quarantaine"
PAGE: Final = 100
# Of which other report one is a double is asked one by one.
REASONS: Final = tuple(reason for reason in NOT_HANDLED_REASONS if reason[0] != "dubbel")
# What a checkbox stands for: a report, as this person saw it.
_CHOICE: Final = re.compile(r"(M-[0-9A-Z]{4}-[0-9A-Z]{4})\.([0-9]{1,9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Failed:
    """A report about which nothing was decided, and why."""

    reference: str
    why: str


def choice_of(report: Report) -> str:
    return f"{report.reference}.{report.version}"


def is_choice(text: str) -> bool:
    return _CHOICE.fullmatch(text) is not None


def waiting(session: Session, holder: str, offset: int = 0) -> Sequence[Report]:
    """The oldest first: what came before the flood is done with soonest."""
    return session.scalars(_waiting(holder).offset(offset).limit(PAGE)).all()


def count(session: Session, holder: str, most: int) -> int:
    """How many there are; one more than `most` when there are more."""
    ids = select(Report.id).where(Report.holder == holder, Report.state == STATE)
    return count_at_most(session, ids.order_by(Report.received_at), most)


def _waiting(holder: str) -> Any:
    found = select(Report).where(Report.holder == holder, Report.state == STATE)
    return found.order_by(Report.received_at, Report.id)


def decide(
    session: Session,
    effects: Mapping[str, Any],
    holder: str,
    choices: Sequence[str],
    step: str,
    answers: Mapping[str, Any],
    actor: Actor,
) -> list[Failed]:
    """Make a step with each; those that can't are left as they are, and told."""
    pairs = [match.groups() for match in map(_CHOICE.fullmatch, choices) if match]
    wanted = select(Report).where(
        Report.holder == holder, Report.reference.in_([reference for reference, _ in pairs])
    )
    found = {report.reference: report for report in session.scalars(wanted)}
    failed = []
    for reference, version in pairs:
        why = _one(session, effects, found.get(reference), int(version), step, answers, actor)
        if why:
            failed.append(Failed(reference, why))
    session.flush()
    return failed


def _one(
    session: Session,
    effects: Mapping[str, Any],
    report: Report | None,
    version: int,
    step: str,
    answers: Mapping[str, Any],
    actor: Actor,
) -> str | None:
    """Why it can't be; None when it was done. Every check comes before the first change."""
    if report is None:
        return "Deze melding is hier niet."
    try:
        lock_report(session, report, version)
        move_report(session, effects, report, step, answers, actor)
    except StaleReportError:
        label = REPORT_WORKFLOW.state(report.state).label.lower()
        return f"Intussen door iemand anders gewijzigd; de toestand is nu ‘{label}’."
    except WorkflowError as problem:
        return str(problem)
    return None
