"""Accounts: signing in and out, making users, roles and offers of roles, blocking."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Delete,
    Engine,
    and_,
    delete,
    func,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.guesses import (
    FORGET_AFTER,
    Guess,
    count_guess,
    forget_guesses,
    normal_username,
    proof_of,
    signed_in_before,
    stand_in,
)
from stopintimidatie.core.accounts.hands import note_givers
from stopintimidatie.core.accounts.mail import mail_new_device
from stopintimidatie.core.accounts.models import (
    BlockedColleague,
    Invitation,
    LoginSession,
    OfferState,
    OneTimeCode,
    Passkey,
    PendingSignIn,
    RoleAssignment,
    RoleOffer,
    SignInAttempt,
    SignInUnlock,
    SpentValue,
    User,
)
from stopintimidatie.core.accounts.passwords import AccountError as AccountError
from stopintimidatie.core.accounts.passwords import judge_password
from stopintimidatie.core.accounts.sessions import (
    PENDING_LASTS,
    Opening,
    Visit,
    end_session,
    end_sessions_of,
    start_pending,
    start_session,
)
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.jobs import Job, JobContext
from stopintimidatie.core.security import GRANTS, Permission, Role
from stopintimidatie.core.storage import transaction
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.models import Holder
from stopintimidatie.core.storage.tenancy import NATIONAL, enter
from stopintimidatie.core.tree import holders_with_documents
from stopintimidatie.settings import Settings, SettingsError

log = logging.getLogger(__name__)
NATIONAL_ROLES: Final = frozenset(
    {
        Role.NATIONAL_DESK,
        Role.PRIVACY_OFFICER,
        Role.DATA_PROTECTION_OFFICER,
        Role.PROCESS_OWNER,
        Role.ARCHIVIST,
    }
)


@dataclass(frozen=True)
class SignInResult:
    """Outcome of an attempt to sign in.

    `token` of the session, or `pending` when a second factor must still be shown or set up. Without
    both it failed: `wait` says how long to wait (0: the name or password is wrong).
    """

    token: str | None
    wait: timedelta = timedelta(0)
    # For the browser to keep.
    proof: str = ""
    pending: str = ""


def find_user(session: Session, username: str) -> User | None:
    """Return the user with this name, or None."""
    return session.scalars(
        select(User).where(User.username == normal_username(username))
    ).one_or_none()


def sign_in(
    engine: Engine,
    keys: KeyRing,
    username: str,
    password: str,
    visit: Visit,
    *,
    demo: bool,
) -> SignInResult:
    """Check name and password; lock a name after wrong attempts, whether or not it exists.

    The attempt is counted in one transaction and the outcome is stored in another. The password is
    checked between them, outside a transaction: that is slow on purpose, and SQLite has one writer.
    Signing in isn't in the log of a municipality: the first use of a role there is
    (`core.accounts.sessions.note_use`).

    Args:
        engine: The database, for transactions of its own.
        keys: Keys of the installation.
        username: The name as it was typed.
        password: The password as it was typed.
        visit: The browser.
        demo: Whether accounts of the demo may sign in, without a second factor.
    """
    with transaction(engine) as session:
        guess = count_guess(session, keys, normal_username(username), visit.proof)
        user = find_user(session, username)
        other = stand_in(session, keys, username)
    if guess.wait > timedelta(0):
        return SignInResult(None, guess.wait)
    stored = user.password_hash if user is not None and may_sign_in(user, demo=demo) else ""
    kept = judge_password(stored, password, other)
    with transaction(engine) as session:
        present = _usable(session, user, demo=demo) if kept else None
        if present is None or kept is None:
            return refuse(session, guess, user)
        forget_guesses(session, guess)
        present.password_hash = kept
        if needs_factor(present, demo=demo) or has_factor(session, present.id):
            return SignInResult(None, pending=start_pending(session, present, visit))
        return let_in(session, keys, present, Opening(visit.device), visit, ["wachtwoord"])


def _usable(session: Session, judged: User | None, *, demo: bool) -> User | None:
    """Read the user again after the password check; return None if they may not sign in now."""
    user = session.get(User, judged.id) if judged is not None else None
    if user is None or judged is None or not may_sign_in(user, demo=demo):
        return None
    return user if user.password_hash == judged.password_hash else None


def may_sign_in(user: User, *, demo: bool) -> bool:
    """Tell whether this account may sign in now: not blocked, and no demo account in production."""
    return user.blocked_at is None and (demo or not user.demo)


def needs_factor(user: User, *, demo: bool) -> bool:
    """Tell whether this account must have a second factor: all but demo accounts in a demo."""
    return not (user.demo and demo)


def has_factor(session: Session, user_id: UUID) -> bool:
    """Tell whether somebody set up a passkey or an authenticator app."""
    either = [select(kind.id).where(kind.user_id == user_id) for kind in (Passkey, OneTimeCode)]
    return session.scalar(union_all(*either).limit(1)) is not None


def let_in(
    session: Session,
    keys: KeyRing,
    user: User,
    opening: Opening,
    visit: Visit,
    shown: Sequence[str],
) -> SignInResult:
    """Start the session of somebody who proved who they are, in whatever way; end the old one.

    `shown`: the ways, for the log: `wachtwoord`, `app`, `herstelcode`, `passkey`, `inlogdienst`.
    """
    end_session(session, visit.old_token)
    enter(session, NATIONAL)
    actor = Actor("gebruiker", str(user.id), user.name)
    record(session, actor, "aanmelden.gelukt", NATIONAL, "gebruiker", [user.id], fields=shown)
    if not signed_in_before(keys, user.username, visit.proof):
        mail_new_device(session, user, opening.device, opening.provider)
    return SignInResult(start_session(session, user, opening), proof=proof_of(keys, user.username))


def refuse(
    session: Session, guess: Guess, judged: User | None, way: str = "wachtwoord"
) -> SignInResult:
    """Record that signing in failed in this way; say how long this name has to wait now."""
    user = session.get(User, judged.id) if judged is not None else None
    record_failure(session, user, way)
    return SignInResult(None, guess.wait_after)


def record_failure(session: Session, user: User | None, way: str) -> None:
    """Record that somebody, perhaps with the name of this user, failed to sign in."""
    enter(session, NATIONAL)
    visitor = Actor("bezoeker", None, "niet aangemeld")
    ids = [user.id] if user is not None else []
    record(session, visitor, "aanmelden.mislukt", NATIONAL, "gebruiker", ids, fields=[way])


def create_user(
    session: Session, actor: Actor, username: str, name: str, hashed: str, *, demo: bool = False
) -> User:
    """Create a user without roles; `hashed` is what `hash_chosen` gave.

    Raises:
        AccountError: The name is no e-mail address, or it is taken.
    """
    username = normal_username(username)
    if "@" not in username or " " in username or len(username) > 200:
        raise AccountError("De gebruikersnaam moet een e-mailadres zijn.")
    if find_user(session, username) is not None:
        raise AccountError(f"Er is al een gebruiker {username}.")
    user = User(username=username, name=name.strip(), password_hash=hashed, demo=demo)
    session.add(user)
    session.flush()
    return user


def give_role(session: Session, actor: Actor, user: User, holder: str, role: Role) -> None:
    """Give a user a role for a holder; giving it twice changes nothing.

    Raises:
        AccountError: The holder doesn't exist, or the role doesn't belong to it.
    """
    if session.get(Holder, holder) is None:
        raise AccountError(f"De gemeente {holder} bestaat niet.")
    if role is Role.NATIONAL_DESK and holder != NATIONAL:
        raise AccountError("De rol meldpunt hoort alleen bij ‘landelijk’.")
    if holder == NATIONAL and role not in NATIONAL_ROLES:
        raise AccountError(
            "Bij ‘landelijk’ horen alleen de rollen meldpunt, privacy, fg, proceseigenaar en"
            " archivaris."
        )
    if session.get(BlockedColleague, (holder, user.id)) is not None:
        raise AccountError(f"{user.username} is bij {holder} geblokkeerd. Hef dat eerst op.")
    if session.get(RoleAssignment, (user.id, holder, role.value)) is None:
        note_givers(session, user.id, ())
        session.add(RoleAssignment(user_id=user.id, holder=holder, role=role.value))
        enter(session, holder)
        record(session, actor, "gebruiker.rol", holder, "gebruiker", [user.id], fields=[role])


def refuse_demo_accounts(engine: Engine, settings: Settings) -> None:
    """Refuse to start production where everybody knows a password.

    A database that is away or not yet migrated can't be asked: readiness tells that, and signing
    in refuses a demo account by itself.

    Raises:
        SettingsError: There are demo accounts and `demo` is off.
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


