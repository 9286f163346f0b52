"""The people of a municipality: mail domains, who can come in, mailbox, users, invitations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, delete, exists, or_, select
from sqlalchemy.orm import Session, selectinload

from stopintimidatie.core.accounts.hands import AccountHand, others
from stopintimidatie.core.accounts.links import NO_PASSWORD
from stopintimidatie.core.accounts.models import (
    ProviderAccount,
    RoleAssignment,
    RoleOffer,
    User,
)
from stopintimidatie.core.audit import SYSTEM, Actor, record
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.mail import Recipient
from stopintimidatie.core.mail.addresses import Owner, find_address
from stopintimidatie.core.mail.models import MailAddress
from stopintimidatie.core.security import GRANTS, Permission, Role
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.municipalities.areas.models import MailDomain
from stopintimidatie.municipalities.people.models import Absence

# Roles of who reads, and so confirms the roles of others. A deputy sees only what waits for them.
READERS: Final = GRANTS[Permission.CONFIRM_ROLE] | {Role.NATIONAL_DESK}
OUTSIDE: Final = "buiten de maildomeinen van de gemeente"


def domains_of(session: Session, codes: Collection[str]) -> Mapping[str, Sequence[str]]:
    """Return the sorted mail domains of each of these municipalities; empty for one without."""
    domains = defaultdict[str, list[str]](list)
    rows = select(MailDomain.code, MailDomain.domain).where(MailDomain.code.in_(codes))
    for code, domain in session.execute(rows.order_by(MailDomain.code, MailDomain.domain)):
        domains[code].append(domain)
    return domains


def is_outside(address: str, domains: Sequence[str]) -> bool:
    """Tell whether an address is outside these domains and their subdomains. Pure.

    Without domains nothing is known, so no address is outside.
    """
    own = address.rpartition("@")[2].lower()
    return bool(domains) and not any(
        own == domain or own.endswith(f".{domain}") for domain in domains
    )


def set_domains(session: Session, actor: Actor, code: str, domains: Collection[str]) -> None:
    """Replace the mail domains of a municipality; record the changes in the log of the desk."""
    present, wanted = set(domains_of(session, [code])[code]), set(domains)
    gone, new = sorted(present - wanted), sorted(wanted - present)
    if not gone and not new:
        return
    session.execute(delete(MailDomain).where(MailDomain.code == code, MailDomain.domain.in_(gone)))
    session.add_all(MailDomain(code=code, domain=domain) for domain in new)
    changes = [*(f"erbij: {domain}" for domain in new), *(f"weg: {domain}" for domain in gone)]
    fields = [code, *changes]
    record(session, actor, "gemeente.maildomeinen", NATIONAL, "gemeente", fields=fields)
    session.flush()


def givers(session: Session, actor: Actor) -> list[str]:
    """Return the id of this user, and of everybody who proposed their roles, at any distance."""
    if actor.id is None:
        return []
    rows = select(AccountHand.giver_id).where(AccountHand.receiver_id == actor.id)
    return sorted({actor.id, *session.scalars(rows)})


def able(*columns: Any) -> Select[Any]:
    """Build a query for columns of roles, of the users who can sign in."""
    through_provider = exists().where(
        ProviderAccount.user_id == User.id, ProviderAccount.holder == RoleAssignment.holder
    )
    able = (
        User.blocked_at.is_(None),
        or_(User.password_hash != NO_PASSWORD, through_provider),
        RoleAssignment.counting(),
    )
    return select(*columns).join(User, User.id == RoleAssignment.user_id).where(*able)


def second_persons(session: Session, holder: str, permission: Permission, person: str) -> list[str]:
    """Return the names of who else may answer here, can sign in and isn't away.

    `person`: the id of who proposed it; nobody who is one hand with them is a second person.
    """
    today = local_date(utc_now())
    away = select(Absence.user_id).where(
        Absence.holder == holder, Absence.since <= today, Absence.until >= today
    )
    rows = session.execute(
        able(User.name, RoleAssignment.user_id)
        .where(
            RoleAssignment.holder == holder,
            RoleAssignment.role.in_([role.value for role in GRANTS[permission]]),
            RoleAssignment.user_id.not_in(away),
            others(RoleAssignment.user_id, person),
        )
        .order_by(User.name, RoleAssignment.user_id)
        .distinct()
    )
    return [name for name, _ in rows]


# Addresses for messages to a holder: a mailbox, and a number for urgent ones

POSTBOX: Final = "postbus"
URGENT_NUMBER: Final = "spoednummer"
# Parts of the name of a mailbox that more than one person reads.
_ROLES: Final = frozenset((
    "aanpak", "apv", "balie", "bestuur", "beveiliging", "bevolking", "boa", "contact", "crisis",
    "gemeente", "handhaving", "info", "intimidatie", "ioov", "jeugd", "kcc", "klantcontact",
    "loket", "melding", "meldingen", "meldpunt", "oov", "openbareorde", "post", "postbus",
    "regie", "secretariaat", "stadhuis", "straatintimidatie", "team", "toezicht", "veiligheid",
    "vergunningen", "wijkteam",
))  # fmt: skip


def postbox_of(holder: str) -> Owner:
    """Return the owner of the address of a holder's mailbox."""
    return Owner(POSTBOX, holder)


