"""Server-side sessions, browsers that are known, and the counts of attempts to sign in.

A session is a random token in a cookie, its hash in the database.

A stranger who guesses passwords doesn't lock out a browser in which that name signed in before.
Failed attempts count per name. In a browser that proves that this name has signed in there they
count per name and browser: who tries passwords elsewhere can't keep an officer from their work, and
gains nothing by it. As in the OWASP description of device cookies.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any, Final

from sqlalchemy import Select, bindparam, delete, select, update
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import LoginSession, RoleAssignment, SignInAttempt, User
from stopintimidatie.core.audit import record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Identity, Role
from stopintimidatie.core.security.policy import cookie_name, note
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.session import SAFE_METHODS, insert_into
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.tree.resources import AtWork
from stopintimidatie.settings import Settings

COOKIE: Final = "sessie"
TOKEN_BYTES: Final = 32
CURRENT: Final = "stopintimidatie.session"
# Written at most this often, so that reading a page doesn't always write.
SEEN_EVERY: Final = timedelta(minutes=1)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def start_session(session: Session, user: User) -> str:
    """Start a session of a user; return the token for the cookie."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session.add(LoginSession(token_hash=_hash(token), user_id=user.id))
    return token


def end_session(session: Session, token: str) -> None:
    """End the session of a token."""
    session.execute(delete(LoginSession).where(LoginSession.token_hash == _hash(token)))


def end_sessions_of(session: Session, user: User) -> None:
    """Sign a user out everywhere."""
    session.execute(delete(LoginSession).where(LoginSession.user_id == user.id))


def token_of(request: Any) -> str | None:
    """Return the token of the session in the cookie, if there is one."""
    token: str | None = request.cookies.get(cookie_name(request.registry.app_settings, COOKIE))
    return token


def set_cookie(response: Any, settings: Settings, token: str | None) -> None:
    """Set the session cookie, or remove it with None."""
    response.set_cookie(
        cookie_name(settings, COOKIE),
        token,
        path="/",
        secure=settings.https,
        httponly=True,
        samesite="Lax",
    )


@dataclass
class Current:
    """The session that a request belongs to."""

    token_hash: str
    created_at: datetime
    last_seen_at: datetime
    flashes: list[Any]
    used_for: list[str] = field(default_factory=list)

    def expired(self, settings: Settings, now: datetime) -> bool:
        """Tell whether the session was idle too long, or has lasted too long."""
        idle = now - self.last_seen_at > timedelta(minutes=settings.session_idle_minutes)
        return idle or now - self.created_at > timedelta(hours=settings.session_absolute_hours)

    def keep(self, session: Session, **values: Any) -> None:
        """Write these values to the row of the session, without flushing other changes."""
        mine = LoginSession.token_hash == self.token_hash
        with session.no_autoflush:
            session.execute(update(LoginSession).where(mine).values(**values))

    def note(self, request: Any, **values: Any) -> None:
        """Have these values written to the row of the session after the page was made."""
        note(request, None, lambda session, _: self.keep(session, **values))


@cache
def _with_roles() -> Select[Any]:
    """Select the session of a token and its user: a row for each role.

    Kept: it is asked with each request, and to make it takes longer than to send it. Columns, no
    objects: those take as long again, and nothing here is changed by way of them.
    """
    return (
        select(
            LoginSession.token_hash,
            LoginSession.created_at,
            LoginSession.last_seen_at,
            LoginSession.flashes,
            LoginSession.used_for,
            User.id,
            User.username,
            User.name,
            User.blocked_at,
            User.demo,
            RoleAssignment.holder,
            RoleAssignment.role,
        )
        .join(User, User.id == LoginSession.user_id)
        .outerjoin(RoleAssignment, RoleAssignment.user_id == User.id)
        .where(LoginSession.token_hash == bindparam("token"))
    )


