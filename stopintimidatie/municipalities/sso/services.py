"""The identity provider that a municipality set, and the roles that its groups give.

It is stored, guarded against locking oneself out.

Nobody can make a connection the only way in that doesn't work: `required` is switched on in a
session that came in through it, and off before the connection is changed. Nobody decides alone who
vouches for colleagues: a second person confirms it (`people.proposals`).
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import (
    PROVIDER_PURPOSE,
    IdentityProvider,
    LoginSession,
    OfferState,
    ProviderAccount,
    RoleAssignment,
    User,
)
from stopintimidatie.core.accounts.services import AccountError
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.municipalities.people.access import Steward, end_when_empty, staffed
from stopintimidatie.municipalities.people.mail import tell
from stopintimidatie.municipalities.people.models import GroupRole
from stopintimidatie.municipalities.people.parties import Party, parties_of
from stopintimidatie.municipalities.people.proposals import (
    GROUP_PROPOSED,
    GROUP_ROLES,
    WAITS,
    add,
    log_step,
    refuse_too_many,
)
from stopintimidatie.municipalities.people.services import USER_KIND, givers

KIND: Final = "gemeente"
CHANGED: Final = "gemeente.aanmelden"
# Names of the settings in the log and in the form.
ADDRESS, CLIENT, SECRET, CLAIM, HOURS = "adres", "client", "geheim", "groepen", "uren"
ENABLED, REQUIRED = "aan", "alleen"
LOGGED: Final = (ADDRESS, CLIENT, SECRET, CLAIM, HOURS)
CONNECTION: Final = frozenset({ADDRESS, CLIENT, SECRET, CLAIM})
# After a change of these everybody may be linked by mail address once more (`entry._by_mail`).
RELINKED: Final = frozenset({ADDRESS, CLIENT, SECRET})
# A second person confirms these: whoever sets them decides who comes in as whom.
CONFIRMED: Final = frozenset({ADDRESS, CLIENT, CLAIM})
ON, OFF = "aangezet", "uitgezet"
ONLY, ALSO_PASSWORD = "alleen_via_de_gemeente", "ook_met_wachtwoord"

FILL_IN: Final = "Vul het geheim in. U krijgt het van wie de inlogdienst van de gemeente beheert."
FILL_IN_AGAIN: Final = (
    "U wijzigt het adres. Vul ook het geheim opnieuw in, zodat het oude geheim nooit naar een"
    " ander adres gaat."
)
ONLY_WHEN_ON: Final = (
    "Dit kan alleen als aanmelden via de gemeente aanstaat. Zet dat aan, of haal dit vinkje weg."
)
FIRST_OFF: Final = (
    "U wijzigt de verbinding. Haal dit vinkje eerst weg en sla op; meld u daarna via de gemeente"
    " aan en zet het weer aan. Zo kan iedereen naar binnen als er iets niet klopt."
)
FIRST_THROUGH_IT: Final = (
    "U bent nu met een wachtwoord aangemeld. Haal dit vinkje weg en sla op; meld u daarna via de"
    " gemeente aan en zet het hier aan. Dan is zeker dat u niet uzelf buitensluit."
)


# Settings of a provider as an admin fills them in, by their name in the form, with their columns.
# An empty secret keeps the stored one.
Plan = Mapping[str, Any]
COLUMNS: Final = {
    ADDRESS: "issuer",
    CLIENT: "client_id",
    CLAIM: "groups_claim",
    HOURS: "session_hours",
    ENABLED: "enabled",
    REQUIRED: "required",
}


def find_provider(session: Session, holder: str) -> IdentityProvider | None:
    """Return the provider of a holder, if it has one."""
    return session.get(IdentityProvider, holder)


def version_of(row: IdentityProvider | None) -> str:
    """Return a text that is another one after each change of the settings."""
    if row is None:
        return ""
    secret = hashlib.sha256(row.client_secret.encode()).hexdigest()
    values = (row.issuer, row.client_id, row.groups_claim, row.session_hours, secret)
    return hashlib.sha256(repr((*values, row.enabled, row.required)).encode()).hexdigest()[:40]


def use_of(session: Session, holder: str) -> tuple[int, datetime | None]:
    """Return how many people signed in through the provider of a holder, and when last."""
    mine = ProviderAccount.holder == holder
    number, last = session.execute(
        select(func.count(), func.max(ProviderAccount.last_used_at)).where(mine)
    ).one()
    return number, last


def save_provider(
    session: Session,
    keys: KeyRing,
    actor: Actor,
    holder: str,
    plan: Plan,
    *,
    opened_through: str | None,
) -> bool:
    """Store the provider of a holder; return whether anything changed.

    Another address, client or claim, and switching it on with such a change, waits for a second
    person. That, and switching it off, ends all sessions that came in through it.

    Args:
        session: Transaction of the request.
        keys: Keys of the installation.
        actor: The admin.
        holder: The municipality.
        plan: The settings.
        opened_through: The holder whose provider opened the admin's own session.

    Raises:
        FormError: people could be locked out by it, or something is missing.
    """
    row = session.get(IdentityProvider, holder, with_for_update=True)
    changes = _changes(row, plan)
    _check(row, plan, changes, through_it=opened_through == holder)
    if not changes:
        return False
    changed = CONFIRMED & set(changes)
    if row is not None and (OFF in changes or changed):
        session.execute(delete(LoginSession).where(LoginSession.provider == holder))
    if row is None:
        row = IdentityProvider(holder=holder)
        session.add(row)
    for name, column in COLUMNS.items():
        setattr(row, column, plan[name])
    if plan[SECRET]:
        row.client_secret = keys.encrypt(PROVIDER_PURPOSE, plan[SECRET], row.holder)
    if RELINKED & set(changes):
        row.changed_at = utc_now()
    proposed = bool(changed) or (ON in changes and row.confirmed_at is None)
    if proposed:
        put_forward(session, actor, row)
    record(session, actor, CHANGED, holder, KIND, fields=changes)
    session.flush()
    if proposed and row.waits and Party.DESK in parties_of(session, row):
        tell(session, actor, CHANGED, NATIONAL, [holder, *changes])
    return True


def put_forward(session: Session, actor: Actor, row: IdentityProvider) -> None:
    """Let the connection wait for a second person.

    Whoever changed it before, since it was last confirmed, had a hand in it as well.
    """
    before = row.given_by if row.confirmed_at is None else []
    row.given_by = sorted({*(before or ()), *givers(session, actor)})
    row.id, row.proposed_at = uuid4(), utc_now()
    row.proposed_by_id, row.proposed_by = actor.id, actor.name
    row.confirmed_at = row.confirmed_by_id = row.reason = None
    row.answered_at = row.answered_by_id = row.answered_by = None


def _changes(row: IdentityProvider | None, plan: Plan) -> list[str]:
    """Return the names of the settings that a plan changes."""
    before = {name: getattr(row, column, None) for name, column in COLUMNS.items()}
    differing = {
        **{name: before.get(name, "") != plan[name] for name in LOGGED},
        ON: plan[ENABLED] and not before[ENABLED],
        OFF: before[ENABLED] and not plan[ENABLED],
        ONLY: plan[REQUIRED] and not before[REQUIRED],
        ALSO_PASSWORD: before[REQUIRED] and not plan[REQUIRED],
    }
    return [name for name, differs in differing.items() if differs]


def _check(
    row: IdentityProvider | None, plan: Plan, changes: Sequence[str], *, through_it: bool
) -> None:
    if not plan[SECRET] and (row is None or ADDRESS in changes):
        raise FormError(FILL_IN if row is None else FILL_IN_AGAIN, SECRET)
    if not plan[REQUIRED]:
        return
    if not plan[ENABLED]:
        raise FormError(ONLY_WHEN_ON, REQUIRED)
    if CONNECTION & set(changes):
        raise FormError(FIRST_OFF, REQUIRED)
    if ONLY in changes and not through_it:
        raise FormError(FIRST_THROUGH_IT, REQUIRED)


# The way out when the provider is down: the desk, or the operator on the command line.


def allow_passwords(session: Session, actor: Actor, holder: str, *, at: str) -> bool:
    """Let people of a holder come in with a password again; return False if they could already.

    Args:
        session: A transaction of the holder `at`.
        actor: Somebody of the desk, or the operator.
        holder: The municipality.
        at: The holder that does it; its log tells, and that of the municipality as well.
    """
    row = session.get(IdentityProvider, holder, with_for_update=True)
    if row is None or not row.required:
        return False
    row.required = False
    fields = [ALSO_PASSWORD] if at == holder else [holder, ALSO_PASSWORD]
    record(session, actor, CHANGED, at, KIND, fields=fields)
    if at != holder:
        tell(session, actor, CHANGED, holder, [ALSO_PASSWORD])
    session.flush()
    return True


# Roles of groups. Whoever confirms a role of a person confirms that of a group as well. A role that
# counts is given when somebody signs in through the provider, and kept until the next time.

_THERE_ALREADY: Final = (
    "Deze groep heeft deze rol al, of er is al om gevraagd. Haal de regel eerst weg als u haar"
    " opnieuw wilt voorstellen."
)


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
    add(session, row, _THERE_ALREADY)
    log_step(session, row, actor, GROUP_PROPOSED, code)
    return row


def members_by_role(session: Session, code: str) -> Counter[str]:
    """Count the people at a municipality who have a role by a group, for each role."""
    rows = select(RoleAssignment.role).where(RoleAssignment.holder == code, RoleAssignment.by_group)
    return Counter(session.scalars(rows))


def counting_groups(session: Session, code: str) -> Mapping[str, Sequence[GroupRole]]:
    """Return the roles that count for each group of a municipality."""
    counting = defaultdict[str, list[GroupRole]](list)
    rows = select(GroupRole).where(GroupRole.holder == code, GroupRole.state == OfferState.OFFERED)
    for row in session.scalars(rows):
        counting[row.group_name].append(row)
    return counting


def roles_of(counting: Mapping[str, Sequence[GroupRole]]) -> Mapping[str, Sequence[Role]]:
    """Return which roles each of these groups gives."""
    return {group: [Role(row.role) for row in rows] for group, rows in counting.items()}


def remove_group(session: Session, actor: Actor, code: str, number: UUID) -> int:
    """Take a role from a group; return how many people lost the role by it.

    It isn't kept by which group somebody has a role. So all who have it by a group lose it at once;
    another group of theirs gives it back when they sign in again.

    Raises:
        AccountError: there is no such line, or nobody would be left who reads, or who manages.
    """
    row = session.get(GroupRole, number, with_for_update=True)
    if row is None or row.holder != code:
        raise AccountError("Deze regel is er niet meer. Open de pagina opnieuw.")
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
