"""Letting a partner pick an export up: put ready, found again, fetched, taken back."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, record
from stopintimidatie.clock import utc_now
from stopintimidatie.deliveries.mailing import CODE_MAIL, READY
from stopintimidatie.disclosures.copies import EventKind, note_event
from stopintimidatie.disclosures.pickup import (
    KIND,
    OPEN,
    PickupKind,
    offer,
    outsider,
    seal_who,
)
from stopintimidatie.disclosures.pickup_models import Pickup, PickupState
from stopintimidatie.disclosures.references import KIND as EXPORT
from stopintimidatie.disclosures.services import find_disclosure
from stopintimidatie.exports.models import Export, ExportState
from stopintimidatie.exports.services import PICKED_UP, fetch, lock, log
from stopintimidatie.exports.wish import ExportError
from stopintimidatie.mail import Recipient, queue_mail
from stopintimidatie.mail.models import MailAddress
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.web.filters import AMSTERDAM

DAYS, DAYS_MOST = 14, 30
TIMES, TIMES_MOST = 3, 10
WAITING: Final = (PickupState.READY, *OPEN)
GONE: Final = (
    "De gemeente heeft dit document ingetrokken. U kunt het niet meer ophalen. Hebt u het al?"
    " Vernietig het dan en bevestig dat hieronder. Bel de gemeente als u vragen hebt."
)
OVER: Final = (
    "De tijd om dit document op te halen is voorbij. Vraag de gemeente het weer klaar te zetten."
)
USED: Final = (
    "U hebt dit document zo vaak opgehaald als kon. Hebt u het nog eens nodig? Vraag het aan de"
    " gemeente."
)


def offer_export(
    session: Session,
    export: Export,
    address: MailAddress,
    actor: Actor,
    *,
    days: int = DAYS,
    times: int = TIMES,
) -> Pickup:
    """Put the file ready and have the contact told, without a word of what it is about.

    :raises ExportError: there is no file, or nobody to tell.
    """
    lock(session, export.id)
    disclosure = find_disclosure(session, export.reference)
    if export.state != ExportState.READY or disclosure is None:
        raise ExportError("Dit document kan nu niet worden klaargezet. Open de pagina opnieuw.")
    if not address.usable:
        raise ExportError("Dit adres is niet bevestigd. Kies een ander.", "contact")
    for earlier in waiting_of(session, export.id):
        earlier.state = PickupState.EXPIRED
    until = datetime.combine(export.destroy_by, time(23, 59), AMSTERDAM)
    pickup = offer(
        session,
        export.holder,
        EXPORT,
        export.id,
        export.recipient,
        actor,
        address_id=address.id,
        expires_at=min(utc_now() + timedelta(days=days), until),
        downloads_most=times,
    )
    tell(session, READY.name, pickup)
    note_event(session, disclosure, EventKind.OFFERED, actor)
    log(session, export, actor, "klaargezet")
    return pickup


def tell(session: Session, template: str, pickup: Pickup, key: str | None = None) -> bool:
    """A message to who it was put ready for; whether there is anybody."""
    if pickup.address_id is None or session.get(MailAddress, pickup.address_id) is None:
        return False
    to = Recipient("adres", str(pickup.address_id))
    values = {"ophalen": pickup.reference}
    queue_mail(session, pickup.holder, template, to, about=pickup.id, values=values, key=key)
    return True


def _mail_code(session: Session, pickup: Pickup) -> None:
    tell(session, CODE_MAIL.name, pickup)


def pickups_of(session: Session, export_id: UUID) -> list[Pickup]:
    """Every time it was put ready, the latest first."""
    return list(
        session.scalars(
            select(Pickup).where(Pickup.document_id == export_id).order_by(Pickup.made_at.desc())
        )
    )


def waiting_of(session: Session, export_id: UUID) -> list[Pickup]:
    return [row for row in pickups_of(session, export_id) if row.state in WAITING]


def export_of(session: Session, pickup: Pickup) -> Export | None:
    return session.get(Export, pickup.document_id) if pickup.document_kind == EXPORT else None


def refusal(pickup: Pickup, export: Export) -> str | None:
    """Why the file can't be fetched (any more), in words for who came for it."""
    if export.state != ExportState.READY or pickup.state == PickupState.WITHDRAWN:
        return GONE
    if pickup.state == PickupState.EXPIRED:
        return OVER
    if pickup.expires_at is not None and utc_now() > pickup.expires_at:
        return OVER
    return USED if pickup.downloads >= (pickup.downloads_most or 0) else None


def fetch_file(
    session: Session, keys: KeyRing, pickup: Pickup, export: Export, who: dict[str, str]
) -> bytes:
    """The file for the partner; the first time, that they have it is in the register.

    :raises ExportError: it can't be fetched; the words are for who came for it.
    :raises DecryptionError: the file can't be read.
    """
    no = refusal(pickup, export)
    if no is not None:
        raise ExportError(no)
    actor = outsider(pickup)
    pdf = fetch(session, keys, export, actor, way=PICKED_UP)
    pickup.downloads += 1
    pickup.state = PickupState.PICKED_UP
    pickup.picked_up_at = pickup.picked_up_at or utc_now()
    seal_who(keys, pickup, who)
    ids = [pickup.id, export.id]
    record(session, actor, "ophalen.gedownload", pickup.holder, KIND, ids)
    return pdf


PICKUP: Final[Any] = PickupKind(EXPORT, visited=True, mail_code=_mail_code)