def identity_of(request: Any) -> Identity | None:
    """Return who sent the request, when the session is alive and the user isn't blocked."""
    token = token_of(request)
    rows = request.db.execute(_with_roles(), {"token": _hash(token)}).all() if token else ()
    if not rows:
        return None
    settings: Settings = request.registry.app_settings
    row, now = rows[0], utc_now()
    current = Current(row.token_hash, row.created_at, row.last_seen_at, row.flashes, row.used_for)
    if current.expired(settings, now) or row.blocked_at is not None:
        return None
    if row.demo and not settings.demo:
        return None
    if now - current.last_seen_at > SEEN_EVERY:
        current.note(request, last_seen_at=now)
    request.environ[CURRENT] = current
    roles = frozenset((grant.holder, Role(grant.role)) for grant in rows if grant.role is not None)
    return Identity(row.id, row.username, row.name, roles)


def flash(
    request: Any, text: str, kind: str = "ok", *, link: tuple[str, str] | None = None
) -> None:
    """Show a message on the next page of this session. Kinds: ok, info, warning, error.

    Args:
        request: The request that the next page follows.
        text: The message.
        kind: Kind of message.
        link: Label and path of what one may want to do next, such as undoing it.
    """
    current: Current | None = request.environ.get(CURRENT)
    if current is not None:
        label, href = link or ("", "")
        message = {"text": text, "kind": kind, "label": label, "href": href}
        current.flashes = [*current.flashes, message]
        if request.method in SAFE_METHODS:
            current.note(request, flashes=current.flashes)
        else:
            # In the request's transaction, so the message is shown only if the change is committed.
            current.keep(request.db, flashes=current.flashes)


def take_flashes(request: Any) -> list[dict[str, str]]:
    """Take the messages that wait for this session; they are shown once."""
    current: Current | None = request.environ.get(CURRENT)
    if current is None or not current.flashes:
        return []
    waiting, current.flashes = current.flashes, []
    current.note(request, flashes=[])
    return waiting


def note_use(request: Any, holder: str) -> None:
    """Have the first use in this session of a role for this holder recorded in the holder's log.

    The desk is left out: signing in is in its log already.
    """
    current: Current | None = request.environ.get(CURRENT)
    if current is None or holder == NATIONAL or holder in current.used_for:
        return
    if holder in request.identity.holders:
        note(request, holder, partial(_tell_use, current.token_hash, holder))


def _tell_use(token_hash: str, holder: str, session: Session, identity: Identity) -> None:
    """Record the use of a role once, also when two pages of the session come at the same time."""
    row = session.get(LoginSession, token_hash, with_for_update=True)
    if row is not None:
        if holder in row.used_for:
            return
        row.used_for = [*row.used_for, holder]
    record(session, identity.actor, "aanmelden.gelukt", holder, "gebruiker", [identity.user_id])


def note_leaving(request: Any) -> None:
    """Have the end of the session recorded in each log that tells of its use."""

    def write(holder: str, session: Session, identity: Identity) -> None:
        record(session, identity.actor, "afmelden", holder, "gebruiker")

    current: Current | None = request.environ.get(CURRENT)
    for holder in current.used_for if current is not None else ():
        note(request, holder, partial(write, holder))


def note_work(event: AtWork) -> None:
    """Note that a role is used when a request reaches an address below a holder; a subscriber."""
    note_use(event.request, event.holder)


# Known browsers

BROWSER_COOKIE: Final = "browser"
BROWSER_PURPOSE: Final = "known-browser"
KEPT: Final = timedelta(days=180)
NONCE_BYTES: Final = 16
LONGEST: Final = 200


def proof_of(keys: KeyRing, username: str) -> str:
    """Make what a browser keeps after this name has signed in; the name doesn't stand in it."""
    nonce = secrets.token_urlsafe(NONCE_BYTES)
    return f"{nonce}.{_sealed(keys, username, nonce)}"


def known_browser(keys: KeyRing, username: str, proof: str) -> str | None:
    """Return which browser this is, when this name has signed in there before, else None.

    After a change of keys a proof means nothing any more, until the next time of signing in.
    """
    nonce, _, seal = proof[:LONGEST].partition(".")
    expected = _sealed(keys, username, nonce).encode()
    return nonce if hmac.compare_digest(seal.encode("utf-8", "replace"), expected) else None


def proof_in(request: Any) -> str:
    """Return the cookie that shows that this browser signed in before; empty when there is none."""
    return str(request.cookies.get(cookie_name(request.registry.app_settings, BROWSER_COOKIE), ""))


