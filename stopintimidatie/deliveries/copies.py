"""Who holds a copy of an export, and telling them: withdrawn, corrected, to be destroyed."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.audit import SYSTEM, Actor
from stopintimidatie.deliveries.corrections import confirm_all
from stopintimidatie.deliveries.pickups import pickups_of, tell, waiting_of
from stopintimidatie.disclosures.copies import EventKind, note_event
from stopintimidatie.disclosures.models import CopyState, DisclosedCopy, Disclosure
from stopintimidatie.disclosures.pickup import offer, renew_mail_code
from stopintimidatie.disclosures.pickup_models import Pickup, PickupState
from stopintimidatie.disclosures.references import KIND as EXPORT
from stopintimidatie.exports.models import Export
from stopintimidatie.exports.wish import ExportError
from stopintimidatie.mail.models import MailAddress
from stopintimidatie.partners.contacts import OWNER
from stopintimidatie.partners.models import PartnerContact
from stopintimidatie.storage.encryption import KeyRing

PHONED: Final = "telefonisch"


def page_for(session: Session, export: Export) -> Pickup | None:
    """The page on which the holder can answer and confirm; None: nobody there can be written to.

    What the officer handed over has none yet; it gets one from which nothing can be fetched.
    """
    for pickup in pickups_of(session, export.id):
        address = session.get(MailAddress, pickup.address_id) if pickup.address_id else None
        if address is not None and address.usable:
            return pickup
    address = _first_address(session, export.partner_id)
    if address is None:
        return None
    pickup = offer(
        session,
        export.holder,
        EXPORT,
        export.id,
        export.recipient,
        SYSTEM,
        address_id=address.id,
        downloads_most=0,
    )
    pickup.state = PickupState.EXPIRED
    return pickup


def _first_address(session: Session, partner_id: UUID | None) -> MailAddress | None:
    if partner_id is None:
        return None
    people = session.scalars(
        select(PartnerContact.id)
        .where(PartnerContact.organisation_id == partner_id)
        .order_by(PartnerContact.made_at, PartnerContact.id)
    )
    numbers = [str(number) for number in people]
    rows = session.scalars(
        select(MailAddress).where(
            MailAddress.owner_kind == OWNER, MailAddress.owner_id.in_(numbers)
        )
    ).all()
    known = {row.owner_id: row for row in rows if row.usable}
    return next((known[number] for number in numbers if number in known), None)


def tell_holder(session: Session, keys: KeyRing, export: Export, template: str) -> bool:
    """A message with a code, without content; whether there was anybody to send it to."""
    pickup = page_for(session, export)
    if pickup is None:
        return False
    renew_mail_code(keys, pickup)
    return tell(session, template, pickup)


def close_pickups(session: Session, export: Export) -> bool:
    """Nobody picks it up any more; whether anybody had been told that they could."""
    waiting = waiting_of(session, export.id)
    for pickup in waiting:
        pickup.state = PickupState.WITHDRAWN
    return bool(waiting)


def is_out(copy: DisclosedCopy | None) -> bool:
    """Whether somebody has it and hasn't said that it is destroyed."""
    return copy is not None and copy.state == CopyState.GIVEN


def confirm_destroyed(
    session: Session, export: Export, disclosure: Disclosure, copy: DisclosedCopy | None, who: Actor
) -> None:
    """The holder says that their copy is destroyed; corrections of it are done with that too.

    :raises ExportError: nobody has a copy, or it was confirmed.
    """
    if not is_out(copy):
        raise ExportError("Van dit document is er geen kopie meer om te vernietigen.")
    confirm_all(session, export, who)
    code = PHONED if who.kind == "gebruiker" else None
    note_event(session, disclosure, EventKind.DESTROYED, who, code)
