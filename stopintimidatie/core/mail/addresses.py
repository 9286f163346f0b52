"""Addresses that prove themselves: a code goes there, and must be typed back."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hmac import compare_digest
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.mail.message import MailError
from stopintimidatie.core.mail.models import MailAddress
from stopintimidatie.core.mail.services import (
    Letter,
    MailRecipient,
    MailTemplate,
    Recipient,
    Writing,
    queue_mail,
)
from stopintimidatie.core.storage.encryption import KeyRing, Sealed
from stopintimidatie.core.storage.personal import (
    PersonalDataHolder,
    Subject,
    redact_nothing,
    treated,
)
from stopintimidatie.core.storage.retention import RetentionClass, Way, years

# Codes are derived from a number that is kept, so that no code is ever stored.

DIGITS: Final = 8
TRIES: Final = 5
_PURPOSE: Final = "one-time-code"


def new_nonce(keys: KeyRing) -> str:
    """Draw what a fresh code is derived from."""
    return f"{keys.current}:{secrets.token_hex(12)}"


def code_of(keys: KeyRing, context: str, nonce: str) -> str:
    """Return the code that belongs to a nonce of this document: eight digits."""
    version = int(nonce.partition(":")[0])
    number = int(keys.keyed_hash(_PURPOSE, f"{context}|{nonce}".encode(), version), 16)
    return str(number % 10**DIGITS).zfill(DIGITS)


def readable(code: str) -> str:
    """Write a code in two groups, to read out."""
    return f"{code[:4]} {code[4:]}"


def is_code(typed: str, code: str) -> bool:
    """Tell whether this was typed, however it was spaced."""
    digits = re.sub(r"[\s.-]", "", typed)
    return compare_digest(digits.encode(), code.encode())


PURPOSE: Final = "mail-address"
KIND: Final = "postadres"
CODE_LASTS: Final = timedelta(days=3)
SEALED: Final = Sealed(MailAddress, PURPOSE, ("address",), "id")
CODE_MAIL: Final = "adres_bevestigen"
CODE_TEXT: Final = "nummer_bevestigen"


@dataclass(frozen=True)
class Owner:
    """Owner of an address: a kind of document or role, and an id."""

    kind: str
    id: str


def find_address(session: Session, owner: Owner) -> MailAddress | None:
    """Find the address of an owner, of this transaction's holder."""
    return session.scalars(
        select(MailAddress).where(
            MailAddress.owner_kind == owner.kind, MailAddress.owner_id == owner.id
        )
    ).one_or_none()


def clear_address(keys: KeyRing, row: MailAddress | None) -> str | None:
    """Return the address in words; None when there is none (any more)."""
    if row is None or row.address is None:
        return None
    return keys.decrypt(PURPOSE, row.address, str(row.id))


def set_address(
    session: Session,
    keys: KeyRing,
    holder: str,
    owner: Owner,
    address: str,
    actor: Actor,
    *,
    phone: bool = False,
) -> MailAddress:
    """Keep an address (or, with `phone`, a number) and send a code there.

    The same address again changes nothing, unless messages came back from it.
    """
    row = find_address(session, owner)
    if row is not None and not row.bounced_at and clear_address(keys, row) == address:
        return row
    if row is None:
        row = MailAddress(holder=holder, owner_kind=owner.kind, owner_id=owner.id)
        session.add(row)
        session.flush()
    row.address = keys.encrypt(PURPOSE, address, str(row.id))
    row.verified_at = row.bounced_at = None
    record(session, actor, "adres.gewijzigd", holder, KIND, [row.id], fields=[owner.kind])
    send_code(session, keys, row, phone=phone)
    return row


def remove_address(session: Session, owner: Owner, actor: Actor) -> None:
    """Forget the address of an owner."""
    row = find_address(session, owner)
    if row is not None:
        record(session, actor, "adres.gewijzigd", row.holder, KIND, [row.id], fields=[owner.kind])
        session.delete(row)
        session.flush()


