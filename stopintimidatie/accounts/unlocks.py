"""Unlocking a locked name for one browser, with a one-time link in a mail to that name.

A stranger who guesses passwords locks a name in every browser that never signed in with it. The
link makes a browser one that did; it signs nobody in. No answer tells whether a name exists.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from stopintimidatie.accounts.attempts import is_locked_out
from stopintimidatie.accounts.links import is_link, link_for, number_in
from stopintimidatie.accounts.models import SignInUnlock
from stopintimidatie.accounts.services import find_user, normal_username
from stopintimidatie.audit import Actor, record
from stopintimidatie.clock import utc_now
from stopintimidatie.jobs import Job, enqueue
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.tenancy import NATIONAL, enter

# The package `desk` sends the mail.
JOB: Final = Job("aanmelden.link")
PURPOSE: Final = "aanmeldlink"
LASTS: Final = timedelta(minutes=30)
# Shorter than a link is valid: if others keep asking, the owner still always has a valid link.
EVERY: Final = timedelta(minutes=10)
VISITOR: Final = Actor("bezoeker", None, "niet aangemeld")


def ask_unlock(session: Session, keys: KeyRing, typed: str, proof: str) -> None:
    """Have a link mailed if this name is locked and no mail was asked for recently.

    :param proof: the cookie that shows that this browser signed in before (`accounts.devices`).
    """
    username = normal_username(typed)
    hashed = keys.keyed_hash(PURPOSE, username.encode("utf-8", "replace"))
    if not is_locked_out(session, keys, username, proof) or _asked_lately(session, hashed):
        return
    user, now = find_user(session, username), utc_now()
    made = SignInUnlock(
        name_hash=hashed,
        user_id=user.id if user is not None else None,
        secret_version=keys.current,
        made_at=now,
        expires_at=now + LASTS,
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
    found = session.get(SignInUnlock, number)
    if found is None or found.used_at is not None or found.expires_at <= utc_now():
        return None
    user = found.user
    usable = user is not None and user.password_hash and user.blocked_at is None
    return found if usable else None


def link_of(keys: KeyRing, unlock: SignInUnlock) -> str:
    return link_for(keys, PURPOSE, unlock.id, unlock.secret_version)


def open_unlock(session: Session, keys: KeyRing, typed: str) -> SignInUnlock | None:
    """Return the row that belongs to this link while the link can be used."""
    number = number_in(typed)
    found = unlock_to_mail(session, number) if number is not None else None
    if found is None or not is_link(keys, PURPOSE, found.id, found.secret_version, typed):
        return None
    return found


def use_unlock(session: Session, keys: KeyRing, typed: str) -> str | None:
    """Use the link up; return the name that this browser may sign in with, None if it's invalid."""
    found = open_unlock(session, keys, typed)
    if found is None or found.user is None:
        return None
    unused = (SignInUnlock.id == found.id, SignInUnlock.used_at.is_(None))
    done: Any = session.execute(update(SignInUnlock).where(*unused).values(used_at=utc_now()))
    if not done.rowcount:
        return None
    enter(session, NATIONAL)
    record(session, VISITOR, "aanmelden.link_gebruikt", NATIONAL, "gebruiker", [found.user.id])
    return found.user.username
