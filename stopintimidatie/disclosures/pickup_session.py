"""Cookie session at /ophalen after a code was typed: half an hour idle, a few hours in all.

The cookie holds the number, the kind of code, the time the visit began and who the visitor said to
be, sealed with our key. Each page reads the document again, so a withdrawn document is gone here
too. After the visitor leaves (`Pickup.left_at`) an earlier cookie no longer counts, even a copied
one.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from stopintimidatie.clock import utc_now
from stopintimidatie.disclosures.pickup import Way
from stopintimidatie.security.policy import cookie_name
from stopintimidatie.storage.encryption import DecryptionError, KeyRing
from stopintimidatie.web.request import Request

COOKIE: Final = "ophalen"
PURPOSE: Final = "ophaalsessie"
LASTS: Final = timedelta(minutes=30)
LONGEST_VISIT: Final = timedelta(hours=4)
LONGEST: Final = 3_000


@dataclass(frozen=True)
class Visit:
    """Who is here for what."""

    reference: str
    way: Way
    who: dict[str, str] = field(repr=False)
    since: datetime = field(default_factory=utc_now)


def sealed(keys: KeyRing, visit: Visit) -> str:
    """The cookie's value."""
    until = min(utc_now() + LASTS, visit.since + LONGEST_VISIT)
    told = [until.timestamp(), visit.reference, visit.way.value, visit.who, visit.since.isoformat()]
    text = json.dumps(told)
    return base64.urlsafe_b64encode(keys.encrypt(PURPOSE, text, COOKIE).encode()).decode()


def opened(keys: KeyRing, value: str) -> Visit | None:
    """Whom it was made for; None when it isn't ours, or has ended."""
    if not value.isascii() or len(value) > LONGEST:
        return None
    try:
        stored = base64.urlsafe_b64decode(value).decode("ascii")
        until, reference, way, who, since = json.loads(keys.decrypt(PURPOSE, stored, COOKIE))
    except (ValueError, DecryptionError):
        return None
    if utc_now().timestamp() >= until:
        return None
    return Visit(reference, Way(way), who, datetime.fromisoformat(since))


def visit_of(request: Request, reference: str) -> Visit | None:
    """Whether this browser may be on the page of this number."""
    value = request.cookies.get(cookie_name(request.app_settings, COOKIE), "")
    found = opened(request.registry.key_ring, value) if value else None
    return found if found is not None and found.reference == reference else None


def set_visit(request: Request, response: Any, visit: Visit | None) -> None:
    """Set the cookie for half an hour more, at most to the end of the visit; None deletes it."""
    response.set_cookie(
        cookie_name(request.app_settings, COOKIE),
        sealed(request.registry.key_ring, visit) if visit else None,
        path="/",
        secure=request.app_settings.https,
        httponly=True,
        samesite="Lax",
    )