def send_code(session: Session, keys: KeyRing, row: MailAddress, *, phone: bool = False) -> None:
    """Send a new code; the one before no longer counts."""
    row.code_nonce, row.code_sent_at, row.code_tries = new_nonce(keys), utc_now(), 0
    to = Recipient("nieuw_adres", str(row.id))
    queue_mail(session, row.holder, CODE_TEXT if phone else CODE_MAIL, to, about=row.id)


def confirm_address(
    session: Session, keys: KeyRing, row: MailAddress, typed: str, actor: Actor
) -> str | None:
    """Type the code back: from then on messages go there. None, or what is wrong.

    No exception, for what was tried must be counted: the transaction is committed either way.
    """
    if row.code_nonce is None or row.code_sent_at is None:
        return "Er is geen code verstuurd. Verstuur eerst een nieuwe code."
    if row.code_tries >= TRIES:
        return "Er is te vaak een verkeerde code ingevuld. Verstuur een nieuwe code."
    if utc_now() > row.code_sent_at + CODE_LASTS:
        return "Deze code is verlopen. Verstuur een nieuwe code."
    row.code_tries += 1
    if not is_code(typed, code_of(keys, str(row.id), row.code_nonce)):
        return "Deze code klopt niet. Kijk in het laatste bericht."
    row.verified_at, row.code_nonce = utc_now(), None
    record(session, actor, "adres.bevestigd", row.holder, KIND, [row.id], fields=[row.owner_kind])
    return None


def _find_usable(session: Session, keys: KeyRing, number: str) -> str | None:
    """Find the address for messages to who has proven to be there."""
    row = session.get(MailAddress, UUID(number))
    if row is None or row.address is None:
        return None
    if row.bounced_at:
        raise MailError("adres_komt_terug")
    if row.verified_at is None:
        raise MailError("adres_onbevestigd")
    return clear_address(keys, row)


def _find_new(session: Session, keys: KeyRing, number: str) -> str | None:
    """Find the address for the code itself."""
    return clear_address(keys, session.get(MailAddress, UUID(number)))


def _bounced(session: Session, number: str) -> None:
    row = session.get(MailAddress, UUID(number))
    if row is not None and row.bounced_at is None:
        row.bounced_at = utc_now()
        fields = [row.owner_kind]
        record(session, SYSTEM, "adres.onbereikbaar", row.holder, KIND, [row.id], fields=fields)


def _code(writing: Writing) -> Letter | None:
    row = writing.session.get(MailAddress, UUID(writing.message.recipient_id))
    if row is None or row.code_nonce is None:
        return None
    return Letter({"code": readable(code_of(writing.keys, str(row.id), row.code_nonce))})


RECIPIENTS: Final = (
    MailRecipient("adres", _find_usable, _bounced),
    MailRecipient("nieuw_adres", _find_new, _bounced),
)
TEMPLATES: Final = (
    MailTemplate(CODE_MAIL, "Bevestig dit e-mailadres", __package__, _code),
    MailTemplate(CODE_TEXT, "", __package__, _code, text_message=True),
)


def _find(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    wanted = {text.strip().lower() for text in (subject.email, subject.phone) if text}
    rows = session.scalars(select(MailAddress).where(MailAddress.address.is_not(None)))
    return [row.id for row in rows if (clear_address(keys, row) or "").lower() in wanted]


def _erase(session: Session, document: UUID) -> None:
    row = session.get(MailAddress, document)
    if row is not None:
        row.address = row.code_nonce = None


PERSONAL_DATA: Final = PersonalDataHolder(
    KIND, {"mail_address": treated(sealed="address")}, _find, redact_nothing, _erase
)

RETENTION: Final = (
    RetentionClass(
        "postadres",
        "E-mailadressen en nummers voor berichten, verzegeld",
        ("mail_address",),
        Way.ALONG,
        "wie of wat het adres heeft, houdt op te bestaan",
        until="met het account, de afspraak, de partner of de melding; na wissen hoogstens 3 dagen",
        source="eigen beleid",
    ),
    RetentionClass(
        "bericht",
        "Verstuurde e-mail en sms: soort, moment en of het aankwam; de tekst alleen in de demo",
        ("mail_message",),
        Way.STANDING,
        "de dag waarop het bericht is gemaakt",
        years(1),
        source="eigen beleid",
    ),
)
