"""Who works for a municipality: inviting somebody into a role, and taking a role away.

The desk invites the first admin; from then on the admin invites colleagues.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from stopintimidatie.accounts.invitations import NO_PASSWORD, invite
from stopintimidatie.accounts.models import Invitation, RoleAssignment, User
from stopintimidatie.accounts.services import AccountError, find_user, normal_username
from stopintimidatie.audit import Actor, record
from stopintimidatie.mail import Recipient, queue_mail
from stopintimidatie.security import Role
from stopintimidatie.storage.encryption import KeyRing

MAIL: Final = "uitnodiging"
RECIPIENT: Final = "genodigde"
KIND: Final = "gebruiker"
# Roles of a municipality; the desk's own is given by the desk alone.
INVITED: Final = (
    Role.ADMIN,
    Role.OFFICER,
    Role.DOSSIER_OWNER,
    Role.PRIVACY_OFFICER,
    Role.DATA_PROTECTION_OFFICER,
)
NOT_YOURSELF: Final = (
    "Uw eigen rollen kunt u niet wijzigen. Vraag een andere beheerder, of het landelijk meldpunt."
)


@dataclass(frozen=True)
class Worker:
    """Somebody with a role in the municipality, and whether they can sign in yet."""

    id: UUID
    name: str
    username: str
    roles: tuple[Role, ...]
    blocked: bool
    # Of who has no password yet: until when the link works.
    link_until: datetime | None
    has_password: bool


def workers_of(session: Session, code: str) -> list[Worker]:
    """Everybody with a role in the municipality, by name."""
    users = session.scalars(
        select(User)
        .where(User.roles.any(RoleAssignment.holder == code))
        .options(selectinload(User.roles))
        .order_by(User.name, User.username)
    ).all()
    waiting = [user.id for user in users if user.password_hash == NO_PASSWORD]
    rows = session.execute(
        select(Invitation.user_id, Invitation.expires_at)
        .where(Invitation.user_id.in_(waiting), Invitation.used_at.is_(None))
        .order_by(Invitation.expires_at)
    )
    until = {row.user_id: row.expires_at for row in rows}
    return [_worker(user, code, until.get(user.id)) for user in users]


def _worker(user: User, code: str, until: datetime | None) -> Worker:
    return Worker(
        id=user.id,
        name=user.name,
        username=user.username,
        roles=tuple(sorted(Role(row.role) for row in user.roles if row.holder == code)),
        blocked=user.blocked_at is not None,
        link_until=until,
        has_password=user.password_hash != NO_PASSWORD,
    )


def invite_colleague(
    session: Session,
    keys: KeyRing,
    actor: Actor,
    code: str,
    *,
    at: str,
    username: str,
    name: str,
    role: Role,
) -> User:
    """Give somebody a role in the municipality; who has no account yet gets a one-time link.

    :param at: the holder that invites: the municipality itself, or the desk.
    :raises AccountError: this role isn't theirs to give, or the account is blocked.
    """
    if role not in INVITED:
        raise AccountError("Deze rol hoort niet bij een gemeente.")
    user = find_user(session, username)
    if user is None:
        user = User(username=normal_username(username), name=name, password_hash=NO_PASSWORD)
        session.add(user)
        session.flush()
    if str(user.id) == actor.id:
        raise AccountError(NOT_YOURSELF)
    if user.blocked_at is not None:
        raise AccountError("Dit account is geblokkeerd. Nodig iemand anders uit.")
    if session.get(RoleAssignment, (user.id, code, role.value)) is None:
        session.add(RoleAssignment(user_id=user.id, holder=code, role=role.value))
    if user.password_hash == NO_PASSWORD:
        send_link(session, keys, user, at)
    fields = [code, role.value]
    record(session, actor, "gebruiker.uitgenodigd", at, KIND, [user.id], fields=fields)
    return user


def send_link(session: Session, keys: KeyRing, user: User, at: str) -> None:
    """A new link by mail; one from before no longer works."""
    made = invite(session, keys, user)
    queue_mail(session, at, MAIL, Recipient(RECIPIENT, str(made.id)), about=user.id)


def invite_again(session: Session, keys: KeyRing, actor: Actor, code: str, person: UUID) -> None:
    """Send a new link to who has no password yet.

    :raises AccountError: there is nobody like that here.
    """
    user = _colleague(session, code, person)
    if user.password_hash != NO_PASSWORD or user.blocked_at is not None:
        raise AccountError("Deze persoon heeft al een wachtwoord, of het account is geblokkeerd.")
    send_link(session, keys, user, code)
    record(session, actor, "gebruiker.uitgenodigd", code, KIND, [user.id], fields=[code])


def take_role(session: Session, actor: Actor, code: str, person: UUID, role: str) -> None:
    """Take a role away; the sessions of that person lose it with the next page.

    :raises AccountError: there is nobody like that here, or it is oneself.
    """
    user = _colleague(session, code, person)
    if str(user.id) == actor.id:
        raise AccountError(NOT_YOURSELF)
    row = session.get(RoleAssignment, (user.id, code, role))
    if row is None:
        raise AccountError("Deze persoon heeft deze rol niet meer.")
    session.delete(row)
    session.flush()
    fields = [code, role]
    record(session, actor, "gebruiker.rol_weg", code, KIND, [user.id], fields=fields)


def _colleague(session: Session, code: str, person: UUID) -> User:
    user = session.get(User, person)
    roles: Sequence[RoleAssignment] = user.roles if user is not None else ()
    if user is None or not any(row.holder == code for row in roles):
        raise AccountError("Deze persoon heeft geen rol bij uw gemeente.")
    return user
