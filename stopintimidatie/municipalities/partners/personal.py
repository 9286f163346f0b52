"""Personal data at partners: people to ask there, encrypted like other contact data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core import text
from stopintimidatie.core.mail.addresses import find_address
from stopintimidatie.core.mail.models import MailAddress
from stopintimidatie.core.storage.encryption import KeyRing, Sealed
from stopintimidatie.core.storage.personal import (
    Fragment,
    PersonalDataHolder,
    Subject,
    Treatment,
    redact_rows,
)
from stopintimidatie.municipalities.partners.models import (
    PartnerContact,
    PartnerCovenant,
    PartnerOrganisation,
)
from stopintimidatie.municipalities.partners.resources import PREFIX
from stopintimidatie.municipalities.partners.services import (
    KIND,
    OWNER,
    PURPOSE,
    in_clear,
    owner_of_contact,
)

T: Final = Treatment
ORGANISATION: Final = {
    "name": T.TEXT,
    "legal_bases": T.CODES,
    "covenant_name": T.TEXT,
    "made_by": T.STAFF,
    "changed_by": T.STAFF,
    "ended_by": T.STAFF,
    "ended_reason": T.TEXT,
}
COVENANT: Final = {"name": T.TEXT, "replaced_by": T.STAFF}
CONTACT: Final = {
    "function": T.TEXT,
    "name": T.SEALED,
    "phone": T.SEALED,
    "made_by": T.STAFF,
    "changed_by": T.STAFF,
}
SEALED: Final = Sealed(PartnerContact, PURPOSE, ("name", "phone"), "id")


def _find_organisations(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """Find an organisation by its number alone: it is nobody."""
    number = text.normalise_code(PREFIX, subject.reference or "")
    mine = PartnerOrganisation.reference == number
    return session.scalars(select(PartnerOrganisation.id).where(mine)).all()


def _redact_organisation(
    session: Session, keys: KeyRing, document: UUID, fragment: Fragment
) -> int:
    mine = PartnerOrganisation.id == document
    of_it = PartnerCovenant.organisation_id == document
    return redact_rows(session, PartnerOrganisation, mine, ORGANISATION, fragment) + redact_rows(
        session, PartnerCovenant, of_it, COVENANT, fragment
    )


def _erase_organisation(session: Session, document: UUID) -> None:
    """Erase what was typed beside the name: a name of an organisation is nobody's."""
    row = session.get(PartnerOrganisation, document)
    if row is not None:
        row.ended_reason = None
        contacts = select(PartnerContact.id).where(PartnerContact.organisation_id == document)
        for contact in session.scalars(contacts).all():
            _erase_contact(session, contact)


def _find_contacts(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """Find contacts by e-mail address or number; few rows, each with a lock of its own."""
    wanted = {text.strip().lower() for text in (subject.email, subject.phone) if text}
    if not wanted:
        return []
    addresses = {
        row.owner_id: row
        for row in session.scalars(select(MailAddress).where(MailAddress.owner_kind == OWNER))
    }
    found = []
    for row in session.scalars(select(PartnerContact)):
        person = in_clear(keys, row, addresses.get(str(row.id)))
        if wanted & {person.email.lower(), (person.phone or "").lower()}:
            found.append(row.id)
    return found


def _redact_contact(session: Session, keys: KeyRing, document: UUID, fragment: Fragment) -> int:
    return redact_rows(session, PartnerContact, PartnerContact.id == document, CONTACT, fragment)


def _erase_contact(session: Session, document: UUID) -> None:
    """Name, number and address go, and with them the row: a function alone can't be asked."""
    address = find_address(session, owner_of_contact(document))
    row = session.get(PartnerContact, document)
    for gone in (address, row):
        if gone is not None:
            session.delete(gone)
    session.flush()


PERSONAL_DATA: Final = (
    PersonalDataHolder(
        KIND,
        {"partner_organisation": ORGANISATION, "partner_covenant": COVENANT},
        _find_organisations,
        _redact_organisation,
        _erase_organisation,
    ),
    PersonalDataHolder(
        "contactpersoon",
        {"partner_contact": CONTACT},
        _find_contacts,
        _redact_contact,
        _erase_contact,
    ),
)
