"""Tests of which accounts are one hand: who gave an account, and who was given it, up the chain."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from stopintimidatie.core.accounts.hands import ONE_HAND, AccountHand, hands_of, others
from stopintimidatie.core.accounts.models import RoleAssignment, User
from stopintimidatie.core.accounts.personal import erase
from stopintimidatie.core.accounts.services import give_role
from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.second import why_not
from stopintimidatie.core.security import Role
from stopintimidatie.municipalities.people.access import Steward, take_role
from stopintimidatie.municipalities.people.services import actor_of
from stopintimidatie.privacy.retention.models import RetentionSchedule
from tests.support.factories import DORDRECHT
from tests.support.hands import given, take
from tests.support.installation import Installation

pytestmark = pytest.mark.both_databases
OWN = "U deed dit zelf."


def is_one(installation: Installation, first: str, second: str) -> bool:
    """Ask it in each way, in both directions; all of them agree."""
    with installation.transaction() as session:
        answers = {
            second in hands_of(session, first),
            first in hands_of(session, second),
            answer_to(session, first, second) is not None,
            listed(session, User.id, first, UUID(second)),
            listed(session, User.id, second, UUID(first)),
        }
    assert len(answers) == 1
    return answers.pop()


def answer_to(session: Any, first: str | None, second: str | None) -> str | None:
    """Why the second can't answer what the first proposed."""
    return why_not(session, RetentionSchedule(proposed_by_id=first), second, own=OWN)


def listed(session: Any, column: Any, person: str, account: UUID) -> bool:
    """Whether the condition for lists leaves this account out."""
    rows = select(User.id).where(User.id == account, others(column, person))
    return session.scalar(rows) is None


def test_giver_and_receiver_are_one_hand_at_any_distance(installation: Installation) -> None:
    first = given(installation, None)
    second = given(installation, first)
    third = given(installation, second)
    assert is_one(installation, first, first)
    assert is_one(installation, first, second)
    assert is_one(installation, second, third)
    assert is_one(installation, first, third)


def test_two_with_one_giver_and_two_of_the_operator_are_two_hands(
    installation: Installation,
) -> None:
    giver, other = given(installation, None), given(installation, None)
    assert not is_one(installation, giver, other)
    assert not is_one(installation, given(installation, giver), given(installation, giver))
    assert not is_one(installation, given(installation, giver), other)


def test_a_role_that_was_taken_away_or_an_erased_account_stays_of_one_hand(
    installation: Installation,
) -> None:
    giver, alone = given(installation, None), given(installation, None)
    receiver = given(installation, giver)
    with installation.transaction(DORDRECHT) as session:
        by = Steward(actor_of(session, giver), DORDRECHT, DORDRECHT)
        take_role(session, by, UUID(receiver), Role.ADMIN.value)
    assert is_one(installation, giver, receiver)
    with installation.transaction() as session:
        erase(session, UUID(giver))
    assert is_one(installation, giver, receiver)
    assert not is_one(installation, alone, receiver)


def test_an_account_without_roles_begins_anew_with_who_gives_it_one(
    installation: Installation,
) -> None:
    giver, other = given(installation, None), given(installation, None)
    receiver = given(installation, giver)
    take(installation, other, receiver, Role.OFFICER)
    assert is_one(installation, giver, receiver)
    with installation.transaction() as session:
        for row in session.scalars(select(RoleAssignment).filter_by(user_id=UUID(receiver))):
            session.delete(row)
    take(installation, other, receiver, Role.OFFICER)
    assert not is_one(installation, giver, receiver)
    assert is_one(installation, other, receiver)


def test_a_role_of_the_operator_beside_others_changes_nothing(installation: Installation) -> None:
    giver = given(installation, None)
    receiver = given(installation, giver)
    with installation.transaction() as session:
        user = session.get_one(User, UUID(receiver))
        give_role(session, SYSTEM, user, DORDRECHT, Role.OFFICER)
    assert is_one(installation, giver, receiver)


def test_the_words_tell_apart_oneself_one_hand_and_who_is_no_person(
    installation: Installation,
) -> None:
    giver, other = given(installation, None), given(installation, None)
    receiver = given(installation, giver)
    with installation.transaction() as session:
        assert answer_to(session, giver, giver) == OWN
        assert answer_to(session, giver, None) == OWN
        assert answer_to(session, None, None) == OWN
        assert answer_to(session, giver, receiver) == ONE_HAND
        assert answer_to(session, giver, other) is None
        assert answer_to(session, None, other) is None
        assert session.scalars(select(AccountHand.receiver_id)).all() == [receiver]


def test_the_condition_reads_ids_as_text_and_lets_rows_of_nobody_through(
    installation: Installation,
) -> None:
    giver, other = given(installation, None), given(installation, None)
    receiver = given(installation, giver)
    column = RoleAssignment.reviewed_by_id
    with installation.transaction() as session:
        rows = session.scalars(select(RoleAssignment)).all()
        for row, first in zip(rows, (giver, other, None), strict=True):
            row.reviewed_by_id = first
        session.flush()
        left = session.scalars(select(column).where(others(column, receiver))).all()
    assert set(left) == {other, None}
