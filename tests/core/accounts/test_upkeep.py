"""Tests that old sign-in data is deleted when it no longer counts, and not before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from stopintimidatie.core.accounts.guesses import FORGET_AFTER
from stopintimidatie.core.accounts.models import (
    Invitation,
    LoginSession,
    RoleOffer,
    SignInAttempt,
    SignInUnlock,
    User,
)
from stopintimidatie.core.accounts.services import JOB, OFFER_KEPT
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.jobs import JobContext
from stopintimidatie.core.storage import NATIONAL
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation

pytestmark = pytest.mark.both_databases

NOW = utc_now()
SECOND = timedelta(seconds=1)


def rows(installation: Installation, user: User) -> list[tuple[str, Any]]:
    """Return pairs of a name and a row; the rows that must stay have the name *keep*."""
    idle = NOW - timedelta(minutes=installation.settings.session_idle_minutes)
    oldest = NOW - timedelta(hours=installation.settings.session_absolute_hours)

    def guesses(last: Any) -> SignInAttempt:
        return SignInAttempt(username_hash=uuid4().hex, failures=9, last_at=last)

    def signed_in(began: Any, seen: Any) -> LoginSession:
        token = uuid4().hex
        return LoginSession(token_hash=token, user_id=user.id, created_at=began, last_seen_at=seen)

    def invited(**values: Any) -> Invitation:
        return Invitation(user_id=user.id, secret_version=1, **values)

    def unlock(**values: Any) -> SignInUnlock:
        return SignInUnlock(name_hash="x", secret_version=1, **values)

    def offered(expires: Any) -> RoleOffer:
        return RoleOffer(
            holder=DORDRECHT,
            username=f"{uuid4().hex}@test.example",
            name="x",
            role="beheer",
            by_desk=False,
            proposed_by="x",
            expires_at=expires,
        )

    later = NOW + SECOND
    return [
        ("keep", guesses(NOW - FORGET_AFTER)),
        ("throw away", guesses(NOW - FORGET_AFTER - SECOND)),
        ("keep", signed_in(oldest, idle)),
        ("throw away", signed_in(NOW, idle - SECOND)),
        ("throw away", signed_in(oldest - SECOND, NOW)),
        ("keep", invited(expires_at=later)),
        ("throw away", invited(expires_at=NOW)),
        ("throw away", invited(expires_at=later, used_at=NOW)),
        ("keep", unlock(expires_at=later, used_at=NOW)),
        ("throw away", unlock(expires_at=NOW)),
        ("keep", offered(NOW - OFFER_KEPT + SECOND)),
        ("throw away", offered(NOW - OFFER_KEPT)),
    ]


def test_what_counts_no_longer_goes_and_the_rest_stays(installation: Installation) -> None:
    with installation.transaction() as session:
        user = User(username="naam@test.example", name="x", password_hash="x")
        session.add(user)
        session.flush()
        made = rows(installation, user)
        session.add_all(row for _, row in made)
    kind = installation.registry.job_kinds[JOB.name]
    context = JobContext(
        installation.engine, installation.settings, installation.registry, NATIONAL
    )
    with clock_at(NOW):
        for _ in range(2):
            kind.handler(context, [{}])
    with installation.transaction() as session:
        for model in (SignInAttempt, LoginSession, Invitation, SignInUnlock, RoleOffer):
            kept = sum(name == "keep" for name, row in made if isinstance(row, model))
            assert session.scalar(select(func.count()).select_from(model)) == kept, model
    assert kind.next_at is not None
    half_past = NOW.replace(hour=23, minute=30)
    assert kind.next_at(half_past) == half_past.replace(minute=0, second=0, microsecond=0) + (
        timedelta(hours=1)
    )
