"""Server-side sessions: opened, asked with each request, ended.

A session is a random token in a cookie, its hash in the database.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache, partial
from typing import Any, Final
from uuid import UUID

from pyramid.httpexceptions import HTTPForbidden
from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, delete, select, update
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import (
    IdentityProvider,
    LoginSession,
    PendingSignIn,
    RoleAssignment,
    User,
)
from stopintimidatie.core.audit import record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Identity, Role
from stopintimidatie.core.security.policy import cookie_name, note
from stopintimidatie.core.storage.session import SAFE_METHODS
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import local
from stopintimidatie.settings import Settings

COOKIE: Final = "sessie"
TOKEN_BYTES: Final = 32
CURRENT: Final = "stopintimidatie.session"
# A page of `municipalities/sso`: people may sign out at the provider of a session as well there.
SIGNED_OUT: Final = "afgemeld"
# Written at most this often, so that reading a page doesn't always write.
SEEN_EVERY: Final = timedelta(minutes=1)


def digest(token: str) -> str:
    """Hash the token of a cookie: this is what is kept of it."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


@dataclass(frozen=True)
class Opening:
    """Circumstances in which a session is opened.

    Args:
        device: browser and system in words (`device_of`).
        factor: whether a second factor was shown.
        provider: the holder whose identity provider opened it; None: a password or passkey.
        provider_session: keyed hash of the provider's own name for the session.
        ends_at: the end of a session that must end sooner than the setting says.
        notice: a message on the first page; empty: none.
    """

    device: str = ""
    factor: bool = False
    provider: str | None = None
    provider_session: str | None = None
    ends_at: datetime | None = None
    notice: str = ""


def start_session(session: Session, user: User, opening: Opening) -> str:
    """Start a session of a user; return the token for the cookie.

    Marks the roles that count in it as used: roles that nobody uses end after a while.
    """
    token, now = secrets.token_urlsafe(TOKEN_BYTES), utc_now()
    session.add(
        LoginSession(
            token_hash=digest(token),
            user_id=user.id,
            device=opening.device[:80],
            factor_at=now if opening.factor else None,
            provider=opening.provider,
            provider_session=opening.provider_session,
            ends_at=opening.ends_at,
            flashes=[_message(opening.notice, "warning")] if opening.notice else [],
        )
    )
    mark_used(session, user.id, opening.provider)
    return token


def mark_used(
    session: Session, user_id: UUID, provider: str | None, *which: ColumnElement[bool]
) -> None:
    """Mark the roles of a person as used now, as far as they count in such a session.

    Args:
        session: Transaction of the request.
        user_id: Whose roles.
        provider: The holder whose provider opened the session; None: a session of our own.
        which: Conditions on the roles.
    """
    session.execute(
        update(RoleAssignment)
        .where(RoleAssignment.user_id == user_id, _counts_through(provider), *which)
        .values(signed_in_at=utc_now())
    )


def _counts_through(provider: str | None) -> ColumnElement[bool]:
    """Make the condition that a role counts in a session that this provider, or none, opened."""
    if provider is not None:
        return RoleAssignment.holder == provider
    demanding = select(IdentityProvider.holder).where(_DEMANDS_PROVIDER)
    return RoleAssignment.holder.not_in(demanding)


_DEMANDS_PROVIDER: Final = and_(IdentityProvider.in_use, IdentityProvider.required)


def device_of(request: Any) -> str:
    """Return the browser and system of a visitor in words, such as 'Firefox op Windows'."""
    agent = str(request.user_agent or "")
    browser = next((name for sign, name in _BROWSERS if sign in agent), "Onbekende browser")
    system = next((name for sign, name in _SYSTEMS if sign in agent), "onbekend apparaat")
    return f"{browser} op {system}"


# In this order: most browsers name others as well.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "Chromebook"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True)
class Visit:
    """Browser of somebody who signs in.

    Args:
        proof: the cookie that shows that this browser signed in before (`known_browser`).
        old_token: token of the session that this browser had, which ends.
        device: browser and system in words.
        next_path: the path that the visitor came for.
    """

    proof: str = ""
    old_token: str = ""
    device: str = ""
    next_path: str = "/"


# Sign-ins that wait for the second factor

PENDING_COOKIE: Final = "aanmelding"
PENDING_LASTS: Final = timedelta(minutes=10)


