"""Accounts that were given by one another, each through the services that people use."""

from __future__ import annotations

from uuid import UUID

from stopintimidatie.core.accounts.models import OfferState, RoleOffer, User
from stopintimidatie.core.accounts.services import accept_offer
from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.municipalities.people.services import actor_of, givers
from tests.support.factories import DORDRECHT, make_user, user_id
from tests.support.installation import Installation


def given(installation: Installation, giver: str | None, role: Role = Role.ADMIN) -> str:
    """An account that got its role of this giver, or of the operator; its id."""
    if giver is None:
        return str(user_id(installation, make_user(installation, (DORDRECHT, role))))
    receiver = user_id(installation, make_user(installation))
    take(installation, giver, str(receiver), role)
    return str(receiver)


def take(installation: Installation, giver: str, receiver: str, role: Role) -> None:
    """Let somebody take a role that a giver proposed, and others confirmed."""
    with installation.transaction() as session:
        by = actor_of(session, giver)
        offer = RoleOffer(
            holder=DORDRECHT,
            username=session.get_one(User, UUID(receiver)).username,
            name="x",
            role=role.value,
            state=OfferState.OFFERED,
            by_desk=False,
            proposed_by=by.name,
            proposed_by_id=giver,
            given_by=givers(session, by),
            expires_at=utc_now(),
        )
        session.add(offer)
        session.flush()
        accept_offer(session, SYSTEM, UUID(receiver), offer)
