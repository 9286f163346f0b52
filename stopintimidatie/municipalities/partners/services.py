"""Partners: the organisations a municipality works with, and the people to ask there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.mail.addresses import (
    Owner,
    clear_address,
    find_address,
    remove_address,
    set_address,
)
from stopintimidatie.core.mail.models import MailAddress
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.text import new_code, uuid_of
from stopintimidatie.municipalities.partners.models import (
    PartnerContact,
    PartnerCovenant,
    PartnerOrganisation,
)
from stopintimidatie.municipalities.partners.resources import PREFIX
from stopintimidatie.municipalities.partners.vocabulary import covenant_problem

# Shared by all changes: one at a time, nothing overwritten, recorded in the log

KIND: Final = "partner"


class StalePartnerError(Exception):
    """Somebody else changed the row since this person saw it."""

    def __init__(self, row: Any) -> None:
        super().__init__("the row was changed meanwhile")
        self.row = row


def lock(session: Session, row: Any, version: int | None = None) -> None:
    """Lock a row until this transaction ends, and read it anew.

    Raises:
        StalePartnerError: it isn't the version that this person saw.
    """
    session.flush()
    session.refresh(row, with_for_update=True)
    if version is not None and row.version != version:
        raise StalePartnerError(row)


def refuse_ended(row: PartnerOrganisation) -> None:
    """Refuse a change of an organisation that was ended.

    Raises:
        FormError: it was ended.
    """
    if row.ended_at is not None:
        raise FormError("Deze partner is beëindigd. Neem de partner eerst weer in gebruik.")


def note_change(row: Any, actor: Actor) -> None:
    """Note on a row who changed it, and when."""
    row.changed_at, row.changed_by = utc_now(), actor.name


def log(
    session: Session,
    row: PartnerOrganisation,
    actor: Actor,
    action: str,
    fields: Sequence[str] = (),
) -> None:
    """Record an action on a partner in the audit log: ids and names of fields, never content."""
    record(session, actor, f"partner.{action}", row.holder, KIND, [row.id], fields=fields)


# People

PURPOSE: Final = "partner-contact"
OWNER: Final = "partner_contact"
# The number of contacts that a partner may have.
MOST: Final = 20


@dataclass(frozen=True)
class Person:
    """The data of a contact in clear, which never shows in a repr."""

    function: str
    name: str = field(repr=False)
    email: str = field(repr=False)
    phone: str | None = field(repr=False, default=None)

    @property
    def words(self) -> str:
        """Name and function."""
        return f"{self.name}, {self.function}"


@dataclass(frozen=True)
class Shown:
    """A contact as a page shows it: the row, the person in clear, and the address."""

    row: PartnerContact
    person: Person
    address: MailAddress | None


def owner_of_contact(contact: UUID) -> Owner:
    """Return the owner of the e-mail address of a contact."""
    return Owner(OWNER, str(contact))


def add_contact(
    session: Session, keys: KeyRing, organisation: PartnerOrganisation, person: Person, actor: Actor
) -> PartnerContact:
    """Add a contact to a partner, and mail a code to the address.

    Raises:
        FormError: the organisation was ended, or has too many already.
    """
    lock(session, organisation)
    refuse_ended(organisation)
    count = select(func.count()).where(PartnerContact.organisation_id == organisation.id)
    if session.scalars(count).one() >= MOST:
        raise FormError(f"Er staan al {MOST} contactpersonen. Verwijder er eerst een.")
    row = PartnerContact(
        holder=organisation.holder,
        organisation_id=organisation.id,
        function=person.function,
        made_by=actor.name,
        changed_by=actor.name,
    )
    session.add(row)
    session.flush()
    _seal(keys, row, person)
    set_address(session, keys, row.holder, owner_of_contact(row.id), person.email, actor)
    log(session, organisation, actor, "contact_toegevoegd")
    return row


def change_contact(
    session: Session,
    keys: KeyRing,
    organisation: PartnerOrganisation,
    row: PartnerContact,
    person: Person,
    actor: Actor,
    *,
    version: int | None = None,
) -> None:
    """Change the data of a contact; another address must be confirmed anew.

    Raises:
        FormError: the organisation was ended.
        StalePartnerError: somebody else changed it.
    """
    lock(session, organisation)
    refuse_ended(organisation)
    lock(session, row, version)
    before = in_clear(keys, row, find_address(session, owner_of_contact(row.id)))
    names = ("function", "name", "email", "phone")
    fields = [name for name in names if getattr(before, name) != getattr(person, name)]
    set_address(session, keys, row.holder, owner_of_contact(row.id), person.email, actor)
    if fields:
        row.function = person.function
        _seal(keys, row, person)
        note_change(row, actor)
        log(session, organisation, actor, "contact_gewijzigd", fields)


def remove_contact(
    session: Session, organisation: PartnerOrganisation, row: PartnerContact, actor: Actor
) -> None:
    """Delete a contact with name, number and address."""
    remove_address(session, owner_of_contact(row.id), actor)
    session.delete(row)
    session.flush()
    log(session, organisation, actor, "contact_verwijderd")


def find_contact(
    session: Session, organisation: PartnerOrganisation, number: str
) -> PartnerContact | None:
    """Return the contact of this organisation with an id as a page sends it, or None."""
    contact_id = uuid_of(number[:40])
    contact = session.get(PartnerContact, contact_id) if contact_id else None
    return contact if contact and contact.organisation_id == organisation.id else None


def contacts_of(
    session: Session, keys: KeyRing, organisation: PartnerOrganisation
) -> Sequence[Shown]:
    """Return the contacts of a partner in clear, in two queries; the caller logs the read."""
    rows = session.scalars(
        select(PartnerContact)
        .where(PartnerContact.organisation_id == organisation.id)
        .order_by(PartnerContact.made_at, PartnerContact.id)
    ).all()
    owned = select(MailAddress).where(
        MailAddress.owner_kind == OWNER, MailAddress.owner_id.in_([str(row.id) for row in rows])
    )
    addresses = {address.owner_id: address for address in session.scalars(owned)}
    pairs = [(row, addresses.get(str(row.id))) for row in rows]
    return [Shown(row, in_clear(keys, row, address), address) for row, address in pairs]


def contact_at(
    session: Session, address_id: UUID | None
) -> tuple[PartnerContact, MailAddress] | None:
    """Return the contact whose address this is, while that person is there."""
    address = session.get(MailAddress, address_id) if address_id else None
    if address is None or address.owner_kind != OWNER:
        return None
    row = session.get(PartnerContact, UUID(address.owner_id))
    return None if row is None else (row, address)


def in_clear(keys: KeyRing, row: PartnerContact, address: MailAddress | None) -> Person:
    """Return the data of a contact in clear; erased data is empty."""
    return Person(
        function=row.function,
        name=_open(keys, row, row.name) or "",
        email=clear_address(keys, address) or "",
        phone=_open(keys, row, row.phone),
    )


def _open(keys: KeyRing, row: PartnerContact, sealed: str | None) -> str | None:
    return None if sealed is None else keys.decrypt(PURPOSE, sealed, str(row.id))


def _seal(keys: KeyRing, row: PartnerContact, person: Person) -> None:
    row.name = keys.encrypt(PURPOSE, person.name, str(row.id))
    row.phone = None if person.phone is None else keys.encrypt(PURPOSE, person.phone, str(row.id))


# Organisations

FIELDS: Final = (
    *("name", "kind", "legal_bases", "profile"),
    *("covenant_name", "covenant_from", "covenant_until"),
)


def add_partner(
    session: Session, holder: str, values: Mapping[str, Any], actor: Actor
) -> PartnerOrganisation:
    """Add a partner with a free number.

    Raises:
        FormError: a rule isn't kept.
    """
    _check(session, holder, values)
    row = PartnerOrganisation(
        holder=holder,
        reference=_free_number(session, holder),
        **{name: values[name] for name in FIELDS},
        made_by=actor.name,
        changed_by=actor.name,
    )
    session.add(row)
    session.flush()
    log(session, row, actor, "toegevoegd")
    return row


def change_partner(
    session: Session,
    row: PartnerOrganisation,
    values: Mapping[str, Any],
    actor: Actor,
    *,
    version: int | None = None,
) -> list[str]:
    """Change a partner; return the names of the columns that differ.

    Raises:
        FormError: a rule isn't kept, or the organisation was ended.
        StalePartnerError: somebody else changed it.
    """
    lock(session, row, version)
    refuse_ended(row)
    _check(session, row.holder, values, row)
    fields = [name for name in FIELDS if values[name] != getattr(row, name)]
    if any(name.startswith("covenant") for name in fields):
        _keep_covenant(session, row, actor)
    for name in fields:
        setattr(row, name, values[name])
    if fields:
        note_change(row, actor)
        log(session, row, actor, "gewijzigd", fields)
    return fields


def _keep_covenant(session: Session, row: PartnerOrganisation, actor: Actor) -> None:
    """Keep the covenant that is replaced as a row: earlier documents name it."""
    before = row.covenant
    if before is not None:
        session.add(
            PartnerCovenant(
                holder=row.holder,
                organisation_id=row.id,
                name=before.name,
                valid_from=before.since,
                valid_until=before.until,
                replaced_at=utc_now(),
                replaced_by=actor.name,
            )
        )


def earlier_covenants(session: Session, row: PartnerOrganisation) -> Sequence[PartnerCovenant]:
    """Return the covenants before the present one, the latest first."""
    return session.scalars(
        select(PartnerCovenant)
        .where(PartnerCovenant.organisation_id == row.id)
        .order_by(PartnerCovenant.replaced_at.desc(), PartnerCovenant.id)
    ).all()


def end_partner(session: Session, row: PartnerOrganisation, reason: str, actor: Actor) -> None:
    """End a partner: delete its contacts; the organisation stays, for the disclosures to it.

    Raises:
        FormError: it was ended already.
    """
    lock(session, row)
    refuse_ended(row)
    contacts = select(PartnerContact).where(PartnerContact.organisation_id == row.id)
    for contact in session.scalars(contacts).all():
        remove_contact(session, row, contact, actor)
    row.ended_at, row.ended_by, row.ended_reason = utc_now(), actor.name, reason
    note_change(row, actor)
    log(session, row, actor, "beeindigd")


def resume_partner(session: Session, row: PartnerOrganisation, actor: Actor) -> None:
    """Use an ended partner again.

    Raises:
        FormError: it wasn't ended, or another has its name by now.
    """
    lock(session, row)
    if row.ended_at is None:
        raise FormError("Deze partner is al in gebruik.")
    _refuse_same_name(session, row.holder, row.name, row)
    row.ended_at = row.ended_by = row.ended_reason = None
    note_change(row, actor)
    log(session, row, actor, "hervat")


def _check(
    session: Session,
    holder: str,
    values: Mapping[str, Any],
    row: PartnerOrganisation | None = None,
) -> None:
    problem = covenant_problem(
        values["covenant_name"], values["covenant_from"], values["covenant_until"]
    )
    if problem:
        raise FormError(*problem)
    _refuse_same_name(session, holder, values["name"], row)


def _refuse_same_name(
    session: Session, holder: str, name: str, row: PartnerOrganisation | None
) -> None:
    """Refuse the name of another partner in use: a list couldn't tell them apart."""
    others = select(PartnerOrganisation.id).where(
        PartnerOrganisation.holder == holder,
        func.lower(PartnerOrganisation.name) == name.lower(),
        PartnerOrganisation.ended_at.is_(None),
    )
    if row is not None:
        others = others.where(PartnerOrganisation.id != row.id)
    if session.execute(others.limit(1)).first() is not None:
        raise FormError(
            "Er is al een partner met deze naam. Kies een andere naam, of pas die partner aan.",
            "naam",
        )


