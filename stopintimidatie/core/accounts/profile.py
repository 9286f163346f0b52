"""The own account: its password, its name and its sessions, changed by the person self."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Engine, delete, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.guesses import count_guess, forget_guesses, forget_name
from stopintimidatie.core.accounts.mail import PASSWORD_CHANGED, mail_event
from stopintimidatie.core.accounts.models import LinkPurpose, LoginSession, PendingSignIn, User
from stopintimidatie.core.accounts.passwords import verify_password
from stopintimidatie.core.accounts.recovery import spend_links, use_link
from stopintimidatie.core.accounts.sessions import Current, renew_token
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Identity
from stopintimidatie.core.storage import transaction
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.tenancy import NATIONAL, enter
from stopintimidatie.settings import Settings


@dataclass(frozen=True)
class Checked:
    """The user whose password was right; else None, and how long to wait for the next try."""

    user: User | None
    wait: timedelta = timedelta(0)


def check_own_password(
    engine: Engine, keys: KeyRing, identity: Identity, password: str, *, proof: str
) -> Checked:
    """Check the password of who is signed in; a wrong one counts as when signing in.

    So a session that somebody left open, or whose cookie was stolen, is no place to try passwords.
    As in `sign_in` the password is checked between two transactions of its own.
    """
    with transaction(engine) as session:
        guess = count_guess(session, keys, identity.username, proof)
        user = session.get(User, identity.user_id)
    if guess.wait > timedelta(0):
        return Checked(None, guess.wait)
    correct = verify_password(user.password_hash if user else "", password)
    with transaction(engine) as session:
        if correct:
            forget_guesses(session, guess)
            return Checked(user)
        enter(session, NATIONAL)
        me = identity.user_id
        record(session, identity.actor, "wachtwoord.mislukt", NATIONAL, "gebruiker", [me])
        return Checked(None, guess.wait_after)


def change_password(
    session: Session, actor: Actor, judged: User, hashed: str, current: Current
) -> str | None:
    """Set a new password, end all other sessions and give the one at hand a new token.

    Args:
        session: Transaction of the request.
        actor: Who does it, for the log.
        judged: The user, as the old password was checked.
        hashed: The hash that `hash_chosen` gave.
        current: The session at hand.

    Returns:
        The token; None when the session ended or the password was changed in the meantime.
    """
    user = session.get(User, judged.id, with_for_update=True, populate_existing=True)
    if user is None or user.password_hash != judged.password_hash:
        return None
    token = renew_token(session, current)
    if token is not None:
        enter(session, NATIONAL)
        record(session, actor, "wachtwoord.gewijzigd", NATIONAL, "gebruiker", [user.id])
        _replace_password(session, user, hashed, keep=current.token_hash)
    return token


def set_new_password(session: Session, keys: KeyRing, typed: str, hashed: str) -> bool:
    """Set the password of who forgot it, with a link; return False if the link was used already.

    Args:
        session: Transaction of the request.
        keys: Keys of the installation.
        typed: The link, as it stood in the address.
        hashed: The hash that `hash_chosen` gave.
    """
    user = use_link(session, keys, typed, LinkPurpose.NEW_PASSWORD)
    if user is None:
        return False
    forget_name(session, keys, user.username)
    _replace_password(session, user, hashed)
    return True


def _replace_password(session: Session, user: User, hashed: str, *, keep: str = "") -> None:
    """End all that was begun with the old password, but for the session to keep; tell by mail."""
    user.password_hash = hashed
    # In this order, as in `end_sessions_of`.
    session.execute(delete(PendingSignIn).where(PendingSignIn.user_id == user.id))
    end_other_sessions(session, user.id, keep)
    spend_links(session, user)
    mail_event(session, user, PASSWORD_CHANGED)


def rename(session: Session, actor: Actor, user_id: UUID, name: str) -> bool:
    """Change the name that colleagues read; return False if it is that already."""
    return _change(session, actor, user_id, "name", name, "naam")


def choose_mail(session: Session, actor: Actor, user_id: UUID, choice: str) -> bool:
    """Choose when to be mailed of work (`MailChoice`); return False if it is that already."""
    return _change(session, actor, user_id, "mail", choice, "post")


def _change(
    session: Session, actor: Actor, user_id: UUID, column: str, value: str, field: str
) -> bool:
    user = session.get_one(User, user_id)
    if getattr(user, column) == value:
        return False
    setattr(user, column, value)
    enter(session, NATIONAL)
    record(session, actor, f"account.{field}", NATIONAL, "gebruiker", [user_id], fields=[field])
    return True


# Sessions


def end_other_sessions(
    session: Session,
    user_id: UUID,
    keep: str,
    *,
    which: str | None = None,
    provider: str | None = None,
) -> int:
    """End sessions of a user, but for the one at hand; return how many.

    Args:
        session: Transaction of the request.
        user_id: The user.
        keep: Token hash of the session that goes on.
        which: Token hash of the only one to end; None: all others.
        provider: The holder whose provider opened them; None: whoever did.
    """
    ended = delete(LoginSession).where(
        LoginSession.user_id == user_id, LoginSession.token_hash != keep
    )
    if which is not None:
        ended = ended.where(LoginSession.token_hash == which)
    if provider is not None:
        ended = ended.where(LoginSession.provider == provider)
    result: Any = session.execute(ended)
    return int(result.rowcount)


# No page of an own account is longer.
_MOST_LISTED: Final = 50


def sessions_of(
    session: Session, user_id: UUID, settings: Settings, provider: str | None
) -> Sequence[LoginSession]:
    """Return the sessions of a user that aren't over, the last used first.

    `provider`: the holder whose provider opened them; None: all.
    """
    now = utc_now()
    idle = now - timedelta(minutes=settings.session_idle_minutes)
    oldest = now - timedelta(hours=settings.session_absolute_hours)
    listed = (
        select(LoginSession)
        .where(LoginSession.user_id == user_id)
        .where(LoginSession.last_seen_at >= idle, LoginSession.created_at >= oldest)
        .where(or_(LoginSession.ends_at.is_(None), LoginSession.ends_at > now))
        .order_by(LoginSession.last_seen_at.desc(), LoginSession.token_hash)
        .limit(_MOST_LISTED)
    )
    if provider is not None:
        listed = listed.where(LoginSession.provider == provider)
    return session.scalars(listed).all()


def end_own_sessions(
    session: Session, identity: Identity, current: Current, which: str | None
) -> int:
    """End another session of one's own by its token hash, or with None all others.

    In a session through a provider these are the sessions of that provider only.

    Returns:
        The number of sessions that were ended.
    """
    me = identity.user_id
    number = end_other_sessions(
        session, me, current.token_hash, which=which, provider=current.provider
    )
    if number:
        enter(session, NATIONAL)
        record(session, identity.actor, "account.sessie", NATIONAL, "gebruiker", [me])
    return number
