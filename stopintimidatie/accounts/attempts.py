"""Guesses at a name: counted before they are judged, so that no two share one count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stopintimidatie.accounts.devices import known_browser
from stopintimidatie.accounts.models import SignInAttempt
from stopintimidatie.clock import utc_now
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.rows import insert_into

FREE_ATTEMPTS: Final = 5
FIRST_LOCK: Final = timedelta(seconds=30)
LONGEST_LOCK: Final = timedelta(minutes=15)
FORGET_AFTER: Final = timedelta(hours=12)
NOTHING: Final = timedelta(0)


@dataclass(frozen=True)
class Guess:
    """A guess that was counted; `wait` is positive when it may not be judged."""

    counted_as: str
    wait: timedelta
    # How long the name waits when this guess is wrong.
    wait_after: timedelta


def lock_time(failures: int) -> timedelta:
    """How long a name waits after so many failures: nothing at first, then doubling."""
    if failures < FREE_ATTEMPTS:
        return NOTHING
    doublings: int = 1 << min(failures - FREE_ATTEMPTS, 10)
    return min(FIRST_LOCK * doublings, LONGEST_LOCK)


def count_guess(session: Session, keys: KeyRing, username: str, proof: str) -> Guess:
    """Count a guess at a name, or say how long that name still waits; commit before judging.

    Who comes at the same time waits for this transaction. Guesses while a name waits don't count:
    they would make it wait longer. Where this name has signed in before, it has a count of its own.

    :param username: in its normal form; it need not exist.
    :param proof: what the browser shows of having been signed in before (`accounts.devices`).
    """
    attempt = _attempt(session, _counted_as(keys, username, proof))
    now = utc_now()
    if now - attempt.last_at > FORGET_AFTER:
        attempt.failures = 0
    # After a clock that ran ahead a name would wait until that day.
    attempt.last_at = min(attempt.last_at, now)
    wait = attempt.last_at + lock_time(attempt.failures) - now
    if wait > NOTHING:
        return Guess(attempt.username_hash, wait, wait)
    attempt.failures += 1
    attempt.last_at = now
    return Guess(attempt.username_hash, NOTHING, lock_time(attempt.failures))


def forget_guesses(session: Session, guess: Guess) -> None:
    """It was right: the next wrong one is the first."""
    session.execute(delete(SignInAttempt).where(SignInAttempt.username_hash == guess.counted_as))


def is_locked_out(session: Session, keys: KeyRing, username: str, proof: str) -> bool:
    """Whether a name has run out of free guesses lately, here or everywhere.

    Until the transaction ends nobody else hears the answer for this name.
    """
    counts = [_counted_as(keys, username, shown) for shown in ("", proof)]
    found = session.scalars(
        select(SignInAttempt.username_hash)
        .where(SignInAttempt.username_hash.in_(counts))
        .where(SignInAttempt.failures >= FREE_ATTEMPTS)
        .where(SignInAttempt.last_at > utc_now() - FORGET_AFTER)
        .order_by(SignInAttempt.username_hash)
        .with_for_update()
    )
    return bool(found.all())


def _counted_as(keys: KeyRing, username: str, proof: str) -> str:
    browser = known_browser(keys, username, proof)
    counted = username if browser is None else f"{username}\0{browser}"
    return keys.keyed_hash("sign-in", counted.encode("utf-8", "replace"))


def _attempt(session: Session, counted_as: str) -> SignInAttempt:
    """The row of this count, made when there is none, and locked on either database."""
    fresh = insert_into(session, SignInAttempt)
    values = {"username_hash": counted_as, "failures": 0, "last_at": utc_now()}
    session.execute(fresh.values(values).on_conflict_do_nothing())
    return session.get_one(SignInAttempt, counted_as, with_for_update=True)
