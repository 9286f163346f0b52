"""Nothing typed in the rail is lost: signed out, no connection, a wrong key, a colleague."""

from __future__ import annotations

from typing import Final

import pytest
from playwright.sync_api import Dialog, Page, expect

from stopintimidatie.demo.scenario import PASSWORD
from tests.browser.conftest import SignIn, post_from_app
from tests.support.axe import problems_on

pytestmark = pytest.mark.alles
OFFICER: Final = "oov@dordrecht.example"
INBOX: Final = "/gemeenten/dordrecht/postvak?toestand=nieuw&melding="
TEXT: Final = "Hoe laat was het, en welke kant ging de man op?"
WORDS: Final = "Nageroepen op de brug"
FIELD: Final = "#werkbank-paneel textarea"
SEND: Final = "#besluit .si-buttons button"


def type_question(page: Page, reference: str) -> None:
    page.goto(f"{INBOX}{reference}")
    page.keyboard.press("5")
    page.fill(FIELD, TEXT)


def failure(page: Page) -> str:
    """The failure that the panel names, above what was typed."""
    message = page.wait_for_selector("#werkbank-paneel [data-mislukt]:focus")
    assert message is not None
    assert page.input_value(FIELD) == TEXT
    return message.inner_text()


def test_what_was_typed_outlives_signing_out_and_a_lost_connection(
    sign_in: SignIn, demo_address: str
) -> None:
    reference = post_from_app(demo_address, WORDS)
    page = sign_in(OFFICER)
    type_question(page, reference)
    page.context.set_offline(True)
    page.click(SEND)
    assert "er is geen verbinding" in failure(page)
    page.context.set_offline(False)
    page.context.clear_cookies()
    page.click(SEND)
    page.wait_for_selector("#werkbank-paneel [data-mislukt] a")
    assert "U bent intussen afgemeld" in failure(page)
    with page.context.expect_page() as opened:
        page.click("#werkbank-paneel [data-mislukt] a")
    fresh = opened.value
    fresh.fill("[name=gebruikersnaam]", OFFICER)
    fresh.fill("[name=wachtwoord]", PASSWORD)
    fresh.click("button[name=aanmelden]")
    fresh.wait_for_selector("body[data-ingelogd]")
    page.bring_to_front()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    page.wait_for_selector("[data-mislukt]:has-text('weer aangemeld')")
    assert page.input_value(FIELD) == TEXT
    page.click(SEND)
    page.wait_for_selector(f"#werkbank-gedaan:has-text('{reference}')")


def test_an_old_token_is_renewed_and_the_second_try_is_sent(
    sign_in: SignIn, demo_address: str
) -> None:
    reference = post_from_app(demo_address, WORDS)
    page = sign_in(OFFICER)
    type_question(page, reference)
    page.evaluate("document.querySelectorAll('[name=csrf_token]').forEach(f => f.value = 'oud')")
    page.click(SEND)
    assert "Verstuur het nog een keer" in failure(page)
    # A double click sends it once, and nobody is blamed.
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    page.dblclick(SEND)
    page.wait_for_selector(f"#werkbank-gedaan:has-text('{reference}')")
    page.wait_for_timeout(500)
    assert sent.count("POST") == 1
    assert "intussen gewijzigd" not in page.inner_text("main")


def test_leaving_a_text_behind_is_asked_about_once(sign_in: SignIn, demo_address: str) -> None:
    reference = post_from_app(demo_address, WORDS)
    page = sign_in(OFFICER)
    type_question(page, reference)
    answers, asked = [False, False, False, True], []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.accept() if answers[len(asked) - 1] else dialog.dismiss()

    page.on("dialog", answer)
    page.keyboard.press("Escape")
    assert page.input_value(FIELD) == TEXT
    page.locator("[data-rij] a:not([aria-current])").first.click()
    page.locator(".wb-keys [data-key='4']").click()
    page.wait_for_timeout(200)
    assert page.input_value(FIELD) == TEXT
    page.keyboard.press("Escape")
    assert page.inner_text("#werkbank-paneel") == ""
    assert asked == ["U typte iets dat nog niet is verstuurd. Weggooien?"] * 4
    page.keyboard.press("4")
    page.wait_for_selector("#werkbank-paneel .wb-option")
    assert len(asked) == 4


def test_the_question_about_danger_has_the_focus_and_a_grey_key_is_silent_after_it(
    sign_in: SignIn, demo_address: str
) -> None:
    reference = post_from_app(demo_address, WORDS, vormen=["betasten"])
    page = sign_in(OFFICER)
    page.goto(f"{INBOX}{reference}")
    page.wait_for_selector("[data-na-lezen]:not([aria-disabled])")
    page.keyboard.press("c")
    page.wait_for_selector("#werkbank-zegt")
    page.keyboard.press("1")
    page.wait_for_selector("#werkbank-paneel [data-key=n]:focus")
    assert page.query_selector("#werkbank-zegt") is None
    page.keyboard.press("n")
    page.wait_for_selector(f"#werkbank-gedaan:has-text('{reference}')")


