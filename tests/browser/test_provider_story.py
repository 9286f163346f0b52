"""Signing in through one's municipality, in a browser, at real OpenID providers of two of them."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update

from stopintimidatie.core.accounts.models import LoginSession
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.reports.services import path_of_report
from tests.support.factories import DORDRECHT, EINDHOVEN, make_report
from tests.support.identity_providers import (
    RunningProvider,
    connect_provider,
    mail_domain,
    running_providers,
)
from tests.support.installation import Installation, make_settings
from tests.support.served import HOST, in_thread
from tests.support.waiting import until

# A real provider and three browsers; tests/municipalities/sso holds the rules in the short suite.
pytestmark = pytest.mark.alles
INBOX = "/gemeenten/dordrecht/postvak"


@dataclass
class Story:
    """The installation, its providers and the browsers of the story."""

    installation: Installation
    address: str
    dordrecht: RunningProvider
    eindhoven: RunningProvider
    open: Callable[[], Page]


@pytest.fixture
def story(chromium_browser: Browser, sqlite_template: Path, tmp_path: Path) -> Iterator[Story]:
    shutil.copy(sqlite_template, tmp_path / "data.sqlite")
    create_key_file(tmp_path / "sleutels.json")
    with socket.create_server((HOST, 0)) as probe:
        port = probe.getsockname()[1]
    address = f"http://localhost:{port}"
    settings = make_settings(f"sqlite:///{tmp_path}/data.sqlite", tmp_path, public_address=address)
    running, opened = Installation(settings), []

    def enter() -> Page:
        context = chromium_browser.new_context(base_url=address, locale="nl-NL")
        opened.append(context)
        return context.new_page()

    with (
        in_thread(running.app, port),
        running_providers(address, "dordrecht", "eindhoven") as providers,
    ):
        for code, provider in zip((DORDRECHT, EINDHOVEN), providers, strict=True):
            domain = {DORDRECHT: "dordrecht.example", EINDHOVEN: "eindhoven.example"}[code]
            mail_domain(running, code, domain)
            groups = {"si-oov": Role.OFFICER, "si-privacy": Role.PRIVACY_OFFICER}
            connect_provider(running, code, provider.issuer, groups)
        yield Story(running, address, providers[0], providers[1], enter)
        for context in opened:
            context.close()
    running.close()


def come_in(page: Page, municipality: str, login: str, path: str = INBOX) -> None:
    """From a page of the portal, by the links, to the provider and back."""
    page.goto(path)
    page.get_by_role("link", name="Aanmelden via uw gemeente").click()
    page.get_by_role("link", name=municipality).click()
    show_oneself(page, login)


def show_oneself(page: Page, login: str) -> None:
    """Sign in on the page of the provider."""
    page.fill("[name=login]", login)
    page.fill("[name=password]", "maakt niet uit")
    page.get_by_role("button", name="Sign-in").click()


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(text)


def test_the_groups_of_two_municipalities_give_roles_at_each_alone(story: Story) -> None:
    both = {"email": "samira@dordrecht.example", "groups": ["si-oov"]}
    story.dordrecht.employ(samira=both)
    page = story.open()
    come_in(page, "Dordrecht", "samira")
    expect(page).to_have_url(f"{story.address}{INBOX}")
    heading(page, "Postvak")
    # She helps Eindhoven as well, with an account of that municipality.
    story.eindhoven.employ(samira={**both, "email": "s.ouali@eindhoven.example"})
    other = story.open()
    come_in(other, "Eindhoven", "samira", "/gemeenten/eindhoven/postvak")
    heading(other, "Postvak")
    for signed_in, elsewhere in ((page, "eindhoven"), (other, "dordrecht")):
        refused = signed_in.goto(f"/gemeenten/{elsewhere}/postvak")
        assert refused
        assert refused.status == 404


def test_a_colleague_whose_group_is_gone_has_no_role_from_the_next_sign_in_on(story: Story) -> None:
    story.dordrecht.employ(bo={"groups": ["si-oov"]})
    at_work = story.open()
    come_in(at_work, "Dordrecht", "bo")
    heading(at_work, "Postvak")
    story.dordrecht.employ(bo={"groups": ["een-ander-team"]})
    again = story.open()
    come_in(again, "Dordrecht", "bo")
    heading(again, "Aanmelden via Dordrecht is niet gelukt")
    expect(again.get_by_text("U hebt geen rol in dit werkportaal.")).to_be_visible()
    assert at_work.goto(INBOX).status == 404  # type: ignore[union-attr]


def test_signing_out_at_the_municipality_ends_the_session_here(story: Story) -> None:
    story.dordrecht.employ(bo={"groups": ["si-oov"]})
    page = story.open()
    come_in(page, "Dordrecht", "bo")
    stolen = page.context.cookies(story.address)
    page.goto(f"{story.dordrecht.issuer}/session/end")
    page.get_by_role("button", name=re.compile("Yes")).click()
    thief = story.open()
    thief.context.add_cookies(stolen)  # type: ignore[arg-type]

    def is_out() -> bool:
        thief.goto(INBOX)
        return "/aanmelden" in thief.url

    until(is_out, seconds=10)
    heading(thief, "Aanmelden")


def test_signing_out_here_leads_on_to_signing_out_there(story: Story) -> None:
    story.dordrecht.employ(bo={"groups": ["si-oov"]})
    page = story.open()
    come_in(page, "Dordrecht", "bo")
    page.locator(".si-account summary").click()
    page.get_by_role("button", name="Afmelden").click()
    heading(page, "U bent afgemeld")
    page.get_by_role("link", name="Ook afmelden bij uw gemeente").click()
    page.get_by_role("button", name=re.compile("Yes")).click()
    expect(page).to_have_url(f"{story.address}/afgemeld")
    # There they must say again who they are.
    page.goto("/aanmelden-gemeente/dordrecht")
    expect(page.locator("[name=login]")).to_be_visible()


def test_what_is_grave_is_asked_again_at_the_municipality_and_nothing_typed_is_lost(
    story: Story,
) -> None:
    with story.installation.transaction(DORDRECHT) as session:
        report = make_report(session, story.installation)
        path = path_of_report(session, report.id)
    story.dordrecht.employ(bo={"groups": ["si-privacy"]})
    page = story.open()
    come_in(page, "Dordrecht", "bo", f"{path}/gegevens-wissen")
    page.locator("[name=grond]").first.check()
    # An hour later.
    with story.installation.transaction() as session:
        session.execute(update(LoginSession).values(factor_at=utc_now() - timedelta(hours=1)))
    page.get_by_role("button", name="Wissen voorstellen").click()
    heading(page, "Bevestig dat u het bent")
    page.get_by_role("link", name="Bevestigen bij uw gemeente").click()
    # The provider knows her, and asks all the same.
    show_oneself(page, "bo")
    page.get_by_role("button", name="Nu versturen").click()
    expect(page.get_by_text("niet meer nodig voor het doel")).to_be_visible()
    heading(page, "Wissen: kijk mee en beslis")
