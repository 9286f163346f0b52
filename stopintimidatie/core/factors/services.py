"""Second factors: setting up, checking, taking away; and signing in with them.

An authenticator app (TOTP) and ten recovery codes stand here, passkeys in `passkeys`. A code works
once. Wrong codes are counted as wrong passwords are, in a count of their own.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from pyotp import TOTP
from sqlalchemy import Engine, delete, func, select, update
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.guesses import FIRST_LOCK, count_guess, forget_guesses
from stopintimidatie.core.accounts.mail import WRONG_FACTOR, mail_event, person
from stopintimidatie.core.accounts.models import (
    TOTP_PURPOSE,
    OneTimeCode,
    Passkey,
    PendingSignIn,
    RecoveryCode,
    User,
)
from stopintimidatie.core.accounts.services import SignInResult, let_in, may_sign_in, refuse
from stopintimidatie.core.accounts.sessions import Opening, Visit, end_sessions_of, pending_of
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.mail import Letter, MailTemplate, Writing, queue_mail
from stopintimidatie.core.storage import transaction
from stopintimidatie.core.storage.encryption import DecryptionError, KeyRing
from stopintimidatie.core.storage.tenancy import NATIONAL, enter
from stopintimidatie.core.text import datetime_long, plural

KIND: Final = "gebruiker"
MAIL: Final = "tweede_stap"
# Seconds that a code of the app lasts, and how many of these a clock may be wrong.
STEP_SECONDS: Final = 30
STEPS_OFF: Final = 1
RECOVERY_CODES: Final = 10
# Without signs that look alike; 60 bits in a code.
_SIGNS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_RECOVERY_PURPOSE: Final = "recovery-code"
_SETUP_PURPOSE: Final = "one-time-code-setup"


@dataclass(frozen=True)
class Factors:
    """The second factors of a person."""

    passkeys: tuple[Passkey, ...]
    app: OneTimeCode | None
    recovery_left: int

    @property
    def any(self) -> bool:
        """Tell whether there is a factor to sign in with; recovery codes alone are none."""
        return bool(self.passkeys) or self.app is not None


NO_FACTORS: Final = Factors((), None, 0)


def factors_of(session: Session, user_id: UUID) -> Factors:
    """Return the factors of a person, passkeys by age."""
    passkeys = session.scalars(
        select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.created_at, Passkey.id)
    ).all()
    app = session.scalars(select(OneTimeCode).filter_by(user_id=user_id)).one_or_none()
    left = select(func.count()).where(
        RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
    )
    return Factors(tuple(passkeys), app, session.scalar(left) or 0)


def actor_of(user: User) -> Actor:
    """Return a person as the log names them."""
    return Actor("gebruiker", str(user.id), user.name)


def log_change(session: Session, actor: Actor, user_id: UUID, action: str, *fields: str) -> None:
    """Record a change of somebody's factors in the log of the desk, and mail that person."""
    enter(session, NATIONAL)
    record(session, actor, action, NATIONAL, KIND, [user_id], fields=list(fields))
    queue_mail(
        session, NATIONAL, MAIL, person(user_id), about=user_id, values={"wijziging": action}
    )


# The authenticator app


def new_secret(keys: KeyRing, user_id: UUID, token: str, app: OneTimeCode | None) -> str:
    """Return the secret that a page offers to an app: derived, so that a page needn't store it.

    It stays the same while the page is loaded again, in this session or sign-in, and is another one
    once it replaced the present app.
    """
    seed = f"{token}\0{app.id if app is not None else ''}"
    derived = keys.keyed_hash(_SETUP_PURPOSE, user_id.bytes + seed.encode("utf-8", "replace"))
    return b32encode(bytes.fromhex(derived)[:20]).decode()


def step_of(secret: str, typed: str, now: datetime, after: int = 0) -> int | None:
    """Return the step of thirty seconds of which this is the code, later than `after`. Pure."""
    code, app = "".join(typed.split()), TOTP(secret)
    here = int(now.timestamp()) // STEP_SECONDS
    for step in range(here - STEPS_OFF, here + STEPS_OFF + 1):
        if step > after and hmac.compare_digest(
            app.generate_otp(step).encode(), code.encode("utf-8", "replace")
        ):
            return step
    return None


