"""A form that is sent by somebody who can't wait for the answer."""

from __future__ import annotations

from tests.browser.conftest import SignIn

DOSSIER = "/gemeenten/dordrecht/binnenstad/2026-0006"


def test_a_double_click_sends_a_form_once(sign_in: SignIn) -> None:
    page = sign_in("oov@dordrecht.example")
    page.goto(f"{DOSSIER}/notitie")
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


def test_who_comes_back_to_a_form_can_send_it_again(sign_in: SignIn) -> None:
    page = sign_in("oov@dordrecht.example")
    page.goto(f"{DOSSIER}/notitie")
    page.fill("textarea", "De eerste notitie.")
    page.click("form#formulier button[type=submit]")
    page.wait_for_url("**?deel=notities*")
    page.go_back()
    page.fill("textarea", "De tweede notitie.")
    page.click("form#formulier button[type=submit]")
    page.wait_for_url("**?deel=notities*")
    assert page.get_by_text("De tweede notitie.").count() == 1
