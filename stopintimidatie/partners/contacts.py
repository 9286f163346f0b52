"""The people to ask at a partner: names, numbers, and addresses that must prove themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor
from stopintimidatie.clock import utc_now
from stopintimidatie.mail.addresses import (
    Owner,
    clear_address,
    find_address,
    remove_address,
    set_address,
)
from stopintimidatie.mail.models import MailAddress
from stopintimidatie.partners.history import PartnerError, lock, log, only_running, touched
from stopintimidatie.partners.models import PartnerContact, PartnerOrganisation
from stopintimidatie.storage.encryption import KeyRing

PURPOSE: Final = "partner-contact"
OWNER: Final = "partner_contact"
# More than this is an address book.
MOST: Final = 20


@dataclass(frozen=True)
class Person:
    """Somebody at a partner, in clear; never in a repr."""

    function: str
    name: str = field(repr=False)
    email: str = field(repr=False)
    phone: str | None = field(repr=False, default=None)


@dataclass(frozen=True)
class Shown:
    """A contact as a page shows it: the row, the person in clear, and the address."""

    row: PartnerContact
    person: Person
    address: MailAddress | None


def owner_of(contact: UUID) -> Owner:
    return Owner(OWNER, str(contact))


def add_contact(
    session: Session, keys: KeyRing, organisation: PartnerOrganisation, who: Person, actor: Actor
) -> PartnerContact:
    """Somebody to ask; a code goes to the address.

    :raises PartnerError: the organisation was ended, or has too many already.
    """
    lock(session, organisation)
    only_running(organisation)
    mine = PartnerContact.organisation_id == organisation.id
    if (session.scalar(select(func.count(PartnerContact.id)).where(mine)) or 0) >= MOST:
        raise PartnerError(f"Er staan al {MOST} contactpersonen. Verwijder er eerst een.")
    moment = utc_now()
    row = PartnerContact(
        holder=organisation.holder,
        organisation_id=organisation.id,
        function=who.function,
        made_at=moment,
        made_by=actor.name,
        changed_at=moment,
        changed_by=actor.name,
    )
    session.add(row)
    session.flush()
    _seal(keys, row, who)
    set_address(session, keys, row.holder, owner_of(row.id), who.email, actor)
    log(session, organisation, actor, "contact_toegevoegd")
    return row


def change_contact(
    session: Session,
    keys: KeyRing,
    organisation: PartnerOrganisation,
    row: PartnerContact,
    who: Person,
    actor: Actor,
    *,
    version: int | None = None,
) -> None:
    """Other answers; another address must prove itself anew.

    :raises PartnerError: the organisation was ended.
    :raises StalePartnerError: somebody else changed it.
    """
    lock(session, organisation)
    only_running(organisation)
    lock(session, row, version)
    before = in_clear(keys, row, find_address(session, owner_of(row.id)))
    names = ("function", "name", "email", "phone")
    fields = [name for name in names if getattr(before, name) != getattr(who, name)]
    set_address(session, keys, row.holder, owner_of(row.id), who.email, actor)
    if fields:
        row.function = who.function
        _seal(keys, row, who)
        touched(row, actor)
        log(session, organisation, actor, "contact_gewijzigd", fields)


def remove_contact(
    session: Session, organisation: PartnerOrganisation, row: PartnerContact, actor: Actor
) -> None:
    """Forget somebody: name, number and address are gone from the database."""
    remove_address(session, owner_of(row.id), actor)
    session.delete(row)
    session.flush()
    log(session, organisation, actor, "contact_verwijderd")


def remove_all(session: Session, organisation: PartnerOrganisation, actor: Actor) -> None:
    """Forget everybody of an organisation."""
    rows = session.scalars(
        select(PartnerContact).where(PartnerContact.organisation_id == organisation.id)
    ).all()
    for row in rows:
        remove_contact(session, organisation, row, actor)


def find_contact(
    session: Session, organisation: PartnerOrganisation, number: str
) -> PartnerContact | None:
    """A contact of this organisation, by its id as a page sends it."""
    try:
        wanted = UUID(number[:40])
    except ValueError:
        return None
    return session.scalars(
        select(PartnerContact).where(
            PartnerContact.id == wanted, PartnerContact.organisation_id == organisation.id
        )
    ).one_or_none()


def contacts_of(
    session: Session, keys: KeyRing, organisation: PartnerOrganisation
) -> Sequence[Shown]:
    """Everybody to ask there, in clear: the caller notes the read. Two queries."""
    rows = session.scalars(
        select(PartnerContact)
        .where(PartnerContact.organisation_id == organisation.id)
        .order_by(PartnerContact.made_at, PartnerContact.id)
    ).all()
    numbers = [str(row.id) for row in rows]
    addresses = {
        address.owner_id: address
        for address in session.scalars(
            select(MailAddress).where(
                MailAddress.owner_kind == OWNER, MailAddress.owner_id.in_(numbers)
            )
        )
    }
    found = [(row, addresses.get(str(row.id))) for row in rows]
    return [Shown(row, in_clear(keys, row, address), address) for row, address in found]


def in_clear(keys: KeyRing, row: PartnerContact, address: MailAddress | None) -> Person:
    """The person; what was erased is empty."""
    return Person(
        function=row.function,
        name=_open(keys, row, row.name) or "",
        email=clear_address(keys, address) or "",
        phone=_open(keys, row, row.phone),
    )


def _open(keys: KeyRing, row: PartnerContact, sealed: str | None) -> str | None:
    return None if sealed is None else keys.decrypt(PURPOSE, sealed, str(row.id))


def _seal(keys: KeyRing, row: PartnerContact, who: Person) -> None:
    row.name = keys.encrypt(PURPOSE, who.name, str(row.id))
    row.phone = None if who.phone is None else keys.encrypt(PURPOSE, who.phone, str(row.id))