def set_up_app(session: Session, keys: KeyRing, user: User, secret: str, typed: str) -> bool:
    """Set up the app that showed this code, in place of an earlier one; False: a wrong code."""
    step = step_of(secret, typed, utc_now())
    if step is None:
        return False
    session.execute(delete(OneTimeCode).where(OneTimeCode.user_id == user.id))
    sealed = keys.encrypt(TOTP_PURPOSE, secret, str(user.id))
    session.add(OneTimeCode(user_id=user.id, secret=sealed, last_step=step))
    log_change(session, actor_of(user), user.id, "factor.app_ingesteld")
    return True


def _use_app(session: Session, keys: KeyRing, user_id: UUID, typed: str) -> bool:
    """Use a code of the app up; tell whether it was right and new."""
    app = session.scalars(
        select(OneTimeCode).where(OneTimeCode.user_id == user_id).with_for_update()
    ).one_or_none()
    if app is None:
        return False
    secret = keys.decrypt(TOTP_PURPOSE, app.secret, str(user_id))
    step = step_of(secret, typed, utc_now(), app.last_step)
    if step is None:
        return False
    app.last_step, app.last_used_at = step, utc_now()
    return True


# Recovery codes


def make_codes(session: Session, keys: KeyRing, user: User) -> list[str]:
    """Make ten new recovery codes; earlier ones no longer work. Only hashes are kept."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = [
        "-".join("".join(secrets.choice(_SIGNS) for _ in range(4)) for _ in range(3))
        for _ in range(RECOVERY_CODES)
    ]
    session.add_all(
        RecoveryCode(
            user_id=user.id,
            code_hash=_hash_of_code(keys, user.id, code, keys.current),
            secret_version=keys.current,
        )
        for code in codes
    )
    log_change(session, actor_of(user), user.id, "factor.herstelcodes_gemaakt")
    session.flush()
    return codes


def _hash_of_code(keys: KeyRing, user_id: UUID, typed: str, version: int) -> str:
    plain = "".join(sign for sign in typed.upper() if sign in _SIGNS)
    return keys.keyed_hash(_RECOVERY_PURPOSE, user_id.bytes + plain.encode(), version)


def _use_recovery_code(session: Session, keys: KeyRing, user: User, typed: str) -> bool:
    """Use a recovery code up; tell whether it was right and unused."""
    versions = session.scalars(
        select(RecoveryCode.secret_version).where(RecoveryCode.user_id == user.id).distinct()
    )
    hashes = []
    for version in versions.all():
        try:
            hashes.append(_hash_of_code(keys, user.id, typed, version))
        except DecryptionError:
            # A key that was thrown away: its codes can't be checked any more.
            continue
    unused = (
        RecoveryCode.user_id == user.id,
        RecoveryCode.code_hash.in_(hashes),
        RecoveryCode.used_at.is_(None),
    )
    used: Any = session.execute(update(RecoveryCode).where(*unused).values(used_at=utc_now()))
    if used.rowcount:
        log_change(session, actor_of(user), user.id, "factor.herstelcode_gebruikt")
    return bool(used.rowcount)


class CodeKind(StrEnum):
    """Kinds of codes that show who somebody is."""

    APP = "app"
    RECOVERY = "herstelcode"


def use_code(session: Session, keys: KeyRing, user: User, typed: str) -> CodeKind | None:
    """Use up a code of the app or a recovery code; return which it was, None if it is wrong."""
    if _use_app(session, keys, user.id, typed):
        return CodeKind.APP
    return CodeKind.RECOVERY if _use_recovery_code(session, keys, user, typed) else None


# Taking away


def remove_app(session: Session, actor: Actor, user_id: UUID) -> None:
    """Remove somebody's authenticator app."""
    session.execute(delete(OneTimeCode).where(OneTimeCode.user_id == user_id))
    log_change(session, actor, user_id, "factor.app_verwijderd")


