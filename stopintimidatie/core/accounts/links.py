"""One-time links in mail: to set a first password, and to unlock a locked name.

A link is derived from the number of a row, so that no link is stored.

Unlocking: A stranger who guesses passwords locks a name in every browser that never signed in with
it. The link makes a browser one that did; it signs nobody in. No answer tells whether a name
exists.
"""

from __future__ import annotations

from datetime import timedelta
from hmac import compare_digest
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, joinedload

from stopintimidatie.core.accounts.guesses import is_locked_out
from stopintimidatie.core.accounts.models import Invitation, RoleOffer, SignInUnlock, User
from stopintimidatie.core.accounts.services import (
    accept_offer,
    find_user,
    normal_username,
    offer_to,
)
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, enqueue
from stopintimidatie.core.storage.encryption import DecryptionError, KeyRing
from stopintimidatie.core.storage.tenancy import NATIONAL, enter


def link_for(keys: KeyRing, purpose: str, number: UUID, version: int) -> str:
    """Return the text of the link for this row, signed with key `version` of the key ring."""
    return f"{number.hex}.{_mac(keys, purpose, number, version)}"


def number_in(typed: str) -> UUID | None:
    """Read the row number from a link, unverified; None when there is none in it."""
    try:
        return UUID(hex=typed.partition(".")[0])
    except ValueError:
        return None


def is_link(keys: KeyRing, purpose: str, number: UUID, version: int, typed: str) -> bool:
    """Tell whether this text is the link of this row."""
    try:
        expected = _mac(keys, purpose, number, version)
    except DecryptionError:
        return False
    mac = typed.partition(".")[2]
    return compare_digest(expected.encode(), mac.encode("utf-8", "replace"))


def _mac(keys: KeyRing, purpose: str, number: UUID, version: int) -> str:
    return keys.keyed_hash(purpose, number.bytes, version)[:40]


# Invitations

PURPOSE: Final = "uitnodiging"
# No password has this hash, so nobody signs in before the link was used.
NO_PASSWORD: Final = ""
LASTS: Final = timedelta(days=7)


def invite(
    session: Session, keys: KeyRing, user: User, offer: RoleOffer | None = None
) -> Invitation:
    """Make a new link for a user without a password; earlier links stop working.

    Args:
        session: Transaction of the request.
        keys: Keys of the installation.
        user: Who gets the link.
        offer: The role that the user takes by setting the first password; it and the link end
            together.
    """
    now = utc_now()
    until = offer.expires_at if offer is not None else now + LASTS
    session.execute(
        update(Invitation)
        .where(Invitation.user_id == user.id, Invitation.used_at.is_(None))
        .values(expires_at=now)
    )
    made = Invitation(
        user_id=user.id,
        offer_id=offer.id if offer is not None else None,
        secret_version=keys.current,
        expires_at=until,
    )
    session.add(made)
    session.flush()
    return made


def link_of(keys: KeyRing, invitation: Invitation) -> str:
    """Return the text of the link: derived from the row, and kept nowhere."""
    return link_for(keys, PURPOSE, invitation.id, invitation.secret_version)


def open_invitation(session: Session, keys: KeyRing, typed: str) -> Invitation | None:
    """Return the invitation of this link, while it can be used."""
    invitation = (
        session.scalars(
            select(Invitation)
            .where(Invitation.id == number_in(typed))
            .options(joinedload(Invitation.user).joinedload(User.roles))
        )
        .unique()
        .one_or_none()
    )
    if invitation is None or not is_link(
        keys, PURPOSE, invitation.id, invitation.secret_version, typed
    ):
        return None
    usable = invitation.used_at is None and utc_now() < invitation.expires_at
    return invitation if usable and invitation.user.blocked_at is None else None


def accept(session: Session, keys: KeyRing, typed: str, hashed: str) -> bool:
    """Set the password and take the offered role; return False if the link was used already.

    Args:
        session: Transaction of the request.
        keys: Keys of the installation.
        typed: The link, as it stood in the address.
        hashed: The hash that `hash_chosen` gave.
    """
    invitation = open_invitation(session, keys, typed)
    if invitation is None or not _use(session, invitation):
        return False
    user = invitation.user
    user.password_hash = hashed
    offer = offer_to(session, user.username, invitation.offer_id)
    home = offer.holder if offer is not None else NATIONAL
    enter(session, home)
    actor = Actor("gebruiker", str(user.id), user.name)
    record(session, actor, "uitnodiging.gebruikt", home, "gebruiker", [user.id])
    if offer is not None:
        accept_offer(session, actor, user.id, offer)
    return True


