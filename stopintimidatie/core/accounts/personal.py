"""The personal data of users: accounts and offered roles, found, redacted and erased."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import (
    BlockedColleague,
    Invitation,
    LoginSession,
    OneTimeCode,
    Passkey,
    PendingSignIn,
    ProviderAccount,
    RecoveryCode,
    RoleAssignment,
    RoleOffer,
    SignInUnlock,
    User,
)
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.personal import (
    PersonalDataHolder,
    Subject,
    holder_of_rows,
    redact_nothing,
    treated,
)
from stopintimidatie.core.storage.retention import RetentionClass, Way, days

# An account that is erased can't sign in and names nobody.

COLUMNS: Final = {
    "user_account": treated(sealed="username name password_hash", codes="mail"),
    "role_assignment": treated(codes="given_by reviewed_by_id"),
    # It stays when one is erased: what that account proposed may still wait for a second person.
    "account_hand": treated(codes="giver_id receiver_id"),
    "blocked_colleague": treated(codes="blocked_by_id roles"),
    "invitation": {},
    "sign_in_unlock": treated(codes="name_hash"),
    "login_session": treated(
        sealed="flashes kept_form device", codes="token_hash used_for provider provider_session"
    ),
    "pending_sign_in": treated(sealed="next_path", codes="token_hash"),
    "passkey": treated(sealed="name credential_id public_key"),
    "one_time_code": treated(sealed="secret"),
    "recovery_code": treated(codes="code_hash"),
    "provider_account": treated(codes="subject_hash"),
}


# Deleted with the person; the account itself is emptied.
_WITH_PERSON: Final = (
    LoginSession,
    PendingSignIn,
    SignInUnlock,
    Passkey,
    OneTimeCode,
    RecoveryCode,
    ProviderAccount,
    RoleAssignment,
    BlockedColleague,
)


def find(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """Find accounts by e-mail address, which is the name one signs in with."""
    if not subject.email:
        return []
    name = subject.email.strip().lower()
    return session.scalars(select(User.id).where(User.username == name)).all()


def erase(session: Session, document: UUID) -> None:
    """Empty the row and keep it, for documents refer to it; the log alone knows who it was."""
    user = session.get(User, document)
    if user is None:
        return
    for entity in _WITH_PERSON:
        session.execute(delete(entity).where(entity.user_id == document))
    user.username = f"verwijderd-{document}"
    user.name = "Verwijderde gebruiker"
    user.password_hash = ""
    user.blocked_at = user.blocked_at or utc_now()
    session.flush()


PERSONAL_DATA: Final = PersonalDataHolder("gebruiker", COLUMNS, find, redact_nothing, erase)
OFFER_COLUMNS: Final = treated(
    text="reason mandate",
    sealed="username name",
    staff="proposed_by decided_by",
    codes="proposed_by_id answered_by_id given_by colleague_id desk_id",
)


def find_offers(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """Find the offered roles of a person by the invited address."""
    if not subject.email:
        return []
    name = subject.email.strip().lower()
    rows = select(RoleOffer.id).where(RoleOffer.username == name).order_by(RoleOffer.id)
    return session.scalars(rows).all()


def erase_offer(session: Session, document: UUID) -> None:
    """Delete an offer: nothing of it is needed, for the log tells what was done."""
    session.execute(delete(Invitation).where(Invitation.offer_id == document))
    session.execute(delete(RoleOffer).where(RoleOffer.id == document))


OFFERS: Final = replace(
    holder_of_rows("rol", RoleOffer, OFFER_COLUMNS, find_offers), erase=erase_offer
)

RETENTION: Final = (
    RetentionClass(
        "account",
        "Accounts van medewerkers: naam, e-mailadres, rollen, tweede stap",
        (
            "user_account",
            "role_assignment",
            "account_hand",
            "blocked_colleague",
            "provider_account",
            "passkey",
            "one_time_code",
            "recovery_code",
        ),
        Way.BY_HAND,
        "de beheerder neemt iemand de laatste rol af, of het meldpunt verwijdert het account",
        until="tot het account wordt verwijderd",
        source="eigen beleid; in het logboek blijft de naam zolang dat blijft",
    ),
    RetentionClass(
        "sessie",
        "Sessies, aanmeldlinks en uitnodigingen van medewerkers",
        ("login_session", "pending_sign_in", "invitation", "sign_in_unlock"),
        Way.BY_ITSELF,
        "het begin van de sessie, of de dag waarop de link is verstuurd",
        until="tot afmelden of tot de sessie of link verloopt, hoogstens een uur later",
        source="instellingen session.*",
    ),
    RetentionClass(
        "poging",
        "Mislukte pogingen om aan te melden",
        ("sign_in_attempt", "spent_value"),
        Way.BY_ITSELF,
        "de laatste poging",
        until="een halve dag",
        source="eigen beleid",
    ),
    RetentionClass(
        "rolaanbod",
        "Rollen die iemand kreeg aangeboden",
        ("role_offer",),
        Way.BY_ITSELF,
        "de dag waarop het aanbod verloopt",
        days(30),
        source="eigen beleid",
    ),
)
