"""Pyramid's security policy, and the trail of what a request showed or was refused.

The identity is asked once per request; permission follows from the ACLs of the tree.

The trail is written after the page is made. The request's transaction may be rolled back (a
refusal, a form with a mistake) while the page that is sent still shows personal data. So the
records are written in another transaction, after the request's and before the answer is sent: if
that fails, nothing is shown. Other rows that a page has to write go in it too.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from pyramid.authorization import ACLHelper, Authenticated, Everyone
from pyramid.csrf import CookieCSRFStoragePolicy
from pyramid.exceptions import BadCSRFOrigin
from pyramid.request import RequestLocalCache
from pyramid_retry import is_error_retryable
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import READ, NotRecordedError, record, record_read
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.registry import Directive, single
from stopintimidatie.core.security.permissions import Identity, Permission
from stopintimidatie.core.storage.encryption import DecryptionError, KeyRing
from stopintimidatie.core.storage.session import SAFE_METHODS, transaction
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.settings import Settings

IdentityLoader = Callable[[Any], Identity | None]


# The one function that finds who sent a request.
IDENTITY_LOADER: Final = Directive[None, IdentityLoader](
    "set_identity_loader", "identity_loader", single
)


VISIT_IDLE: Final = timedelta(minutes=30)
VISIT_LONGEST: Final = timedelta(hours=4)
_LONGEST_VALUE: Final = 3_000


def cookie_name(settings: Settings, name: str) -> str:
    """Return the name; `__Host-` ties a cookie to this host, over https alone."""
    return f"__Host-{name}" if settings.https else name


@dataclass(frozen=True)
class VisitCookie:
    """Cookie of a visitor without an account: sealed with our key, nothing is stored on our side.

    A visit lasts half an hour idle, unless told otherwise, and a few hours in all.
    """

    name: str
    purpose: str
    idle: timedelta = VISIT_IDLE

    def seal(self, keys: KeyRing, since: datetime, *parts: Any) -> str:
        """Return the value for a visit that began at a moment; `parts`: what it holds, as JSON."""
        until = min(utc_now() + self.idle, since + VISIT_LONGEST).timestamp()
        sealed = keys.encrypt(self.purpose, json.dumps([until, *parts]), self.name)
        return base64.urlsafe_b64encode(sealed.encode()).decode()

    def unseal(self, keys: KeyRing, value: str) -> list[Any] | None:
        """Return what a value holds; None when it isn't ours, or the visit has ended."""
        if not value.isascii() or len(value) > _LONGEST_VALUE:
            return None
        try:
            stored = base64.urlsafe_b64decode(value).decode("ascii")
            until, *parts = json.loads(keys.decrypt(self.purpose, stored, self.name))
        except (ValueError, DecryptionError):
            return None
        return parts if utc_now().timestamp() < until else None

    def value_in(self, request: Any) -> str:
        """Return the value that a browser sent; empty when it sent none."""
        return str(request.cookies.get(cookie_name(request.app_settings, self.name), ""))

    def set_in(self, request: Any, response: Any, value: str | None) -> None:
        """Set the cookie; None deletes it."""
        response.set_cookie(
            cookie_name(request.app_settings, self.name),
            value,
            path="/",
            secure=request.app_settings.https,
            httponly=True,
            samesite="Lax",
        )


def csrf_storage(settings: Settings) -> CookieCSRFStoragePolicy:
    """Make the policy that keeps the token against forged requests in a cookie."""
    return CookieCSRFStoragePolicy(
        cookie_name=cookie_name(settings, "csrf"),
        secure=settings.https,
        httponly=True,
        samesite="Lax",
    )


# Words of browsers for a request that no other site began.
ASKED_BY_PERSON: Final = frozenset({"same-origin", "none"})
# Addresses whose pages refuse it themselves: they show what was written again.
ORIGIN_JUDGES: Final = Directive[str, str]("add_origin_judge", "origin_judges", lambda at: (at, at))


def came_from_us(request: Any) -> bool | None:
    """Tell whether a browser says that a page of ours sent this; None where nothing says so.

    An app says nothing. `Origin: null` is of a page that has no address or hides it: then it is
    for Sec-Fetch-Site to say, which no page can set.
    """
    site, origin = (request.headers.get(name) for name in ("Sec-Fetch-Site", "Origin"))
    if site and site not in ASKED_BY_PERSON:
        return False
    if origin and origin != "null":
        own = request.host_url, request.registry.app_settings.public_address
        return origin.lower().partition("://")[2] in [at.lower().partition("://")[2] for at in own]
    return True if site else False if origin else None


def origin_tween_factory(handler: Callable[[Any], Any], registry: Any) -> Callable[[Any], Any]:
    """Make the tween that refuses what another site had a browser send."""
    judges = tuple(ORIGIN_JUDGES.of(registry))

    def origin_tween(request: Any) -> Any:
        judged = request.method in SAFE_METHODS or request.environ["PATH_INFO"].startswith(judges)
        if not judged and came_from_us(request) is False:
            raise BadCSRFOrigin
        return handler(request)

    return origin_tween


