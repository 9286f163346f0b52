"""The users who work for a municipality, the invited people, and taking a role away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from stopintimidatie.accounts.models import OfferState, RoleAssignment, RoleOffer, User
from stopintimidatie.accounts.services import AccountError
from stopintimidatie.audit import Actor, record
from stopintimidatie.clock import utc_now
from stopintimidatie.municipalities.confirmers import Confirmer, awaited, readers_of
from stopintimidatie.municipalities.mail_domains import domains_of, is_outside
from stopintimidatie.municipalities.proposals import NOT_YOURSELF
from stopintimidatie.security import Role

KIND: Final = "gebruiker"
# Without readers the desk would confirm new ones, so an admin could choose who confirms.
LAST_READER: Final = (
    "Dit is de laatste rol waarmee hier iemand meldingen leest. Geef eerst een collega zo'n rol."
)


@dataclass(frozen=True)
class Worker:
    """A user with a role in the municipality."""

    id: UUID
    name: str
    username: str
    roles: tuple[Role, ...]
    blocked: bool
    outside: bool


@dataclass(frozen=True)
class Invited:
    """A proposed or offered role, with what the inviting person typed."""

    id: UUID
    name: str
    username: str
    role: Role
    outside: bool
    # One of: voorgesteld, geweigerd, aangeboden. A declined offer is shown as aangeboden.
    state: str
    expired: bool
    until: datetime
    awaited: tuple[Confirmer, ...]
    decided_by: str | None
    reason: str | None


def workers_of(session: Session, code: str) -> list[Worker]:
    """Return all users with a role in the municipality, by name."""
    users = session.scalars(
        select(User)
        .where(User.roles.any(RoleAssignment.holder == code))
        .options(selectinload(User.roles))
        .order_by(User.name, User.username)
    ).all()
    domains = domains_of(session, [code])[code]
    return [
        Worker(
            id=user.id,
            name=user.name,
            username=user.username,
            roles=tuple(sorted(Role(row.role) for row in user.roles if row.holder == code)),
            blocked=user.blocked_at is not None,
            outside=is_outside(user.username, domains),
        )
        for user in users
    ]


def invited_at(session: Session, code: str) -> list[Invited]:
    """Return the roles proposed or offered at this municipality and not taken, newest first."""
    offers = session.scalars(
        select(RoleOffer)
        .where(RoleOffer.holder == code)
        .order_by(RoleOffer.proposed_at.desc(), RoleOffer.id)
    ).all()
    domains, left = domains_of(session, [code])[code], awaited(session, offers)
    return [_invited(offer, domains, left[offer.id]) for offer in offers]


def _invited(offer: RoleOffer, domains: Sequence[str], left: tuple[Confirmer, ...]) -> Invited:
    declined = offer.state == OfferState.DECLINED
    return Invited(
        id=offer.id,
        name=offer.name,
        username=offer.username,
        role=Role(offer.role),
        outside=is_outside(offer.username, domains),
        state=OfferState.OFFERED if declined else offer.state,
        expired=offer.expires_at <= utc_now(),
        until=offer.expires_at,
        awaited=left,
        decided_by=offer.decided_by,
        reason=offer.reason,
    )


def offer_at(session: Session, code: str, number: UUID) -> RoleOffer | None:
    """Return the offer of this municipality with this number; None if there is none."""
    offer = session.get(RoleOffer, number)
    return offer if offer is not None and offer.holder == code else None


def take_role(session: Session, actor: Actor, code: str, person: UUID, role: str) -> None:
    """Take a role away from a user; their sessions lose it at the next page.

    :raises AccountError: this user has no such role here, it is oneself, or the last who reads.
    """
    user = _colleague(session, code, person)
    if str(user.id) == actor.id:
        raise AccountError(NOT_YOURSELF)
    row = session.get(RoleAssignment, (user.id, code, role))
    if row is None:
        raise AccountError("Deze persoon heeft deze rol niet meer.")
    # Two requests at once each leave the reader that the other takes away.
    session.scalars(
        select(RoleAssignment.role).where(RoleAssignment.holder == code).with_for_update()
    ).all()
    had_readers = bool(readers_of(session, [code])[code])
    with session.begin_nested():
        session.delete(row)
        session.flush()
        if had_readers and not readers_of(session, [code])[code]:
            raise AccountError(LAST_READER)
    fields = [code, role]
    record(session, actor, "gebruiker.rol_weg", code, KIND, [user.id], fields=fields)


def _colleague(session: Session, code: str, person: UUID) -> User:
    user = session.get(User, person)
    roles: Sequence[RoleAssignment] = user.roles if user is not None else ()
    if user is None or not any(row.holder == code for row in roles):
        raise AccountError("Deze persoon heeft geen rol bij uw gemeente.")
    return user