BLOCKED: Final = "gebruiker.geblokkeerd"
UNBLOCKED: Final = "gebruiker.gedeblokkeerd"


def block_user(
    session: Session, actor: Actor, user: User, *, reason: str | None = None
) -> list[str]:
    """Block a user, and end all their sessions.

    Returns:
        The other holders where the user has a role, whose logs must tell it too.
    """
    user.blocked_at = utc_now()
    end_sessions_of(session, user.id)
    enter(session, NATIONAL)
    record(session, actor, BLOCKED, NATIONAL, "gebruiker", [user.id], reason=reason)
    return _elsewhere(user)


def unblock_user(session: Session, actor: Actor, user: User) -> list[str]:
    """Let a blocked user sign in again.

    Returns:
        The other holders where the user has a role, whose logs must tell it too.
    """
    user.blocked_at = None
    enter(session, NATIONAL)
    record(session, actor, UNBLOCKED, NATIONAL, "gebruiker", [user.id])
    return _elsewhere(user)


def _elsewhere(user: User) -> list[str]:
    return sorted({role.holder for role in user.roles} - {NATIONAL})


def sign_out(session: Session, actor: Actor) -> None:
    """Record a sign-out; the session itself is ended by `sessions.end_session`."""
    enter(session, NATIONAL)
    record(session, actor, "afmelden", NATIONAL, "gebruiker")


