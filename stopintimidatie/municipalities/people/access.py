"""Changes of somebody's access by an admin or the desk: roles, end dates, blocks, sessions.

Nobody changes their own. A municipality keeps an admin and a reader; only the desk takes the last
one away, and is warned. Each change is in the log of who made it; what the desk did is in the log
of the municipality as well, without its reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import (
    BlockedColleague,
    Invitation,
    RoleAssignment,
    RoleOffer,
    User,
)
from stopintimidatie.core.accounts.services import (
    BLOCKED,
    UNBLOCKED,
    AccountError,
    block_user,
    unblock_user,
)
from stopintimidatie.core.accounts.sessions import end_sessions_of
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.factors.services import reset_factors
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import date_text
from stopintimidatie.municipalities.people.mail import tell
from stopintimidatie.municipalities.people.proposals import NOT_YOURSELF
from stopintimidatie.municipalities.people.queries import (
    is_last_steward,
    signed_in_before,
    staff_of,
)
from stopintimidatie.municipalities.people.rules import (
    STANDS_STILL,
    leaves_nobody,
    stands_still,
    stewards_at,
    why_no_reset,
)
from stopintimidatie.municipalities.people.services import LAST_READER, READERS, USER_KIND

FACTOR_RESET: Final = "factor.hersteld"
WITHOUT_ADMIN: Final = "gemeente.zonder_beheerder"
LAST_ADMIN: Final = (
    "Dit is de laatste beheerder die blijft. Nodig eerst een andere beheerder uit, of vraag het"
    " landelijk meldpunt."
)
LAST_OF_DESK: Final = (
    "Dit is de laatste medewerker van het meldpunt die blijft. Vraag wie de installatie beheert."
)
NO_READER_LEFT: Final = "Bij deze gemeente leest nu niemand meer meldingen, of straks niet meer."
NO_ADMIN_LEFT: Final = (
    "Deze gemeente heeft nu geen beheerder meer, of straks niet meer. Nodig er een uit."
)
ONLY_SHORTER: Final = (
    "Langer dan afgesproken kan alleen met een nieuw voorstel. Kies ‘Collega uitnodigen’ en vul"
    " dezelfde rol in met de nieuwe einddatum."
)
WHY: Final = "Schrijf op waarom. Dat staat in het logboek."


@dataclass(frozen=True)
class Steward:
    """User who changes something, with the holder acted for and the holder whose people change."""

    actor: Actor
    at: str
    code: str


def take_role(session: Session, by: Steward, person: UUID, role: str) -> list[str]:
    """Take a role away from a user; their sessions lose it at the next page.

    Returns:
        Warnings for the desk.

    Raises:
        AccountError: this user has no such role here, it is oneself, a group gives it, or nobody
            would be left who can do that.
    """
    user, row = _role(session, by, person, role)
    with staffed(session, by) as warnings:
        session.delete(row)
    _withdraw_offers(session, by.code, user.username, role)
    end_when_empty(session, user)
    log_change(session, by, "gebruiker.rol_weg", user.id, [role])
    return warnings


def set_end(
    session: Session, by: Steward, person: UUID, role: str, until: date | None
) -> list[str]:
    """Set the last day of a role, or move it forward in time; what is longer is proposed anew.

    Returns:
        Warnings for the desk.

    Raises:
        AccountError: as in `take_role`; or no day, a day that is over, or one that is later.
    """
    user, row = _role(session, by, person, role)
    if until is None:
        raise AccountError("Vul de laatste dag van deze rol in.")
    if until < local_date(utc_now()):
        raise AccountError("Deze datum is voorbij. Kies vandaag of later.")
    if row.until is not None and until > row.until:
        raise AccountError(f"De rol loopt nu tot en met {date_text(row.until)}. {ONLY_SHORTER}")
    with staffed(session, by) as warnings:
        row.until = until
    log_change(session, by, "gebruiker.einddatum", user.id, [role])
    return warnings


def block(session: Session, by: Steward, person: UUID, reason: str) -> list[str]:
    """Block a person at a holder: their roles there are kept aside, all their sessions end.

    Offers of roles there are withdrawn.

    Returns:
        Warnings for the desk.

    Raises:
        AccountError: no reason, no role here, oneself, or nobody would be left.
    """
    if not reason.strip():
        raise AccountError(WHY)
    user = _colleague(session, by, person)
    rows = [row for row in user.roles if row.holder == by.code]
    with staffed(session, by) as warnings:
        kept = [_written(row) for row in rows]
        who = {"holder": by.code, "user_id": user.id, "blocked_by_id": by.actor.id}
        session.add(BlockedColleague(**who, roles=kept))
        for row in rows:
            session.delete(row)
    _withdraw_offers(session, by.code, user.username)
    end_sessions_of(session, user.id)
    roles = [row.role for row in rows]
    log_change(session, by, "gebruiker.toegang_geblokkeerd", user.id, roles, reason=reason)
    return warnings


def _written(row: RoleAssignment) -> dict[str, Any]:
    return {
        "role": row.role,
        "given_by": row.given_by,
        "given_at": row.given_at.isoformat() if row.given_at else None,
        "until": row.until.isoformat() if row.until else None,
        "by_group": row.by_group,
        "signed_in_at": row.signed_in_at.isoformat() if row.signed_in_at else None,
    }


def _withdraw_offers(session: Session, code: str, username: str, role: str | None = None) -> None:
    """Withdraw what this person could still accept here: one role, or all of them."""
    theirs = [RoleOffer.holder == code, RoleOffer.username == username]
    if role is not None:
        theirs.append(RoleOffer.role == role)
    offers = select(RoleOffer.id).where(*theirs)
    session.execute(delete(Invitation).where(Invitation.offer_id.in_(offers)))
    session.execute(delete(RoleOffer).where(*theirs))


def unblock(session: Session, by: Steward, person: UUID) -> None:
    """Give a blocked person the roles back that didn't end meanwhile; those of groups come anew.

    Raises:
        AccountError: this person isn't blocked here, or is oneself.
    """
    blocked = session.get(BlockedColleague, (by.code, person), with_for_update=True)
    if blocked is None:
        raise AccountError("Deze persoon is hier niet geblokkeerd. Open de pagina opnieuw.")
    if str(person) == by.actor.id:
        raise AccountError(NOT_YOURSELF)
    given = [role for role in _kept(blocked) if _gives_back(session, role)]
    session.add_all(given)
    session.delete(blocked)
    roles = [row.role for row in given]
    log_change(session, by, "gebruiker.toegang_hersteld", person, roles)


def _kept(blocked: BlockedColleague) -> Iterator[RoleAssignment]:
    """Make the roles anew, as given now: the silence of while it was blocked doesn't count."""
    for role in blocked.roles:
        if not role["by_group"]:
            yield RoleAssignment(
                signed_in_at=signed_in_before(role),
                user_id=blocked.user_id,
                holder=blocked.holder,
                role=role["role"],
                given_by=role["given_by"],
                until=date.fromisoformat(role["until"]) if role["until"] else None,
            )


