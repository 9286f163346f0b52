"""Signing out everywhere while somebody shows a second factor: that session doesn't stay."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import LoginSession, PendingSignIn, User
from stopintimidatie.core.accounts.profile import change_password
from stopintimidatie.core.accounts.services import block_user
from stopintimidatie.core.accounts.sessions import (
    Current,
    Opening,
    Visit,
    end_sessions_of,
    start_pending,
    start_session,
)
from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.factors.services import finish, take_pending
from stopintimidatie.core.security import Role
from tests.support.factories import DORDRECHT, make_user, user_id
from tests.support.installation import Installation
from tests.support.waiting import until

# SQLite has one writer: there the two are never under way together.
pytestmark = pytest.mark.postgresql
WAITING = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def block(session: Session, person: UUID) -> None:
    block_user(session, SYSTEM, session.get_one(User, person), reason="Weg")


def choose_password(session: Session, person: UUID) -> None:
    """In the session that the person has already, which stays."""
    row = session.scalars(select(LoginSession).where(LoginSession.user_id == person)).one()
    current = Current(row.token_hash, row.created_at, row.last_seen_at, [])
    assert change_password(session, SYSTEM, session.get_one(User, person), "nieuw", current)


@pytest.mark.parametrize(("end", "stay"), [(end_sessions_of, 0), (block, 0), (choose_password, 1)])
def test_a_second_factor_that_is_being_shown_opens_no_session_that_stays(
    installation: Installation, end: Any, stay: int
) -> None:
    person = user_id(installation, make_user(installation, (DORDRECHT, Role.OFFICER), demo=False))
    with installation.transaction() as session:
        user = session.get_one(User, person)
        start_session(session, user, Opening(factor=True))
        token = start_pending(session, user, Visit())

    def sign_out() -> None:
        with installation.transaction() as session:
            end(session, person)

    def waits() -> bool:
        with installation.transaction() as session:
            return bool(session.scalar(WAITING))

    with ThreadPoolExecutor(1) as pool:
        with installation.transaction() as session:
            pending = take_pending(session, token, demo=False)
            assert pending
            ended = pool.submit(sign_out)
            until(waits)
            finish(session, installation.registry.key_ring, pending, Visit(), "app")
        ended.result()
    with installation.transaction() as session:
        assert len(session.scalars(select(LoginSession)).all()) == stay
        assert session.scalars(select(PendingSignIn)).all() == []
