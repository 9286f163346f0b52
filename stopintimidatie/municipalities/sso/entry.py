"""People who come in through a municipality's identity provider: their accounts and roles.

A provider vouches for its own municipality alone: it finds accounts that belong there, its groups
touch no role elsewhere, and in its sessions no other role counts (`core.accounts.sessions`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.guesses import normal_username
from stopintimidatie.core.accounts.hands import note_givers
from stopintimidatie.core.accounts.links import NO_PASSWORD
from stopintimidatie.core.accounts.models import (
    PROVIDER_PURPOSE,
    BlockedColleague,
    IdentityProvider,
    LoginSession,
    ProviderAccount,
    RoleAssignment,
    User,
)
from stopintimidatie.core.accounts.services import (
    AccountError,
    create_user,
    find_user,
    offers_to,
)
from stopintimidatie.core.accounts.sessions import Opening
from stopintimidatie.core.audit import SYSTEM, Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Identity, Role
from stopintimidatie.core.storage.encryption import DecryptionError, KeyRing
from stopintimidatie.core.text import checked_address, composed
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.people.queries import is_last
from stopintimidatie.municipalities.people.services import READERS, domains_of, is_outside
from stopintimidatie.municipalities.sso.openid import Client, ProviderError, Refusal
from stopintimidatie.municipalities.sso.rules import roles_by_groups
from stopintimidatie.municipalities.sso.services import counting_groups, roles_of
from stopintimidatie.municipalities.sso.tokens import SignOut, session_in

VISITOR: Final = Actor("bezoeker", None, "niet aangemeld")
SUBJECT_PURPOSE: Final = "provider-subject"
SESSION_PURPOSE: Final = "provider-session"
LONGEST_SESSION: Final = timedelta(hours=8)
BY_GROUP: Final = "groep van de inlogdienst"
KIND: Final = "gebruiker"


def client_of(keys: KeyRing, provider: IdentityProvider, redirect_uri: str) -> Client:
    """Return this installation as the provider of a municipality knows it.

    Raises:
        ProviderError: The secret can't be read with the keys at hand.
    """
    try:
        secret = keys.decrypt(PROVIDER_PURPOSE, provider.client_secret, provider.holder)
    except DecryptionError:
        raise ProviderError(Refusal.CLIENT) from None
    return Client(provider.holder, provider.issuer, provider.client_id, secret, redirect_uri)


def vouching_provider(session: Session, client: Client) -> IdentityProvider:
    """Return the provider that vouched for somebody, locked until the transaction ends.

    Asking it takes a while: what it said is worth nothing once it was switched off or replaced.

    Raises:
        ProviderError: It isn't the provider of that municipality any more.
    """
    provider = session.get(IdentityProvider, client.holder, with_for_update=True)
    if provider is None or not provider.in_use:
        raise ProviderError(Refusal.CHANGED)
    if (provider.issuer, provider.client_id) != (client.issuer, client.client_id):
        raise ProviderError(Refusal.CHANGED)
    return provider


# The account


@dataclass(frozen=True)
class Arrival:
    """The account of a person whom a provider sent; or the reason why they don't come in."""

    user: User | None
    refusal: Refusal | None = None


def receive_person(
    session: Session,
    keys: KeyRing,
    provider: IdentityProvider,
    claims: Mapping[str, Any],
    *,
    demo: bool,
) -> Arrival:
    """Find or make the account of somebody whom a provider sent, and give it the roles there.

    A refusal is returned, not raised: what it changed, such as a role that is gone, is kept.

    Args:
        session: A transaction of the municipality.
        keys: Keys of the installation.
        provider: Of the municipality.
        claims: Of the ID token, checked.
        demo: Whether accounts of the demo may sign in.
    """
    names = _hashes(keys, SUBJECT_PURPOSE, provider.issuer, str(claims["sub"]))
    try:
        user = _linked(session, provider.holder, names)
        by_mail = user is None
        user = user or _by_mail(session, provider, claims)
    except ProviderError as problem:
        return Arrival(None, problem.refusal)
    if user is not None and _is_blocked(session, provider.holder, user, demo=demo):
        return Arrival(user, Refusal.BLOCKED)
    rights = _rights_of(session, provider, claims)
    if user is None:
        if not rights:
            return Arrival(None, Refusal.NO_ROLE)
        try:
            user = _newcomer(session, claims)
        except ProviderError as problem:
            return Arrival(None, problem.refusal)
    if rights is not None:
        _set_roles(session, user, provider.holder, rights)
    if not _has_business(session, user, provider.holder, by_groups=rights is not None):
        return Arrival(user, Refusal.NO_ROLE)
    _link(session, provider.holder, names, user, anew=by_mail)
    return Arrival(user)


def _hashes(keys: KeyRing, purpose: str, issuer: str, name: str) -> list[str]:
    """Return the hashes of a name at a provider under each key, that of the current key first."""
    value = f"{issuer}\0{name}".encode()
    versions = sorted(keys.masters, key=lambda version: version != keys.current)
    return [keys.keyed_hash(purpose, value, version) for version in versions]


