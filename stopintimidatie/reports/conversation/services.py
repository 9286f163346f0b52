"""The services of the conversation with a reporter, and the mail.

The mail is neutral: it says that something waits, and reading it takes reference and follow code,
for somebody else may open that mailbox. A reporter acts by the follow code alone: `follow` checked
it, and its `Copy` says which holder's report it opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, and_, delete, func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from stopintimidatie.core.audit import SYSTEM, Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.mail import (
    Letter,
    MailRecipient,
    MailTemplate,
    Recipient,
    Writing,
    queue_mail,
)
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.session import locked, transaction
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import AMSTERDAM, _, local
from stopintimidatie.core.web.translation import DUTCH, gettext
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS
from stopintimidatie.reports.conversation.queries import (
    FROM_REPORTER,
    Copy,
    Message,
    situation_of,
    status_is_held,
)
from stopintimidatie.reports.conversation.words import Situation
from stopintimidatie.reports.models import Report, ReporterMessage
from stopintimidatie.reports.personal import change_contact, reached_by, read_contact
from stopintimidatie.reports.services import (
    append_move,
    held_until,
    keep_undoable,
    move_report,
    reindex_report,
)
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.workflow import UNREAD, ReportState

MAIL_OWNER: Final = "melder"
NAME: Final = "bericht_voor_melder"
PAGE: Final = "/volgen"
# More messages within this time are one mail.
TOGETHER: Final = timedelta(minutes=15)
# Older messages are no news any more: a demo, or an installation that was off.
TOO_OLD: Final = timedelta(days=7)


def tell_by_mail(session: Session, report: Report, message: ReporterMessage) -> None:
    """Have the reporter mailed that something waits, when there is an address to mail to."""
    _, mail = reached_by(session, report)
    if not mail:
        return
    now = utc_now()
    recipient = Recipient(MAIL_OWNER, str(report.id))
    key, values = f"{NAME}:{message.id}", {"bericht": str(message.id)}
    delay = (message.held_until or now) - now
    queue_mail(
        session,
        report.holder,
        NAME,
        recipient,
        about=report.id,
        values=values,
        key=key,
        delay=delay,
    )


def _address(session: Session, keys: KeyRing, report_id: str) -> str | None:
    """Return the address now; None after a withdrawal, a hand-over or an erasure."""
    report = session.get(Report, UUID(report_id))
    if report is None or report.locked:
        return None
    contact = read_contact(session, keys, report)
    return contact.email if contact is not None else None


def _write(writing: Writing) -> Letter | None:
    """Return the letter; None for old news, an undone message, or when another was just mailed."""
    session, mail, now = writing.session, writing.message, utc_now()
    if mail.created_at < now - TOO_OLD:
        return None
    named = mail.values.get("bericht")
    if named and session.get(ReporterMessage, UUID(str(named))) is None:
        return None
    mailed = select(MailMessage.id).where(
        MailMessage.about_id == mail.about_id,
        MailMessage.template == NAME,
        MailMessage.sent_at > now - TOGETHER,
        MailMessage.id != mail.id,
    )
    if session.scalar(mailed.limit(1)):
        return None
    report = session.get(Report, mail.about_id)
    return Letter({"pad": PAGE}, language=report.language if report else DUTCH)


RECIPIENT: Final = MailRecipient(MAIL_OWNER, _address)
TEMPLATE: Final = MailTemplate(
    NAME, _("Er staat een bericht voor u klaar"), __package__, _write, neutral=True
)


EXPIRY_JOB: Final = Job("melding.vraag_verlopen")
# In these states nobody reads along any more.
CLOSED: Final = frozenset({ReportState.HANDED_OVER, ReportState.WITHDRAWN, ReportState.DESTROYED})


def tell(
    session: Session,
    report: Report,
    kind: str,
    text: str,
    actor: Actor,
    sender: str | None = None,
) -> None:
    """Add a message that the reporter reads with the follow code, without its author's name.

    `sender`: the organisation that speaks, where it isn't the holder.
    """
    message = ReporterMessage(
        holder=report.holder,
        report_id=report.id,
        kind=kind,
        text=text,
        at=utc_now(),
        actor_name=actor.name,
        sender=sender,
        held_until=held_until(report, actor),
    )
    session.add(message)
    # A decision of before it can't be undone any more: that would take this message along.
    flag_modified(report, "state")
    session.flush()
    tell_by_mail(session, report, message)


def take_back_messages(session: Session, report: Report, since: datetime) -> None:
    """Delete the messages since a moment that are still held: nobody read them."""
    session.execute(
        delete(ReporterMessage).where(
            ReporterMessage.report_id == report.id,
            ReporterMessage.at >= since,
            ReporterMessage.held_until > utc_now(),
        )
    )


def tell_once(
    session: Session,
    report: Report,
    kind: str,
    text: str,
    actor: Actor,
    sender: str | None = None,
) -> None:
    """Add a message, unless the reporter was told these very words already."""
    said = select(ReporterMessage.id).where(
        ReporterMessage.report_id == report.id,
        ReporterMessage.kind == kind,
        ReporterMessage.text == text,
    )
    if session.scalar(said.limit(1)) is None:
        tell(session, report, kind, text, actor, sender)


def write_to_reporter(session: Session, report: Report, text: str, actor: Actor) -> None:
    """Add a message that asks nothing; earlier messages of the reporter count as read."""
    tell(session, report, "bericht", text, actor)
    report.reporter_spoke_at = None
    append_move(session, report, actor, "bericht", report.state, {})
    reindex_report(session, report)
    record(session, actor, "melding.bericht", report.holder, KIND, [report.id])


def mark_read(session: Session, report: Report, actor: Actor) -> None:
    """Note that the messages of the reporter were read; they leave the inbox of the others."""
    if report.reporter_spoke_at is None:
        return
    report.reporter_spoke_at = None
    reindex_report(session, report)
    record(session, actor, "melding.bericht_gezien", report.holder, KIND, [report.id])


def expect_answer(session: Session, report: Report, until: date) -> None:
    """Set the last day for an answer; without one the report goes on by itself after that day."""
    report.waiting_until = until
    passed = datetime.combine(until + timedelta(days=1), time(0, 1), AMSTERDAM)
    payload = {"report": str(report.id), "until": until.isoformat()}
    delay = max(passed - utc_now(), timedelta(0))
    enqueue(session, EXPIRY_JOB, report.holder, payload, delay=delay)


def stop_waiting(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Go on with reports whose question expired unanswered; a job, harmless after an answer."""
    effects = WORKFLOW_EFFECTS.of(context.registry)
    for payload in payloads:
        with context.transaction() as session:
            wanted = select(Report).where(Report.id == UUID(payload["report"]))
            report = session.scalars(wanted.with_for_update()).one_or_none()
            if report is not None and _is_over(report, date.fromisoformat(payload["until"])):
                # The desk's report goes back to its queue.
                at_desk = report.holder == NATIONAL
                name = "meldpunt_geen_antwoord" if at_desk else "antwoord_bleef_uit"
                move_report(session, effects, report, name, {}, SYSTEM)