def start_pending(session: Session, user: User, visit: Visit) -> str:
    """Keep that the password was right until the second factor is shown; return the token."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session.add(
        PendingSignIn(token_hash=digest(token), user_id=user.id, next_path=visit.next_path[:2000])
    )
    return token


def pending_of(session: Session, token: str, *, lock: bool = False) -> PendingSignIn | None:
    """Return the sign-in that waits with this token, while it may go on."""
    if lock:  # the account first, as a new password does
        owner = select(PendingSignIn.user_id).where(PendingSignIn.token_hash == digest(token))
        account = select(User.id).where(User.id == owner.scalar_subquery())
        session.execute(account.with_for_update(read=True, key_share=True))
    pending = session.get(PendingSignIn, digest(token), with_for_update=lock or None)
    return pending if pending and utc_now() - pending.made_at < PENDING_LASTS else None


def pending_token(request: Any) -> str:
    """Return the token of a waiting sign-in in the cookie; empty when there is none."""
    name = cookie_name(request.registry.app_settings, PENDING_COOKIE)
    return str(request.cookies.get(name, ""))


def end_session(session: Session, token: str) -> None:
    """End the session of a token."""
    session.execute(delete(LoginSession).where(LoginSession.token_hash == digest(token)))


def end_sessions_of(session: Session, user_id: UUID) -> None:
    """Sign a user out everywhere, also where signing in was half done."""
    # The waiting ones first: one that is being finished is locked until its session is there.
    for entity in (PendingSignIn, LoginSession):
        session.execute(delete(entity).where(entity.user_id == user_id))


def renew_token(session: Session, current: Current) -> str | None:
    """Give the session at hand a new token, so that a copy of the old one is worth nothing.

    Returns:
        The token for the cookie; None when the session was ended in the meantime.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    mine = LoginSession.token_hash == current.token_hash
    result: Any = session.execute(update(LoginSession).where(mine).values(token_hash=digest(token)))
    if not result.rowcount:
        return None
    current.token_hash = digest(token)
    return token


def token_of(request: Any) -> str | None:
    """Return the token of the session in the cookie, if there is one."""
    token: str | None = request.cookies.get(cookie_name(request.registry.app_settings, COOKIE))
    return token


def set_cookie(
    response: Any,
    settings: Settings,
    value: str | None,
    name: str = COOKIE,
    max_age: int | timedelta | None = None,
) -> None:
    """Set a cookie; remove it with None. Without an age it ends with the browser."""
    response.set_cookie(
        cookie_name(settings, name),
        value,
        max_age=max_age,
        path="/",
        secure=settings.https,
        httponly=True,
        samesite="Lax",
    )


def renew_cookie(request: Any, response: Any, session: Session, current: Current) -> None:
    """Give the session at hand a new token with this answer, as after each proof of who it is.

    When the session was ended in the meantime the cookie stays what it is: worth nothing.
    """
    token = renew_token(session, current)
    if token is not None:
        set_cookie(response, request.registry.app_settings, token)


@dataclass
class Current:
    """The session that a request belongs to."""

    token_hash: str
    created_at: datetime
    last_seen_at: datetime
    flashes: list[Any]
    used_for: list[str] = field(default_factory=list)
    factor_at: datetime | None = None
    provider: str | None = None
    ends_at: datetime | None = None

    def expired(self, settings: Settings, now: datetime) -> bool:
        """Tell whether the session was idle too long, or has lasted too long."""
        idle = now - self.last_seen_at > timedelta(minutes=settings.session_idle_minutes)
        over = self.ends_at is not None and now >= self.ends_at
        longest = timedelta(hours=settings.session_absolute_hours)
        return idle or over or now - self.created_at > longest

    def counts(self, role: Any, today: date) -> bool:
        """Tell whether a role, as a row of `with_roles`, counts in this session today."""
        if role.role is None or (role.until is not None and role.until < today):
            return False
        return not role.required if self.provider is None else bool(role.holder == self.provider)

    def keep(self, session: Session, **values: Any) -> None:
        """Write these values to the row of the session, without flushing other changes."""
        mine = LoginSession.token_hash == self.token_hash
        with session.no_autoflush:
            session.execute(update(LoginSession).where(mine).values(**values))

    def note(self, request: Any, **values: Any) -> None:
        """Have these values written to the row of the session after the page was made."""
        note(request, None, lambda session, _: self.keep(session, **values))


@cache
def with_roles() -> Select[Any]:
    """Select the session of a token and its user: a row for each role.

    Kept: it is asked with each request, and to make it takes longer than to send it. Columns, no
    objects: those take as long again, and nothing here is changed by way of them.
    """
    return (
        select(
            LoginSession.token_hash,
            LoginSession.created_at,
            LoginSession.last_seen_at,
            LoginSession.flashes,
            LoginSession.used_for,
            LoginSession.factor_at,
            LoginSession.provider,
            LoginSession.ends_at,
            User.id,
            User.username,
            User.name,
            User.blocked_at,
            User.demo,
            RoleAssignment.holder,
            RoleAssignment.role,
            RoleAssignment.until,
            IdentityProvider.required,
        )
        .join(User, User.id == LoginSession.user_id)
        .outerjoin(RoleAssignment, RoleAssignment.user_id == User.id)
        .outerjoin(
            IdentityProvider,
            and_(IdentityProvider.holder == RoleAssignment.holder, _DEMANDS_PROVIDER),
        )
        .where(LoginSession.token_hash == bindparam("token"))
    )