def colleagues(session: Session, holder: str, permission: Permission) -> Sequence[User]:
    """Return those who may do this for a holder, by name; who is blocked no longer counts."""
    roles = [role.value for role in GRANTS[permission]]
    users = session.scalars(
        select(User)
        .join(RoleAssignment, RoleAssignment.user_id == User.id)
        .where(RoleAssignment.holder == holder, RoleAssignment.role.in_(roles))
        .where(User.blocked_at.is_(None), RoleAssignment.counting())
        .order_by(User.name, User.username)
        .distinct()
    )
    return users.all()


def busy_holders(session: Session, permission: Permission) -> Sequence[str]:
    """Return the holders that have documents, or people who may do this, in order."""
    roles = [role.value for role in GRANTS[permission]]
    peopled = select(RoleAssignment.holder).where(RoleAssignment.role.in_(roles))
    return sorted({*holders_with_documents(session), *session.scalars(peopled)})


# Offers of roles

KIND: Final = "rol"


def _open_to(username: str, provider: str | None) -> ColumnElement[bool]:
    return and_(
        RoleOffer.username == username,
        true() if provider is None else RoleOffer.holder == provider,
        RoleOffer.state == OfferState.OFFERED,
        RoleOffer.expires_at > utc_now(),
        or_(RoleOffer.until.is_(None), RoleOffer.until >= local_date(utc_now())),
    )


