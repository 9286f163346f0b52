"""Rules for who must confirm a proposed role; one person alone never lets somebody read reports.

| role that is proposed | who confirms it |
|---|---|
| it reads, and somebody reads at the municipality | a reader there |
| it reads, and nobody reads there yet | somebody of the desk |
| admin, by the municipality | nobody |
| admin, by the desk, and somebody reads there | a reader there |
| admin, by the desk, and nobody reads there | somebody else of the desk |
| the very first role there, admin, by a desk of one person | nobody |
| any, by the municipality, for a mailbox outside its domains | somebody of the desk as well |

Nobody confirms what they proposed or get, nor confirms twice, nor what was proposed by somebody
whose role they proposed themselves, at whatever distance (`given_by`): so a mailbox of one's own
is no second person. Whoever only confirmed the role of the proposer may confirm: that role had an
honest proposer, or an honest confirmer. So two people at the desk are enough to let a municipality
join; a desk of one lets the operator give the first reading role on the command line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from stopintimidatie.accounts.invitations import NO_PASSWORD
from stopintimidatie.accounts.models import OfferState, RoleAssignment, RoleOffer, User
from stopintimidatie.audit import Actor
from stopintimidatie.municipalities.mail_domains import domains_of, is_outside
from stopintimidatie.security import READING_ROLES, Role
from stopintimidatie.storage.tenancy import NATIONAL


class Confirmer(StrEnum):
    """A party that must confirm a proposal."""

    COLLEAGUE = "collega"
    DESK = "meldpunt"


@dataclass(frozen=True)
class _Place:
    """Facts of a municipality that the rules ask for, and whether the desk is one person."""

    domains: Sequence[str]
    readers: Sequence[User]
    has_people: bool
    desk_of_one: bool


def party_at(holder: str) -> Confirmer:
    """Return the party that the users of this holder belong to."""
    return Confirmer.DESK if holder == NATIONAL else Confirmer.COLLEAGUE


def awaited(
    session: Session, offers: Collection[RoleOffer]
) -> Mapping[UUID, tuple[Confirmer, ...]]:
    """Return who must still confirm each of these, as of now; four queries, however many."""
    codes = {offer.holder for offer in offers}
    domains, readers, peopled = domains_of(session, codes), readers_of(session, codes), set[str]()
    peopled.update(
        session.scalars(select(RoleAssignment.holder).where(RoleAssignment.holder.in_(codes)))
    )
    at_desk = _able(RoleAssignment.user_id).where(
        RoleAssignment.holder == NATIONAL, RoleAssignment.role == Role.NATIONAL_DESK
    )
    alone = len(session.scalars(at_desk.limit(2)).all()) < 2
    places = {code: _Place(domains[code], readers[code], code in peopled, alone) for code in codes}
    return {offer.id: _awaited(offer, places[offer.holder]) for offer in offers}


def _awaited(offer: RoleOffer, place: _Place) -> tuple[Confirmer, ...]:
    needed = set(_second_party(offer, place))
    if not offer.by_desk and is_outside(offer.username, place.domains):
        needed.add(Confirmer.DESK)
    by = {Confirmer.COLLEAGUE: offer.colleague_id, Confirmer.DESK: offer.desk_id}
    left = {party for party in needed if by[party] is None}
    if needed and not left and offer.state == OfferState.PROPOSED:
        # The last reader went away after the desk confirmed: the desk decides in their place.
        left = {Confirmer.DESK}
    return tuple(sorted(left))


def _second_party(offer: RoleOffer, place: _Place) -> Sequence[Confirmer]:
    """Return the party whose confirmation this role needs, whatever its mailbox; or nothing."""
    reads = Role(offer.role) in READING_ROLES
    first = not place.has_people and place.desk_of_one
    if not reads and (not offer.by_desk or first):
        return ()
    return (Confirmer.COLLEAGUE if _colleagues(offer, place.readers) else Confirmer.DESK,)


def _colleagues(offer: RoleOffer, readers: Sequence[User]) -> list[User]:
    return [user for user in readers if not has_hand(offer, user)]


def has_hand(offer: RoleOffer, user: User) -> bool:
    """Tell whether this user proposed it, gave the proposer a role, or gets the role."""
    return str(user.id) in offer.given_by or user.username == offer.username


def has_confirmed(offer: RoleOffer, user: User) -> bool:
    """Tell whether this user confirmed it already, for either party."""
    return str(user.id) in (offer.colleague_id, offer.desk_id)


def givers(session: Session, actor: Actor) -> list[str]:
    """Return the id of this user, and of everybody who proposed their roles, at any distance."""
    if actor.id is None:
        return []
    rows = select(RoleAssignment.given_by).where(RoleAssignment.user_id == UUID(actor.id))
    return sorted({actor.id, *(giver for given in session.scalars(rows) for giver in given)})


def _able(*columns: Any) -> Select[Any]:
    """Select roles of users who can sign in."""
    can: Sequence[ColumnElement[bool]] = (
        User.blocked_at.is_(None),
        User.password_hash != NO_PASSWORD,
    )
    return select(*columns).join(User, User.id == RoleAssignment.user_id).where(*can)


def readers_of(session: Session, codes: Collection[str]) -> Mapping[str, list[User]]:
    """Return for each municipality the users who can sign in and have a role that reads reports."""
    rows = session.execute(
        _able(RoleAssignment.holder, User)
        .where(RoleAssignment.holder.in_(codes), RoleAssignment.role.in_(READING_ROLES))
        .order_by(User.username)
    )
    found = defaultdict[str, list[User]](list)
    for holder, user in rows:
        found[holder].append(user)
    return found
