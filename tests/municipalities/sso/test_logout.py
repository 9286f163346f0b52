"""The provider tells that somebody signed out there: their sessions through it end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import select
from webtest import TestApp

from stopintimidatie.core.accounts.models import LoginSession
from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.security import Role
from tests.support.factories import DORDRECHT, EINDHOVEN, make_user
from tests.support.false_provider import FalseProvider, false_provider, new_key
from tests.support.identity_providers import connect_provider
from tests.support.installation import Installation

DOOR = "/aanmelden-gemeente/dordrecht"
INBOX = "/gemeenten/dordrecht/postvak"


@pytest.fixture
def provider(installation: Installation) -> Iterator[FalseProvider]:
    with false_provider() as running:
        connect_provider(installation, DORDRECHT, running.issuer)
        connect_provider(installation, EINDHOVEN, running.issuer)
        yield running


@pytest.fixture
def samira(installation: Installation) -> str:
    return make_user(installation, (DORDRECHT, Role.OFFICER), (EINDHOVEN, Role.OFFICER))


def signed_in(
    installation: Installation, provider: FalseProvider, mail: str, door: str = DOOR, **claims: Any
) -> TestApp:
    """A browser of somebody who came in through a door."""
    browser = installation.visitor()
    asked = dict(parse_qsl(urlsplit(browser.get(door, status=303).location).query))
    provider.id_token = provider.sign(
        provider.claims(**{"nonce": asked["nonce"], "email": mail, "sid": "sessie-1", **claims})
    )
    browser.get(f"{door}/terug?state={asked['state']}&code=x", status=303)
    return browser


def tell(installation: Installation, token: str, status: int, door: str = DOOR) -> Any:
    """The provider's server tells it: no cookie, no token of a form."""
    answer = installation.visitor().post(
        f"{door}/uitloggen", {"logout_token": token}, status=status
    )
    assert answer.headers["Cache-Control"] == "no-store"
    return answer


def test_the_session_that_ended_at_the_provider_ends_here(
    installation: Installation, provider: FalseProvider, samira: str
) -> None:
    browser = signed_in(installation, provider, samira)
    other = signed_in(installation, provider, samira, sid="sessie-2")
    browser.get(INBOX, status=200)
    tell(installation, provider.logout_token(sid="sessie-1"), 200)
    browser.get(INBOX, status=303)
    other.get(INBOX, status=200)
    with installation.transaction(DORDRECHT) as session:
        actions = session.scalars(select(AuditEvent.action)).all()
    assert "afmelden.gemeente" in actions


def test_without_a_session_all_sessions_of_the_person_through_it_end_and_no_other(
    installation: Installation, provider: FalseProvider, samira: str
) -> None:
    browsers = [signed_in(installation, provider, samira, sid=name) for name in ("a", "b")]
    bo = make_user(installation, (DORDRECHT, Role.OFFICER))
    colleague = signed_in(installation, provider, bo, sub="bo")
    elsewhere = signed_in(installation, provider, samira, "/aanmelden-gemeente/eindhoven")
    own = installation.browser(samira)
    tell(installation, provider.logout_token(), 200)
    for browser in browsers:
        browser.get(INBOX, status=303)
    for browser in (colleague, own):
        browser.get(INBOX, status=200)
    elsewhere.get("/gemeenten/eindhoven/postvak", status=200)


def test_a_session_without_a_name_ends_with_whichever_of_that_person_ends(
    installation: Installation, provider: FalseProvider, samira: str
) -> None:
    nameless = signed_in(installation, provider, samira, sid=None)
    named = signed_in(installation, provider, samira, sid="sessie-2")
    bo = make_user(installation, (DORDRECHT, Role.OFFICER))
    colleague = signed_in(installation, provider, bo, sub="bo", sid=None)
    tell(installation, provider.logout_token(sid="sessie-1", sub=None), 200)
    nameless.get(INBOX, status=200)
    tell(installation, provider.logout_token(sid="sessie-1", jti="2"), 200)
    nameless.get(INBOX, status=303)
    for browser in (named, colleague):
        browser.get(INBOX, status=200)


def test_a_message_ends_nothing_when_the_provider_is_replaced_meanwhile(
    installation: Installation, provider: FalseProvider, samira: str
) -> None:
    browser = signed_in(installation, provider, samira)

    def replace() -> None:
        connect_provider(installation, DORDRECHT, "https://nieuw.example")

    provider.before = replace
    with clock_at(utc_now() + timedelta(minutes=16)):
        tell(installation, provider.logout_token(), 400)
        browser.get(INBOX, status=200)


def test_a_message_is_taken_once(
    installation: Installation, provider: FalseProvider, samira: str
) -> None:
    token = provider.logout_token()
    tell(installation, token, 200)
    browser = signed_in(installation, provider, samira)
    assert tell(installation, token, 400).json["error"] == "invalid_request"
    browser.get(INBOX, status=200)


def test_somebody_who_is_not_here_is_no_mistake(
    installation: Installation, provider: FalseProvider
) -> None:
    tell(installation, provider.logout_token(sub="wie-dan-ook"), 200)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://elders.example"},
        {"aud": "een-ander"},
        {"nonce": "x"},
        {"events": None},
        {"events": {}},
        {"events": []},
        {"events": {"http://schemas.openid.net/event/backchannel-logout": "ja"}},
        {"jti": None},
        {"sub": None},
        {"sub": "\ud800"},
        {"sid": "\ud800"},
        {"jti": "\x00"},
        {"iat": None},
        {"iat": 1_000_000_000},
        {"exp": 1_000_000_000},
        {"iat": 4_000_000_000},
    ],
)
def test_a_message_that_is_not_right_ends_nothing(
    changes: dict[str, Any], installation: Installation, provider: FalseProvider, samira: str
) -> None:
    browser = signed_in(installation, provider, samira)
    tell(installation, provider.logout_token(**changes), 400)
    browser.get(INBOX, status=200)


def test_a_message_with_another_signature_or_none_ends_nothing(
    installation: Installation, provider: FalseProvider, samira: str
) -> None:
    browser = signed_in(installation, provider, samira)
    forged = provider.sign(provider.claims(jti="2"), new_key("een"))
    for token in (forged, "", "a.b.c", provider.id_token, "x" * 30_000):
        tell(installation, token, 400)
    browser.get(INBOX, status=200)
    installation.visitor().post(f"{DOOR}/uitloggen", {}, status=400)


def test_a_message_at_the_door_of_another_municipality_ends_nothing_there(
    installation: Installation, provider: FalseProvider, samira: str
) -> None:
    browser = signed_in(installation, provider, samira)
    tell(installation, provider.logout_token(), 200, "/aanmelden-gemeente/eindhoven")
    browser.get(INBOX, status=200)


def test_an_old_message_is_refused_when_its_number_is_forgotten(
    installation: Installation, provider: FalseProvider
) -> None:
    token = provider.logout_token(exp=None)
    tell(installation, token, 200)
    with clock_at(utc_now() + timedelta(minutes=10, seconds=1)):
        tell(installation, token, 400)


def test_the_names_at_the_provider_are_kept_as_hashes_alone(
    installation: Installation, provider: FalseProvider, samira: str
) -> None:
    signed_in(installation, provider, samira)
    with installation.transaction() as session:
        kept = session.scalars(select(LoginSession.provider_session)).one()
    assert kept
    assert "sessie-1" not in kept
