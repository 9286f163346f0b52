"""The departure of a visitor for a provider, which the browser keeps until they come back."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from stopintimidatie.core.accounts.models import IdentityProvider
from stopintimidatie.core.accounts.sessions import set_cookie
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security.policy import cookie_name
from stopintimidatie.core.storage.encryption import DecryptionError, KeyRing
from stopintimidatie.municipalities.sso.openid import Attempt, ProviderError, Refusal

COOKIE: Final = "gemeente"
PURPOSE: Final = "provider-sign-in"
LASTS: Final = timedelta(minutes=10)
LONGEST_PATH: Final = 2_000


@dataclass(frozen=True)
class Departure:
    """A visitor who is on the way to a provider, as the browser keeps it, sealed."""

    attempt: Attempt
    next_path: str
    # The visitor is signed in, and shows again who they are.
    again: bool


def _bond(provider: IdentityProvider) -> str:
    """Return what a departure is bound to: it can't be used at another door or provider."""
    return json.dumps([provider.holder, provider.issuer, provider.client_id])


def seal_departure(keys: KeyRing, provider: IdentityProvider, departure: Departure) -> str:
    """Seal a departure for this provider."""
    attempt = asdict(departure.attempt)
    attempt["started_at"] = departure.attempt.started_at.isoformat()
    # A browser keeps a cookie of 4 KiB at most.
    fits = len(json.dumps(departure.next_path)) <= LONGEST_PATH
    next_path = departure.next_path if fits else "/"
    content = json.dumps([attempt, next_path, departure.again])
    return keys.encrypt(PURPOSE, content, _bond(provider))


def keep_departure(response: Any, request: Any, sealed: str | None) -> None:
    """Have the browser keep a sealed departure; None has it forget the one that it keeps."""
    set_cookie(response, request.registry.app_settings, sealed, COOKIE, LASTS)


def kept_departure(request: Any, provider: IdentityProvider) -> Departure:
    """Open the departure that this browser keeps.

    Raises:
        ProviderError: It keeps none for this provider, or none of the last ten minutes.
    """
    registry = request.registry
    sealed = request.cookies.get(cookie_name(registry.app_settings, COOKIE), "")
    try:
        content = registry.key_ring.decrypt(PURPOSE, sealed, _bond(provider))
    except DecryptionError:
        raise ProviderError(Refusal.STATE) from None
    values, next_path, again = json.loads(content)
    attempt = Attempt(**{**values, "started_at": datetime.fromisoformat(values["started_at"])})
    if not timedelta(0) <= utc_now() - attempt.started_at < LASTS:
        raise ProviderError(Refusal.STATE)
    return Departure(attempt, next_path, again)
