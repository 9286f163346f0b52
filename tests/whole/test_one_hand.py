"""S13: no act of two is done by one, however one person comes by two accounts.

Two tables: the acts that take two people (`tests/support/seconds.py`), and the ways in which two
accounts are one hand. Every act is tried in every way: it is refused, and the menu doesn't count
it. Two people who aren't one hand do it, so a refusal has no other cause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select

from stopintimidatie.core.accounts.models import RoleAssignment, RoleOffer, User
from stopintimidatie.core.accounts.services import accept_offer, give_role
from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.second import SECONDS
from stopintimidatie.core.security import Identity, Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.municipalities.people import proposals
from stopintimidatie.municipalities.people.services import actor_of
from stopintimidatie.municipalities.sso import entry
from tests.support.factories import (
    DORDRECHT,
    EINDHOVEN,
    connect,
    make_user,
    user_id,
)
from tests.support.hands import given, take
from tests.support.installation import Installation
from tests.support.seconds import ACTS, DAY, Act, Work

# The rules are written in Python; what holds rows apart is asked elsewhere.
pytestmark = [pytest.mark.both_databases, pytest.mark.short_on("sqlite")]


# The ways in which two accounts are one hand, or aren't: each makes the first and the second.

Pair = tuple[str, str]
Way = Callable[[Installation], Pair]


def upwards(way: Way) -> Way:
    return lambda installation: way(installation)[::-1]


def account(installation: Installation) -> str:
    return given(installation, None, Role.OFFICER)


def twice_the_same(installation: Installation) -> Pair:
    one = account(installation)
    return one, one


def gave(installation: Installation) -> Pair:
    first = account(installation)
    return first, given(installation, first, Role.OFFICER)


def gave_through_another(installation: Installation) -> Pair:
    first = account(installation)
    between = given(installation, first)
    return first, given(installation, between, Role.OFFICER)


def gave_beside_others(installation: Installation) -> Pair:
    """One of more roles comes of the first."""
    first, second = account(installation), account(installation)
    take(installation, first, second, Role.DOSSIER_OWNER)
    return first, second


def proposed(installation: Installation, first: str, at: str, role: Role, **more: Any) -> str:
    """An account that got a role as the pages give it: proposed, confirmed, accepted."""
    username = make_user(installation)
    reader = account(installation)
    with installation.transaction(at) as session:
        here = {"at": at, "username": username, "name": "x", "role": role, **more}
        number = proposals.propose(session, actor_of(session, first), DORDRECHT, **here).id
    with installation.transaction(DORDRECHT) as session:
        offer = session.get_one(RoleOffer, number)
        proposals.confirm(session, offer, actor_of(session, reader), DORDRECHT)
        second = session.scalars(select(User.id).where(User.username == username)).one()
        accept_offer(session, SYSTEM, second, offer)
    return str(second)


def let_act_as_deputy(installation: Installation) -> Pair:
    first, until = account(installation), local_date(utc_now()) + 9 * DAY
    mandate = {"mandate": "Burgemeester, 1 mei", "until": until}
    return first, proposed(installation, first, DORDRECHT, Role.DEPUTY, **mandate)


def gave_at_the_desk(installation: Installation) -> Pair:
    desk = str(user_id(installation, make_user(installation, (NATIONAL, Role.NATIONAL_DESK))))
    return desk, proposed(installation, desk, NATIONAL, Role.OFFICER)


def same_person_at_a_provider(installation: Installation) -> Pair:
    """Two municipalities with one provider, which knows both accounts by one name."""
    first, second = account(installation), account(installation)
    for person, holder in ((first, DORDRECHT), (second, EINDHOVEN)):
        with installation.transaction(holder) as session:
            user = session.get_one(User, UUID(person))
            entry._link(session, holder, ["x" * 64], user, anew=True)
    return first, second


def only_confirmed(installation: Installation) -> Pair:
    """The first confirmed the role of the second, and gave it not."""
    giver, username = account(installation), make_user(installation)
    first = account(installation)
    with installation.transaction(DORDRECHT) as session:
        here = {"at": DORDRECHT, "username": username, "name": "x", "role": Role.OFFICER}
        offer = proposals.propose(session, actor_of(session, giver), DORDRECHT, **here)  # type: ignore[arg-type]
        proposals.confirm(session, offer, actor_of(session, first), DORDRECHT)
        second = session.scalars(select(User.id).where(User.username == username)).one()
        accept_offer(session, SYSTEM, second, offer)
    return first, str(second)


def of_one_giver(installation: Installation) -> Pair:
    giver = account(installation)
    return given(installation, giver, Role.OFFICER), given(installation, giver, Role.OFFICER)


ONE_HAND: dict[str, Way] = {
    "één account met twee rollen": twice_the_same,
    "de eerste gaf de tweede een account": gave,
    "de tweede gaf de eerste een account": upwards(gave),
    "via een ander": gave_through_another,
    "via een ander, terug": upwards(gave_through_another),
    "een van meer rollen": gave_beside_others,
    "waarnemer op eigen voorstel": let_act_as_deputy,
    "het meldpunt gaf het account": gave_at_the_desk,
    "het meldpunt gaf het account, terug": upwards(gave_at_the_desk),
    "één persoon bij de inlogdienst": same_person_at_a_provider,
}
TWO_HANDS: dict[str, Way] = {
    "vreemden van elkaar": lambda installation: (account(installation), account(installation)),
    "allebei van een derde": of_one_giver,
    "alleen bevestigd": only_confirmed,
    "alleen bevestigd, terug": upwards(only_confirmed),
}


@pytest.fixture
def town(installation: Installation) -> Installation:
    """A town with readers who have no hand in anything, and two at the desk."""
    connect(installation)
    connect(installation, EINDHOVEN)
    for _ in range(2):
        account(installation)
        make_user(installation, (NATIONAL, Role.NATIONAL_DESK))
    return installation


class _UndoneError(Exception):
    """Everything of one try is taken back."""


@contextmanager
def undone(installation: Installation, holder: str, first: str) -> Iterator[Work]:
    try:
        with installation.transaction(holder) as session:
            yield Work(installation, session, first)
            raise _UndoneError
    except _UndoneError:
        pass


def with_role(installation: Installation, act: Act, person: str) -> None:
    """Give an account the role that the act asks, beside what it has: of the operator."""
    with installation.transaction() as session:
        user = session.get_one(User, UUID(person))
        give_role(session, SYSTEM, user, act.holder, act.role)


def is_listed(work: Work, act: Act, person: str) -> bool | None:
    """Whether the menu or start page counts it; None: there is no such count."""
    identity = Identity(UUID(person), "x", "x", frozenset({(act.holder, act.role)}))
    work.session.flush()
    if act.listed is not None:
        return work.session.scalar(act.listed(act.holder, identity).limit(1)) is not None
    if act.kind is not None:
        user = work.session.get_one(User, UUID(person))
        identity = Identity(user.id, user.username, "x", identity.roles)
        kind = SECONDS.of(work.installation.registry)[act.kind]
        return work.session.execute(kind.waiting(act.holder, identity)).first() is not None
    return None


# Every act asks `core/second` whose hand it is: in the short suite the acts share the ways.
SHARED = 4


@pytest.mark.parametrize("share", [SHARED, pytest.param(1, marks=pytest.mark.alles)])
@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
def test_one_person_never_does_what_takes_two(town: Installation, act: Act, share: int) -> None:
    turn = slice(ACTS.index(act) % share, None, share)
    tries = [(name, way, False) for name, way in [*ONE_HAND.items()][turn]]
    tries += [(name, way, True) for name, way in [*TWO_HANDS.items()][turn]]
    for name, way, free in tries:
        first, second = way(town)
        with_role(town, act, second)
        with undone(town, act.holder, first) as work:
            waiting = act.begin(work)
            assert is_listed(work, act, second) in (free, None), name
            actor = actor_of(work.session, second)
            if free:
                act.end(work, waiting, actor)
                continue
            with pytest.raises(act.refused):
                act.end(work, waiting, actor)
            # Nor when the role of who began it was taken away meanwhile.
            mine = RoleAssignment.user_id == UUID(first)
            if first != second:
                work.session.execute(delete(RoleAssignment).where(mine))
                with pytest.raises(act.refused):
                    act.end(work, waiting, actor)
