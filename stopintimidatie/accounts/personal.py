"""Personal data of users: an account that is erased can't sign in and names nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stopintimidatie.accounts.models import (
    Invitation,
    LoginSession,
    RoleAssignment,
    RoleOffer,
    SignInUnlock,
    User,
)
from stopintimidatie.clock import utc_now
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.personal import (
    Fragment,
    PersonalDataHolder,
    Subject,
    Treatment,
    redact_rows,
)

T: Final = Treatment
COLUMNS: Final = {
    "user_account": {"username": T.SEALED, "name": T.SEALED, "password_hash": T.SEALED},
    "role_assignment": {"given_by": T.CODES},
    "invitation": {},
    "sign_in_unlock": {"name_hash": T.CODES},
    "login_session": {"token_hash": T.CODES, "flashes": T.SEALED, "used_for": T.CODES},
}


def find(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """By e-mail address, which is the name one signs in with."""
    if not subject.email:
        return []
    name = subject.email.strip().lower()
    return session.scalars(select(User.id).where(User.username == name)).all()


def redact(session: Session, keys: KeyRing, document: UUID, fragment: Fragment) -> int:
    """An account has no text to take words out of."""
    return 0


def erase(session: Session, document: UUID) -> None:
    """The row stays, for documents refer to it; who it was stands only in the log."""
    user = session.get(User, document)
    if user is None:
        return
    session.execute(delete(LoginSession).where(LoginSession.user_id == document))
    session.execute(delete(SignInUnlock).where(SignInUnlock.user_id == document))
    session.execute(delete(RoleAssignment).where(RoleAssignment.user_id == document))
    user.username = f"verwijderd-{document}"
    user.name = "Verwijderde gebruiker"
    user.password_hash = ""
    user.blocked_at = user.blocked_at or utc_now()
    session.flush()


PERSONAL_DATA: Final = PersonalDataHolder("gebruiker", COLUMNS, find, redact, erase)
OFFER_COLUMNS: Final = {
    "role_offer": {
        "username": T.SEALED,
        "name": T.SEALED,
        "proposed_by_id": T.CODES,
        "given_by": T.CODES,
        "colleague_id": T.CODES,
        "desk_id": T.CODES,
        "proposed_by": T.STAFF,
        "decided_by": T.STAFF,
        "reason": T.TEXT,
    }
}


def find_offers(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """Find the offered roles of a person by the invited address."""
    if not subject.email:
        return []
    name = subject.email.strip().lower()
    rows = select(RoleOffer.id).where(RoleOffer.username == name).order_by(RoleOffer.id)
    return session.scalars(rows).all()


def redact_offer(session: Session, keys: KeyRing, document: UUID, fragment: Fragment) -> int:
    """Make words in the reason of a refusal unreadable; return the number of changes."""
    mine = RoleOffer.id == document
    return redact_rows(session, RoleOffer, mine, OFFER_COLUMNS["role_offer"], fragment)


def erase_offer(session: Session, document: UUID) -> None:
    """Delete an offer: nothing of it is needed, for the log tells what was done."""
    session.execute(delete(Invitation).where(Invitation.offer_id == document))
    session.execute(delete(RoleOffer).where(RoleOffer.id == document))


OFFERS: Final = PersonalDataHolder("rol", OFFER_COLUMNS, find_offers, redact_offer, erase_offer)
