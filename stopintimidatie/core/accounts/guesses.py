"""Browsers that are known, and the counts of attempts to sign in.

A stranger who guesses passwords doesn't lock out a browser in which that name signed in before.
Failed attempts count per name. In a browser that proves that this name has signed in there they
count per name and browser: who tries passwords elsewhere can't keep an officer from their work, and
gains nothing by it. As in the OWASP description of device cookies.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import SignInAttempt, SpentValue, User
from stopintimidatie.core.accounts.sessions import set_cookie
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.limits import (
    ASKED_LINKS,
    ASKED_LINKS_OF_ALL,
    FAILED_SIGN_INS,
    FAILED_SIGN_INS_OF_ALL,
    Turnstile,
)
from stopintimidatie.core.security.policy import cookie_name
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.session import insert_into
from stopintimidatie.settings import Settings


def normal_username(username: str) -> str:
    """Write a name as it is stored: without blanks around it, in small letters."""
    return username.strip().lower()


# Known browsers

BROWSER_COOKIE: Final = "browser"
BROWSER_PURPOSE: Final = "known-browser"
KEPT: Final = timedelta(days=180)
NONCE_BYTES: Final = 16
LONGEST: Final = 200


# Begins the nonce of a browser that is known by a link in a mail; base64url hasn't this sign.
_BY_MAIL: Final = "~"


def proof_of(keys: KeyRing, username: str, *, by_mail: bool = False) -> str:
    """Make what a browser keeps after this name has signed in; the name doesn't stand in it.

    `by_mail`: the name didn't sign in there yet, but its owner opened a link from a mail there.
    """
    nonce = (_BY_MAIL if by_mail else "") + secrets.token_urlsafe(NONCE_BYTES)
    return f"{nonce}.{_sealed(keys, username, nonce)}"


def known_browser(keys: KeyRing, username: str, proof: str) -> str | None:
    """Return which browser this is, when this name has signed in there before, else None.

    After a change of keys a proof means nothing any more, until the next time of signing in.
    """
    nonce, _, seal = proof[:LONGEST].partition(".")
    expected = _sealed(keys, username, nonce).encode()
    return nonce if hmac.compare_digest(seal.encode("utf-8", "replace"), expected) else None


def signed_in_before(keys: KeyRing, username: str, proof: str) -> bool:
    """Tell whether this name has signed in in this browser; a link from a mail isn't enough."""
    browser = known_browser(keys, username, proof)
    return browser is not None and not browser.startswith(_BY_MAIL)


def proof_in(request: Any) -> str:
    """Return the cookie that shows that this browser signed in before; empty when there is none."""
    return str(request.cookies.get(cookie_name(request.registry.app_settings, BROWSER_COOKIE), ""))


def keep_proof(response: Any, settings: Settings, proof: str) -> None:
    """Set the cookie that shows that this browser signed in before."""
    set_cookie(response, settings, proof, BROWSER_COOKIE, KEPT)


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


def count_guess(
    session: Session, keys: KeyRing, username: str, proof: str, secret: str = ""
) -> Guess:
    """Count an attempt to sign in with a name, or give how long that name is still locked.

    Commit before the password is checked: attempts at the same time wait for this transaction. An
    attempt while the name is locked isn't counted, for that would lock it longer. A browser that
    signed in with this name before has a count of its own.

    Args:
        session: Transaction that counts the attempt.
        keys: Keys of the installation.
        username: In its normal form; it need not exist.
        proof: The cookie that shows that this browser signed in before (`proof_of`).
        secret: What is guessed, with a count of its own; empty for the password.
    """
    attempt = _attempt(session, _counted_as(keys, username, proof, secret))
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


def forget_name(session: Session, keys: KeyRing, username: str) -> None:
    """Delete the count of a name in browsers that aren't known, after a proof of another kind."""
    counted = _counted_as(keys, username, "")
    session.execute(delete(SignInAttempt).where(SignInAttempt.username_hash == counted))


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


def stand_in(session: Session, keys: KeyRing, username: str) -> str:
    """Return the hash of some account, the same for a name each time; empty when there is none.

    It is judged where a name has no hash of its own. As long as accounts have hashes of an earlier
    cost, another hash would tell by its time that a name has no account.
    """
    name = normal_username(username).encode("utf-8", "replace")
    chosen = UUID(keys.keyed_hash("stand-in", name)[:32])
    hashes = select(User.password_hash).where(User.password_hash != "")
    return session.scalar(hashes.order_by(User.id < chosen, User.id).limit(1)) or ""


def _counted_as(keys: KeyRing, username: str, proof: str, secret: str = "") -> str:
    browser = known_browser(keys, username, proof)
    if secret and not signed_in_before(keys, username, proof):
        # Each link from a mail would give whoever reads the mailbox a fresh count.
        browser = None
    counted = username if browser is None else f"{username}\0{browser}"
    if secret:
        counted = f"{secret}\0\0{counted}"
    return keys.keyed_hash("sign-in", counted.encode("utf-8", "replace"))


def _attempt(session: Session, counted_as: str) -> SignInAttempt:
    """Return the row of this count, locked; insert it first when there is none."""
    fresh = insert_into(session, SignInAttempt)
    values = {"username_hash": counted_as, "failures": 0, "last_at": utc_now()}
    # An update that changes nothing locks the row that is there. To do nothing would leave it to
    # another sign-in, which may delete it before it is read.
    locked = fresh.values(values).on_conflict_do_update(
        index_elements=[SignInAttempt.username_hash],
        set_={"failures": SignInAttempt.failures},
    )
    session.execute(locked)
    return session.get_one(SignInAttempt, counted_as)


# Many names from one network: the hash of the network is kept for a day at most (`core.limits`).


def sign_in_gate(request: Any) -> Turnstile:
    """Return the limit on wrong passwords from the network of this request.

    It refuses browsers that aren't known, and these alone count: nobody is shut out of a browser of
    their own, nor from another network. Where the sender isn't known, as behind a proxy that
    doesn't say, all such browsers share one higher limit; known ones go on there as well.
    """
    senders, environ = request.registry.senders, request.environ
    return Turnstile(senders, environ, FAILED_SIGN_INS, FAILED_SIGN_INS_OF_ALL, networks=True)


def count_link(request: Any) -> bool:
    """Count that a mail with a link is asked for; False when this network asked for too many.

    Each counts, also for a name without an account: a limit that told them apart would tell whether
    an account exists. It is another limit than that of wrong passwords, for a link is the way in
    when that is reached.
    """
    senders, environ = request.registry.senders, request.environ
    gate = Turnstile(senders, environ, ASKED_LINKS, ASKED_LINKS_OF_ALL, networks=True)
    if gate.closed():
        return False
    gate.guessed()
    return True


# Values that work once: challenges, states, tokens


def spend(session: Session, keys: KeyRing, value: str, until: datetime) -> bool:
    """Use up a value that works once, and remember that until it would expire.

    Returns False when it was used before; of two requests at once the second waits for the first.
    """
    fresh = insert_into(session, SpentValue)
    hashed = keys.keyed_hash("spent-value", value.encode("utf-8", "replace"))
    values = {"value_hash": hashed, "until": until}
    statement = fresh.values(values).on_conflict_do_nothing().returning(SpentValue.value_hash)
    # No count of rows: for an INSERT the ORM gives none on PostgreSQL.
    return session.scalar(statement) is not None