def _linked(session: Session, holder: str, names: Sequence[str]) -> User | None:
    return session.scalars(
        select(User)
        .join(ProviderAccount, ProviderAccount.user_id == User.id)
        .where(ProviderAccount.holder == holder, ProviderAccount.subject_hash.in_(names))
        .limit(1)
    ).one_or_none()


def _by_mail(
    session: Session, provider: IdentityProvider, claims: Mapping[str, Any]
) -> User | None:
    """Return the account with the mail address of this person; None when there is none yet.

    Raises:
        ProviderError: The address can't be trusted, or leads to an account that isn't theirs to
            open, or that may not be made.
    """
    address = _mail_in(claims)
    holder, user = provider.holder, find_user(session, address)
    outside = not _is_own_mail(session, holder, address)
    if user is None:
        if outside:
            raise ProviderError(Refusal.STRANGER)
        return None
    holders = set(
        session.scalars(select(RoleAssignment.holder).where(RoleAssignment.user_id == user.id))
    )
    blocked = session.get(BlockedColleague, (holder, user.id)) is not None
    belongs = holder in holders or blocked or _is_invited(session, holder, user.username)
    if not belongs and (holders or outside):
        raise ProviderError(Refusal.STRANGER)
    # A mail address may have gone to a successor, who isn't that person. A change of the settings
    # of the provider lets everybody be linked anew.
    linked = session.scalars(
        select(ProviderAccount.linked_at).where(
            ProviderAccount.holder == holder, ProviderAccount.user_id == user.id
        )
    ).all()
    if any(moment > provider.changed_at for moment in linked):
        raise ProviderError(Refusal.OTHER_PERSON)
    return user


def _mail_in(claims: Mapping[str, Any]) -> str:
    address = claims.get("email")
    if not isinstance(address, str) or not address.strip():
        raise ProviderError(Refusal.NO_MAIL)
    # Some providers leave it out; the text "false" is as good as false.
    if claims.get("email_verified", True) not in (True, "true"):
        raise ProviderError(Refusal.UNPROVED_MAIL)
    try:
        return normal_username(checked_address(address.strip()).normalized)
    except ValueError:
        raise ProviderError(Refusal.NO_MAIL) from None


def _is_own_mail(session: Session, holder: str, address: str) -> bool:
    domains = domains_of(session, [holder])[holder]
    return bool(domains) and not is_outside(address, domains)


def _is_invited(session: Session, holder: str, username: str) -> bool:
    return any(offer.holder == holder for offer in offers_to(session, username))


def _is_blocked(session: Session, holder: str, user: User, *, demo: bool) -> bool:
    here = session.get(BlockedColleague, (holder, user.id)) is not None
    return here or user.blocked_at is not None or (user.demo and not demo)


def _newcomer(session: Session, claims: Mapping[str, Any]) -> User:
    """Make an account without a password, for somebody whose groups give a role."""
    address = _mail_in(claims)
    name = claims.get("name")
    name = name if isinstance(name, str) else ""
    printable = "".join(char for char in composed(name) if char.isprintable() or char.isspace())
    called = " ".join(printable.split())[:200]
    try:
        return create_user(session, SYSTEM, address, called or address, NO_PASSWORD)
    except AccountError:
        raise ProviderError(Refusal.NO_MAIL) from None


def _link(session: Session, holder: str, names: Sequence[str], user: User, *, anew: bool) -> None:
    """Keep by which name the provider knows this account, under the current key."""
    mine = ProviderAccount.holder == holder, ProviderAccount.user_id == user.id
    row = session.get(ProviderAccount, (holder, names[0]))
    if row is None:
        old = () if anew else (ProviderAccount.subject_hash.in_(names),)
        session.execute(delete(ProviderAccount).where(*mine, *old))
        row = ProviderAccount(holder=holder, subject_hash=names[0], user_id=user.id)
        session.add(row)
    row.last_used_at = utc_now()
    session.flush()
    # Another municipality with the same provider may know this person by another account.
    known = select(ProviderAccount.user_id).where(ProviderAccount.subject_hash.in_(names))
    note_givers(session, user.id, [str(known_by) for known_by in session.scalars(known)])


# Roles


def _rights_of(
    session: Session, provider: IdentityProvider, claims: Mapping[str, Any]
) -> Mapping[Role, list[str]] | None:
    """Return the roles that this person's groups give, each with `given_by`.

    None where the municipality gives no role by group: roles are given by hand there.
    """
    counting = counting_groups(session, provider.holder)
    if not counting:
        return None
    given = defaultdict[Role, set[str]](set)
    for group in roles_by_groups(claims, provider.groups_claim, roles_of(counting)).by_group:
        for row in counting[group]:
            given[Role(row.role)].update(row.given_by)
    return {role: sorted(given[role]) for role in sorted(given)}


