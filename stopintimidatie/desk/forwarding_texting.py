"""The one-time code as a text message: another way than the mail with the link."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from stopintimidatie.disclosures.pickup_models import Pickup
from stopintimidatie.mail import (
    Letter,
    MailRecipient,
    MailTemplate,
    Recipient,
    Writing,
    queue_mail,
)
from stopintimidatie.mail.codes import code_of, readable
from stopintimidatie.mail.texting import is_mobile
from stopintimidatie.municipalities.agreements import people_of, running
from stopintimidatie.reports.models import Report
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.tenancy import NATIONAL

_KIND: Final = "functionaris_mobiel"


def mobile_of(people: dict[str, Any]) -> str | None:
    """The official's number, when text messages arrive there."""
    number = str((people.get("functionaris") or {}).get("telefoon", ""))
    return number if is_mobile(number) else None


def send_code_by_text(session: Session, pickup: Pickup) -> None:
    """Have the code that was made just now sent; the job knows the number of the pick-up alone."""
    to = Recipient(_KIND, str(pickup.id))
    queue_mail(session, NATIONAL, CODE_TEXT.name, to, about=pickup.id)


def _number(session: Session, keys: KeyRing, pickup_id: str) -> str | None:
    pickup = session.get(Pickup, UUID(pickup_id))
    report = session.get(Report, pickup.document_id) if pickup else None
    agreement = running(session, report.municipality_code or "") if report else None
    return mobile_of(people_of(keys, agreement)) if agreement else None


def _code(writing: Writing) -> Letter | None:
    pickup = writing.session.get(Pickup, writing.message.about_id)
    if pickup is None or pickup.code_nonce is None:
        return None
    code = code_of(writing.keys, str(pickup.id), pickup.code_nonce)
    return Letter({"code": readable(code), "nummer": pickup.reference})


OFFICIALS_PHONE: Final = MailRecipient(_KIND, _number)
CODE_TEXT: Final = MailTemplate(
    "ophaalcode_sms",
    "",
    "stopintimidatie.desk:templates/mail/ophaalcode_sms.txt.jinja2",
    _code,
    text_message=True,
)
