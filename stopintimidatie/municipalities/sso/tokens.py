"""Tokens of an identity provider, checked: who signed in there, and who signed out.

Signature by `joserfc`, with asymmetric algorithms alone: an unsigned token, or one signed with what
everybody knows (a public key used as a password, HS256), is refused.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import JWKRegistry, Key
from joserfc.jws import JWSRegistry

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms.messages import is_usable
from stopintimidatie.municipalities.sso.openid import (
    Attempt,
    Client,
    ProviderError,
    Providers,
    Refusal,
    Tokens,
)

SKEW: Final = timedelta(seconds=60)
ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
KEY_TYPES: Final = frozenset({"RSA", "EC", "OKP"})
LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
# The time that a logout token may travel; its number is kept as long.
LOGOUT_LASTS: Final = timedelta(minutes=10)
LONGEST_SUBJECT: Final = 255
# Seconds since 1970; beyond it a number is no moment.
LATEST: Final = 2**33


def check_id_token(
    providers: Providers, client: Client, attempt: Attempt, tokens: Tokens, *, again: bool
) -> Mapping[str, Any]:
    """Return the claims of an ID token that is for us, of now, and of this attempt.

    `again`: the person must have signed in at the provider since the attempt began.

    Raises:
        ProviderError: The token isn't right, or its keys can't be had.
    """
    header, claims = _open(providers, client, tokens.id_token)
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), attempt.nonce.encode()):
        raise ProviderError(Refusal.NONCE)
    now = utc_now()
    expires, issued = _moment(claims, "exp"), _moment(claims, "iat")
    begins = _moment(claims, "nbf") if "nbf" in claims else issued
    if expires <= now - SKEW or max(issued, begins) > now + SKEW:
        raise ProviderError(Refusal.CLOCK)
    if "at_hash" in claims and not _is_hash_of(claims["at_hash"], tokens.access_token, header):
        raise ProviderError(Refusal.TOKEN)
    if again and ("auth_time" not in claims or _moment(claims, "auth_time") < _since(attempt)):
        raise ProviderError(Refusal.NOT_AGAIN)
    if not _subject(claims):
        raise ProviderError(Refusal.TOKEN)
    return claims


def _since(attempt: Attempt) -> datetime:
    return attempt.started_at - SKEW


@dataclass(frozen=True)
class SignOut:
    """Message of a provider that a session there has ended."""

    # The number of the message, which is taken once.
    number: str
    subject: str
    session: str


def check_logout_token(providers: Providers, client: Client, token: str) -> SignOut:
    """Return who signed out at the provider (OpenID Connect Back-Channel Logout 1.0).

    Raises:
        ProviderError: The token isn't right, or its keys can't be had.
    """
    _, claims = _open(providers, client, token)
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        raise ProviderError(Refusal.TOKEN)
    if "nonce" in claims:
        # An ID token is no message that somebody signed out.
        raise ProviderError(Refusal.NONCE)
    now, issued = utc_now(), _moment(claims, "iat")
    over = "exp" in claims and _moment(claims, "exp") <= now - SKEW
    if over or not now - LOGOUT_LASTS < issued <= now + SKEW:
        raise ProviderError(Refusal.CLOCK)
    number, session = (_text(claims, name) for name in ("jti", "sid"))
    subject = _subject(claims)
    if not number or not (subject or session):
        raise ProviderError(Refusal.TOKEN)
    return SignOut(number, subject, session)


def session_in(claims: Mapping[str, Any]) -> str:
    """Return the provider's name for its session; empty when it has none."""
    return _text(claims, "sid")


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) and len(value) <= LONGEST_SUBJECT else ""


def _subject(claims: Mapping[str, Any]) -> str:
    return _text(claims, "sub")


def _moment(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < LATEST:
        raise ProviderError(Refusal.TOKEN)
    return datetime.fromtimestamp(value, tz=UTC)


def _is_hash_of(at_hash: Any, access_token: str | None, header: Mapping[str, Any]) -> bool:
    """Tell whether this is the left half of the hash of the access token (Core 1.0, 3.1.3.6)."""
    algorithm = str(header.get("alg", ""))
    size = algorithm[2:] if algorithm[2:] in ("256", "384", "512") else "512"
    digest = hashlib.new(f"sha{size}", (access_token or "").encode()).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")
    return bool(access_token) and hmac.compare_digest(str(at_hash).encode(), half)


# Signature, issuer, audience: of every token


def _open(
    providers: Providers, client: Client, token: str
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return header and claims of a token that this client's provider signed for this client.

    Raises:
        ProviderError: It is of another, for another, or not signed as it should be.
    """
    decoded = _decode(providers, client.issuer, token)
    claims = decoded.claims
    if not is_usable(claims):
        raise ProviderError(Refusal.TOKEN)
    if claims.get("iss") != client.issuer:
        raise ProviderError(Refusal.ISSUER)
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    party = claims.get("azp")
    if client.client_id not in audiences or party not in (None, client.client_id):
        raise ProviderError(Refusal.AUDIENCE)
    if len(audiences) > 1 and party is None:
        raise ProviderError(Refusal.AUDIENCE)
    return decoded.header, claims


def _decode(providers: Providers, issuer: str, token: str) -> jwt.Token:
    # Headers of others than the standard's are harmless, and some providers send them.
    registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)

    def attempt(keys: Mapping[str, Any]) -> jwt.Token:
        return jwt.decode(token, _finder(keys), algorithms=ALGORITHMS, registry=registry)

    try:
        try:
            return attempt(providers.keys(issuer))
        except InvalidKeyIdError:
            fresh = providers.fresh_keys(issuer)
            if fresh is None:
                raise
            return attempt(fresh)
    except InvalidKeyIdError as error:
        raise ProviderError(Refusal.KEY) from error
    except (JoseError, ValueError, TypeError, KeyError, UnicodeError, RecursionError) as error:
        raise ProviderError(Refusal.SIGNATURE) from error


def _finder(document: Mapping[str, Any]) -> Callable[[Any], Key]:
    """Make the function that picks the key which a token names.

    A token without a key id is checked with the only key of its kind.
    """
    keys = [key for key in document.get("keys") or () if _is_for_signatures(key)]

    def find(signed: Any) -> Key:
        headers = signed.headers()
        kid, algorithm = headers.get("kid"), headers.get("alg")
        fitting = [key for key in keys if key.get("alg") in (None, algorithm)]
        if kid is not None:
            fitting = [key for key in fitting if key.get("kid") == kid]
        if len(fitting) != 1:
            raise InvalidKeyIdError("no such key")
        return JWKRegistry.import_key(fitting[0])

    return find


def _is_for_signatures(key: Any) -> bool:
    public = isinstance(key, dict) and key.get("kty") in KEY_TYPES
    return public and key.get("use") in (None, "sig")