def _free_number(session: Session, holder: str) -> str:
    while True:
        number = new_code(PREFIX)
        taken = select(PartnerOrganisation.id).filter_by(holder=holder, reference=number)
        if session.scalar(taken) is None:
            return number


def running_partners(session: Session) -> Sequence[PartnerOrganisation]:
    """Return the partners in use of this transaction's holder, by name."""
    return session.scalars(
        select(PartnerOrganisation)
        .where(PartnerOrganisation.ended_at.is_(None))
        .order_by(func.lower(PartnerOrganisation.name), PartnerOrganisation.id)
    ).all()


def find_running(session: Session, reference: str) -> PartnerOrganisation | None:
    """Return the partner in use with this number, or None."""
    return session.scalars(
        select(PartnerOrganisation).where(
            PartnerOrganisation.reference == reference, PartnerOrganisation.ended_at.is_(None)
        )
    ).one_or_none()


def covenant_on(row: PartnerOrganisation, day: date) -> str | None:
    """Return the name of the covenant with a partner when it counts on this day, else None."""
    covenant = row.covenant
    return covenant.name if covenant is not None and covenant.counts_on(day) else None


def offered_names(session: Session, document: Any) -> list[tuple[str, str]]:
    """Return the partners that a question may go to, as (number, name)."""
    return [(row.reference, row.name) for row in running_partners(session)]
