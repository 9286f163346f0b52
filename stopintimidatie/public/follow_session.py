"""How a browser goes on being the reporter's for half an hour, with nothing kept on our side.

The cookie holds reference and follow code, sealed with our key, and when it ends. Each page judges
the code anew. Closing the browser, ‘Afsluiten’ and the quick way out end it.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from stopintimidatie.clock import utc_now
from stopintimidatie.security.policy import cookie_name
from stopintimidatie.storage.encryption import DecryptionError, KeyRing
from stopintimidatie.web.request import Request

COOKIE: Final = "volgen"
PURPOSE: Final = "volgsessie"
LASTS: Final = timedelta(minutes=30)
LONGEST: Final = 2_000


@dataclass(frozen=True)
class Follower:
    """Who follows: the reference, and the code as it was typed."""

    reference: str
    code: str = field(repr=False)


def sealed(keys: KeyRing, who: Follower) -> str:
    """The cookie's value."""
    until = (utc_now() + LASTS).timestamp()
    text = json.dumps([until, who.reference, who.code])
    return base64.urlsafe_b64encode(keys.encrypt(PURPOSE, text, COOKIE).encode()).decode()


def opened(keys: KeyRing, value: str) -> Follower | None:
    """Who it was made for; None when it isn't ours, or has ended."""
    if not value.isascii() or len(value) > LONGEST:
        return None
    try:
        stored = base64.urlsafe_b64decode(value).decode("ascii")
        until, reference, code = json.loads(keys.decrypt(PURPOSE, stored, COOKIE))
    except (ValueError, DecryptionError):
        return None
    return Follower(reference, code) if utc_now().timestamp() < until else None


def follower_of(request: Request) -> Follower | None:
    value = request.cookies.get(cookie_name(request.app_settings, COOKIE), "")
    return opened(request.registry.key_ring, value) if value else None


def set_follower(request: Request, response: Any, who: Follower | None) -> None:
    """Let this browser go on for half an hour from now, or no longer."""
    response.set_cookie(
        cookie_name(request.app_settings, COOKIE),
        sealed(request.registry.key_ring, who) if who else None,
        path="/",
        secure=request.app_settings.https,
        httponly=True,
        samesite="Lax",
    )