def _gives_back(session: Session, row: RoleAssignment) -> bool:
    over = row.until is not None and row.until < local_date(utc_now())
    key = (row.user_id, row.holder, row.role)
    return not over and session.get(RoleAssignment, key) is None


def end_sessions(session: Session, by: Steward, person: UUID) -> None:
    """Sign a person out everywhere.

    Raises:
        AccountError: no role here, or oneself.
    """
    user = _colleague(session, by, person)
    end_sessions_of(session, user.id)
    log_change(session, by, "gebruiker.afgemeld", user.id)


def reset_factor(session: Session, by: Steward, person: UUID) -> None:
    """Remove the second factor of a person, who sets up a new one; they are told by mail.

    Raises:
        AccountError: no role here, or this user may not (`rules.why_no_reset`).
    """
    user = _colleague(session, by, person)
    refusal = why_not_reset(session, by, user)
    if refusal is not None:
        raise AccountError(refusal)
    reset_factors(session, by.actor, user.id, by.at)
    _tell(session, by.actor, FACTOR_RESET, user.id, sorted({by.code, NATIONAL} - {by.at}))


def why_not_reset(session: Session, by: Steward, user: User) -> str | None:
    """Return why this user can't reset the second factor of a person; None: they can."""
    elsewhere = select(BlockedColleague.holder).where(BlockedColleague.user_id == user.id)
    return why_no_reset(
        by.at,
        {*(row.holder for row in user.roles), *session.scalars(elsewhere)},
        oneself=str(user.id) == by.actor.id,
        last_steward=is_last_steward(session, by.code, user.id),
    )


def block_account(session: Session, by: Steward, person: UUID, reason: str) -> list[str]:
    """Block the whole account of a person (the desk).

    Returns:
        Warnings.

    Raises:
        AccountError: no reason, blocked already, oneself, or the last of the desk.
    """
    if not reason.strip():
        raise AccountError(WHY)
    user = _of_desk(session, by, person)
    if user.blocked_at is not None:
        raise AccountError("Dit account is al geblokkeerd. Open de pagina opnieuw.")
    with staffed(session, by) as warnings:
        holders = block_user(session, by.actor, user, reason=reason)
    _tell(session, by.actor, BLOCKED, user.id, holders)
    return warnings