def urgent_number_of(holder: str) -> Owner:
    """Return the owner of a holder's number for urgent messages."""
    return Owner(URGENT_NUMBER, holder)


def recipient_of(row: MailAddress | None) -> Recipient | None:
    """Return an address as a recipient; None when no message may go there."""
    return Recipient("adres", str(row.id)) if row is not None and row.usable else None


def postbox_recipient(session: Session, holder: str) -> Recipient | None:
    """Return the mailbox of a holder; None when no message may go there."""
    return recipient_of(find_address(session, postbox_of(holder)))


def urgent_recipient(session: Session, holder: str) -> Recipient | None:
    """Return a holder's number for urgent messages outside office hours, or None."""
    return recipient_of(find_address(session, urgent_number_of(holder)))


def addresses_to_set(session: Session, holder: str, *, texting: bool) -> list[str]:
    """Return the kinds of addresses at which a holder isn't reached yet.

    `texting`: whether text messages can be sent, so that a number for spoed is of use.
    """
    kinds = [POSTBOX, URGENT_NUMBER] if texting else [POSTBOX]
    rows = session.scalars(
        select(MailAddress).where(MailAddress.owner_id == holder, MailAddress.owner_kind.in_(kinds))
    )
    usable = {row.owner_kind for row in rows if row.usable}
    return [kind for kind in kinds if kind not in usable]


def is_role_address(address: str) -> bool:
    """Tell by its name whether more than one person reads an address: oov@, team.boa@."""
    local = address.partition("@")[0].lower()
    for sign in "-_+":
        local = local.replace(sign, ".")
    return any(part in _ROLES for part in local.split("."))


# Users

USER_KIND: Final = "gebruiker"
# Without readers the desk would confirm new ones, so an admin could choose who confirms.
LAST_READER: Final = (
    "Dit is de laatste rol waarmee hier iemand meldingen leest. Geef eerst een collega zo'n rol,"
    " of vraag het landelijk meldpunt."
)


def users_of(session: Session, code: str) -> Sequence[User]:
    """Return all users with a role in the municipality, with their roles, by name."""
    return session.scalars(
        select(User)
        .where(User.roles.any(RoleAssignment.holder == code))
        .options(selectinload(User.roles))
        .order_by(User.name, User.username)
    ).all()


def actor_of(session: Session, user_id: str | None) -> Actor:
    """Return the user with this id as actor, for the log; the system when there is none."""
    user = session.get(User, UUID(user_id)) if user_id else None
    return SYSTEM if user is None else Actor("gebruiker", str(user.id), user.name)


def offer_at(session: Session, code: str, number: UUID) -> RoleOffer | None:
    """Return the offer of this municipality with this id, or None."""
    offer = session.get(RoleOffer, number)
    return offer if offer is not None and offer.holder == code else None
