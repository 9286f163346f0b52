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
    redact_rows,
    treated,
)
from stopintimidatie.core.storage.retention import RetentionClass, Way
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

ORGANISATION: Final = treated(
    text="name covenant_name ended_reason",
    codes="legal_bases",
    staff="made_by changed_by ended_by",
)
COVENANT: Final = treated(text="name", staff="replaced_by")
CONTACT: Final = treated(text="function", sealed="name phone", staff="made_by changed_by")
SEALED: Final = Sealed(PartnerContact, PURPOSE, ("name", "phone"), "id")


def _find_organisations(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """Return the organisation with the number of the subject; its name is no person's."""
    number = text.normalise_code(PREFIX, subject.reference or "")
    wanted = select(PartnerOrganisation.id).where(PartnerOrganisation.reference == number)
    return session.scalars(wanted).all()


def _redact_organisation(
    session: Session, keys: KeyRing, document: UUID, fragment: Fragment
) -> int:
    organisation = PartnerOrganisation.id == document
    covenants = PartnerCovenant.organisation_id == document
    return redact_rows(
        session, PartnerOrganisation, organisation, ORGANISATION, fragment
    ) + redact_rows(session, PartnerCovenant, covenants, COVENANT, fragment)


def _erase_organisation(session: Session, document: UUID) -> None:
    """Erase the reason of the end and all contacts; the name of an organisation is no person's."""
    row = session.get(PartnerOrganisation, document)
    if row is not None:
        row.ended_reason = None
        contacts = select(PartnerContact.id).where(PartnerContact.organisation_id == document)
        for contact in session.scalars(contacts).all():
            _erase_contact(session, contact)


def _find_contacts(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """Return the contacts with this e-mail address or number; all are decrypted to compare."""
    wanted = {typed.strip().lower() for typed in (subject.email, subject.phone) if typed}
    if not wanted:
        return []
    addresses = {
        row.owner_id: row
        for row in session.scalars(select(MailAddress).where(MailAddress.owner_kind == OWNER))
    }
    contacts = []
    for row in session.scalars(select(PartnerContact)):
        person = in_clear(keys, row, addresses.get(str(row.id)))
        if wanted & {person.email.lower(), (person.phone or "").lower()}:
            contacts.append(row.id)
    return contacts


def _redact_contact(session: Session, keys: KeyRing, document: UUID, fragment: Fragment) -> int:
    return redact_rows(session, PartnerContact, PartnerContact.id == document, CONTACT, fragment)


def _erase_contact(session: Session, document: UUID) -> None:
    """Delete a contact with its address: a function without a person is of no use."""
    address = find_address(session, owner_of_contact(document))
    for row in (address, session.get(PartnerContact, document)):
        if row is not None:
            session.delete(row)
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

RETENTION: Final = (
    RetentionClass(
        "partner",
        "Partners en hun convenanten: organisaties, met namen van wie ze vastlegde",
        ("partner_organisation", "partner_covenant"),
        Way.BY_HAND,
        "de beheerder beëindigt de samenwerking",
        until="zolang het verstrekkingenregister ernaar verwijst",
        source="eigen beleid",
    ),
    RetentionClass(
        "contactpersoon",
        "Contactpersonen van partners",
        ("partner_contact",),
        Way.BY_HAND,
        "iemand is geen contactpersoon meer",
        until="tot de beheerder de contactpersoon verwijdert",
        source="eigen beleid",
    ),
)
