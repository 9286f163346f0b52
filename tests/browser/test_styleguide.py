"""Every component in the machine's own browser: accessible, narrow, by keyboard, without script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.support.served import in_thread
from tests.support.services import Chromium
from tests.support.styleguide.app import make_app
from tests.support.visible import problems_in_colours

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
BUDGET = 100_000
PAGE_OF_A_ROOM = 25_000  # the style guide itself is longer than any page of the product
GUIDE = "/stijlgids"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with in_thread(make_app()) as served:
        yield served


@pytest.fixture(scope="module")
def browser(chromium: Chromium) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(**chromium.launch_options)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    yield opened
    opened.close()


def complaints_of(page: Page) -> list[str]:
    """What the browser objects to from now on: errors of scripts, refusals of the policy."""
    found: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and "status of" not in message.text:
            found.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def violations(page: Page) -> list[tuple[str, list[str]]]:
    options = {"runOnly": WCAG, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    return [(v["id"], [node["html"] for node in v["nodes"]]) for v in found]


@pytest.mark.parametrize(
    "width",
    [pytest.param(1280, marks=pytest.mark.alles), pytest.param(390, marks=pytest.mark.alles), 320],
)
@pytest.mark.parametrize(
    "path",
    [
        GUIDE,
        pytest.param(f"{GUIDE}?kleur=ffcc00", marks=pytest.mark.alles),
        pytest.param(f"{GUIDE}?bezoeker", marks=pytest.mark.alles),
        pytest.param("/fout?status=404", marks=pytest.mark.alles),
    ],
)
def test_a_page_has_no_violations_at_any_width(
    page: Page, address: str, path: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    complaints = complaints_of(page)
    page.goto(address + path)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints == []


def test_a_form_with_mistakes_has_no_violations_and_focuses_its_summary(
    page: Page, address: str
) -> None:
    page.goto(address + GUIDE)
    page.click("#formulier button[name=opslaan]")
    # A script gives it the focus, which on a busy machine is after the page came.
    expect(page.locator(".si-error-summary")).to_be_focused()
    assert page.title().startswith("Fout:")
    assert violations(page) == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#formulier-kanaal-0")).to_be_focused()


def test_text_at_two_hundred_percent_needs_no_sideways_scrolling(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 640, "height": 900})
    page.goto(address + GUIDE)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 640


def test_everything_that_can_be_pressed_is_big_enough(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto(address + GUIDE)
    small = page.evaluate(
        """[...document.querySelectorAll('button, .utrecht-button, nav a, .si-list a, .si-facet a,'
        + ' select, input:not([type=hidden]):not([type=checkbox]):not([type=radio])')]
        .filter((el) => el.offsetParent && el.getBoundingClientRect().height < 24)
        .map((el) => el.outerHTML)"""
    )
    assert small == []


def test_the_first_tab_is_the_skip_link_and_it_works(page: Page, address: str) -> None:
    page.goto(address + GUIDE)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Naar de inhoud"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "inhoud"


@pytest.mark.parametrize(("width", "letters"), [(390, 100), (320, 100), (390, 200)])
def test_the_bar_stays_one_line_with_a_long_name_and_large_letters(
    page: Page, address: str, width: int, letters: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(address + GUIDE)
    page.evaluate(f"document.documentElement.style.fontSize = '{letters}%'")
    page.evaluate(
        "document.querySelector('.si-brand__name').textContent = 'Meldpunt van de zeven gemeenten'"
    )
    bar = page.evaluate("document.querySelector('.si-header__inner').offsetHeight")
    assert bar <= 56 * letters / 100
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_page_begins_below_one_bar_and_one_line(page: Page, address: str) -> None:
    page.goto(address + GUIDE)
    page.evaluate("document.querySelector('.si-flash').remove()")
    bar, crumb, title, after = (
        page.evaluate(f"document.querySelector('{part}').getBoundingClientRect().toJSON()")
        for part in (".si-header__inner", ".si-breadcrumb", "h1", ".si-heading + *")
    )
    assert bar["height"] <= 56
    assert crumb["top"] < title["bottom"] < crumb["bottom"] + 8
    assert crumb["right"] <= title["left"]
    assert after["top"] <= 160


@pytest.mark.parametrize("scripts", [False, True])
def test_the_menu_of_a_phone_opens_by_keyboard(
    browser: Browser, address: str, scripts: bool
) -> None:
    context = browser.new_context(
        java_script_enabled=scripts, viewport={"width": 390, "height": 800}
    )
    page = context.new_page()
    page.goto(address + GUIDE)
    link = page.locator(".si-menu a", has_text="Overzichten")
    assert not link.is_visible()
    page.locator(".si-menu summary").press("Enter")
    assert link.is_visible()
    assert page.locator(".si-menu a").count() == 6
    if scripts:
        page.keyboard.press("Tab")
        page.keyboard.press("Escape")
        assert not link.is_visible()
        assert page.evaluate("document.activeElement.textContent").strip().startswith("Menu")
    context.close()


@pytest.mark.alles
@pytest.mark.parametrize("colour", ["a4123f", pytest.param("ffcc00", marks=pytest.mark.alles)])
def test_the_guide_can_be_read_in_the_dark_and_in_forced_colours(
    page: Page, address: str, colour: str
) -> None:
    page.goto(f"{address}{GUIDE}?kleur={colour}")
    assert problems_in_colours(page) == []


def test_keys_walk_the_list_search_and_explain_themselves(page: Page, address: str) -> None:
    page.goto(address + GUIDE)
    page.get_by_role("link", name="M-4F7K-2QX9").first.focus()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") == "M-9HT3-71KD"
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.textContent") == "M-4F7K-2QX9"
    page.keyboard.press("?")
    assert page.locator("dialog[open]").is_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "zoekveld"
    page.keyboard.type("j?")
    assert page.input_value("#zoekveld") == "j?"


def test_keys_can_be_switched_off_and_stay_off(page: Page, address: str) -> None:
    page.goto(address + GUIDE)
    page.click("[data-toetsen]")
    page.uncheck("#toetsen-aan")
    page.keyboard.press("Escape")
    page.reload()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") != "zoekveld"


def test_a_digit_presses_the_button_that_has_it(page: Page, address: str) -> None:
    page.goto(address + GUIDE)
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.keyboard.press("1")


def test_the_page_works_without_script(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + GUIDE)
    page.fill("#zoekveld", "station")
    page.click("#formulier button[name=opslaan]")
    expect(page).to_have_title(re.compile("^Fout:"))
    context.close()


def test_a_first_visit_stays_within_its_budget(browser: Browser, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    guide: list[str] = []
    sizes: dict[str, float] = {}

    def started(event: Any) -> None:
        if event["type"] == "Document":
            guide.append(event["requestId"])

    session.on("Network.requestWillBeSent", started)
    session.on(
        "Network.loadingFinished", lambda e: sizes.update({e["requestId"]: e["encodedDataLength"]})
    )
    page.goto(f"{address}{GUIDE}?kleur=a4123f", wait_until="networkidle")
    context.close()
    assets = [size for request, size in sizes.items() if request not in guide]
    assert len(assets) > 5
    assert sum(assets) <= BUDGET - PAGE_OF_A_ROOM


def test_the_dutch_look_is_really_there(page: Page, address: str) -> None:
    page.goto(f"{address}{GUIDE}?kleur=a4123f")
    line = "getComputedStyle(document.querySelector('.si-header'), '::after').backgroundColor"
    colour = page.evaluate(line)
    assert colour == "rgb(164, 18, 63)"
    assert page.evaluate("document.fonts.check(\"16px 'Source Sans 3'\")")
