"""Hourly job that deletes old sign-in data: attempts, ended sessions and expired links."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Delete, delete, or_

from stopintimidatie.accounts.attempts import FORGET_AFTER
from stopintimidatie.accounts.models import (
    Invitation,
    LoginSession,
    RoleOffer,
    SignInAttempt,
    SignInUnlock,
)
from stopintimidatie.clock import utc_now
from stopintimidatie.jobs import Job, JobContext
from stopintimidatie.settings import Settings

# How long the inviting person can still see that an offer expired, or why it was refused.
OFFER_KEPT: Final = timedelta(days=30)
JOB: Final = Job("aanmelden.opruimen")


def next_hour(now: datetime) -> datetime:
    """Return the next full hour."""
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def throw_away(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Job: delete forgotten attempts, ended sessions, links that no longer work, and old offers."""
    for statement in _statements(context.settings, utc_now()):
        # One transaction each: on SQLite nobody else can write during one.
        with context.transaction() as session:
            session.execute(statement)


def _statements(settings: Settings, now: datetime) -> Iterator[Delete]:
    idle = now - timedelta(minutes=settings.session_idle_minutes)
    oldest = now - timedelta(hours=settings.session_absolute_hours)
    ended = or_(LoginSession.last_seen_at < idle, LoginSession.created_at < oldest)
    spent = or_(Invitation.used_at.is_not(None), Invitation.expires_at <= now)
    yield delete(SignInAttempt).where(SignInAttempt.last_at < now - FORGET_AFTER)
    yield delete(LoginSession).where(ended)
    yield delete(Invitation).where(spent)
    # Used links stay until they expire as well: they count in how often a mail may be sent.
    yield delete(SignInUnlock).where(SignInUnlock.expires_at <= now)
    yield delete(RoleOffer).where(RoleOffer.expires_at <= now - OFFER_KEPT)
