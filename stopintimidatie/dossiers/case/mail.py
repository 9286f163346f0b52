"""A mail before the day of an agreement, to who minds it. It tells that, never what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.mail import Letter, MailTemplate, Writing, queue_mail
from stopintimidatie.core.mail.services import MailRecipient, Recipient
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.text import AMSTERDAM, date_text
from stopintimidatie.dossiers.models import DossierAgreement
from stopintimidatie.dossiers.vocabulary import AgreementState

JOB: Final = Job("afspraak.herinneren")
COLLEAGUE: Final = "collega"
DAYS_BEFORE: Final = 3
_AT: Final = time(8, 0)


def remind_in_time(session: Session, agreement: DossierAgreement) -> None:
    """Have who minds it reminded some days before; nothing for what is due sooner or is done."""
    day = agreement.due_on - timedelta(days=DAYS_BEFORE)
    moment = datetime.combine(day, _AT, AMSTERDAM)
    delay = moment - utc_now()
    if agreement.owner_id is None or delay <= timedelta(0):
        return
    payload = {"afspraak": str(agreement.id), "dag": agreement.due_on.isoformat()}
    enqueue(session, JOB, agreement.holder, payload, delay=delay)


def remind(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Job: is it still open, and for that day? Then a mail to who minds it now."""
    for payload in payloads:
        with context.transaction() as session:
            row = session.get(DossierAgreement, UUID(payload["afspraak"]))
            if row is None or row.owner_id is None or not _waits(row, payload["dag"]):
                continue
            recipient = Recipient(COLLEAGUE, str(row.owner_id))
            key = f"{TEMPLATE.name}:{row.id}:{payload['dag']}"
            values = {"dag": payload["dag"]}
            queue_mail(
                session, row.holder, TEMPLATE.name, recipient, about=row.id, values=values, key=key
            )


def _waits(row: DossierAgreement, day: str) -> bool:
    return row.state == AgreementState.OPEN and row.due_on.isoformat() == day


def _write(writing: Writing) -> Letter | None:
    row = writing.session.get(DossierAgreement, writing.message.about_id)
    if row is None or not _waits(row, str(writing.message.values["dag"])):
        return None
    return Letter({"dag": date_text(row.due_on), "link": writing.link("/dossiers")})


def _address(session: Session, keys: KeyRing, number: str) -> str | None:
    """The name somebody signs in with is an e-mail address; not of who is blocked."""
    found = session.scalars(select(User).where(User.id == UUID(number))).one_or_none()
    return None if found is None or found.blocked_at is not None else found.username


TEMPLATE: Final = MailTemplate(
    "afspraak_herinnering",
    "Een afspraak loopt bijna af",
    "stopintimidatie.dossiers.case:templates/mail/afspraak.txt.jinja2",
    _write,
)
RECIPIENT: Final = MailRecipient(COLLEAGUE, _address)
