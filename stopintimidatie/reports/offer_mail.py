"""The municipality that is offered a report is told: that an offer waits, and nothing of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from stopintimidatie.jobs import Job, JobContext, enqueue
from stopintimidatie.mail import Letter, MailTemplate, Writing, queue_mail
from stopintimidatie.municipalities.postbox import postbox_recipient
from stopintimidatie.register.models import Municipality
from stopintimidatie.reports.models import ReportTransfer
from stopintimidatie.reports.offered import OPEN

JOB: Final = Job("overdracht.melden")
NAME: Final = "overdracht_aangeboden"


def tell_receiver(session: Session, transfer: ReportTransfer) -> None:
    """Only the receiver knows its own mailbox: a job of the receiver writes to it."""
    enqueue(session, JOB, transfer.receiver, {"transfer": str(transfer.id)})


def tell(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """The job. Done twice it is still one message."""
    for payload in payloads:
        with context.transaction() as session:
            transfer = session.get(ReportTransfer, UUID(payload["transfer"]))
            recipient = postbox_recipient(session, context.holder)
            if transfer is None or transfer.state != OPEN or recipient is None:
                continue
            key = f"{NAME}:{transfer.id}"
            queue_mail(session, context.holder, NAME, recipient, about=transfer.id, key=key)


def _still_open(writing: Writing) -> Letter | None:
    """Not when it was answered or withdrawn before the message went out."""
    session, message = writing.session, writing.message
    transfer = session.get(ReportTransfer, message.about_id)
    if transfer is None or transfer.state != OPEN:
        return None
    row = session.get_one(Municipality, message.holder)
    return Letter({"gemeente": row.name, "pad": f"/gemeenten/{row.slug}/overdrachten"})


TEMPLATE: Final = MailTemplate(
    NAME,
    "Een andere gemeente biedt een melding aan",
    "stopintimidatie.reports:templates/mail/overdracht_aangeboden.txt.jinja2",
    _still_open,
)
