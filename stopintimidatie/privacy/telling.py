"""A reporter whose report was erased hears that, when there is a way.

With the follow code they read it on the page. Who left an e-mail address gets one more mail, of the
same few neutral words as any other. The address stands sealed beside the message until that went
out, or three days at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from stopintimidatie.audit import SYSTEM
from stopintimidatie.jobs import Job, JobContext, enqueue
from stopintimidatie.mail import Letter, MailRecipient, MailTemplate, Recipient, Writing, queue_mail
from stopintimidatie.mail.addresses import PURPOSE, clear_address
from stopintimidatie.mail.models import MailAddress, MailMessage
from stopintimidatie.reports.contacts import read_contact
from stopintimidatie.reports.conversation import tell
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.reporter_mail import PAGE
from stopintimidatie.storage.encryption import KeyRing

OWNER: Final = "gewiste_melder"
JOB: Final = Job("melder.adres_weg")
NAME: Final = "bericht_na_wissen"
AT_MOST: Final = timedelta(days=3)
ERASED: Final = (
    "De inhoud van uw melding is gewist, na een verzoek. Ook uw naam en contactgegevens zijn weg,"
    " als u die had ingevuld. Wie van ons een kopie had, vragen wij die te vernietigen. Vragen?"
    " Neem contact op met de gemeente en noem het kenmerk."
)


def tell_erased(session: Session, report: Report) -> None:
    """What the reporter reads with the follow code."""
    tell(session, report, "bericht", ERASED, SYSTEM)


def mail_once(session: Session, keys: KeyRing, report: Report) -> None:
    """One more mail to who left an address, which is about to be erased."""
    contact = read_contact(session, keys, report)
    if contact is None or not contact.email:
        return
    row = MailAddress(holder=report.holder, owner_kind=OWNER, owner_id=str(report.id))
    session.add(row)
    session.flush()
    row.address = keys.encrypt(PURPOSE, contact.email, str(row.id))
    queue_mail(session, report.holder, NAME, Recipient(OWNER, str(row.id)), about=row.id)
    enqueue(session, JOB, report.holder, {"id": str(row.id)}, delay=AT_MOST)


def forget(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Job: nothing could be sent in all that time; the address goes."""
    for payload in payloads:
        with context.transaction() as session:
            _forget(session, UUID(payload["id"]))


def _forget(session: Session, number: UUID | None) -> None:
    row = session.get(MailAddress, number) if number else None
    if row is not None and row.owner_kind == OWNER:
        session.delete(row)


def _address(session: Session, keys: KeyRing, number: str) -> str | None:
    return clear_address(keys, session.get(MailAddress, UUID(number)))


def _write(writing: Writing) -> Letter | None:
    return Letter({"pad": PAGE})


def _sent(writing: Writing) -> None:
    _forget(writing.session, writing.message.about_id)


def _returned(registry: Any, session: Session, message: MailMessage) -> None:
    _forget(session, message.about_id)


RECIPIENT: Final = MailRecipient(OWNER, _address)
TEMPLATE: Final = MailTemplate(
    NAME,
    "Er staat een bericht voor u klaar",
    "stopintimidatie.reports:templates/mail/bericht_voor_melder.txt.jinja2",
    _write,
    sent=_sent,
    returned=_returned,
    neutral=True,
)