class SecurityPolicy:
    """Policy that says who is signed in and what they may; `accounts` remembers and forgets."""

    def __init__(self) -> None:
        self._acl = ACLHelper()
        self._identities = RequestLocalCache(self._load)

    def _load(self, request: Any) -> Identity | None:
        loader = IDENTITY_LOADER.only(request.registry)
        return None if loader is None else loader(request)

    def identity(self, request: Any) -> Identity | None:
        """Return who is signed in, or None; asked once for each request."""
        identity: Identity | None = self._identities.get_or_create(request)
        return identity

    def authenticated_userid(self, request: Any) -> str | None:
        """Return the id of who is signed in, or None."""
        identity = self.identity(request)
        return None if identity is None else str(identity.user_id)

    def permits(self, request: Any, context: Any, permission: str) -> Any:
        """Tell whether the ACLs on the way to this document give the permission."""
        identity = self.identity(request)
        principals = [Everyone]
        if identity is not None:
            principals += [Authenticated, *identity.principals]
        return self._acl.permits(context, principals, permission)

    def remember(self, request: Any, userid: str, **kw: Any) -> list[tuple[str, str]]:
        """Set no headers: `accounts` signs in."""
        return []

    def forget(self, request: Any, **kw: Any) -> list[tuple[str, str]]:
        """Set no headers: `accounts` signs out."""
        return []


# Trail

# A refusal of these stands in no log: that tells that there is something to refuse.
UNSAID: Final = frozenset({Permission.POLICE_DATA.value})
_KEY: Final = "stopintimidatie.trail"
Entry = Callable[[Session, Identity], object]


@dataclass(frozen=True)
class _Note:
    holder: str | None
    write: Entry


def note(request: Any, holder: str | None, write: Entry) -> None:
    """Have `write` called in a transaction after the page is made, for a page itself can't write.

    Args:
        request: The request whose page is made.
        holder: The holder of the rows that it writes; None: rows without a holder.
        write: Function that writes the rows, given a session and the identity.
    """
    notes: list[_Note] = request.environ.setdefault(_KEY, [])
    notes.append(_Note(holder, write))


def note_read(
    request: Any,
    holder: str,
    kind: str,
    ids: Sequence[UUID],
    *,
    task: str,
    fields: Sequence[str] = (),
    action: str = READ,
) -> None:
    """Note that this page shows personal data of these documents; `task` says what for."""

    def write(session: Session, identity: Identity) -> None:
        record_read(
            session, identity.actor, holder, kind, ids, task=task, fields=fields, action=action
        )

    if ids:
        note(request, holder, write)


def note_refusal(request: Any, context: Any, permission: str) -> None:
    """Note that this request asked for what the person may not see or do."""
    identity = request.identity
    if identity is None or permission in UNSAID:
        return
    # An address without a holder: recorded at the desk, not at every municipality of the user.
    owner = getattr(context, "holder", "") or NATIONAL
    _note_refusal(request, owner, getattr(context, "document_id", None), permission)


def note_stranger(request: Any, holder: str) -> None:
    """Note that this request asked for an address of a holder that isn't the person's."""
    _note_refusal(request, holder, None, Permission.VIEW_MUNICIPALITY)


def _note_refusal(request: Any, owner: str, document: UUID | None, permission: str) -> None:
    def write(session: Session, identity: Identity) -> None:
        record(
            session,
            identity.actor,
            "toegang.geweigerd",
            owner,
            "document" if document else "pagina",
            [document] if document else [],
            fields=[permission],
        )

    note(request, owner, write)


def trail_tween_factory(handler: Callable[[Any], Any], registry: Any) -> Callable[[Any], Any]:
    """Make the tween of the trail, which stands above the transaction of the request."""

    def trail_tween(request: Any) -> Any:
        notes: list[_Note] = []
        request.environ[_KEY] = notes
        response = handler(request)
        try:
            if notes:
                _write(registry.engine, request.identity, notes)
        except SQLAlchemyError as error:
            # A form was committed already: retrying the request would store it twice.
            if request.method in SAFE_METHODS and is_error_retryable(request, error):
                raise
            raise NotRecordedError from error
        return response

    return trail_tween


def _write(engine: Engine, identity: Identity, notes: Sequence[_Note]) -> None:
    """Write the notes in one transaction for each holder; those without one go in the first."""
    holders = list(dict.fromkeys(note.holder for note in notes if note.holder))
    for number, holder in enumerate(holders or [None]):
        with transaction(engine, holder) as session:
            for note in notes:
                if note.holder == holder or (note.holder is None and number == 0):
                    note.write(session, identity)
