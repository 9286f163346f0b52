"""The accounts that are one hand, and so are no second person for each other.

Whoever gives somebody an account could give it to themselves, with a mailbox of their own. So the
giver and the receiver of a role count as one, in both directions and at any distance: a row of
`AccountHand` for each giver up the chain. Two who have the same giver are two hands, for a role is
given with a second person (`municipalities.people.services`). Who only confirmed one gave nothing.

Every act of two asks this module by way of `core/second`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    String,
    Uuid,
    cast,
    delete,
    exists,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from stopintimidatie.core.accounts.models import BlockedColleague, RoleAssignment
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.storage.tenancy import open_table

open_table("account_hand", "an act of two asks who gave whom an account, whatever the holder")

ONE_HAND: Final = (
    "U gaf deze collega een account, of kreeg het uwe van deze collega, misschien via een ander."
    " U telt dan samen als één. Laat een ander dit doen. Is er geen ander, vraag dan het landelijk"
    " meldpunt iemand een rol te geven."
)


class AccountHand(Base):
    """A pair of accounts that are one hand.

    One gave the other a role, at any distance; or a provider knows both as one person.
    """

    __tablename__ = "account_hand"

    # Accounts are never deleted, only emptied: the pair outlives roles, blocks and names.
    giver_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    receiver_id: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)


def hands_of_each(session: Session, people: Collection[str]) -> Mapping[str, frozenset[str]]:
    """Return for each of these accounts which are one hand with it; it is one of them."""
    hands = {person: {person} for person in people}
    columns = AccountHand.giver_id, AccountHand.receiver_id
    either = or_(*(column.in_(people) for column in columns))
    for pair in session.execute(select(*columns).where(either)) if people else ():
        for person in hands.keys() & set(pair):
            hands[person].update(pair)
    return {person: frozenset(theirs) for person, theirs in hands.items()}


def hands_of(session: Session, person: str | None) -> frozenset[str]:
    """Return the accounts that are one hand with this one; none for who isn't a person."""
    return frozenset() if person is None else hands_of_each(session, [person])[person]


def others(column: Any, person: Any) -> ColumnElement[bool]:
    """Make the condition that a column names no account that is one hand with this person.

    `column`: ids of accounts, as text or UUID; `person`: an id as text, or a parameter for one.
    """
    hands = _hands(person).c
    if isinstance(column.type, Uuid):
        # SQLite stores a UUID without dashes.
        plain, mine = _plain(cast(column, String)), select(_plain(hands.id))
    else:
        plain, mine = column, select(hands.id)
    return or_(column.is_(None), plain.not_in(mine))


# Kept, so that a statement asks it once however many kinds of proposals it reads.
@lru_cache(maxsize=256)
def _hands(person: Any) -> CTE:
    """Select the accounts that are one hand with this person, which is one of them."""
    pair = AccountHand.giver_id, AccountHand.receiver_id
    known = (select(hand).where(owner == person) for hand, owner in (pair, pair[::-1]))
    return union_all(select(cast(person, String).label("id")), *known).cte()


def _plain(text: Any) -> Any:
    return func.replace(text, "-", "")


def note_givers(session: Session, receiver: UUID, givers: Collection[str]) -> None:
    """Keep who gave this account a role, at any distance, also when the role is gone later.

    An account that has no role left begins anew: others vouch for it now.
    """
    person = str(receiver)
    rows = (RoleAssignment, BlockedColleague)
    if not session.scalar(select(or_(*(exists().where(row.user_id == receiver) for row in rows)))):
        session.execute(delete(AccountHand).where(AccountHand.receiver_id == person))
    for giver in sorted({*givers} - {person}):
        session.merge(AccountHand(giver_id=giver, receiver_id=person))
