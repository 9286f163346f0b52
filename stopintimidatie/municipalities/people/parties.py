"""The parties that must confirm a role or a provider that is proposed: colleague, desk, or both.

Nobody gives a role alone, for each has a part in what takes two: an admin proposes roles, terms and
the provider about which others decide.

| proposed                                                    | who confirms it              |
|-------------------------------------------------------------|------------------------------|
| any role, and somebody who may decide reads there           | a reader there               |
| any role, and nobody does                                   | somebody of the desk         |
| the very first role there, admin, by a desk of one person   | nobody                       |
| any, by the municipality, for a mailbox outside its domains | somebody of the desk as well |
| the provider, and such a reader has a password              | a reader there               |
| the provider, and none has                                  | somebody of the desk         |

A role that a group of the provider gives (`GroupRole`) has no mailbox.

Nobody confirms what they proposed or get, nor confirms twice, nor does who is one hand with the
proposer or with who confirmed it already (`core.accounts.hands`): so a mailbox of one's own is no
second person. Whoever only confirmed the role of the proposer may confirm: that role had an
honest proposer, or an honest confirmer. So two people at the desk are enough to let one join; a
desk of one lets the operator give the first reading role on the command line.

The rules stand in SQL, so that lists, counts and the service can't differ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.hands import AccountHand
from stopintimidatie.core.accounts.links import NO_PASSWORD
from stopintimidatie.core.accounts.models import (
    IdentityProvider,
    OfferState,
    RoleAssignment,
    RoleOffer,
    User,
)
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.security import Identity
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.municipalities.areas.models import MailDomain, Municipality
from stopintimidatie.municipalities.people.models import GroupRole
from stopintimidatie.municipalities.people.services import READERS, able

Proposal = RoleOffer | GroupRole | IdentityProvider
# The kinds of proposal: name, what the second person does, table.
KINDS: Final[tuple[tuple[str, str, Any], ...]] = (
    ("inlogdienst", "Inlogdienst bevestigen", IdentityProvider),
    ("groepsrol", "Rol van een groep bevestigen", GroupRole),
    ("rol", "Rol van een collega bevestigen", RoleOffer),
)


class Party(StrEnum):
    """A party that must confirm a proposal."""

    COLLEAGUE = "collega"
    DESK = "meldpunt"


def party_at(holder: str) -> Party:
    """Return the party that the users of this holder belong to."""
    return Party.DESK if holder == NATIONAL else Party.COLLEAGUE


def awaits(table: Any, party: Party) -> ColumnElement[bool]:
    """Make the condition that a party must still confirm a proposal."""
    free = able(RoleAssignment.user_id).where(
        RoleAssignment.holder == table.holder,
        RoleAssignment.role.in_(READERS),
        _no_hand(table, _plain(User.id), User.username),
    )
    if table is IdentityProvider:
        # A reader without a password can't come in until it is confirmed.
        reads = free.where(User.password_hash != NO_PASSWORD).correlate(table).exists()
        return reads if party is Party.COLLEAGUE else ~reads
    reads = free.correlate(table).exists()
    colleague = and_(reads, table.colleague_id.is_(None))
    if party is Party.COLLEAGUE:
        return colleague
    needed = or_(~reads, and_(is_outside_domains(table), ~table.by_desk))
    # The last reader may go away after the desk confirmed: it decides in their place.
    instead = and_(table.state == OfferState.PROPOSED, ~colleague)
    return or_(and_(needed, table.desk_id.is_(None)), instead)


def is_outside_domains(table: Any) -> ColumnElement[bool]:
    """Make the condition that who is invited has a mailbox outside the municipality's domains."""
    if table is not RoleOffer:
        return false()
    known = MailDomain.code == RoleOffer.holder
    ends = (literal(begin) + MailDomain.domain for begin in ("%@", "%@%."))
    own = or_(*(RoleOffer.username.like(end) for end in ends))
    return and_(exists().where(known), ~exists().where(known, own))


