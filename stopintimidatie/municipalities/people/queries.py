"""The people of a municipality or of the desk: their roles, factors, last sign-in, blocks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, and_, func, or_, select
from sqlalchemy.orm import Session, selectinload

from stopintimidatie.core.accounts.models import (
    BlockedColleague,
    OneTimeCode,
    Passkey,
    ProviderAccount,
    RoleAssignment,
    User,
)
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import AMSTERDAM
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.people.rules import (
    REVIEW_MONTHS,
    STANDS_STILL,
    days_left,
    last_use,
    leaves_nobody,
    months_earlier,
    review_due,
    silent_days,
    stands_still,
    stewards_at,
)
from stopintimidatie.municipalities.people.services import able, domains_of, is_outside

NO_FACTOR: Final = "geen"


def signed_in_before(role: dict[str, Any]) -> datetime | None:
    """Return when a role in `BlockedColleague.roles` was last used, as far as that was kept."""
    used = role.get("signed_in_at")
    return datetime.fromisoformat(used) if used else None


@dataclass(frozen=True)
class Person:
    """A person with a role at a holder, or blocked there: a line of the list."""

    user: User
    # The roles at this holder.
    roles: Sequence[RoleAssignment]
    blocked: BlockedColleague | None
    passkey: bool
    app: bool
    # Known to the identity provider of this holder.
    through_provider: bool
    outside: bool

    @property
    def holders(self) -> set[str]:
        """All holders where this person has a role."""
        return {role.holder for role in self.user.roles}

    @property
    def elsewhere(self) -> bool:
        """True for who works elsewhere as well."""
        return len(self.holders) > (1 if self.roles else 0)

    @property
    def since(self) -> datetime | None:
        """The moment of the first role here, as far as it was kept."""
        return min((role.given_at for role in self.roles if role.given_at), default=None)

    @property
    def signed_in_at(self) -> datetime | None:
        """The last sign-in with a role here, also with one that a block took."""
        moments = [role.signed_in_at for role in self.roles]
        if self.blocked is not None:
            moments += [signed_in_before(role) for role in self.blocked.roles]
        return max((moment for moment in moments if moment), default=None)

    @property
    def factor(self) -> str:
        """The second factors in words."""
        factors = [word for word, has in (("passkey", self.passkey), ("app", self.app)) if has]
        return " en ".join(factors) or ("bij de gemeente" if self.through_provider else NO_FACTOR)

    @property
    def has_factor(self) -> bool:
        """True for who has a second factor of ours."""
        return self.passkey or self.app

    @property
    def labels(self) -> list[str]:
        """The roles here in words."""
        return sorted(Role(role.role).label for role in self.roles)

    @property
    def reviewed_on(self) -> date | None:
        """The day that the roles were last reviewed; None while one never was."""
        days = [role.reviewed_on for role in self.roles]
        return None if None in days else max((day for day in days if day), default=None)

    @property
    def reviewed_by_id(self) -> str | None:
        """The id of who reviewed last."""
        latest = max(self.roles, key=lambda role: role.reviewed_on or date.min, default=None)
        return latest.reviewed_by_id if latest else None

    def due(self, today: date) -> bool:
        """Tell whether somebody must review the roles."""
        return any(
            review_due(
                role.reviewed_on, local_date(role.given_at) if role.given_at else None, today
            )
            for role in self.roles
        )


def person_at(session: Session, code: str, number: UUID) -> Person | None:
    """Return one of the people of a holder."""
    return next(iter(people_at(session, code, User.id == number)), None)


def people_at(session: Session, code: str, *which: ColumnElement[bool]) -> list[Person]:
    """Return everybody with a role at a holder and whoever is blocked there, by name."""
    blocked_here = and_(BlockedColleague.user_id == User.id, BlockedColleague.holder == code)
    known = and_(ProviderAccount.user_id == User.id, ProviderAccount.holder == code)
    rows = session.execute(
        select(
            User,
            BlockedColleague,
            select(Passkey.id).where(Passkey.user_id == User.id).exists(),
            select(OneTimeCode.id).where(OneTimeCode.user_id == User.id).exists(),
            select(ProviderAccount.user_id).where(known).exists(),
        )
        .outerjoin(BlockedColleague, blocked_here)
        .where(
            or_(User.roles.any(RoleAssignment.holder == code), BlockedColleague.holder == code),
            *which,
        )
        .options(selectinload(User.roles))
        .order_by(User.name, User.username)
    ).all()
    domains = domains_of(session, [code])[code] if rows else []
    return [
        Person(
            user=user,
            roles=[role for role in user.roles if role.holder == code],
            blocked=blocked,
            passkey=passkey,
            app=app,
            through_provider=through_provider,
            outside=is_outside(user.username, domains),
        )
        for user, blocked, passkey, app, through_provider in rows
    ]


def blocker_of(session: Session, blocked: BlockedColleague) -> tuple[str, str]:
    """Return who blocked a person at a holder, and who can tell the reason.

    Of the desk no name is given: to a municipality it's one body.
    """
    number = blocked.blocked_by_id
    by = session.get(User, UUID(number)) if number else None
    holders = {role.holder for role in by.roles} if by is not None else set()
    where = "in het logboek"
    if by is not None and blocked.holder in holders:
        reader = "van het meldpunt" if blocked.holder == NATIONAL else "van de gemeente"
        return by.name, f"De privacyfunctionaris {reader} leest de reden {where}."
    if NATIONAL in holders:
        return "het landelijk meldpunt", f"De reden staat {where} van het meldpunt: vraag hem daar."
    return "iemand die hier niet meer werkt", f"De privacyfunctionaris leest de reden {where}."


@dataclass(frozen=True)
class Fading:
    """A role that will end by silence, with how long it wasn't used and when it ends."""

    person: Person
    role: Role
    silent: int
    left: int


