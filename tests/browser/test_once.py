"""A form sent by somebody who can't wait for the answer, or who was signed out meanwhile."""

from __future__ import annotations

import pytest

from stopintimidatie.demo.scenario import PASSWORD
from tests.browser.conftest import SignIn
from tests.support.axe import problems_on


@pytest.mark.alles
def test_a_double_click_sends_a_form_once(sign_in: SignIn, live_dossier: str) -> None:
    page = sign_in("oov@dordrecht.example")
    page.goto(f"{live_dossier}/notitie")
    page.fill("textarea", "Twee keer geklikt, één notitie.")
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.url) if asked.method == "POST" else None)
    # The second while the first is on its way.
    page.locator("form#formulier button[type=submit]").first.evaluate(
        "button => { button.click(); setTimeout(() => button.click(), 10); }"
    )
    page.wait_for_url("**?deel=notities*")
    assert len(sent) == 1
    assert page.get_by_text("Twee keer geklikt, één notitie.").count() == 1


@pytest.mark.alles
def test_who_comes_back_to_a_form_can_send_it_again(sign_in: SignIn, live_dossier: str) -> None:
    page = sign_in("oov@dordrecht.example")
    page.goto(f"{live_dossier}/notitie")
    page.fill("textarea", "De eerste notitie.")
    page.click("form#formulier button[type=submit]")
    page.wait_for_url("**?deel=notities*")
    page.go_back()
    page.fill("textarea", "De tweede notitie.")
    page.click("form#formulier button[type=submit]")
    page.wait_for_url("**?deel=notities*")
    assert page.get_by_text("De tweede notitie.").count() == 1


@pytest.mark.alles
def test_who_was_signed_out_while_writing_loses_nothing(sign_in: SignIn, live_dossier: str) -> None:
    page = sign_in("oov@dordrecht.example", width=390)
    page.clock.install()
    page.goto(f"{live_dossier}/notitie")
    page.fill("textarea", "Een lange notitie.")
    page.clock.fast_forward("20:00")
    page.context.clear_cookies()
    page.click("form#formulier button[type=submit]")
    page.get_by_text("U bent intussen afgemeld.").wait_for()
    assert problems_on(page) == []
    assert page.input_value("textarea") == "Een lange notitie."

    with page.context.expect_page() as opened:
        page.click("#afgemeld a")
    other = opened.value
    other.fill("[name=gebruikersnaam]", "oov@dordrecht.example")
    other.fill("[name=wachtwoord]", PASSWORD)
    other.click("button[name=aanmelden]")
    other.wait_for_url("**/gemeenten/**")
    page.click("form#formulier button[type=submit]")
    page.get_by_role("heading", name="Verstuurt u dit nog een keer?").wait_for()
    assert problems_on(page) == []
    page.get_by_role("button", name="Nog een keer versturen").click()
    page.wait_for_url("**?deel=notities*")
    assert page.get_by_text("Een lange notitie.").count() == 1


@pytest.mark.alles
def test_who_signed_out_just_now_in_another_tab_loses_nothing(
    sign_in: SignIn, live_dossier: str
) -> None:
    page = sign_in("oov@dordrecht.example", width=390)
    page.goto(f"{live_dossier}/notitie")
    page.fill("textarea", "Een korte notitie.")
    page.context.clear_cookies()
    page.click("form#formulier button[type=submit]")
    page.get_by_role("heading", name="U bent intussen afgemeld").wait_for()
    assert problems_on(page) == []
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Meld u aan in een nieuw tabblad").click()
    other = opened.value
    other.fill("[name=gebruikersnaam]", "oov@dordrecht.example")
    other.fill("[name=wachtwoord]", PASSWORD)
    other.click("button[name=aanmelden]")
    other.locator(".si-account").wait_for()
    page.get_by_role("button", name="Nog een keer versturen").click()
    page.get_by_role("heading", name="Verstuurt u dit nog een keer?").wait_for()
    page.get_by_role("button", name="Nog een keer versturen").click()
    page.wait_for_url("**?deel=notities*")
    assert page.get_by_text("Een korte notitie.").count() == 1
