"""Mails and text messages about exports: without content, and not sent when no longer needed."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.mail import Letter, MailRecipient, MailTemplate, Writing
from stopintimidatie.core.mail.addresses import code_of, readable
from stopintimidatie.core.mail.delivery import is_mobile
from stopintimidatie.core.mail.models import MailAddress, MailMessage
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.disclosures.models import Pickup, PickupState
from stopintimidatie.disclosures.pickup import OPEN, mail_code_of
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.partners.models import PartnerContact
from stopintimidatie.municipalities.partners.services import contact_at, in_clear

PHONE: Final = "contact_mobiel"


def pickup_about(writing: Writing) -> Pickup | None:
    """Return the pick-up that a message is about, or None when it is gone."""
    number = writing.message.about_id
    return None if number is None else writing.session.get(Pickup, number)


def letter_about(writing: Writing, pickup: Pickup, **more: str) -> Letter:
    """Write a letter with the reference of a pick-up and the name of its municipality."""
    town = writing.session.get(Municipality, pickup.holder)
    return Letter({"ophalen": pickup.reference, "gemeente": town.name if town else "", **more})


def _ready(writing: Writing) -> Letter | None:
    """Return the letter; None for what was fetched, withdrawn or put ready anew meanwhile."""
    pickup = pickup_about(writing)
    if pickup is None or pickup.state not in (PickupState.READY, PickupState.OFFERED):
        return None
    return letter_about(writing, pickup)


def _went_out(writing: Writing) -> None:
    pickup = pickup_about(writing)
    if pickup is not None and pickup.state == PickupState.READY:
        pickup.state, pickup.offered_at = PickupState.OFFERED, utc_now()


def _came_back(registry: object, session: Session, message: MailMessage) -> None:
    """Show on the page of the export that a mail came back; nothing is sent again by itself."""
    pickup = session.get(Pickup, message.about_id) if message.about_id else None
    if pickup is not None:
        pickup.returned_at = utc_now()


def with_code(writing: Writing) -> Letter | None:
    """Return the letter with the code for answers and confirmations."""
    pickup = pickup_about(writing)
    if pickup is None or pickup.mail_nonce is None:
        return None
    return letter_about(writing, pickup, code=readable(mail_code_of(writing.keys, pickup)))


_SPOKEN: Final = OPEN | {PickupState.READY}


def _spoken_code(writing: Writing) -> Letter | None:
    pickup = pickup_about(writing)
    if pickup is None or pickup.code_nonce is None or pickup.state not in _SPOKEN:
        return None
    code = code_of(writing.keys, str(pickup.id), pickup.code_nonce)
    return Letter({"code": readable(code), "nummer": pickup.reference})


def contact_of(session: Session, pickup: Pickup) -> tuple[PartnerContact, MailAddress] | None:
    """Return whom it was put ready for, while that person is there."""
    return contact_at(session, pickup.address_id)


def mobile_of(session: Session, keys: KeyRing, pickup: Pickup) -> str | None:
    """Return the number of that person, when text messages arrive there."""
    contact = contact_of(session, pickup)
    phone = in_clear(keys, *contact).phone if contact else None
    return phone if phone and is_mobile(phone) else None


def _number(session: Session, keys: KeyRing, pickup_id: str) -> str | None:
    pickup = session.get(Pickup, UUID(pickup_id))
    return None if pickup is None else mobile_of(session, keys, pickup)


def _answered(writing: Writing) -> Letter | None:
    return Letter({"link": writing.link("/uitvoer")})


def _asking(name: str, subject: str) -> MailTemplate:
    """Return the template of a message with a code, which asks for an answer or a confirmation."""
    return MailTemplate(name, subject, __package__, with_code, returned=_came_back)


CONTACTS_PHONE: Final = MailRecipient(PHONE, _number)
READY: Final = MailTemplate(
    "uitvoer_klaar",
    "Er staat een document voor u klaar",
    __package__,
    _ready,
    _went_out,
    returned=_came_back,
)
CODE_MAIL: Final = _asking("uitvoer_code", "Uw code")
CODE_TEXT: Final = MailTemplate(
    "uitvoer_code_sms", "", __package__, _spoken_code, text_message=True
)
ANSWERED: Final = MailTemplate(
    "partner_antwoordde", "Een partner gaf antwoord", __package__, _answered, work=True
)
REMINDER: Final = _asking("uitvoer_vernietigen", "Vernietig een document en bevestig dat")
WITHDRAWN: Final = _asking("uitvoer_ingetrokken", "Een document is ingetrokken")
CORRECTED: Final = _asking("uitvoer_correctie", "Er is iets gewijzigd in een document")
ALARM: Final = MailTemplate("kopie_alarm", "Een partner bevestigde niets", __package__, _answered)
TEMPLATES: Final = (READY, CODE_MAIL, CODE_TEXT, ANSWERED, REMINDER, WITHDRAWN, CORRECTED, ALARM)
