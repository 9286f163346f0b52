"""The second pair of eyes: what one person proposes, and another one answers.

A kind of proposal is a table with the mixin `Proposed` and one `Second`, which a room hands in.
A service that answers calls, in this order and in one transaction: `lock_open`, `check_hand`,
`sign`; then it does what was proposed. Whoever may not answer gets a `SecondError`.

What stands here refuses by default. Which accounts are one person: `core/accounts/hands`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    cast,
    exists,
    false,
    inspect,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.hands import ONE_HAND, hands_of, others
from stopintimidatie.core.accounts.services import colleagues
from stopintimidatie.core.audit import Actor
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.registry import Directive, named
from stopintimidatie.core.security import Identity, Permission, Role
from stopintimidatie.core.security.permissions import may
from stopintimidatie.core.storage.models import NOW, Proposed, UtcDateTime
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import datetime_long
from stopintimidatie.core.web.errors import ErrorPage, error_response

OWN: Final = "U stelde dit zelf voor. Een ander kijkt mee en beslist."
ANSWERED: Final = "Hierover is al beslist, of het is verlopen. Open de pagina opnieuw."
TWICE: Final = "U deed dit al. U hoeft niets te doen."
CHANGED: Final = (
    "Er is iets gewijzigd sinds u deze pagina opende. Kijk opnieuw wat u beslist, en beslis dan."
)
NOT_YOURS: Final = "Dit stelde een ander voor. Vraag die persoon om het in te trekken."


class SecondError(FormError):
    """Refusal of an answer; the Dutch message says what to do. A form shows it above its fields."""

    status = 409


class Alone(Enum):
    """Rule for who proposed, where nobody else can answer: when they may do it alone."""

    NEVER = "nooit"
    AT_ONCE = "meteen"
    # From the moment `alone_at` of the table, two working days after others were told of it.
    LATER = "na twee werkdagen"


@dataclass(frozen=True)
class Second:
    """A kind of proposal: its table, who answers it and where.

    Args:
        name: of the kind, in the log and the list of what waits.
        label: what the second person does, as the title of a row.
        table: has the mixin `Proposed`.
        permission: of who answers.
        desk_permission: of who answers at the desk, where that is another one.
        never: roles with which nobody answers, whatever else they have.
        path: from a row of `waiting` to what follows the holder's address, where it is answered.
        own_path: to the page where who proposed it reads it and takes it back; None: the same.
        key: column that the path needs.
        about: column that says what it is about, for the row: a reference, never content.
        due: column with the moment by which it must be answered.
        only: (holder, identity) -> a further condition of who may know of it.
        turn: (holder, identity) -> which proposals somebody answers there, where those aren't just
            the holder's own: some go to the desk, or to two parties.
        urgent: column that says that it stands above all else.
        alone: see `Alone`.
    """

    name: str
    label: str
    table: Any
    permission: Permission
    path: Callable[[Any], str]
    own_path: Callable[[Any], str] | None = None
    key: Any = None
    about: Any = None
    due: Any = None
    only: Callable[[str, Identity], ColumnElement[bool]] | None = None
    turn: Callable[[str, Identity], ColumnElement[bool]] | None = None
    desk_permission: Permission | None = None
    never: frozenset[Role] = frozenset()
    urgent: Any = None
    alone: Alone = Alone.NEVER

    def permission_at(self, holder: str) -> Permission:
        """Return the permission of who answers at a holder."""
        return (holder == NATIONAL and self.desk_permission) or self.permission

    def waiting(self, holder: str, identity: Identity) -> Select[Any]:
        """Select what waits at a holder for the answer of this person.

        Where one may answer alone later: also what they proposed, once its days are over.
        """
        whose = is_second(self.table, identity.person)
        if self.alone is Alone.LATER:
            whose = or_(whose, self.table.alone_at <= NOW)
        here = self.turn(holder, identity) if self.turn else self.table.holder == holder
        return self._rows(holder, identity, whose, here)

    def elsewhere(self, holder: str, identity: Identity) -> Select[Any]:
        """Select what this person proposed at a holder and waits for another one."""
        whose = self.table.proposed_by_id == identity.person
        anywhere = self.turn is not None and holder == NATIONAL
        here = true() if anywhere else self.table.holder == holder
        return self._rows(holder, identity, whose, here)

    def _rows(self, holder: str, identity: Identity, *which: ColumnElement[bool]) -> Select[Any]:
        """Select id, kind, key, about, who proposed it and when, when it is due, and urgency."""
        table = self.table
        only = () if self.only is None else (self.only(holder, identity),)
        return select(
            table.id.label("id"),
            literal(self.name).label("kind"),
            _text(self.key).label("key"),
            _text(self.about).label("about"),
            table.proposed_by.label("proposed_by"),
            table.proposed_at.label("proposed_at"),
            (cast(null(), UtcDateTime) if self.due is None else self.due).label("due"),
            (false() if self.urgent is None else self.urgent).label("urgent"),
        ).where(table.waiting(), *which, *only)


def _text(column: Any) -> Any:
    return cast(null() if column is None else column, Text)


SECONDS: Final = Directive[str, Second]("add_second", "seconds", named)


def kinds_for(registry: Any, holder: str, identity: Identity) -> list[Second]:
    """Return the kinds of proposals at a holder that this person's roles let them answer."""
    roles = identity.roles_for(holder)
    return [
        kind
        for kind in SECONDS.of(registry).values()
        if may(roles, kind.permission_at(holder)) and not kind.never & roles
    ]