def keep_proof(response: Any, settings: Settings, proof: str) -> None:
    """Set the cookie that shows that this browser signed in before."""
    response.set_cookie(
        cookie_name(settings, BROWSER_COOKIE),
        proof,
        max_age=KEPT,
        path="/",
        secure=settings.https,
        httponly=True,
        samesite="Lax",
    )


def _sealed(keys: KeyRing, username: str, nonce: str) -> str:
    return keys.keyed_hash(BROWSER_PURPOSE, f"{nonce}\0{username}".encode("utf-8", "replace"))


# Attempts, counted before the password is checked: those at the same time can't share a count.

FREE_ATTEMPTS: Final = 5
FIRST_LOCK: Final = timedelta(seconds=30)
LONGEST_LOCK: Final = timedelta(minutes=15)
FORGET_AFTER: Final = timedelta(hours=12)
NOTHING: Final = timedelta(0)


@dataclass(frozen=True)
class Guess:
    """An attempt that was counted; when `wait` is positive its password may not be checked."""

    counted_as: str
    wait: timedelta
    # The time that the name is locked if this attempt turns out to be wrong.
    wait_after: timedelta


def lock_time(failures: int) -> timedelta:
    """Return how long a name is locked after so many wrong attempts: first not, then doubling."""
    if failures < FREE_ATTEMPTS:
        return NOTHING
    doublings: int = 1 << min(failures - FREE_ATTEMPTS, 10)
    return min(FIRST_LOCK * doublings, LONGEST_LOCK)


def count_guess(session: Session, keys: KeyRing, username: str, proof: str) -> Guess:
    """Count an attempt to sign in with a name, or give how long that name is still locked.

    Commit before the password is checked: attempts at the same time wait for this transaction. An
    attempt while the name is locked isn't counted, for that would lock it longer. A browser that
    signed in with this name before has a count of its own.

    Args:
        session: Transaction that counts the attempt.
        keys: Keys of the installation.
        username: In its normal form; it need not exist.
        proof: The cookie that shows that this browser signed in before (`proof_of`).
    """
    attempt = _attempt(session, _counted_as(keys, username, proof))
    now = utc_now()
    if now - attempt.last_at > FORGET_AFTER:
        attempt.failures = 0
    # If the clock ran ahead, the name would stay locked until that future day.
    attempt.last_at = min(attempt.last_at, now)
    wait = attempt.last_at + lock_time(attempt.failures) - now
    if wait > NOTHING:
        return Guess(attempt.username_hash, wait, wait)
    attempt.failures += 1
    attempt.last_at = now
    return Guess(attempt.username_hash, NOTHING, lock_time(attempt.failures))


def forget_guesses(session: Session, guess: Guess) -> None:
    """Delete the count after a right password: the next wrong attempt is the first one again."""
    session.execute(delete(SignInAttempt).where(SignInAttempt.username_hash == guess.counted_as))


def is_locked_out(session: Session, keys: KeyRing, username: str, proof: str) -> bool:
    """Tell whether a name has no free attempts left, in this browser or everywhere.

    Locks the rows it finds: until the transaction ends, the same question about this name waits.
    """
    counts = [_counted_as(keys, username, shown) for shown in ("", proof)]
    locked = session.scalars(
        select(SignInAttempt.username_hash)
        .where(SignInAttempt.username_hash.in_(counts))
        .where(SignInAttempt.failures >= FREE_ATTEMPTS)
        .where(SignInAttempt.last_at > utc_now() - FORGET_AFTER)
        .order_by(SignInAttempt.username_hash)
        .with_for_update()
    )
    return bool(locked.all())


def _counted_as(keys: KeyRing, username: str, proof: str) -> str:
    browser = known_browser(keys, username, proof)
    counted = username if browser is None else f"{username}\0{browser}"
    return keys.keyed_hash("sign-in", counted.encode("utf-8", "replace"))


def _attempt(session: Session, counted_as: str) -> SignInAttempt:
    """Return the row of this count, locked; insert it first when there is none."""
    fresh = insert_into(session, SignInAttempt)
    values = {"username_hash": counted_as, "failures": 0, "last_at": utc_now()}
    session.execute(fresh.values(values).on_conflict_do_nothing())
    return session.get_one(SignInAttempt, counted_as, with_for_update=True)