def identity_of(request: Any) -> Identity | None:
    """Return who sent the request, when the session is alive and the user isn't blocked."""
    token = token_of(request)
    rows = request.db.execute(with_roles(), {"token": digest(token)}).all() if token else ()
    current, identity = read_session(request.registry.app_settings, rows)
    if current is None:
        return None
    if utc_now() - current.last_seen_at > SEEN_EVERY:
        current.note(request, last_seen_at=utc_now())
    request.environ[CURRENT] = current
    return identity


def read_session(settings: Settings, rows: Sequence[Row[Any]]) -> tuple[Any, Identity | None]:
    """Return the session and the person in the rows of `with_roles`, when it is alive."""
    if not rows:
        return None, None
    row, now = rows[0], utc_now()
    # The first columns are the fields of a session, in their order.
    current = Current(*tuple(row)[:8])
    barred = row.blocked_at is not None or (row.demo and not settings.demo)
    if barred or current.expired(settings, now):
        return None, None
    today = local(now).date()
    counting = (grant for grant in rows if current.counts(grant, today))
    roles = frozenset((grant.holder, Role(grant.role)) for grant in counting)
    return current, Identity(row.id, row.username, row.name, roles)


def current_session(request: Any) -> Current:
    """Return the session of a request whose view asks that somebody is signed in.

    Raises:
        HTTPForbidden: Nobody is signed in; the permission of a view prevents that.
    """
    if request.identity is None:
        raise HTTPForbidden
    # Put there when the identity was loaded.
    current: Current = request.environ[CURRENT]
    return current


def provider_of(request: Any) -> str | None:
    """Return the holder whose provider opened the session; None for a session of our own."""
    current: Current | None = request.environ.get(CURRENT)
    return None if current is None else current.provider


def flash(
    request: Any, text: str, kind: str = "ok", *, link: tuple[str, str] | None = None
) -> None:
    """Show a message on the next page of this session. Kinds: ok, info, warning, error.

    Args:
        request: The request that the next page follows.
        text: The message.
        kind: Kind of message.
        link: Label and path of what one may want to do next, such as undoing it.
    """
    current: Current | None = request.environ.get(CURRENT)
    if current is not None:
        current.flashes = [*current.flashes, _message(text, kind, *(link or ("", "")))]
        if request.method in SAFE_METHODS:
            current.note(request, flashes=current.flashes)
        else:
            # In the request's transaction, so the message is shown only if the change is committed.
            current.keep(request.db, flashes=current.flashes)


def _message(text: str, kind: str, label: str = "", href: str = "") -> dict[str, str]:
    return {"text": text, "kind": kind, "label": label, "href": href}


def take_flashes(request: Any) -> list[dict[str, str]]:
    """Take the messages that wait for this session; they are shown once."""
    current: Current | None = request.environ.get(CURRENT)
    if current is None or not current.flashes:
        return []
    waiting, current.flashes = current.flashes, []
    current.note(request, flashes=[])
    return waiting


def note_use(request: Any, holder: str) -> None:
    """Have the first use in this session of a role for this holder recorded in the holder's log.

    The desk is left out: signing in is in its log already.
    """
    current: Current | None = request.environ.get(CURRENT)
    if current is None or holder == NATIONAL or holder in current.used_for:
        return
    if holder in request.identity.holders:
        note(request, holder, partial(_tell_use, current.token_hash, holder))


def _tell_use(token_hash: str, holder: str, session: Session, identity: Identity) -> None:
    """Record the use of a role once, also when two pages of the session come at the same time."""
    row = session.get(LoginSession, token_hash, with_for_update=True)
    if row is not None:
        if holder in row.used_for:
            return
        row.used_for = [*row.used_for, holder]
    record(session, identity.actor, "aanmelden.gelukt", holder, "gebruiker", [identity.user_id])


def note_leaving(request: Any) -> None:
    """Have the end of the session recorded in each log that tells of its use."""

    def write(holder: str, session: Session, identity: Identity) -> None:
        record(session, identity.actor, "afmelden", holder, "gebruiker")

    current: Current | None = request.environ.get(CURRENT)
    for holder in current.used_for if current is not None else ():
        note(request, holder, partial(write, holder))
