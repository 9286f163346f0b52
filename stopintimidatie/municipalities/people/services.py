"""The people of a municipality: mail domains, who confirms a role, mailbox, users, invitations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, exists, or_, select
from sqlalchemy.orm import Session, selectinload

from stopintimidatie.core.accounts.hands import AccountHand, hands_of, hands_of_each, others
from stopintimidatie.core.accounts.links import NO_PASSWORD
from stopintimidatie.core.accounts.models import (
    IdentityProvider,
    OfferState,
    ProviderAccount,
    RoleAssignment,
    RoleOffer,
    RoleProposal,
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
from stopintimidatie.municipalities.people.models import Absence, GroupRole

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


# Rules for who must confirm a proposed role. Nobody gives one alone, for each has a part in what
# takes two: an admin proposes roles, terms and the provider about which others decide.
#
# | role that is proposed                                       | who confirms it              |
# |-------------------------------------------------------------|------------------------------|
# | any, and somebody who may decide reads at the municipality  | a reader there               |
# | any, and nobody does                                        | somebody of the desk         |
# | the very first role there, admin, by a desk of one person   | nobody                       |
# | any, by the municipality, for a mailbox outside its domains | somebody of the desk as well |
#
# A role that a group of the identity provider gives (`GroupRole`) is a proposal as well. It has no
# mailbox, so the last line isn't about it.
#
# Nobody confirms what they proposed or get, nor confirms twice, nor does who is one hand with the
# proposer or with who confirmed it already (`core.accounts.hands`): so a mailbox of one's own is no
# second person. Whoever only confirmed the role of the proposer may confirm: that role had an
# honest proposer, or an honest confirmer. So two people at the desk are enough to let one join; a
# desk of one lets the operator give the first reading role on the command line.


class Confirmer(StrEnum):
    """A party that must confirm a proposal."""

    COLLEAGUE = "collega"
    DESK = "meldpunt"


@dataclass(frozen=True)
class _Staffing:
    """Facts of a municipality for the rules, and whether the desk is one person.

    `hands`: of each reader there, the accounts that are one hand with them.
    """

    domains: Sequence[str]
    readers: Sequence[User]
    hands: Mapping[str, frozenset[str]]
    has_people: bool
    desk_of_one: bool


def party_at(holder: str) -> Confirmer:
    """Return the party that the users of this holder belong to."""
    return Confirmer.DESK if holder == NATIONAL else Confirmer.COLLEAGUE


def pending_confirmers(
    session: Session,
    offers: Collection[RoleProposal],
    known: Mapping[str, Sequence[str]] | None = None,
) -> Mapping[UUID, tuple[Confirmer, ...]]:
    """Return the parties that must still confirm each of these proposals; five queries in all.

    `known`: the mail domains of their municipalities, for who has read them already.
    """
    codes = {offer.holder for offer in offers}
    if not codes:
        return {}
    domains = domains_of(session, codes) if known is None else known
    readers = readers_of(session, codes)
    hands = hands_of_each(session, {str(user.id) for users in readers.values() for user in users})
    peopled = set(
        session.scalars(select(RoleAssignment.holder).where(RoleAssignment.holder.in_(codes)))
    )
    at_desk = able(RoleAssignment.user_id).where(
        RoleAssignment.holder == NATIONAL, RoleAssignment.role == Role.NATIONAL_DESK
    )
    alone = len(session.scalars(at_desk.limit(2)).all()) < 2
    staffing = {
        code: _Staffing(domains[code], readers[code], hands, code in peopled, alone)
        for code in codes
    }
    return {offer.id: _pending_confirmers_of(offer, staffing[offer.holder]) for offer in offers}


def _pending_confirmers_of(offer: RoleProposal, staffing: _Staffing) -> tuple[Confirmer, ...]:
    first = offer.role == Role.ADMIN and offer.by_desk and not staffing.has_people
    if first and staffing.desk_of_one:
        return ()
    hands = staffing.hands
    colleagues = any(not has_hand(offer, user, hands[str(user.id)]) for user in staffing.readers)
    needed = {Confirmer.COLLEAGUE if colleagues else Confirmer.DESK}
    invited = offer.invited
    if invited and not offer.by_desk and is_outside(invited, staffing.domains):
        needed.add(Confirmer.DESK)
    by = {Confirmer.COLLEAGUE: offer.colleague_id, Confirmer.DESK: offer.desk_id}
    left = {party for party in needed if by[party] is None}
    if not left and offer.state == OfferState.PROPOSED:
        # The last reader went away after the desk confirmed: the desk decides in their place.
        left = {Confirmer.DESK}
    return tuple(sorted(left))


def has_hand(row: RoleProposal | IdentityProvider, user: User, hands: frozenset[str]) -> bool:
    """Tell whether this user, or who is one hand with them, proposed, confirmed or gets this.

    `hands`: the accounts that are one hand with this user.
    """
    if isinstance(row, IdentityProvider):
        return str(user.id) in row.given_by or row.proposed_by_id in hands
    made = {row.proposed_by_id, row.colleague_id, row.desk_id}
    return row.invited == user.username or str(user.id) in row.given_by or bool(hands & made)


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


def readers_of(session: Session, codes: Collection[str]) -> Mapping[str, list[User]]:
    """Return for each municipality the users who can sign in and read reports there."""
    rows = session.execute(
        able(RoleAssignment.holder, User)
        .where(
            RoleAssignment.holder.in_(codes),
            RoleAssignment.role.in_(READERS),
        )
        .order_by(User.username)
    )
    readers = defaultdict[str, list[User]](list)
    for holder, user in rows:
        readers[holder].append(user)
    return readers


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


Proposal = RoleOffer | GroupRole


def find_proposal(session: Session, number: UUID) -> Proposal | None:
    """Return the proposal with this id, for a person or for a group; None if it is gone."""
    return session.get(RoleOffer, number) or session.get(GroupRole, number)


def proposals_for(session: Session, holder: str) -> dict[Proposal, tuple[Confirmer, ...]]:
    """Return the proposals that this municipality or the desk confirms, the oldest first.

    Each with the parties that must still confirm it.
    """
    kinds = (RoleOffer, GroupRole)
    rows = [row for kind in kinds for row in session.scalars(_proposals(kind, holder))]
    rows.sort(key=lambda proposal: (proposal.proposed_at, proposal.id))
    left, party = pending_confirmers(session, rows), party_at(holder)
    return {offer: left[offer.id] for offer in rows if party in left[offer.id]}


def number_to_decide(session: Session, holder: str, person: UUID) -> int:
    """Count what waits here, of roles and providers, for a decision that this person may make."""
    rows = [*proposals_for(session, holder), *providers_for(session, holder)]
    me, hands = session.get_one(User, person), hands_of(session, str(person))
    return sum(not has_hand(row, me, hands) for row in rows)


def any_proposed(holder: str) -> ColumnElement[bool]:
    """Return the condition that there are proposals here, for whoever confirms them."""
    return or_(*(exists(_proposals(kind, holder)) for kind in (RoleOffer, GroupRole)))


def _proposals(kind: type[Any], holder: str) -> Select[Any]:
    proposed = select(kind).where(kind.state == OfferState.PROPOSED, kind.expires_at > utc_now())
    return proposed if holder == NATIONAL else proposed.where(kind.holder == holder)


# The connection to the identity provider of a municipality decides who comes in as whom. So it is
# confirmed as a role that reads is: by a reader who had no hand in it, or else by the desk.


def awaited_for(session: Session, row: IdentityProvider) -> Confirmer:
    """Return the party that confirms the connection to a provider.

    A reader without a password can't come in until it is confirmed.
    """
    readers = readers_of(session, [row.holder])[row.holder]
    able_now = [reader for reader in readers if reader.password_hash != NO_PASSWORD]
    hands = hands_of_each(session, [str(reader.id) for reader in able_now])
    free = any(not has_hand(row, reader, hands[str(reader.id)]) for reader in able_now)
    return Confirmer.COLLEAGUE if free else Confirmer.DESK


def providers_for(session: Session, holder: str) -> list[IdentityProvider]:
    """Return the providers that wait for a second person at this municipality, or at the desk."""
    waiting = select(IdentityProvider).where(
        IdentityProvider.enabled, IdentityProvider.confirmed_at.is_(None)
    )
    if holder != NATIONAL:
        waiting = waiting.where(IdentityProvider.holder == holder)
    rows = session.scalars(waiting.order_by(IdentityProvider.holder)).all()
    return [row for row in rows if awaited_for(session, row) is party_at(holder)]


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


@dataclass(frozen=True)
class Invitee:
    """A proposed or offered role, with who must still confirm it."""

    offer: RoleOffer
    role: Role
    outside: bool
    expired: bool
    awaited: tuple[Confirmer, ...]


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


def invited_at(session: Session, code: str) -> list[Invitee]:
    """Return the roles proposed or offered at this municipality and not taken, newest first."""
    offers = session.scalars(
        select(RoleOffer)
        .where(RoleOffer.holder == code)
        .order_by(RoleOffer.proposed_at.desc(), RoleOffer.id)
    ).all()
    known = domains_of(session, [code])
    domains, left = known[code], pending_confirmers(session, offers, known)
    return [
        Invitee(
            offer=offer,
            role=Role(offer.role),
            outside=is_outside(offer.username, domains),
            expired=_is_over(offer),
            awaited=left[offer.id],
        )
        for offer in offers
    ]


def _is_over(offer: RoleOffer) -> bool:
    now = utc_now()
    ended = offer.until is not None and offer.until < local_date(now)
    return ended or offer.expires_at <= now


def offer_at(session: Session, code: str, number: UUID) -> RoleOffer | None:
    """Return the offer of this municipality with this id, or None."""
    offer = session.get(RoleOffer, number)
    return offer if offer is not None and offer.holder == code else None
