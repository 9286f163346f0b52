"""OpenID Connect with a municipality's identity provider: its addresses, and what it is asked.

The authorization code flow with PKCE (S256), state and nonce. All calls are slow and go through
`core.httpclient`; make them outside a transaction.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Lock
from typing import Any, Final, TypeVar
from urllib.parse import quote, quote_plus, urlencode, urlsplit

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.httpclient import Answer, OutgoingError, call, check_address
from stopintimidatie.settings import Settings

log = logging.getLogger(__name__)

SCOPES: Final = "openid email profile"
DOORS: Final = "aanmelden-gemeente"
RETURN: Final = "terug"
LOGOUT: Final = "uitloggen"


class Refusal(StrEnum):
    """Reasons why a sign-in through a provider is refused; in the log and the audit record."""

    # The visitor.
    STATE = "verlopen"
    USED = "al_gebruikt"
    CANCELLED = "afgebroken"
    CROWDED = "te_druk"
    CHANGED = "gewijzigd"
    # The provider, and what the municipality filled in.
    UNREACHABLE = "onbereikbaar"
    METADATA = "gegevens"
    ERROR = "fout"
    CLIENT = "client"
    CODE = "code"
    # The token.
    TOKEN = "bewijs"  # noqa: S105 - a reason, no secret
    SIGNATURE = "handtekening"
    KEY = "sleutel"
    ISSUER = "uitgever"
    AUDIENCE = "ontvanger"
    CLOCK = "klok"
    NONCE = "nonce"
    NOT_AGAIN = "niet_opnieuw"
    # The person.
    OTHER_PERSON = "ander_account"
    BLOCKED = "geblokkeerd"
    NO_ROLE = "geen_rol"
    NO_MAIL = "geen_mailadres"
    UNPROVED_MAIL = "mailadres_onbevestigd"
    STRANGER = "onbekend"


class ProviderError(Exception):
    """A sign-in that goes no further."""

    def __init__(self, refusal: Refusal, *, remembered: bool = False) -> None:
        self.refusal = refusal
        # Remembered: the provider failed a moment ago, and isn't called again so soon.
        self.remembered = remembered
        super().__init__(refusal.value)


@dataclass(frozen=True)
class Client:
    """This installation as a provider knows it."""

    holder: str
    issuer: str
    client_id: str
    client_secret: str
    # The provider sends people back to it; each municipality has one of its own.
    redirect_uri: str


@dataclass(frozen=True)
class Metadata:
    """Addresses and abilities of a provider (OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None
    # The secret goes in the form, for that is all that the provider knows.
    secret_in_form: bool
    # It names itself when it sends people back (RFC 9207).
    names_itself: bool


@dataclass(frozen=True)
class Attempt:
    """Secrets of one attempt to sign in; the browser keeps them, sealed."""

    state: str
    nonce: str
    verifier: str
    started_at: datetime


def new_attempt() -> Attempt:
    """Make the secrets of one attempt."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Attempt(state, nonce, verifier, utc_now())


def return_address(settings: Settings, slug: str) -> str:
    """Return where the provider of a municipality sends people back to (redirect URI)."""
    return f"{settings.public_address}/{DOORS}/{slug}/{RETURN}"


def logout_address(settings: Settings, slug: str) -> str:
    """Return where the provider of a municipality tells that somebody signed out there."""
    return f"{settings.public_address}/{DOORS}/{slug}/{LOGOUT}"


# Discovery


def discover(issuer: str, *, demo: bool) -> Metadata:
    """Ask a provider for its addresses.

    Raises:
        ProviderError: It can't be reached, or it doesn't describe itself as we need.
    """
    address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    document = _read(_call(address, demo=demo))
    if document.get("issuer") != issuer:
        raise ProviderError(Refusal.ISSUER)
    try:
        metadata = Metadata(
            issuer=issuer,
            authorization_endpoint=str(document["authorization_endpoint"]),
            token_endpoint=str(document["token_endpoint"]),
            jwks_uri=str(document["jwks_uri"]),
            end_session_endpoint=document.get("end_session_endpoint") or None,
            secret_in_form=_wants_form(document.get("token_endpoint_auth_methods_supported")),
            names_itself=document.get("authorization_response_iss_parameter_supported") is True,
        )
        _check_addresses(metadata, demo=demo)
    except (KeyError, OutgoingError) as error:
        raise ProviderError(Refusal.METADATA) from error
    methods = document.get("code_challenge_methods_supported")
    if isinstance(methods, list) and "S256" not in methods:
        raise ProviderError(Refusal.METADATA)
    return metadata


def _wants_form(methods: Any) -> bool:
    basic = not isinstance(methods, list) or "client_secret_basic" in methods
    return not basic and "client_secret_post" in methods


def _check_addresses(metadata: Metadata, *, demo: bool) -> None:
    # People are sent to the first and the last as well.
    for address in (
        metadata.authorization_endpoint,
        metadata.token_endpoint,
        metadata.jwks_uri,
        metadata.end_session_endpoint,
    ):
        if address is not None:
            check_address(str(address), demo=demo)


def _call(
    address: str,
    *,
    demo: bool,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    try:
        return call(address, demo=demo, body=body, headers=headers)
    except OutgoingError as error:
        host = urlsplit(address).hostname
        log.warning("the identity provider at %s can't be called: %s", host, error.kind)
        raise ProviderError(Refusal.UNREACHABLE) from error


def _read(answer: Answer) -> dict[str, Any]:
    """Read a document of a provider.

    Raises:
        ProviderError: It is no JSON object.
    """
    if answer.status != 200:
        raise ProviderError(Refusal.METADATA)
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise ProviderError(Refusal.METADATA) from None
    if not isinstance(document, dict):
        raise ProviderError(Refusal.METADATA)
    return document


# The memory of a process

Known = TypeVar("Known")
# A key that the provider withdraws is no longer believed after this time.
REMEMBERED: Final = timedelta(minutes=15)
# A token with an unknown key id has the keys fetched anew, but not for everybody who sends one.
FRESH_KEYS_EVERY: Final = timedelta(seconds=30)
# A provider that gave nothing usable isn't asked again at once: waiting for it takes a place.
FAILED_FOR: Final = timedelta(seconds=30)
# Calls that a process makes at once, and those of them to one provider: one that is slow may not
# keep people of other municipalities waiting.
CALLS_AT_ONCE: Final = 16
CALLS_TO_ONE: Final = 3
# Colleagues come back together in the morning, each with a departure that is used once.
ARRIVALS_AT_ONE: Final = 8


class Providers:
    """Addresses and keys of providers, remembered for a quarter of an hour; and places to call."""

    def __init__(self, settings: Settings) -> None:
        self._demo = settings.demo
        self._lock = Lock()
        self._metadata: dict[str, tuple[datetime, Metadata | Refusal]] = {}
        self._keys: dict[str, tuple[datetime, dict[str, Any] | Refusal]] = {}
        self._refreshed: dict[str, datetime] = {}
        self._calls = Counter[str]()

    @contextmanager
    def calling(self, issuer: str, *, most: int = CALLS_TO_ONE) -> Iterator[None]:
        """Hold a place to call a provider, which gets so many calls at once.

        Raises:
            ProviderError: All places are taken, or all that one provider may have.
        """
        with self._lock:
            if self._calls.total() >= CALLS_AT_ONCE or self._calls[issuer] >= most:
                raise ProviderError(Refusal.CROWDED)
            self._calls[issuer] += 1
        try:
            yield
        finally:
            with self._lock:
                self._calls[issuer] -= 1

    def metadata(self, issuer: str) -> Metadata:
        """Return the addresses of a provider.

        Raises:
            ProviderError: It can't be reached, or doesn't describe itself as we need.
        """
        return self._remember(self._metadata, issuer, lambda: discover(issuer, demo=self._demo))

    def keys(self, issuer: str) -> dict[str, Any]:
        """Return the public keys of a provider, as a JSON Web Key Set.

        Raises:
            ProviderError: It can't be reached, or gives none.
        """
        address = self.metadata(issuer).jwks_uri
        return self._remember(self._keys, issuer, lambda: _read(_call(address, demo=self._demo)))

    def fresh_keys(self, issuer: str) -> dict[str, Any] | None:
        """Fetch the keys of a provider anew; return None when that was done a moment ago.

        Raises:
            ProviderError: It can't be reached, or gives none.
        """
        now = utc_now()
        with self._lock:
            last = self._refreshed.get(issuer)
            if last is not None and last <= now < last + FRESH_KEYS_EVERY:
                return None
            self._refreshed[issuer] = now
            self._keys.pop(issuer, None)
            self._metadata.pop(issuer, None)
        return self.keys(issuer)

    def _remember(
        self,
        memory: dict[str, tuple[datetime, Known | Refusal]],
        issuer: str,
        fetch: Callable[[], Known],
    ) -> Known:
        now = utc_now()
        with self._lock:
            since, known = memory.get(issuer, (now, None))
        if isinstance(known, Refusal):
            if since <= now < since + FAILED_FOR:
                raise ProviderError(known, remembered=True)
        elif known is not None and since <= now < since + REMEMBERED:
            return known
        try:
            fetched = fetch()
        except ProviderError as problem:
            with self._lock:
                # Since now: it may have taken its time.
                memory[issuer] = utc_now(), problem.refusal
            raise
        with self._lock:
            memory[issuer] = now, fetched
        return fetched


# The two requests


def authorization_address(
    metadata: Metadata, client: Client, attempt: Attempt, *, again: bool = False
) -> str:
    """Return where the browser goes to sign in.

    `again`: the provider must ask who it is, also when it knows.
    """
    challenge = _base64(hashlib.sha256(attempt.verifier.encode()).digest())
    values = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uri,
        "scope": SCOPES,
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    if again:
        values |= {"prompt": "login", "max_age": "0"}
    return _with(metadata.authorization_endpoint, values)


def sign_out_address(metadata: Metadata, client_id: str, back: str) -> str | None:
    """Return where somebody signs out at the provider as well; None when it has no such page."""
    if metadata.end_session_endpoint is None:
        return None
    values = {"client_id": client_id, "post_logout_redirect_uri": back}
    return _with(metadata.end_session_endpoint, values)


def _with(address: str, values: Mapping[str, str]) -> str:
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(values)}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass(frozen=True)
class Tokens:
    """The tokens that came for a code; the access token only proves its hash in the other."""

    id_token: str
    access_token: str | None


def exchange(metadata: Metadata, client: Client, verifier: str, code: str, *, demo: bool) -> Tokens:
    """Ask for the tokens of the code with which somebody came back.

    Raises:
        ProviderError: The provider can't be reached, or gives no tokens for it.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect_uri,
        "code_verifier": verifier,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if metadata.secret_in_form:
        form |= {"client_id": client.client_id, "client_secret": client.client_secret}
    else:
        # Both are encoded as in a form first (RFC 6749, 2.3.1).
        pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    body = urlencode(form, quote_via=quote).encode()
    answer = _call(metadata.token_endpoint, demo=demo, body=body, headers=headers)
    if answer.status in (400, 401, 403):
        raise ProviderError(_refusal_of(answer))
    document = _read(answer)
    id_token, access_token = document.get("id_token"), document.get("access_token")
    if not isinstance(id_token, str):
        raise ProviderError(Refusal.TOKEN)
    return Tokens(id_token, access_token if isinstance(access_token, str) else None)


def _refusal_of(answer: Answer) -> Refusal:
    try:
        error = json.loads(answer.body).get("error")
    except (ValueError, RecursionError, AttributeError):
        error = None
    if error == "invalid_grant":
        return Refusal.CODE
    return Refusal.CLIENT if error == "invalid_client" or answer.status == 401 else Refusal.ERROR
