"""One-time links that somebody asks for without signing in, and how a link is made of a row.

A link is derived from the number of a row, so that no link is stored. Two kinds are asked for with
an address, and no answer tells whether it has an account:

- To unlock: a stranger who guesses passwords locks a name in every browser that never signed in
  with it, and perhaps a whole network. This link makes a browser one that did.
- For a new password, for who forgot it.

Neither signs anybody in.
"""

from __future__ import annotations

from datetime import timedelta
from hmac import compare_digest
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.guesses import normal_username
from stopintimidatie.core.accounts.models import LinkPurpose, SignInUnlock, User
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, enqueue
from stopintimidatie.core.storage.encryption import DecryptionError, KeyRing
from stopintimidatie.core.storage.tenancy import NATIONAL, enter

# Links


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


# Asking

JOB: Final = Job("aanmelden.link")
LASTS: Final = timedelta(minutes=30)
# Shorter than a link is valid: if others keep asking, the owner still always has a valid link.
EVERY: Final = timedelta(minutes=10)
VISITOR: Final = Actor("bezoeker", None, "niet aangemeld")
# The codes in the log for each kind: asked for, used.
_ACTIONS: Final = {
    LinkPurpose.UNLOCK: ("aanmelden.link_gevraagd", "aanmelden.link_gebruikt"),
    LinkPurpose.NEW_PASSWORD: ("wachtwoord.link_gevraagd", "wachtwoord.link_gebruikt"),
}


def ask_link(session: Session, keys: KeyRing, typed: str, purpose: LinkPurpose) -> None:
    """Have a link mailed, unless one was asked for with this name a short while ago.

    Asks nothing about an account and writes nothing of one, so that the time tells nothing: whose
    name it is, the job finds out (`find_owner`).

    Args:
        session: Transaction of the request.
        keys: Keys of the installation.
        typed: The name that was typed.
        purpose: The kind of link.
    """
    hashed, now = _hashed(keys, purpose, normal_username(typed), keys.current), utc_now()
    if _asked_lately(session, hashed):
        return
    made = SignInUnlock(
        purpose=purpose,
        name_hash=hashed,
        secret_version=keys.current,
        made_at=now,
        expires_at=now + LASTS,
    )
    session.add(made)
    session.flush()
    enter(session, NATIONAL)
    enqueue(session, JOB, NATIONAL, {"link": str(made.id)})


def _asked_lately(session: Session, name_hash: str) -> bool:
    last = session.scalar(
        select(func.max(SignInUnlock.made_at)).where(SignInUnlock.name_hash == name_hash)
    )
    # A time in the future was stored by a clock that ran ahead.
    return last is not None and utc_now() - EVERY < last <= utc_now()


def find_owner(session: Session, keys: KeyRing, number: UUID) -> None:
    """Give a link to whose name was typed, if that is an account; record that it was asked for.

    Of links that were asked for at the same moment one is given away.
    """
    link = session.get_one(SignInUnlock, number)
    purpose, version = LinkPurpose(link.purpose), link.secret_version
    names = session.execute(select(User.id, User.username)).all()
    owners = [
        user_id
        for user_id, name in names
        if _hashed(keys, purpose, name, version) == link.name_hash
    ]
    record(session, VISITOR, _ACTIONS[purpose][0], NATIONAL, "gebruiker", owners)
    for user_id in owners:
        # Locked: of two jobs at the same time the second sees what the first gave.
        user = session.get_one(User, user_id, with_for_update=True)
        lately = SignInUnlock.made_at > link.made_at - EVERY
        given = select(SignInUnlock.id).where(SignInUnlock.name_hash == link.name_hash, lately)
        if session.scalar(given.where(SignInUnlock.user_id.is_not(None)).limit(1)) is None:
            link.user = user


def _hashed(keys: KeyRing, purpose: LinkPurpose, username: str, version: int) -> str:
    return keys.keyed_hash(purpose, username.encode("utf-8", "replace"), version)


# Using


def usable_link(session: Session, number: UUID) -> SignInUnlock | None:
    """Return the row of a link while it's valid; None if the name can't sign in anyway."""
    link = session.get(SignInUnlock, number)
    if link is None or link.used_at is not None or link.expires_at <= utc_now():
        return None
    user = link.user
    usable = user is not None and user.password_hash and user.blocked_at is None
    return link if usable else None


def open_link(
    session: Session, keys: KeyRing, typed: str, purpose: LinkPurpose
) -> SignInUnlock | None:
    """Return the row that belongs to a link of this kind, while the link can be used."""
    number = number_in(typed)
    link = usable_link(session, number) if number is not None else None
    if link is None or link.purpose != purpose:
        return None
    return link if is_link(keys, purpose, link.id, link.secret_version, typed) else None


def use_link(session: Session, keys: KeyRing, typed: str, purpose: LinkPurpose) -> User | None:
    """Use a link up; return the person whose it is, None if it's invalid or used already."""
    link = open_link(session, keys, typed, purpose)
    if link is None or link.user is None:
        return None
    unused = (SignInUnlock.id == link.id, SignInUnlock.used_at.is_(None))
    result: Any = session.execute(update(SignInUnlock).where(*unused).values(used_at=utc_now()))
    if not result.rowcount:
        return None
    enter(session, NATIONAL)
    record(session, VISITOR, _ACTIONS[purpose][1], NATIONAL, "gebruiker", [link.user.id])
    return link.user


def spend_links(session: Session, user: User) -> None:
    """Make the links of a person invalid that weren't used, such as one for a new password."""
    session.execute(
        update(SignInUnlock)
        .where(SignInUnlock.user_id == user.id, SignInUnlock.used_at.is_(None))
        .values(used_at=utc_now())
    )