def waiting_rows(registry: Any, holder: str, identity: Identity) -> Select[Any] | None:
    """Select what waits at a holder for the answer of this person, of every kind, late first.

    None: with these roles there can be nothing.
    """
    return _merged(kind.waiting(holder, identity) for kind in kinds_for(registry, holder, identity))


def waiting_ids(registry: Any, holder: str, identity: Identity) -> Select[Any] | None:
    """Select the ids alone of those rows, to count them."""
    kinds = [kind.waiting(holder, identity) for kind in kinds_for(registry, holder, identity)]
    ids = [kind.with_only_columns(kind.selected_columns.id) for kind in kinds]
    return select(union_all(*ids).subquery().c.id) if ids else None


def proposed_rows(registry: Any, holder: str, identity: Identity) -> Select[Any] | None:
    """Select what this person proposed at a holder and waits for another one, of every kind."""
    return _merged(kind.elsewhere(holder, identity) for kind in SECONDS.of(registry).values())


def _merged(kinds: Iterable[Select[Any]]) -> Select[Any] | None:
    selects = list(kinds)
    if not selects:
        return None
    rows = union_all(*selects).subquery()
    return select(rows).order_by(rows.c.due.is_(None), rows.c.due, rows.c.proposed_at, rows.c.id)


def is_second(table: Any, person: str) -> ColumnElement[bool]:
    """Make the condition that this person had no part in a proposal."""
    free = [had_no_part((getattr(table, hand) for hand in table.HANDS), person)]
    if (makers := table.makers(table)) is not None:
        free.append(~exists(makers.where(~others(makers.selected_columns[0], person))))
    return and_(*free)


def had_no_part(columns: Iterable[Any], person: str | None) -> ColumnElement[bool]:
    """Make the condition that these ids of accounts name nobody who is one hand with a person.

    It is the rule of own hand for what keeps its own way, such as the lines of a list. Who is
    nobody in particular never has it.
    """
    if person is None:
        return false()
    return and_(true(), *(others(column, person) for column in columns))


def lock_open(
    session: Session,
    row: Proposed,
    actor: Actor,
    *,
    seen: Any = None,
    is_now: Callable[[], Any] | None = None,
) -> None:
    """Lock a proposal and read it again.

    Args:
        session: of the answer.
        row: the proposal.
        actor: answers it.
        seen: the version or fingerprint that the person saw.
        is_now: returns that of the locked row.

    Raises:
        SecondError: it was answered or changed meanwhile, or it lapsed.
    """
    session.flush()
    # Asked for first: a row that is gone must not be expired, for the page may show it once more.
    mapper, identity = inspect(type(row)), inspect(row).identity
    mine = (column == value for column, value in zip(mapper.primary_key, identity, strict=True))
    if session.execute(select(*mapper.primary_key).where(*mine).with_for_update()).first() is None:
        raise SecondError(ANSWERED)
    session.refresh(row)
    if not row.waits:
        twice = actor.id is not None and row.answered_by_id == actor.id
        raise SecondError(TWICE if twice else ANSWERED)
    if is_now is not None and is_now() != seen:
        raise SecondError(CHANGED)


