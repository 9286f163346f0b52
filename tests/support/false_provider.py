"""A provider of our own that misbehaves as a test wants, where a real one can't be made to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from stopintimidatie.core.clock import utc_now
from stopintimidatie.municipalities.sso.tokens import LOGOUT_EVENT
from tests.support.answering import answering, plain
from tests.support.identity_providers import CLIENT

Key = RSAKey | ECKey


def new_key(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


@cache
def first_key() -> RSAKey:
    """The key that a provider begins with: to make one takes a tenth of a second."""
    return new_key("een")


@dataclass
class FalseProvider:
    """What it tells of itself, its keys, and what it gives for a code."""

    issuer: str = ""
    # Changes in what it tells of itself; None leaves a member out.
    about: dict[str, Any] = field(default_factory=dict)
    keys: list[Any] = field(default_factory=lambda: [first_key()])
    # Instead of an ID token: its status and body.
    answer: tuple[int, Any] | None = None
    id_token: str = ""
    access_token: str = "toegang"
    # What was asked: path, form and the header that proves who asks.
    asked: list[tuple[str, dict[str, str], str]] = field(default_factory=list)

    # Called before each answer.
    before: Callable[[], object] = lambda: None

    def respond(self, handler: BaseHTTPRequestHandler) -> None:
        self.before()
        length = int(handler.headers["Content-Length"] or 0)
        form = dict(parse_qsl(handler.rfile.read(length).decode()))
        path = urlsplit(handler.path).path
        self.asked.append((path, form, handler.headers["Authorization"] or ""))
        status, content = 200, self._content(path)
        if path == "/token" and self.answer is not None:
            status, content = self.answer
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        plain(body, status=status)(handler)

    def _content(self, path: str) -> Any:
        if path == "/token":
            return {"id_token": self.id_token, "access_token": self.access_token}
        if path == "/keys":
            return {"keys": [key.as_dict(private=False) for key in self.keys]}
        described = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            **self.about,
        }
        return {name: value for name, value in described.items() if value is not None}

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Claims that are right, with these changes; None leaves one out."""
        now = int(utc_now().timestamp())
        usual = {"iss": self.issuer, "aud": CLIENT, "sub": "samira", "iat": now, "exp": now + 300}
        person = {"email": "samira@dordrecht.example", "groups": ["si-oov"]}
        return {k: v for k, v in {**usual, **person, **changes}.items() if v is not None}

    def sign(self, claims: dict[str, Any], key: Any = None, **header: Any) -> str:
        """A token with these claims, signed with its first key."""
        signing = key or self.keys[0]
        head = {"alg": "RS256", "kid": signing.kid, **header}
        # As bytes: the library for tokens refuses half a surrogate pair, a provider may not.
        return jws.serialize_compact(
            {k: v for k, v in head.items() if v is not None},
            json.dumps(claims).encode(),
            signing,
            algorithms=[head["alg"]],
        )

    def logout_token(self, **changes: Any) -> str:
        """A message that Samira signed out, with these changes."""
        usual: dict[str, Any] = {
            "jti": "1",
            "events": {LOGOUT_EVENT: {}},
            "email": None,
            "groups": None,
        }
        return self.sign(self.claims(**{**usual, **changes}), typ="logout+jwt")


@contextmanager
def false_provider() -> Iterator[FalseProvider]:
    provider = FalseProvider()
    with answering(provider.respond) as port:
        provider.issuer = f"http://localhost:{port}"
        yield provider
