"""Server-side sessions: a random token in a cookie, its hash in the database."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import Select, bindparam, delete, select, update
from sqlalchemy.orm import Session, joinedload

from stopintimidatie.accounts.models import LoginSession, User
from stopintimidatie.clock import utc_now
from stopintimidatie.security import Identity
from stopintimidatie.security.policy import cookie_name
from stopintimidatie.settings import Settings

COOKIE: Final = "sessie"
TOKEN_BYTES: Final = 32
# Written at most this often, so that reading a page doesn't always write.
SEEN_EVERY: Final = timedelta(minutes=1)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def start_session(session: Session, user: User) -> str:
    """A new session for a user; returns the token for the cookie."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session.add(LoginSession(token_hash=_hash(token), user_id=user.id))
    return token


def end_session(session: Session, token: str) -> None:
    session.execute(delete(LoginSession).where(LoginSession.token_hash == _hash(token)))


def end_sessions_of(session: Session, user: User) -> None:
    """Sign a user out everywhere."""
    session.execute(delete(LoginSession).where(LoginSession.user_id == user.id))


def token_of(request: Any) -> str | None:
    token: str | None = request.cookies.get(cookie_name(request.registry.app_settings, COOKIE))
    return token


def set_cookie(response: Any, settings: Settings, token: str | None) -> None:
    """Set the session cookie, or remove it with None."""
    response.set_cookie(
        cookie_name(settings, COOKIE),
        token,
        path="/",
        secure=settings.https,
        httponly=True,
        samesite="Lax",
    )


def _expired(row: LoginSession, settings: Settings, now: datetime) -> bool:
    idle = now - row.last_seen_at > timedelta(minutes=settings.session_idle_minutes)
    return idle or now - row.created_at > timedelta(hours=settings.session_absolute_hours)


def _row_of(request: Any) -> LoginSession | None:
    token = token_of(request)
    if not token:
        return None
    rows = request.db.scalars(_with_user(), {"token": _hash(token)})
    found: LoginSession | None = rows.unique().one_or_none()
    return found


@cache
def _with_user() -> Select[LoginSession]:
    """Kept: it is asked with each request, and to make it takes longer than to send it."""
    return (
        select(LoginSession)
        .where(LoginSession.token_hash == bindparam("token"))
        .options(joinedload(LoginSession.user).joinedload(User.roles))
    )


def identity_of(request: Any) -> Identity | None:
    """Who sent the request, when the session is alive and the user isn't blocked."""
    row = _row_of(request)
    now = utc_now()
    if row is None or _expired(row, request.registry.app_settings, now):
        return None
    user = row.user
    if user.blocked_at is not None or not _demo_allowed(user, request.registry.app_settings):
        return None
    if now - row.last_seen_at > SEEN_EVERY:
        request.db.execute(
            update(LoginSession)
            .where(LoginSession.token_hash == row.token_hash)
            .values(last_seen_at=now)
        )
    request.environ["stopintimidatie.session"] = row
    roles = frozenset(assignment.as_pair for assignment in user.roles)
    return Identity(user.id, user.username, user.name, roles)


def _demo_allowed(user: User, settings: Settings) -> bool:
    return settings.demo or not user.demo


def flash(
    request: Any, text: str, kind: str = "ok", *, link: tuple[str, str] | None = None
) -> None:
    """Show a message on the next page of this session. Kinds: ok, info, warning, error.

    :param link: label and path of what one may want to do next, such as undoing it.
    """
    row: LoginSession | None = request.environ.get("stopintimidatie.session")
    if row is not None:
        label, href = link or ("", "")
        message = {"text": text, "kind": kind, "label": label, "href": href}
        row.flashes = [*row.flashes, message]


def take_flashes(request: Any) -> list[dict[str, str]]:
    """The messages that wait for this session; they are shown once."""
    row: LoginSession | None = request.environ.get("stopintimidatie.session")
    if row is None or not row.flashes:
        return []
    waiting = list(row.flashes)
    row.flashes = []
    return waiting
