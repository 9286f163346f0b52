"""Pyramid's security policy: identity once per request, permission by the ACLs of the tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pyramid.authorization import ACLHelper, Authenticated, Everyone
from pyramid.csrf import CookieCSRFStoragePolicy
from pyramid.request import RequestLocalCache

from stopintimidatie.registry import Directive, single
from stopintimidatie.security.identity import Identity
from stopintimidatie.settings import Settings

IdentityLoader = Callable[[Any], Identity | None]


# The one function that finds who sent a request.
IDENTITY_LOADER: Final = Directive[None, IdentityLoader](
    "set_identity_loader", "identity_loader", single
)


def cookie_name(settings: Settings, name: str) -> str:
    """`__Host-` ties a cookie to this host over https; browsers refuse it over http."""
    return f"__Host-{name}" if settings.https else name


def csrf_storage(settings: Settings) -> CookieCSRFStoragePolicy:
    return CookieCSRFStoragePolicy(
        cookie_name=cookie_name(settings, "csrf"),
        secure=settings.https,
        httponly=True,
        samesite="Lax",
    )


class SecurityPolicy:
    """Identity, permission; remembering is done by `accounts` (server-side sessions)."""

    def __init__(self) -> None:
        self._acl = ACLHelper()
        self._identities = RequestLocalCache(self._load)

    def _load(self, request: Any) -> Identity | None:
        loader = IDENTITY_LOADER.only(request.registry)
        return None if loader is None else loader(request)

    def identity(self, request: Any) -> Identity | None:
        found: Identity | None = self._identities.get_or_create(request)
        return found

    def authenticated_userid(self, request: Any) -> str | None:
        identity = self.identity(request)
        return None if identity is None else str(identity.user_id)

    def permits(self, request: Any, context: Any, permission: str) -> Any:
        identity = self.identity(request)
        principals = [Everyone]
        if identity is not None:
            principals += [Authenticated, *identity.principals]
        return self._acl.permits(context, principals, permission)

    def remember(self, request: Any, userid: str, **kw: Any) -> list[tuple[str, str]]:
        return []

    def forget(self, request: Any, **kw: Any) -> list[tuple[str, str]]:
        return []