def remove_passkey(session: Session, actor: Actor, user_id: UUID, number: UUID) -> None:
    """Remove one of somebody's passkeys."""
    session.execute(delete(Passkey).where(Passkey.user_id == user_id, Passkey.id == number))
    log_change(session, actor, user_id, "factor.passkey_verwijderd")


def reset_factors(session: Session, actor: Actor, user_id: UUID, holder: str) -> None:
    """Remove all factors of somebody who lost them, and end their sessions.

    At the next sign-in they set up a new one. The person gets a mail; the log of `holder`, for whom
    the actor works, tells of it, and so does that of the desk.
    """
    for kind in (Passkey, OneTimeCode, RecoveryCode):
        session.execute(delete(kind).where(kind.user_id == user_id))
    end_sessions_of(session, user_id)
    record(session, actor, "factor.hersteld", holder, KIND, [user_id])
    queue_mail(
        session,
        holder,
        MAIL,
        person(user_id),
        about=user_id,
        values={"wijziging": "factor.hersteld"},
    )


# Signing in with a second factor


@dataclass(frozen=True)
class Door:
    """Engine, keys, and whether this is a demo: the needs of signing in."""

    engine: Engine
    keys: KeyRing
    demo: bool


def sign_in_with_code(door: Door, token: str, typed: str, visit: Visit) -> SignInResult:
    """Finish a sign-in that waits with `token`, by a code of the app or a recovery code.

    Counted before the code is checked, in a transaction of its own, as for passwords.
    """
    with transaction(door.engine) as session:
        pending = pending_of(session, token)
        if pending is None:
            return SignInResult(None)
        user = pending.user
        guess = count_guess(session, door.keys, user.username, visit.proof, "factor")
    if guess.wait > timedelta(0):
        return SignInResult(None, guess.wait)
    with transaction(door.engine) as session:
        present = take_pending(session, token, demo=door.demo)
        if present is None:
            return SignInResult(None)
        kind = use_code(session, door.keys, present.user, typed)
        if kind is None:
            refused = refuse(session, guess, present.user, "code")
            # Once: the next ones lock for longer.
            if guess.wait_after == FIRST_LOCK:
                mail_event(session, present.user, WRONG_FACTOR)
            return refused
        forget_guesses(session, guess)
        notice = _recovery_notice(session, present.user_id) if kind is CodeKind.RECOVERY else ""
        return finish(session, door.keys, present, visit, kind, notice)


def _recovery_notice(session: Session, user_id: UUID) -> str:
    left = plural(factors_of(session, user_id).recovery_left, "herstelcode", "herstelcodes")
    return (
        f"U gebruikte een herstelcode; u hebt nog {left}. Bent u uw telefoon of passkey kwijt, haal"
        " die dan weg op Mijn account (uw naam, bovenaan) en stel een nieuwe in."
    )


def take_pending(session: Session, token: str, *, demo: bool) -> PendingSignIn | None:
    """Return a waiting sign-in, locked, while its account may sign in; None otherwise."""
    pending = pending_of(session, token, lock=True)
    return pending if pending and may_sign_in(pending.user, demo=demo) else None


def finish(
    session: Session,
    keys: KeyRing,
    pending: PendingSignIn,
    visit: Visit,
    way: str,
    notice: str = "",
) -> SignInResult:
    """Let in somebody who showed a second factor; the waiting sign-in is used up.

    `way`: the factor, for the log. `notice`: a message on the first page.
    """
    user = pending.user
    session.delete(pending)
    opening = Opening(visit.device, factor=True, notice=notice)
    return let_in(session, keys, user, opening, visit, ["wachtwoord", way])


# The mail to a person whose second factors were changed, or of whom a recovery code was used


def _write_mail(writing: Writing) -> Letter:
    return Letter(
        {
            "at": datetime_long(writing.message.created_at),
            "action": writing.message.values["wijziging"],
            "link": writing.link("/wachtwoord-vergeten"),
            "account": writing.link("/account"),
        }
    )


TEMPLATE: Final = MailTemplate(
    MAIL, "De beveiliging van uw account is gewijzigd", __package__, _write_mail
)