def fading(people: Sequence[Person], now: datetime, longest: int, *, demo: bool) -> list[Fading]:
    """Return the roles that end by silence soon, the first to end first.

    Args:
        people: The people of a holder.
        now: This moment.
        longest: The setting `accounts.silence_days`.
        demo: Whether this is a demo: its own accounts don't end.
    """
    ending = []
    for person in people:
        for role in person.roles if not (demo and person.user.demo) else ():
            since = last_use(role.signed_in_at, role.given_at, person.user.created_at)
            left = days_left(since, now, longest)
            if left is not None:
                ending.append(Fading(person, Role(role.role), silent_days(since, now), left))
    return sorted(ending, key=lambda role: (role.left, role.person.user.name))


# The last people who can do something


def staff_of(
    session: Session, code: str, roles: Collection[Role]
) -> list[tuple[UUID, date | None]]:
    """Return (user, last day) of each role at a holder, of who can sign in with it."""
    rows = session.execute(
        able(RoleAssignment.user_id, RoleAssignment.until).where(
            RoleAssignment.holder == code, RoleAssignment.role.in_(roles)
        )
    )
    return [(row.user_id, row.until) for row in rows]


def is_last(session: Session, code: str, person: UUID, roles: Collection[Role]) -> bool:
    """Tell whether nobody is left at a holder who can do what these roles do, without a person."""
    staff = staff_of(session, code, roles)
    others = [until for user, until in staff if user != person]
    return leaves_nobody([until for _, until in staff], others)


def is_last_steward(session: Session, code: str, person: UUID) -> bool:
    """Tell whether a person is the last admin of a municipality, or the last of the desk."""
    return is_last(session, code, person, stewards_at(code))


def missed_without(session: Session, code: str, person: Person) -> list[str]:
    """Say what stands still at a holder without a person, for each role that is theirs alone."""
    roles = [role for role in STANDS_STILL if role in {row.role for row in person.roles}]
    number = person.user.id
    return [stands_still(role, code) for role in roles if is_last(session, code, number, {role})]


# The quarterly review


def count_due(session: Session, code: str, me: UUID) -> int:
    """Count the people of a holder whose roles must be reviewed by this user, not oneself."""
    return session.scalar(select(number_due(code, me))) or 0


def number_due(code: str, me: UUID) -> ScalarSelect[int]:
    """Return a subquery that counts those people."""
    limit = months_earlier(local_date(utc_now()), REVIEW_MONTHS)
    people = select(func.count(RoleAssignment.user_id.distinct())).where(
        RoleAssignment.holder == code, RoleAssignment.user_id != me, _review_waits(limit)
    )
    return people.scalar_subquery()


def overdue(session: Session) -> Sequence[Any]:
    """Return the municipalities whose review is a month too late, with how many people wait."""
    limit = months_earlier(local_date(utc_now()), REVIEW_MONTHS + 1)
    return session.execute(
        select(Municipality, func.count(RoleAssignment.user_id.distinct()))
        .join(RoleAssignment, RoleAssignment.holder == Municipality.code)
        .where(_review_waits(limit))
        .group_by(Municipality.code)
        .order_by(Municipality.name)
    ).all()


def _review_waits(limit: date) -> ColumnElement[bool]:
    """Make the condition that a role was neither given nor reviewed after a day."""
    after = datetime.combine(limit + timedelta(days=1), time(0), AMSTERDAM)
    return and_(
        or_(RoleAssignment.reviewed_on.is_(None), RoleAssignment.reviewed_on <= limit),
        or_(RoleAssignment.given_at.is_(None), RoleAssignment.given_at < after),
    )
