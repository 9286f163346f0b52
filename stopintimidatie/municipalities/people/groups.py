"""Roles that groups of a municipality's identity provider give: proposed, counting, taken away.

Whoever confirms a role of a person confirms that of a group as well (`proposals.confirm`). A role
that counts is given when somebody signs in through the provider, and kept until the next time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import OfferState, RoleAssignment, User
from stopintimidatie.core.accounts.services import AccountError
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.municipalities.people.access import Steward, end_when_empty, staffed
from stopintimidatie.municipalities.people.mail import GROUP_PROPOSED, ask_to_confirm
from stopintimidatie.municipalities.people.models import GroupRole
from stopintimidatie.municipalities.people.proposals import (
    GROUP_ROLES,
    WAITS,
    log_step,
    refuse_too_many,
)
from stopintimidatie.municipalities.people.services import (
    USER_KIND,
    Confirmer,
    givers,
    party_at,
    pending_confirmers,
)

GROUP_GONE: Final = "Deze regel is er niet meer. Open de pagina opnieuw."
_THERE_ALREADY: Final = (
    "Deze groep heeft deze rol al, of er is al om gevraagd. Haal de regel eerst weg als u haar"
    " opnieuw wilt voorstellen."
)


@dataclass(frozen=True)
class GroupLine:
    """A role of a group, who must still confirm it, and the number of people who have it so."""

    row: GroupRole
    expired: bool
    awaited: tuple[Confirmer, ...]
    people: int


def propose_group(
    session: Session, actor: Actor, code: str, *, group: str, role: Role
) -> GroupRole:
    """Propose a role for a group of the municipality's provider.

    Raises:
        AccountError: the role can't be given to a group, or the group has it or waits for it.
    """
    if role not in GROUP_ROLES:
        raise AccountError("Deze rol krijgt een groep niet. Kies een andere.")
    refuse_too_many(session, actor, code, code)
    row = GroupRole(
        holder=code,
        group_name=group,
        role=role.value,
        by_desk=False,
        proposed_by_id=actor.id,
        proposed_by=actor.name,
        given_by=givers(session, actor),
        expires_at=utc_now() + WAITS,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise AccountError(_THERE_ALREADY) from None
    left = pending_confirmers(session, [row])[row.id]
    log_step(session, row, actor, GROUP_PROPOSED, code)
    if party_at(code) in left:
        ask_to_confirm(session, code, row)
    return row


def group_lines(session: Session, code: str) -> list[GroupLine]:
    """Return the roles of groups at a municipality, by group."""
    rows = session.scalars(
        select(GroupRole)
        .where(GroupRole.holder == code)
        .order_by(GroupRole.group_name, GroupRole.role)
    ).all()
    left, now = pending_confirmers(session, rows), utc_now()
    people = Counter(
        session.scalars(
            select(RoleAssignment.role).where(
                RoleAssignment.holder == code, RoleAssignment.by_group
            )
        )
    )
    return [
        GroupLine(
            row,
            row.state == OfferState.PROPOSED and row.expires_at <= now,
            left[row.id],
            people[row.role],
        )
        for row in rows
    ]


def counting_groups(session: Session, code: str) -> Mapping[str, Sequence[GroupRole]]:
    """Return the roles that count for each group of a municipality."""
    counting = defaultdict[str, list[GroupRole]](list)
    rows = select(GroupRole).where(GroupRole.holder == code, GroupRole.state == OfferState.OFFERED)
    for row in session.scalars(rows):
        counting[row.group_name].append(row)
    return counting


def remove_group(session: Session, actor: Actor, code: str, number: UUID) -> int:
    """Take a role from a group; return how many people lost the role by it.

    It isn't kept by which group somebody has a role. So all who have it by a group lose it at once;
    another group of theirs gives it back when they sign in again.

    Raises:
        AccountError: there is no such line, or nobody would be left who reads, or who manages.
    """
    row = session.get(GroupRole, number, with_for_update=True)
    if row is None or row.holder != code:
        raise AccountError(GROUP_GONE)
    given = select(RoleAssignment).where(
        RoleAssignment.holder == code, RoleAssignment.role == row.role, RoleAssignment.by_group
    )
    going = session.scalars(given).all() if row.state == OfferState.OFFERED else ()
    people = sorted(assignment.user_id for assignment in going)
    with staffed(session, Steward(actor, code, code)):
        for assignment in going:
            session.delete(assignment)
    for person in people:
        end_when_empty(session, session.get_one(User, person))
    log_step(session, row, actor, "gebruiker.groep_weg", code)
    if people:
        fields = [code, row.role]
        record(session, actor, "gebruiker.rol_weg", code, USER_KIND, people, fields=fields)
    session.delete(row)
    session.flush()
    return len(people)
