"""Invitations: one-time links in mail to set a first password."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from stopintimidatie.core.accounts.models import Invitation, RoleOffer, User
from stopintimidatie.core.accounts.recovery import is_link, link_for, number_in, spend_links
from stopintimidatie.core.accounts.services import (
    accept_offer,
    offer_to,
)
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.tenancy import NATIONAL, enter

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
    spend_links(session, user)
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