def _use(session: Session, invitation: Invitation) -> bool:
    """Mark the invitation as used; of two requests at once the second waits and gets False."""
    unused = (Invitation.id == invitation.id, Invitation.used_at.is_(None))
    done: Any = session.execute(update(Invitation).where(*unused).values(used_at=utc_now()))
    return bool(done.rowcount)


# Unlocking

# The package `desk` sends the mail.
JOB: Final = Job("aanmelden.link")
UNLOCK_PURPOSE: Final = "aanmeldlink"
UNLOCK_LASTS: Final = timedelta(minutes=30)
# Shorter than a link is valid: if others keep asking, the owner still always has a valid link.
EVERY: Final = timedelta(minutes=10)
VISITOR: Final = Actor("bezoeker", None, "niet aangemeld")


def ask_unlock(session: Session, keys: KeyRing, typed: str, proof: str) -> None:
    """Have a link mailed if this name is locked and no mail was asked for recently.

    Args:
        session: Transaction of the request.
        keys: Keys of the installation.
        typed: The name that was typed.
        proof: The cookie that shows that this browser signed in before (`known_browser`).
    """
    username = normal_username(typed)
    hashed = keys.keyed_hash(UNLOCK_PURPOSE, username.encode("utf-8", "replace"))
    if not is_locked_out(session, keys, username, proof) or _asked_lately(session, hashed):
        return
    user, now = find_user(session, username), utc_now()
    made = SignInUnlock(
        name_hash=hashed,
        user_id=user.id if user is not None else None,
        secret_version=keys.current,
        made_at=now,
        expires_at=now + UNLOCK_LASTS,
    )
    session.add(made)
    session.flush()
    enter(session, NATIONAL)
    ids = [user.id] if user is not None else []
    record(session, VISITOR, "aanmelden.link_gevraagd", NATIONAL, "gebruiker", ids)
    enqueue(session, JOB, NATIONAL, {"link": str(made.id)})


def _asked_lately(session: Session, name_hash: str) -> bool:
    last = session.scalar(
        select(func.max(SignInUnlock.made_at)).where(SignInUnlock.name_hash == name_hash)
    )
    # A time in the future was stored by a clock that ran ahead.
    return last is not None and utc_now() - EVERY < last <= utc_now()


def unlock_to_mail(session: Session, number: UUID) -> SignInUnlock | None:
    """Return the row of the link to mail while valid; None if the name can't sign in anyway."""
    unlock = session.get(SignInUnlock, number)
    if unlock is None or unlock.used_at is not None or unlock.expires_at <= utc_now():
        return None
    user = unlock.user
    usable = user is not None and user.password_hash and user.blocked_at is None
    return unlock if usable else None


def unlock_link_of(keys: KeyRing, unlock: SignInUnlock) -> str:
    """Return the link of a mail that lets a locked name sign in."""
    return link_for(keys, UNLOCK_PURPOSE, unlock.id, unlock.secret_version)


def open_unlock(session: Session, keys: KeyRing, typed: str) -> SignInUnlock | None:
    """Return the row that belongs to this link while the link can be used."""
    number = number_in(typed)
    unlock = unlock_to_mail(session, number) if number is not None else None
    if unlock is None or not is_link(keys, UNLOCK_PURPOSE, unlock.id, unlock.secret_version, typed):
        return None
    return unlock


def use_unlock(session: Session, keys: KeyRing, typed: str) -> str | None:
    """Use the link up; return the name that this browser may sign in with, None if it's invalid."""
    unlock = open_unlock(session, keys, typed)
    if unlock is None or unlock.user is None:
        return None
    unused = (SignInUnlock.id == unlock.id, SignInUnlock.used_at.is_(None))
    result: Any = session.execute(update(SignInUnlock).where(*unused).values(used_at=utc_now()))
    if not result.rowcount:
        return None
    enter(session, NATIONAL)
    record(session, VISITOR, "aanmelden.link_gebruikt", NATIONAL, "gebruiker", [unlock.user.id])
    return unlock.user.username
