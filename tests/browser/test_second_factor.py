"""Second factors in a browser: a passkey of Chromium's virtual authenticator, an app, lost ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from pyotp import TOTP

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from tests.support.axe import problems_on
from tests.support.factories import DORDRECHT, make_user
from tests.support.installation import PASSWORD, Installation, Variant
from tests.support.served import free_port, in_thread


@dataclass
class Portal:
    """A served installation under its public address, which a passkey is bound to."""

    installation: Installation
    address: str
    elsewhere: str


@pytest.fixture
def portal(variant: Variant) -> Iterator[Portal]:
    port = free_port()
    address = f"http://localhost:{port}"
    served = variant(public_address=address)
    with in_thread(served.app, port) as elsewhere:
        yield Portal(served, address, elsewhere)


@pytest.fixture
def page(chromium_browser: Browser, portal: Portal) -> Iterator[Page]:
    context = chromium_browser.new_context(
        base_url=portal.address, viewport={"width": 390, "height": 844}
    )
    yield context.new_page()
    context.close()


def colleague(portal: Portal) -> str:
    return make_user(portal.installation, (DORDRECHT, Role.OFFICER), demo=False)


def with_authenticator(page: Page) -> Any:
    """Give the browser a device with a passkey store that always says it is its owner."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, made["authenticatorId"]


def give_password(page: Page, username: str) -> None:
    page.goto("/aanmelden")
    page.fill("[name=gebruikersnaam]", username)
    page.fill("[name=wachtwoord]", PASSWORD)
    page.click("button[name=aanmelden]")


@pytest.mark.alles
def test_a_passkey_is_set_up_and_signs_in_with_and_without_the_password(
    portal: Portal, page: Page
) -> None:
    username = colleague(portal)
    session, device = with_authenticator(page)
    give_password(page, username)
    page.get_by_role("heading", name="Beveilig uw account").wait_for()
    assert problems_on(page) == []
    page.get_by_role("button", name="Passkey maken").click()
    page.get_by_role("heading", name="Uw herstelcodes").wait_for()
    assert page.locator(".si-codes code").count() == 10
    assert problems_on(page) == []
    page.get_by_role("link", name="Ik heb de codes bewaard, verder").click()
    page.locator(".si-account summary").click()
    page.get_by_role("button", name="Afmelden").click()

    give_password(page, username)
    page.get_by_role("heading", name="Tweede stap").wait_for()
    assert problems_on(page) == []
    page.get_by_role("button", name="Passkey gebruiken").click()
    page.locator(".si-account summary").click()
    page.get_by_role("button", name="Afmelden").click()

    page.goto("/aanmelden?volgende=/account")
    page.get_by_role("button", name="Aanmelden met een passkey").click()
    page.wait_for_url(f"{portal.address}/account")
    assert problems_on(page) == []
    assert page.get_by_text("Passkey: Chrome op Linux").count() == 1
    counted = session.send("WebAuthn.getCredentials", {"authenticatorId": device})
    assert counted["credentials"][0]["signCount"] == 3


@pytest.mark.alles
def test_a_strange_passkey_opens_nothing(portal: Portal, page: Page) -> None:
    username = colleague(portal)
    session, device = with_authenticator(page)
    give_password(page, username)
    page.get_by_role("button", name="Passkey maken").click()
    page.get_by_role("link", name="Ik heb de codes bewaard, verder").click()
    page.locator(".si-account summary").click()
    page.get_by_role("button", name="Afmelden").click()
    kept = session.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"][0]
    session.send("WebAuthn.clearCredentials", {"authenticatorId": device})
    page.goto("/aanmelden")
    page.get_by_role("button", name="Aanmelden met een passkey").click()
    page.get_by_text("Er is geen passkey gebruikt.").wait_for()
    strange = {**kept, "credentialId": "AAAAAAAAAAAAAAAAAAAAAA=="}
    session.send("WebAuthn.addCredential", {"authenticatorId": device, "credential": strange})
    page.get_by_role("button", name="Aanmelden met een passkey").click()
    page.get_by_text("Deze passkey is niet herkend.").wait_for()
    assert problems_on(page) == []
    page.goto("/")
    assert "/aanmelden" in page.url


@pytest.mark.alles
def test_at_another_address_the_page_says_why_a_passkey_does_not_work(
    portal: Portal, page: Page
) -> None:
    page.goto(f"{portal.elsewhere}/aanmelden")
    page.get_by_text(f"Een passkey werkt alleen op {portal.address}").wait_for()
    assert page.get_by_role("button", name="Aanmelden met een passkey").count() == 0


@pytest.mark.alles
def test_without_scripts_an_app_does_it_and_a_lost_telephone_is_met_by_a_recovery_code(
    chromium_browser: Browser, portal: Portal
) -> None:
    username = colleague(portal)
    context = chromium_browser.new_context(base_url=portal.address, java_script_enabled=False)
    page = context.new_page()
    give_password(page, username)
    secret = (page.locator(".si-secret").text_content() or "").replace(" ", "")
    page.fill("[name=code]", TOTP(secret).at(utc_now()))
    page.get_by_role("button", name="App instellen").click()
    codes = page.locator(".si-codes code").all_text_contents()
    page.get_by_role("link", name="Ik heb de codes bewaard, verder").click()
    page.locator(".si-account summary").click()
    page.get_by_role("button", name="Afmelden").click()
    give_password(page, username)
    page.fill("[name=code]", codes[0])
    page.get_by_role("button", name="Aanmelden").click()
    page.goto("/account")
    assert page.get_by_text("9 codes over").count() == 1
    context.close()
