"""Signing in and out; making users, giving roles, blocking."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from stopintimidatie.accounts.devices import known_browser, proof_of
from stopintimidatie.accounts.models import RoleAssignment, SignInAttempt, User
from stopintimidatie.accounts.passwords import (
    MINIMUM_LENGTH,
    decoy_hash,
    hash_password,
    verify_password,
)
from stopintimidatie.accounts.sessions import end_sessions_of, start_session
from stopintimidatie.audit import Actor, record
from stopintimidatie.clock import utc_now
from stopintimidatie.security import GRANTS, Permission, Role
from stopintimidatie.settings import Settings, SettingsError
from stopintimidatie.storage import transaction
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.models import Holder
from stopintimidatie.storage.tenancy import NATIONAL, enter

log = logging.getLogger(__name__)
FREE_ATTEMPTS: Final = 5
FIRST_LOCK: Final = timedelta(seconds=30)
LONGEST_LOCK: Final = timedelta(minutes=15)
FORGET_AFTER: Final = timedelta(hours=12)
NATIONAL_ROLES: Final = frozenset(
    {Role.NATIONAL_DESK, Role.PRIVACY_OFFICER, Role.DATA_PROTECTION_OFFICER}
)


class AccountError(Exception):
    """Can't be done with this account; the message says what to do, in Dutch."""


@dataclass(frozen=True)
class SignInResult:
    """A token when it succeeded; else how long to wait (0: the name or password is wrong)."""

    token: str | None
    wait: timedelta = timedelta(0)
    # For the browser to keep.
    proof: str = ""


def normal_username(username: str) -> str:
    return username.strip().lower()


def lock_time(failures: int) -> timedelta:
    """How long a name waits after so many failures: nothing at first, then doubling."""
    if failures < FREE_ATTEMPTS:
        return timedelta(0)
    doublings: int = 1 << min(failures - FREE_ATTEMPTS, 10)
    return min(FIRST_LOCK * doublings, LONGEST_LOCK)


def find_user(session: Session, username: str) -> User | None:
    return session.scalars(
        select(User).where(User.username == normal_username(username))
    ).one_or_none()


def _attempt(session: Session, keys: KeyRing, username: str, proof: str) -> SignInAttempt:
    """What has failed before, for this name and, where it has signed in before, this browser."""
    counted = normal_username(username)
    if browser := known_browser(keys, counted, proof):
        counted = f"{counted}\0{browser}"
    name = keys.keyed_hash("sign-in", counted.encode("utf-8", "replace"))
    attempt = session.get(SignInAttempt, name)
    if attempt is None:
        attempt = SignInAttempt(username_hash=name, failures=0, last_at=utc_now())
        session.add(attempt)
    elif utc_now() - attempt.last_at > FORGET_AFTER:
        attempt.failures = 0
    return attempt


def _home(user: User | None) -> str:
    return user.roles[0].holder if user is not None and user.roles else NATIONAL


def sign_in(
    session: Session, keys: KeyRing, username: str, password: str, *, demo: bool, proof: str = ""
) -> SignInResult:
    """Check name and password, with a lock-out that works alike for names that don't exist.

    :param proof: what the browser shows of having been signed in before (`accounts.devices`).
    """
    attempt = _attempt(session, keys, username, proof)
    user = find_user(session, username)
    enter(session, _home(user))
    wait = attempt.last_at + lock_time(attempt.failures) - utc_now()
    if attempt.failures >= FREE_ATTEMPTS and wait > timedelta(0):
        return SignInResult(None, wait)
    usable = user is not None and user.blocked_at is None and (demo or not user.demo)
    correct = verify_password(user.password_hash if user else decoy_hash(), password)
    if user is None or not usable or not correct:
        return _refuse(session, attempt, user)
    attempt.failures = 0
    actor = Actor("gebruiker", str(user.id), user.name)
    record(session, actor, "aanmelden.gelukt", _home(user), "gebruiker", [user.id])
    return SignInResult(start_session(session, user), proof=proof_of(keys, user.username))


