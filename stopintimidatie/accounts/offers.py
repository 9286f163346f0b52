"""Roles that are offered to a person: listing, accepting and declining them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from stopintimidatie.accounts.models import OfferState, RoleAssignment, RoleOffer
from stopintimidatie.audit import Actor, record
from stopintimidatie.clock import utc_now
from stopintimidatie.security import Role
from stopintimidatie.storage.tenancy import NATIONAL, enter

KIND: Final = "rol"


@dataclass(frozen=True)
class Offered:
    """An offered role as it is shown: which role, by whom, and how long it can be taken."""

    id: UUID
    role: Role
    holder: str
    by: str
    by_desk: bool
    until: datetime


def _open_to(username: str) -> ColumnElement[bool]:
    return and_(
        RoleOffer.username == username,
        RoleOffer.state == OfferState.OFFERED,
        RoleOffer.expires_at > utc_now(),
    )


def offers_to(session: Session, username: str) -> list[Offered]:
    """Return the offers that this person can still answer, the oldest first."""
    rows = session.scalars(
        select(RoleOffer).where(_open_to(username)).order_by(RoleOffer.proposed_at, RoleOffer.id)
    )
    return [
        Offered(one.id, Role(one.role), one.holder, one.proposed_by, one.by_desk, one.expires_at)
        for one in rows
    ]


def is_offered_anything(session: Session, username: str) -> bool:
    """Tell whether this person has an offer to answer."""
    return session.scalar(select(RoleOffer.id).where(_open_to(username)).limit(1)) is not None


def offer_to(session: Session, username: str, number: UUID | None) -> RoleOffer | None:
    """Return one offer that this person can still take, its row locked; None otherwise."""
    found: Sequence[RoleOffer] = session.scalars(
        select(RoleOffer).where(_open_to(username), RoleOffer.id == number).with_for_update()
    ).all()
    return found[0] if found else None


def accept_offer(session: Session, actor: Actor, user: UUID, offer: RoleOffer) -> None:
    """Take the role: it counts from now on, and the offer is deleted."""
    enter(session, offer.holder)
    if session.get(RoleAssignment, (user, offer.holder, offer.role)) is None:
        given = {"holder": offer.holder, "role": offer.role, "given_by": offer.given_by}
        session.add(RoleAssignment(user_id=user, **given))
    fields = [offer.holder, offer.role]
    record(
        session, actor, "gebruiker.rol_aanvaard", offer.holder, "gebruiker", [user], fields=fields
    )
    session.flush()
    session.delete(offer)


def decline_offer(session: Session, actor: Actor, offer: RoleOffer) -> None:
    """Decline the offer.

    The inviting person isn't told, for that would show that an account exists.
    """
    enter(session, NATIONAL)
    offer.state = OfferState.DECLINED
    fields = [offer.holder, offer.role]
    record(session, actor, "gebruiker.rol_afgeslagen", NATIONAL, KIND, [offer.id], fields=fields)