def unblock_account(session: Session, by: Steward, person: UUID) -> None:
    """Let a person sign in again whose whole account was blocked (the desk).

    Raises:
        AccountError: the account isn't blocked, or is oneself.
    """
    user = _of_desk(session, by, person)
    if user.blocked_at is None:
        raise AccountError("Dit account is niet geblokkeerd. Open de pagina opnieuw.")
    holders = unblock_user(session, by.actor, user)
    _tell(session, by.actor, UNBLOCKED, user.id, holders)


def _of_desk(session: Session, by: Steward, person: UUID) -> User:
    """Return a person whose account the desk may block.

    Raises:
        AccountError: by a municipality, there is no such person, or it is oneself.
    """
    user = session.get(User, person)
    if by.at != NATIONAL or user is None:
        raise AccountError("Een heel account blokkeert alleen het landelijk meldpunt.")
    if str(user.id) == by.actor.id:
        raise AccountError(NOT_YOURSELF)
    return user


def _tell(session: Session, actor: Actor, action: str, person: UUID, holders: list[str]) -> None:
    for holder in holders:
        tell(session, actor, action, holder, [], person=str(person))


# Shared


def _colleague(session: Session, by: Steward, person: UUID) -> User:
    """Return a person with a role at the holder.

    Raises:
        AccountError: there is none, or it is oneself.
    """
    user = session.get(User, person, populate_existing=True)
    if user is None or not any(row.holder == by.code for row in user.roles):
        raise AccountError("Deze persoon heeft hier geen rol. Open de pagina opnieuw.")
    if str(user.id) == by.actor.id:
        raise AccountError(NOT_YOURSELF)
    return user


def _role(session: Session, by: Steward, person: UUID, role: str) -> tuple[User, RoleAssignment]:
    """Return a person and their role at the holder.

    Raises:
        AccountError: there is none, it is oneself, or a group gives it.
    """
    user = _colleague(session, by, person)
    row = session.get(RoleAssignment, (user.id, by.code, role))
    if row is None:
        raise AccountError("Deze persoon heeft deze rol niet meer.")
    if row.by_group:
        raise AccountError(
            "Deze rol komt uit een groep van de gemeente. Haal deze persoon uit die groep, of"
            " blokkeer deze persoon hier."
        )
    return user, row


@contextmanager
def staffed(session: Session, by: Steward) -> Iterator[list[str]]:
    """Make a change that leaves the holder an admin and a reader; the desk is warned instead.

    Whoever takes the last of another role away is warned of what stands still.

    Raises:
        AccountError: the change would leave nobody; it is undone.
    """
    # Locked, because two requests at once could each leave the one that the other takes away.
    session.scalars(
        select(RoleAssignment.role).where(RoleAssignment.holder == by.code).with_for_update()
    ).all()
    needed = _needed(by.code)
    before = [_untils(session, by.code, need.roles) for need in needed]
    warnings: list[str] = []
    with session.begin_nested():
        yield warnings
        session.flush()
        for need, untils in zip(needed, before, strict=True):
            if not leaves_nobody(untils, _untils(session, by.code, need.roles)):
                continue
            if need.refusal and by.at == by.code:
                raise AccountError(need.refusal)
            warnings.append(need.warning)
    if NO_ADMIN_LEFT in warnings:
        record(session, by.actor, WITHOUT_ADMIN, by.at, "gemeente", fields=[by.code])


@dataclass(frozen=True)
class _Need:
    """Roles of which a holder keeps somebody, and what is said otherwise.

    Without a refusal it is only a warning.
    """

    roles: frozenset[Any]
    refusal: str
    warning: str


def _needed(code: str) -> Sequence[_Need]:
    last = LAST_OF_DESK if code == NATIONAL else LAST_ADMIN
    return (
        _Need(stewards_at(code), last, NO_ADMIN_LEFT),
        _Need(READERS, LAST_READER, NO_READER_LEFT),
        *(_Need(frozenset({role}), "", stands_still(role, code)) for role in STANDS_STILL),
    )


def _untils(session: Session, code: str, roles: frozenset[Any]) -> list[date | None]:
    return [until for _, until in staff_of(session, code, roles)]


def end_when_empty(session: Session, user: User) -> None:
    """End the sessions of a person who has no role left anywhere."""
    left = select(RoleAssignment.role).where(RoleAssignment.user_id == user.id).limit(1)
    if session.scalar(left) is None:
        end_sessions_of(session, user.id)


def log_change(
    session: Session,
    by: Steward,
    action: str,
    person: UUID,
    fields: Sequence[str] = (),
    *,
    reason: str | None = None,
) -> None:
    """Record a change here; a job records what the desk did at the municipality."""
    fields = [by.code, *fields]
    record(session, by.actor, action, by.at, USER_KIND, [person], fields=fields, reason=reason)
    if by.at != by.code:
        tell(session, by.actor, action, by.code, fields, person=str(person))