def offers_to(session: Session, username: str, provider: str | None = None) -> Sequence[RoleOffer]:
    """Return the offers that this person can still answer, the oldest first.

    `provider`: the holder whose provider opened the session; it speaks for its own offers alone.
    """
    oldest_first = (RoleOffer.proposed_at, RoleOffer.id)
    return session.scalars(
        select(RoleOffer).where(_open_to(username, provider)).order_by(*oldest_first)
    ).all()


def is_offered_anything(session: Session, username: str, provider: str | None) -> bool:
    """Tell whether this person has an offer to answer in such a session (`offers_to`)."""
    offers = select(RoleOffer.id).where(_open_to(username, provider))
    return session.scalar(offers.limit(1)) is not None


def offer_to(
    session: Session, username: str, number: UUID | None, provider: str | None = None
) -> RoleOffer | None:
    """Return one offer that this person can still take, its row locked; None otherwise."""
    offers: Sequence[RoleOffer] = session.scalars(
        select(RoleOffer)
        .where(_open_to(username, provider), RoleOffer.id == number)
        .with_for_update()
    ).all()
    return offers[0] if offers else None


def accept_offer(session: Session, actor: Actor, user: UUID, offer: RoleOffer) -> None:
    """Take the role: it counts from now on, and the offer is deleted.

    Of a role that the person has, the end moves to that of the offer, never forward.
    """
    enter(session, offer.holder)
    note_givers(session, user, offer.given_by)
    row = session.get(RoleAssignment, (user, offer.holder, offer.role))
    if row is None:
        given = {"holder": offer.holder, "role": offer.role, "given_by": offer.given_by}
        session.add(RoleAssignment(user_id=user, until=offer.until, **given))
    else:
        row.until = max(row.until, offer.until) if row.until and offer.until else None
        row.given_by = sorted({*row.given_by, *offer.given_by})
    fields = [offer.holder, offer.role]
    record(
        session, actor, "gebruiker.rol_aanvaard", offer.holder, "gebruiker", [user], fields=fields
    )
    session.flush()
    session.delete(offer)


def decline_offer(session: Session, actor: Actor, offer: RoleOffer) -> None:
    """Decline the offer; the inviting person isn't told: that would show that an account exists."""
    enter(session, NATIONAL)
    offer.state = OfferState.DECLINED
    fields = [offer.holder, offer.role]
    record(session, actor, "gebruiker.rol_afgeslagen", NATIONAL, KIND, [offer.id], fields=fields)


# The time that the inviting person still sees that an offer expired, or why it was refused.
OFFER_KEPT: Final = timedelta(days=30)
JOB: Final = Job("aanmelden.opruimen")


def throw_away(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Delete forgotten attempts, ended sessions, invalid links and old offers (job)."""
    for statement in _statements(context.settings, utc_now()):
        # One transaction each: on SQLite nobody else can write during one.
        with context.transaction() as session:
            session.execute(statement)


def _statements(settings: Settings, now: datetime) -> Iterator[Delete]:
    idle = now - timedelta(minutes=settings.session_idle_minutes)
    oldest = now - timedelta(hours=settings.session_absolute_hours)
    ended = or_(LoginSession.last_seen_at < idle, LoginSession.created_at < oldest)
    spent = or_(Invitation.used_at.is_not(None), Invitation.expires_at <= now)
    yield delete(SignInAttempt).where(SignInAttempt.last_at < now - FORGET_AFTER)
    yield delete(LoginSession).where(or_(ended, LoginSession.ends_at <= now))
    yield delete(PendingSignIn).where(PendingSignIn.made_at < now - PENDING_LASTS)
    yield delete(SpentValue).where(SpentValue.until <= now)
    yield delete(Invitation).where(spent)
    # Used links stay until they expire as well: they count in how often a mail may be sent.
    yield delete(SignInUnlock).where(SignInUnlock.expires_at <= now)
    yield delete(RoleOffer).where(RoleOffer.expires_at <= now - OFFER_KEPT)