def test_next_right_after_behandelen_is_no_answer_about_danger(
    sign_in: SignIn, demo_address: str
) -> None:
    """`1` and then `j`, before the question stands and after it; then the real answers."""
    reference = post_from_app(demo_address, WORDS, vormen=["betasten"])
    page = sign_in(OFFICER)
    for wait in (False, True):
        page.goto(f"{INBOX}{reference}")
        page.wait_for_selector("[data-na-lezen]:not([aria-disabled])")
        page.keyboard.press("1")
        if wait:
            page.wait_for_selector("#werkbank-paneel [data-key=g]")
        page.keyboard.press("j")
        page.wait_for_load_state("networkidle")
        page.goto(f"{INBOX}{reference}")
        assert page.query_selector(".wb-head:has-text('spoed')") is None
    page.wait_for_selector("[data-na-lezen]:not([aria-disabled])")
    page.keyboard.press("1")
    page.wait_for_selector("#werkbank-paneel [data-key=g]")
    page.keyboard.press("g")
    page.wait_for_selector(".wb-head:has-text('spoed')")
    page.keyboard.press("z")
    page.wait_for_selector(".wb-head:not(:has-text('spoed'))")
    page.wait_for_selector("[data-na-lezen]:not([aria-disabled])")
    page.keyboard.press("1")
    page.wait_for_selector("#werkbank-paneel [data-key=n]")
    page.keyboard.press("n")
    page.wait_for_selector(f"#werkbank-gedaan:has-text('{reference}')")
    assert "in behandeling genomen" in page.inner_text("#werkbank-gedaan")


def test_a_reply_is_filled_in_as_soon_as_it_is_chosen_and_the_button_stays_in_sight(
    sign_in: SignIn, demo_address: str
) -> None:
    reference = post_from_app(demo_address, WORDS)
    page = sign_in(OFFICER)
    page.goto(f"{INBOX}{reference}")
    page.keyboard.press("a")
    send, reply = page.locator(SEND), page.locator("[name='bericht.sjabloon']")
    expect(send).to_be_in_viewport()
    # It opens with a message; nothing about that where none is given.
    expect(page.locator("[name=terugkoppeling][value=gegeven]")).to_be_checked()
    expect(reply).to_be_visible()
    page.check("[name=opvolging] >> nth=0")
    page.check("[name=terugkoppeling][value=niet_gegeven]")
    expect(reply).to_be_hidden()
    expect(page.locator("[name=reden]")).to_be_visible()
    page.check("[name=terugkoppeling][value=gegeven]")
    expect(page.locator("[name=reden]")).to_be_hidden()
    titles = reply.locator("option").all_inner_texts()
    texts: list[str] = []
    for title in titles[1:3]:
        reply.select_option(label=title)
        page.wait_for_function(
            "was => !['', was].includes(document.querySelector('#besluit textarea').value)",
            arg=texts[-1] if texts else "",
        )
        texts.append(page.input_value("[name=bericht]"))
    # The second took the place of the first, and the list still has the focus.
    assert texts[0] not in texts[1]
    expect(send).to_be_in_viewport()
    assert problems_on(page) == []
    send.click()
    page.wait_for_selector(f"#werkbank-gedaan:has-text('{reference}: afgehandeld')")


def test_a_report_by_telephone_is_not_left_by_mistake(sign_in: SignIn) -> None:
    page = sign_in(OFFICER)
    entry = "/gemeenten/dordrecht/melding-invoeren"
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.goto(entry)
    page.goto("/gemeenten/dordrecht")
    assert asked == []
    page.goto(entry)
    page.fill("#formulier textarea >> nth=0", WORDS)
    page.locator("a.si-bar__logo, header a").first.click()
    expect(page.locator("#formulier textarea").first).to_have_value(WORDS)
    assert asked == ["beforeunload"]
    # Sending it asks nothing; what comes back with mistakes is guarded again.
    page.click("#formulier .si-buttons button")
    page.wait_for_selector(".si-error-summary")
    assert asked == ["beforeunload"]
    page.locator("a.si-bar__logo, header a").first.click()
    assert page.url.endswith(entry)


def test_choose_all_says_how_many_are_chosen(sign_in: SignIn, demo_address: str) -> None:
    page = sign_in(OFFICER)
    page.goto("/gemeenten/dordrecht/postvak?toestand=alle")
    rows = page.locator(".wb-row__choose input").count()
    assert rows > 1
    page.get_by_label("Alles kiezen").check()
    expect(page.locator("[data-alles] output")).to_have_text(f"{rows} gekozen")
    page.locator(".wb-row__choose input").first.uncheck()
    expect(page.locator("[data-alles] output")).to_have_text(f"{rows - 1} gekozen")
    assert not page.get_by_label("Alles kiezen").is_checked()
    page.get_by_role("button", name="Uitdelen", exact=True).click()
    page.wait_for_load_state()
    assert page.locator("input[name=meldingen]:checked").count() == rows - 1
