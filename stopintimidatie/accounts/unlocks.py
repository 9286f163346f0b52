"""Opening a locked name for one browser: a one-time link by mail to the name itself.

A stranger who guesses locks a name everywhere but where it has signed in before. The link makes a
browser one of those; it signs nobody in. Whether a name exists can't be told from any answer.
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
from stopintimidatie.jobs import enqueue
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.tenancy import NATIONAL, enter

# A room above sends the mail.
JOB: Final = "aanmelden.link"
PURPOSE: Final = "aanmeldlink"
LASTS: Final = timedelta(minutes=30)
# Less than a link lasts: whoever has one asked for again and again, the owner always has one.
EVERY: Final = timedelta(minutes=10)
VISITOR: Final = Actor("bezoeker", None, "niet aangemeld")


def ask_unlock(session: Session, keys: KeyRing, typed: str, proof: str) -> None:
    """Have a link mailed, if this name is locked and none was asked for in the last minutes.

    :param proof: what the browser shows of having been signed in before (`accounts.devices`).
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
    # A moment that is yet to come is of a clock that ran ahead.
    return last is not None and utc_now() - EVERY < last <= utc_now()


def unlock_to_mail(session: Session, number: UUID) -> SignInUnlock | None:
    """The link to be mailed, while it works; None for a name that can't sign in anyway."""
    found = session.get(SignInUnlock, number)
    if found is None or found.used_at is not None or found.expires_at <= utc_now():
        return None
    user = found.user
    usable = user is not None and user.password_hash and user.blocked_at is None
    return found if usable else None


def link_of(keys: KeyRing, unlock: SignInUnlock) -> str:
    return link_for(keys, PURPOSE, unlock.id, unlock.secret_version)


def open_unlock(session: Session, keys: KeyRing, typed: str) -> SignInUnlock | None:
    """What belongs to this link, while it can be used."""
    number = number_in(typed)
    found = unlock_to_mail(session, number) if number is not None else None
    if found is None or not is_link(keys, PURPOSE, found.id, found.secret_version, typed):
        return None
    return found


def use_unlock(session: Session, keys: KeyRing, typed: str) -> str | None:
    """Use the link up; the name that may be tried in this browser, or None: it works no more."""
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