def why_not(
    session: Session,
    row: Proposed,
    person: str | None,
    also: Iterable[str | None] = (),
    own: str = OWN,
) -> str | None:
    """Return why somebody can't be the second person for a proposal; None when they can.

    Args:
        session: reads which accounts are one person.
        row: the proposal.
        person: the id of who would answer; None is nobody's.
        also: further accounts that had a part in it, such as who it is about.
        own: words for who had a part in it.
    """
    makers = row.makers(row)
    more = () if makers is None else session.scalars(makers)
    made = {*(getattr(row, hand) for hand in row.HANDS), *more, *also} - {None}
    if person is None or person in made:
        return own
    return ONE_HAND if made and made & hands_of(session, person) else None


def seconds_of(session: Session, row: Any, permission: Permission) -> list[str]:
    """Return the names of who may answer at the holder of a proposal and had no part in it."""
    made = set[str]().union(*(hands_of(session, getattr(row, hand)) for hand in row.HANDS))
    staff = colleagues(session, row.holder, permission)
    return [user.name for user in staff if str(user.id) not in made]


def why_not_alone(
    alone: Alone, staff: Collection[str], since: datetime | None, now: datetime
) -> str | None:
    """Return why who proposed may not answer alone; None when they may. Pure.

    Args:
        alone: the rule of the kind.
        staff: the names of who else can answer, can sign in and isn't away.
        since: when the days are over that others were told of; None: nobody was told.
        now: the present moment.
    """
    if staff:
        return f"Een ander dan u kijkt mee. Nu kunnen dat: {', '.join(staff)}."
    if alone is Alone.AT_ONCE:
        return None
    if alone is Alone.NEVER:
        return OWN
    if since is None:
        return (
            "Er is nu niemand anders die kan meekijken. Trek het voorstel in en doe het opnieuw:"
            " dan mag u het na twee werkdagen zelf."
        )
    if since > now:
        moment = datetime_long(since)
        return f"Er is niemand anders die kan meekijken. U mag het zelf vanaf {moment}."
    return None


def check_hand(
    session: Session, row: Proposed, actor: Actor, also: Iterable[str | None] = (), own: str = OWN
) -> None:
    """Check that somebody is a second person for a proposal; the arguments are those of `why_not`.

    Raises:
        SecondError: they aren't.
    """
    if (why := why_not(session, row, actor.id, also, own)) is not None:
        raise SecondError(why)


def sign(session: Session, row: Proposed, actor: Actor) -> None:
    """Put the name of who answers under a proposal that is locked and open; nobody can after."""
    row.answered_at, row.answered_by_id, row.answered_by = utc_now(), actor.id, actor.name
    session.flush()


def take_back(session: Session, row: Proposed, actor: Actor) -> None:
    """Answer one's own proposal as taken back.

    Raises:
        SecondError: it was answered before or lapsed, or somebody else proposed it.
    """
    lock_open(session, row, actor)
    if actor.id is None or row.proposed_by_id != actor.id:
        raise SecondError(NOT_YOURS)
    sign(session, row, actor)


def refused(exc: SecondError, request: Any) -> Any:
    """Answer a button that came too late, or from the wrong hand: why, and where it is now."""
    lines = (exc.message, "Er is niets gewijzigd. Ga terug en laad de pagina opnieuw.")
    return error_response(request, exc.status, ErrorPage("Dit kan nu niet", lines))


def includeme(config: Any) -> None:
    """Let rooms hand in their kinds of proposals."""
    SECONDS.declare(config)
    config.add_exception_view(refused, context=SecondError)
