"""Somebody on a phone reports at /melden, with and without scripts; and can be gone at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.text import AMSTERDAM
from tests.browser.conftest import SignIn
from tests.support.axe import problems_on

PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture(
    params=[True, pytest.param(False, marks=pytest.mark.alles)],
    ids=["with-scripts", "without-scripts"],
)
def phone(
    request: pytest.FixtureRequest, chromium_browser: Browser, demo_address: str
) -> Iterator[Page]:
    context = chromium_browser.new_context(
        viewport=PHONE, java_script_enabled=request.param, base_url=demo_address, locale="nl-NL"
    )
    yield context.new_page()
    context.close()


def show(page: Page, *titles: str) -> None:
    """Waits until just these steps show; a press of a button may still be on its way."""
    expect(page.locator(".si-step__title").locator("visible=true")).to_have_text(titles)


def step_on(page: Page, word: str = "Volgende stap") -> None:
    page.locator(f":is(a, button):text-is('{word}')").locator("visible=true").click()


def test_a_report_from_a_phone_is_answered_and_reaches_the_officer(
    phone: Page, sign_in: SignIn, request: pytest.FixtureRequest
) -> None:
    scripts = "with-scripts" in request.node.callspec.id.split("-without")[0]
    phone.goto("/melden?c=zomer")
    assert phone.locator("main a").first.get_attribute("href") == "tel:112"
    phone.fill("[name=plaats]", "dordrecht")
    phone.click("text=Zoek de plek")
    phone.locator("main").get_by_role("link", name="Dordrecht", exact=True).first.click()
    show(phone, "Leeftijd")
    assert not phone.locator("button[name=versturen]").is_visible()
    faults = problems_on(phone) if scripts else []
    phone.check("[name='leeftijd.leeftijdsgroep'][value='18_24']")
    step_on(phone)
    show(phone, "Wat maakte u mee?")
    step_on(phone)
    expect(phone.locator(".si-error-summary")).to_contain_text("Wat gebeurde er?")
    show(phone, "Wat maakte u mee?")
    if scripts:
        # Read first, and with the focus, although the address leads to the step below it.
        expect(phone.locator(".si-error-summary")).to_be_focused()
    expect(phone.locator(".si-error-summary")).to_be_in_viewport()
    faults += problems_on(phone) if scripts else []
    phone.check("[name='wat.hoedanigheid'][value=slachtoffer]")
    phone.check("[name='wat.vormen'][value=naroepen]")
    phone.fill("[name='wat.omschrijving']", "Twee mannen riepen mij na bij de veerpont.")
    step_on(phone)
    show(phone, "Waar en wanneer was het?")
    expect(phone.locator(".si-error-summary, .si-error, [aria-invalid]")).to_have_count(0)
    faults += problems_on(phone) if scripts else []
    # Without script each step is a page of its own that was sent: a browser would send it again.
    if scripts:
        phone.go_back()
    else:
        step_on(phone, "Vorige stap")
    show(phone, "Wat maakte u mee?")
    step_on(phone)
    phone.fill("[name='waar.omschrijving']", "de veerpont")
    phone.select_option("[name='waar.typePlek']", "straat_plein")
    day = (utc_now().astimezone(AMSTERDAM) - timedelta(days=1)).date()
    phone.fill("[name='waar.datum']", day.isoformat())
    step_on(phone)
    show(phone, "Uzelf en contact")
    faults += problems_on(phone) if scripts else []
    step_on(phone, "Vorige stap")
    assert phone.input_value("[name='waar.omschrijving']") == "de veerpont"
    step_on(phone)
    phone.check("[name='uzelf.contactGewenst'][value=nee]")
    phone.click("button[name=versturen]")
    show(phone, "Leeftijd", "Wat maakte u mee?", "Waar en wanneer was het?", "Uzelf en contact")
    faults += problems_on(phone) if scripts else []
    for name in ("deelPolitie", "deelPartners"):
        phone.check(f"[name='uzelf.{name}'][value=nee]")
    phone.click("button[name=versturen]")
    expect(phone.locator("[data-code] dd")).to_have_count(2)
    reference, code = phone.locator("[data-code] dd").all_inner_texts()
    assert len(code.replace(" ", "")) == 16
    assert "Raak de volgcode niet kwijt" in phone.inner_text("main")
    assert phone.locator("[data-afdrukken]").is_visible() is scripts
    faults += problems_on(phone) if scripts else []
    assert faults == []
    officer = sign_in("oov@dordrecht.example")
    officer.goto(f"/m/{reference}")
    told = officer.inner_text("main")
    for words in ("bij de veerpont", "webformulier", "zomer"):
        assert words in told, words


def test_the_first_question_stands_on_the_first_screen_of_a_phone(
    chromium_browser: Browser, demo_address: str
) -> None:
    context = chromium_browser.new_context(base_url=demo_address, locale="nl-NL")
    page = context.new_page()
    for address in ("/melden", "/melden/dordrecht"):
        page.goto(address)
        ages = page.locator("[name='leeftijd.leeftijdsgroep']")
        page.set_viewport_size({"width": 390, "height": 664})
        last = ages.last.bounding_box()
        assert last
        assert last["y"] + last["height"] <= 664, "with the strip of the demo above it"
        page.set_viewport_size({"width": 320, "height": 568})
        expect(ages.first).to_be_in_viewport()
    workers = "navigator.serviceWorker.getRegistrations()"
    kept = page.evaluate(f"Promise.all([caches.keys(), {workers}, Object.keys(localStorage)])")
    assert kept == [[], [], []], "what can be installed keeps nothing"
    context.close()


@pytest.mark.alles
def test_escape_and_the_button_put_another_page_in_the_place_of_this_one(
    chromium_browser: Browser, demo_address: str
) -> None:
    for width, leave in ((390, "button"), (320, "key")):
        context = chromium_browser.new_context(
            viewport={"width": width, "height": 700}, base_url=demo_address, locale="nl-NL"
        )
        context.route("https://www.knmi.nl/**", lambda route: route.fulfill(body="<p>Het weer</p>"))
        page = context.new_page()
        page.goto("/melden")
        page.goto("/melden/dordrecht#stap-wat")
        page.fill("[name='wat.omschrijving']", "geheim")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if leave == "key":
            page.keyboard.press("Escape")
        else:
            page.click("[data-weg]")
        page.wait_for_url("https://www.knmi.nl/**")
        page.go_back()
        assert page.url.endswith("/melden"), "the form itself is in no history"
        context.close()


@pytest.mark.alles
def test_a_photo_that_is_too_large_is_left_out_before_it_takes_the_report_along(
    chromium_browser: Browser, demo_address: str
) -> None:
    context = chromium_browser.new_context(viewport=PHONE, base_url=demo_address, locale="nl-NL")
    page = context.new_page()
    page.goto("/melden/dordrecht#stap-uzelf")
    photo = page.locator("[name='uzelf.foto']")
    large = {"name": "groot.jpg", "mimeType": "image/jpeg", "buffer": b"\0" * 25_000_001}
    photo.set_input_files(large)  # type: ignore[arg-type]
    assert photo.input_value() == ""
    assert "hoogstens 25 MB" in photo.evaluate("control => control.validationMessage")
    photo.set_input_files({**large, "buffer": b"\0" * 1000})  # type: ignore[arg-type]
    assert photo.input_value().endswith("groot.jpg")
    assert photo.evaluate("control => control.validationMessage") == ""
    context.close()


@pytest.mark.alles
def test_to_a_minor_the_demo_of_dordrecht_says_je(
    chromium_browser: Browser, demo_address: str
) -> None:
    context = chromium_browser.new_context(viewport=PHONE, base_url=demo_address, locale="nl-NL")
    page = context.new_page()
    page.goto("/melden/dordrecht")
    page.check("[name='leeftijd.leeftijdsgroep'][value='16_17']")
    step_on(page)
    show(page, "Wat maakte je mee?")
    expect(page.get_by_text("Was het op weg van of naar school, werk of uitgaan?")).to_be_visible()
    context.close()