def _refuse(session: Session, attempt: SignInAttempt, user: User | None) -> SignInResult:
    attempt.failures += 1
    attempt.last_at = utc_now()
    visitor = Actor("bezoeker", None, "niet aangemeld")
    ids = [user.id] if user is not None else []
    record(session, visitor, "aanmelden.mislukt", _home(user), "gebruiker", ids)
    return SignInResult(None, lock_time(attempt.failures))


def create_user(
    session: Session, actor: Actor, username: str, name: str, password: str, *, demo: bool = False
) -> User:
    """Make a user without roles.

    :raises AccountError: no e-mail address, name taken, or the password is too short.
    """
    username = normal_username(username)
    if "@" not in username or " " in username or len(username) > 200:
        raise AccountError("De gebruikersnaam moet een e-mailadres zijn.")
    if find_user(session, username) is not None:
        raise AccountError(f"Er is al een gebruiker {username}.")
    if len(password) < MINIMUM_LENGTH:
        raise AccountError(f"Kies een wachtwoord van minstens {MINIMUM_LENGTH} tekens.")
    user = User(
        username=username, name=name.strip(), password_hash=hash_password(password), demo=demo
    )
    session.add(user)
    session.flush()
    return user


def give_role(session: Session, actor: Actor, user: User, holder: str, role: Role) -> None:
    """Give a user a role for a holder; giving it twice changes nothing.

    :raises AccountError: the holder doesn't exist, or the role doesn't belong to it.
    """
    if session.get(Holder, holder) is None:
        raise AccountError(f"De gemeente {holder} bestaat niet.")
    if role is Role.NATIONAL_DESK and holder != NATIONAL:
        raise AccountError("De rol meldpunt hoort alleen bij ‘landelijk’.")
    if holder == NATIONAL and role not in NATIONAL_ROLES:
        raise AccountError("Bij ‘landelijk’ horen alleen de rollen meldpunt, privacy en fg.")
    if session.get(RoleAssignment, (user.id, holder, role.value)) is None:
        session.add(RoleAssignment(user_id=user.id, holder=holder, role=role.value))
        enter(session, holder)
        record(session, actor, "gebruiker.rol", holder, "gebruiker", [user.id], fields=[role])


def refuse_demo_accounts(engine: Engine, settings: Settings) -> None:
    """Production doesn't start where everybody knows a password.

    A database that is away or not yet migrated can't be asked: readiness tells that, and signing
    in refuses a demo account by itself.

    :raises SettingsError: there are demo accounts and `demo` is off.
    """
    if settings.demo:
        return
    try:
        with transaction(engine, write=False) as session:
            number = session.scalar(select(func.count()).where(User.demo.is_(True)))
    except SQLAlchemyError as error:
        log.warning("demo accounts not looked for: %s", type(error).__name__)
        return
    if number:
        raise SettingsError(
            [
                f"demo: in deze database staan {number} demo-accounts, met een wachtwoord dat"
                " iedereen kent. Gebruik voor productie een nieuwe, lege database, of zet"
                " demo = true als dit een proefopstelling is"
            ]
        )


def block_user(session: Session, actor: Actor, user: User) -> None:
    """Block a user, who is signed out everywhere at once."""
    user.blocked_at = utc_now()
    end_sessions_of(session, user)
    enter(session, _home(user))
    record(session, actor, "gebruiker.geblokkeerd", _home(user), "gebruiker", [user.id])


def sign_out(session: Session, actor: Actor, holder: str) -> None:
    """Record a sign-out; the session itself is ended by `sessions.end_session`."""
    enter(session, holder)
    record(session, actor, "afmelden", holder, "gebruiker")


def colleagues(session: Session, holder: str, permission: Permission) -> Sequence[User]:
    """Those who may do this for a holder, by name; who is blocked no longer counts."""
    roles = [role.value for role in GRANTS[permission]]
    found = session.scalars(
        select(User)
        .join(RoleAssignment, RoleAssignment.user_id == User.id)
        .where(RoleAssignment.holder == holder, RoleAssignment.role.in_(roles))
        .where(User.blocked_at.is_(None))
        .order_by(User.name, User.username)
        .distinct()
    )
    return found.all()