def _is_over(report: Report, until: date) -> bool:
    waits = report.state == ReportState.WAITING_FOR_REPORTER and report.waiting_until == until
    return waits and until < local(utc_now()).date()


Effects = Mapping[str, Any]
REPORTER: Final = Actor("melder", None, "De melder")
LONGEST_TEXT: Final = 5_000
MOST_MESSAGES: Final = 50
# The same words again within this time are the same message, sent twice.
SENT_TWICE: Final = timedelta(hours=1)
CLOSED_TEXTS: Final[Mapping[str, str]] = {
    ReportState.WITHDRAWN: _(
        "U hebt deze melding ingetrokken. U kunt er niets meer aan toevoegen."
    ),
    ReportState.DESTROYED: _("Deze melding is verwijderd. U kunt er niets meer aan toevoegen."),
    ReportState.HANDED_OVER: _(
        "Deze melding wordt net doorgegeven. Probeer het over een paar minuten nog eens."
    ),
}


Opened = tuple[Session, Report]


class NotNowError(Exception):
    """The report doesn't take this now; the message tells the reporter why, and what to do."""


def locked_report(session: Session, copy: Copy) -> Report:
    """Return the report of the reporter; locked, unless the transaction only reads.

    Raises:
        NotNowError: It was destroyed since the reporter opened it.
    """
    wanted = locked(session, select(Report).where(Report.id == copy.report_id))
    report: Report | None = session.scalars(wanted).one_or_none()
    if report is None:
        raise NotNowError(CLOSED_TEXTS[ReportState.DESTROYED])
    return report


@contextmanager
def own_report(engine: Engine, copy: Copy, *, write: bool = True) -> Iterator[Opened]:
    """Open a transaction with the report of the reporter; locked, unless it only reads.

    Raises:
        NotNowError: It is over or gone, or on its way to another holder.
    """
    with transaction(engine, copy.holder, write=write) as session:
        report = locked_report(session, copy)
        state, version = report.state, report.version
        if state in CLOSED_TEXTS:
            raise NotNowError(CLOSED_TEXTS[state])
        if write and situation_of(session, report)[0] is Situation.GONE:
            raise NotNowError(
                _(
                    "De gemeente heeft uw melding, en bij het landelijk meldpunt is de"
                    " inhoud gewist. U kunt hier niets meer toevoegen. Neem contact op met"
                    " de gemeente, en noem uw kenmerk."
                )
            )
        yield session, report
        session.flush()
        # A decision stays as it was: undoing it takes nothing of the reporter away.
        if report.state == state and report.version != version:
            keep_undoable(session, report, version)