def _set_roles(session: Session, user: User, holder: str, rights: Mapping[Role, list[str]]) -> None:
    """Make the roles of a user at a municipality exactly these, and record each change."""
    mine = (RoleAssignment.user_id == user.id, RoleAssignment.holder == holder)
    rows = session.scalars(select(RoleAssignment).where(*mine).with_for_update()).all()
    present = {row.role: row for row in rows}
    note_givers(session, user.id, {giver for given_by in rights.values() for giver in given_by})
    # A deputy acts under a mandate, which no group takes away.
    gone = present.keys() - rights.keys() - {Role.DEPUTY.value}
    by_hand = Role.ADMIN in gone and not present[Role.ADMIN].by_group
    if by_hand and is_last(session, holder, user.id, {Role.ADMIN}):
        # Without an admin nobody could mend what the groups give.
        gone -= {Role.ADMIN.value}
    reading = {role for role in gone & READERS if not present[role].by_group}
    if reading and not rights.keys() & READERS and is_last(session, holder, user.id, READERS):
        # Without a reader nobody could confirm a role that reads.
        gone -= reading
    for role in sorted(gone):
        session.delete(present[role])
        _record_role(session, "gebruiker.rol_weg", user, holder, role)
    for role, given_by in rights.items():
        row = present.get(role)
        if row is None:
            row = RoleAssignment(user_id=user.id, holder=holder, role=role.value)
            session.add(row)
            _record_role(session, "gebruiker.rol", user, holder, role)
        row.by_group, row.given_by = True, given_by
    session.flush()


def _record_role(session: Session, action: str, user: User, holder: str, role: str) -> None:
    fields = [holder, role]
    record(session, SYSTEM, action, holder, KIND, [user.id], fields=fields, reason=BY_GROUP)


def _has_business(session: Session, user: User, holder: str, *, by_groups: bool) -> bool:
    """Tell whether somebody has a role here, or, where no group gives any, an invitation."""
    roles = select(RoleAssignment.role).where(
        RoleAssignment.user_id == user.id,
        RoleAssignment.holder == holder,
        RoleAssignment.counting(),
    )
    if session.scalar(roles.limit(1)) is not None:
        return True
    return not by_groups and _is_invited(session, holder, user.username)


def closed_to_own_sessions(
    session: Session, identity: Identity, provider: str | None
) -> Sequence[Municipality]:
    """Return where somebody has a role that counts in a session of the provider there alone.

    `provider`: the holder whose provider opened the session at hand, if one did.
    """
    if provider is not None:
        return []
    demanding = select(IdentityProvider.holder).where(
        IdentityProvider.in_use, IdentityProvider.required
    )
    mine = select(RoleAssignment.holder).where(
        RoleAssignment.user_id == identity.user_id,
        RoleAssignment.counting(),
        RoleAssignment.holder.in_(demanding),
    )
    municipalities = select(Municipality).where(Municipality.code.in_(mine))
    return session.scalars(municipalities.order_by(Municipality.name)).all()


# Sessions


def opening_of(
    keys: KeyRing, provider: IdentityProvider, claims: Mapping[str, Any], device: str
) -> Opening:
    """Return how the session of somebody whom a provider sent is opened."""
    lasts = min(timedelta(hours=provider.session_hours), LONGEST_SESSION)
    name = session_in(claims)
    hashes = _hashes(keys, SESSION_PURPOSE, provider.issuer, name)
    return Opening(
        device=device,
        factor=True,
        provider=provider.holder,
        provider_session=hashes[0] if name else None,
        ends_at=utc_now() + lasts,
    )


def renew_factor(session: Session, token_hash: str) -> None:
    """Note in a session that its person signed in at the provider once more."""
    mine = LoginSession.token_hash == token_hash
    session.execute(update(LoginSession).where(mine).values(factor_at=utc_now()))


def end_sessions(
    session: Session, keys: KeyRing, provider: IdentityProvider, message: SignOut
) -> list[UUID]:
    """End the sessions that a provider says have ended; return whose they were.

    Only sessions which that provider opened: the one that it names and those of that person that
    it never named, or all of that person where it names none.
    """
    names = _hashes(keys, SUBJECT_PURPOSE, provider.issuer, message.subject)
    mine: ColumnElement[bool] = LoginSession.user_id.in_(
        select(ProviderAccount.user_id).where(
            ProviderAccount.holder == provider.holder, ProviderAccount.subject_hash.in_(names)
        )
    )
    if message.session:
        hashes = _hashes(keys, SESSION_PURPOSE, provider.issuer, message.session)
        named = LoginSession.provider_session.in_(hashes)
        # A session that began without a name may be the one that ended.
        mine = or_(named, and_(mine, LoginSession.provider_session.is_(None)))
    ended = and_(LoginSession.provider == provider.holder, mine)
    users = sorted(set(session.scalars(select(LoginSession.user_id).where(ended))))
    session.execute(delete(LoginSession).where(ended))
    if users:
        record(session, SYSTEM, "afmelden.gemeente", provider.holder, KIND, users)
    return users


def record_refusal(session: Session, holder: str, user: User | None, refusal: Refusal) -> None:
    """Record that a sign-in through the provider of a municipality was refused, and why."""
    ids = [user.id] if user is not None else []
    fields = [refusal.value]
    record(session, VISITOR, "aanmelden.gemeente_geweigerd", holder, KIND, ids, fields=fields)
