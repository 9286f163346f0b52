"""A mail that something waits for the reporter: neutral, without a word of what it is about.

Who left an e-mail address hears that there is a message; reading it takes reference and follow
code, on the page or in the app. Somebody else may open that mailbox.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.clock import utc_now
from stopintimidatie.mail import Letter, MailRecipient, MailTemplate, Recipient, Writing, queue_mail
from stopintimidatie.reports.contacts import read_contact
from stopintimidatie.reports.models import Report, ReportContact
from stopintimidatie.storage.encryption import KeyRing

KIND: Final = "melder"
NAME: Final = "bericht_voor_melder"
PAGE: Final = "/volgen"
# More messages within this time are one mail.
TOGETHER: Final = timedelta(minutes=15)
# A demo, or an installation that was off: no news any more.
TOO_OLD: Final = timedelta(days=7)


def tell_by_mail(session: Session, report: Report) -> None:
    """Have the reporter mailed that something waits, when there is an address to mail to."""
    has_address = select(ReportContact.id).where(
        ReportContact.report_id == report.id, ReportContact.email.is_not(None)
    )
    if session.scalar(has_address.limit(1)) is None:
        return
    slot = int(utc_now().timestamp() // TOGETHER.total_seconds())
    recipient = Recipient(KIND, str(report.id))
    key = f"{NAME}:{report.id}:{slot}"
    queue_mail(session, report.holder, NAME, recipient, about=report.id, key=key)


def _address(session: Session, keys: KeyRing, report_id: str) -> str | None:
    """The address now; None after a withdrawal, a hand-over or an erasure."""
    report = session.get(Report, UUID(report_id))
    contact = read_contact(session, keys, report) if report is not None else None
    return contact.email if contact is not None else None


def _write(writing: Writing) -> Letter | None:
    if writing.message.created_at < utc_now() - TOO_OLD:
        return None
    return Letter({"pad": PAGE})


RECIPIENT: Final = MailRecipient(KIND, _address)
TEMPLATE: Final = MailTemplate(
    NAME,
    "Er staat een bericht voor u klaar",
    "stopintimidatie.reports:templates/mail/bericht_voor_melder.txt.jinja2",
    _write,
    neutral=True,
)