def add_message(engine: Engine, effects: Effects, copy: Copy, text: str) -> Message:
    """Add a message of the reporter; as the answer to a question it lets the work go on.

    Raises:
        NotNowError: The report takes no more messages.
    """
    with own_report(engine, copy) as (session, report):
        before = _said_before(session, report, text)
        if before is not None:
            return Message(before.at, before.kind, before.text)
        _check_room(session, report)
        # A question that is still held was read by nobody.
        answers = report.state == ReportState.WAITING_FOR_REPORTER and not status_is_held(report)
        kind = "antwoord" if answers else "aanvulling"
        message = ReporterMessage(
            holder=report.holder, report_id=report.id, kind=kind, text=text, at=utc_now()
        )
        session.add(message)
        if answers:
            name = "meldpunt_antwoord" if report.holder == NATIONAL else "antwoord_ontvangen"
            move_report(session, effects, report, name, {}, REPORTER)
        else:
            append_move(session, report, REPORTER, kind, report.state, {})
        spoke(session, report, f"melding.{kind}")
        return Message(message.at, message.kind, message.text)


def set_contact(
    engine: Engine, keys: KeyRing, copy: Copy, phone: str | None, email: str | None
) -> None:
    """Set another telephone number or mail address; what isn't given stays.

    Nothing tells the reporter whether it was the same: who has only the code may not find it out.

    Raises:
        NotNowError: The report takes nothing more.
    """
    with own_report(engine, copy) as (session, report):
        if change_contact(session, keys, report, {"phone": phone, "email": email}):
            append_move(session, report, REPORTER, "contact_gewijzigd", report.state, {})
            # A municipality that is not connected reads no contact data of who wants no contact.
            ready = not report.contact_folded
            spoke(session, report, "melding.contact_gewijzigd", ready=ready)


def contact_known(engine: Engine, copy: Copy) -> tuple[bool, bool, bool]:
    """Tell whether a number and an address are known, and whether nobody may use them to call."""
    with transaction(engine, copy.holder, write=False) as session:
        report = session.get(Report, copy.report_id)
        if report is None:
            return False, False, True
        return *reached_by(session, report), report.contact_folded


# The desk tells the municipality that has a report what its reporter did since (`desk/forwarding`).
SPOKE_JOB: Final = Job("melding.melder_deed")
# A file that comes this soon was sent with the report.
COMES_ALONG: Final = timedelta(minutes=15)


def spoke(
    session: Session, report: Report, action: str, *, ready: bool = True, news: bool = True
) -> None:
    """Mark that the reporter did something, for the officers and in the log.

    `ready`: others can read it now; a file that waits for the scanner isn't told yet.
    `news`: an officer must see it apart from the report.
    """
    now = utc_now()
    if news:
        report.reporter_spoke_at = now
    if ready and report.holder == NATIONAL and report.municipality_code is not None:
        payload = {"melding": str(report.id), "wat": action, "op": now.isoformat()}
        enqueue(session, SPOKE_JOB, NATIONAL, payload)
    reindex_report(session, report)
    record(session, REPORTER, action, report.holder, KIND, [report.id])


def file_came(session: Session, report: Report, at: datetime, *, ready: bool) -> None:
    """Mark that a file came at this moment; soon after a report, and unread, it is part of that."""
    along = at - report.received_at < COMES_ALONG and report.state in UNREAD
    spoke(session, report, "melding.bijlage", ready=ready, news=not along)


def _by_reporter(report: Report) -> ColumnElement[bool]:
    mine = ReporterMessage.report_id == report.id
    return and_(mine, ReporterMessage.kind.in_(FROM_REPORTER))


def _said_before(session: Session, report: Report, text: str) -> ReporterMessage | None:
    """Return the last message of the reporter, when it has this text and is recent; else None."""
    latest = select(ReporterMessage).where(_by_reporter(report))
    last = session.scalars(latest.order_by(ReporterMessage.at.desc()).limit(1)).one_or_none()
    same = last is not None and last.text == text and utc_now() - last.at < SENT_TWICE
    return last if same else None


def _check_room(session: Session, report: Report) -> None:
    number = select(func.count(ReporterMessage.id)).where(_by_reporter(report))
    if (session.scalar(number) or 0) >= MOST_MESSAGES:
        raise NotNowError(
            gettext(
                "U hebt al %(most)s berichten gestuurd. Wacht op antwoord, of bel de gemeente.",
                most=MOST_MESSAGES,
            )
        )


NO: Final = "nee"
VERDICTS: Final = (("ja", _("ja")), ("deels", _("een beetje")), (NO, _("nee")))


def give_verdict(engine: Engine, copy: Copy, verdict: str) -> None:
    """Store the reporter's answer to whether it helped; the last one counts.

    Raises:
        NotNowError: The report is gone.
    """
    with own_report(engine, copy) as (session, report):
        report.reporter_verdict = verdict
        if verdict == NO:
            # It comes in the inbox: more may be needed.
            append_move(session, report, REPORTER, "hielp_niet", report.state, {})
            spoke(session, report, "melding.mening")
        else:
            record(session, REPORTER, "melding.mening", report.holder, KIND, [report.id])
