"""Browsers in which somebody has signed in before: what strangers guess doesn't lock those out.

Failed attempts count per name. In a browser that proves that this name has signed in there they
count per name and browser: who tries passwords elsewhere can't keep an officer from their work,
and gains nothing by it. As in the OWASP description of device cookies.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from typing import Any, Final

from stopintimidatie.security.policy import cookie_name
from stopintimidatie.settings import Settings
from stopintimidatie.storage.encryption import KeyRing

COOKIE: Final = "browser"
PURPOSE: Final = "known-browser"
KEPT: Final = timedelta(days=180)
NONCE_BYTES: Final = 16
LONGEST: Final = 200


def proof_of(keys: KeyRing, username: str) -> str:
    """What a browser keeps after this name has signed in; the name doesn't stand in it."""
    nonce = secrets.token_urlsafe(NONCE_BYTES)
    return f"{nonce}.{_sealed(keys, username, nonce)}"


def known_browser(keys: KeyRing, username: str, proof: str) -> str | None:
    """Which browser this is, when this name has signed in there before; None otherwise.

    After a change of keys a proof means nothing any more, until the next time of signing in.
    """
    nonce, _, seal = proof[:LONGEST].partition(".")
    expected = _sealed(keys, username, nonce).encode()
    return nonce if hmac.compare_digest(seal.encode("utf-8", "replace"), expected) else None


def proof_in(request: Any) -> str:
    return str(request.cookies.get(cookie_name(request.registry.app_settings, COOKIE), ""))


def keep_proof(response: Any, settings: Settings, proof: str) -> None:
    response.set_cookie(
        cookie_name(settings, COOKIE),
        proof,
        max_age=KEPT,
        path="/",
        secure=settings.https,
        httponly=True,
        samesite="Lax",
    )


def _sealed(keys: KeyRing, username: str, nonce: str) -> str:
    return keys.keyed_hash(PURPOSE, f"{nonce}\0{username}".encode("utf-8", "replace"))