def _no_hand(table: Any, me: Any, username: Any) -> ColumnElement[bool]:
    """Make the condition that somebody had no part in a proposal, nor who is one hand with them.

    `me`: their id without dashes, for SQLite stores a UUID so.
    """
    made = [getattr(table, hand) for hand in table.HANDS]
    pair = AccountHand.giver_id, AccountHand.receiver_id
    hands = or_(*(and_(_plain(a) == me, b.in_(made)) for a, b in (pair, pair[::-1])))
    return and_(
        *(func.coalesce(_plain(hand), "") != me for hand in made),
        ~exists().where(hands).correlate_except(AccountHand),
        _unrelated(table, me, username),
    )


def _unrelated(table: Any, me: Any, username: Any) -> ColumnElement[bool]:
    """Make the condition that somebody neither gave the proposer a role nor gets this one."""
    gets = RoleOffer.username == username if table is RoleOffer else false()
    return and_(~_plain(table.given_by).contains(me), ~gets)


def _plain(column: Any) -> ColumnElement[str]:
    return func.replace(cast(column, String), "-", "")


def own_page(table: Any) -> Any:
    """Make the column with the page of who proposed it, below the address of their holder."""
    if table is not RoleOffer:
        return literal("aanmelden-instellen")
    slug = select(Municipality.slug).where(Municipality.code == RoleOffer.holder).scalar_subquery()
    return case((RoleOffer.by_desk, "aansluiting?gemeente=" + slug), else_="gebruikers")


def turn_of(table: Any) -> Callable[[str, Identity], ColumnElement[bool]]:
    """Return the rule of which proposals of a kind somebody may answer at a holder."""

    def turn(holder: str, identity: Identity) -> ColumnElement[bool]:
        # `Second.waiting` itself leaves out who is one hand with the proposer.
        free = _unrelated(table, _plain(identity.person), identity.username)
        awaited = awaits(table, party_at(holder))
        if party_at(holder) is Party.COLLEAGUE and table is not IdentityProvider:
            # The person asked is the reader that `awaits` would look for.
            awaited = table.colleague_id.is_(None)
        return and_(_is_at(table, holder), awaited, free)

    return turn


def _is_at(table: Any, holder: str) -> ColumnElement[bool]:
    return true() if holder == NATIONAL else table.holder == holder


@dataclass(frozen=True)
class Pending:
    """A proposal with who must still confirm it.

    `outside`: the mailbox is outside the domains; `own`: whoever looks had a hand in it.
    """

    row: Any
    colleague: bool
    desk: bool
    outside: bool
    own: bool

    @property
    def expired(self) -> bool:
        """True where nobody confirmed or took the role in time."""
        now, until = utc_now(), getattr(self.row, "until", None)
        return self.row.expires_at <= now or (until is not None and until < local_date(now))

    @property
    def parties(self) -> set[Party]:
        """The parties that must still confirm it."""
        awaited = {Party.COLLEAGUE: self.colleague, Party.DESK: self.desk}
        return {party for party, awaits_it in awaited.items() if awaits_it}


def pending(
    session: Session, table: Any, *which: ColumnElement[bool], me: Identity | None = None
) -> list[Pending]:
    """Return proposals of a kind, the oldest first; in one statement. `me`: who looks."""
    free = _no_hand(table, literal(me.user_id.hex), me.username) if me else true()
    columns = (awaits(table, Party.COLLEAGUE), awaits(table, Party.DESK), is_outside_domains(table))
    rows = session.execute(
        select(table, *columns, ~free).where(*which).order_by(table.proposed_at, table.id)
    )
    return [Pending(*row) for row in rows]


def parties_of(session: Session, row: Proposal) -> set[Party]:
    """Return the parties that must still confirm a proposal."""
    session.flush()
    table = type(row)
    mine = table.holder == row.holder if isinstance(row, IdentityProvider) else table.id == row.id
    (proposal,) = pending(session, table, mine)
    return proposal.parties


def proposals_for(session: Session, holder: str, me: Identity | None = None) -> list[Pending]:
    """Return what this municipality or the desk confirms, providers first. `me`: who looks."""
    return [
        row
        for _, _, table in KINDS
        for row in pending(
            session,
            table,
            _is_at(table, holder),
            table.waiting(),
            awaits(table, party_at(holder)),
            me=me,
        )
    ]
