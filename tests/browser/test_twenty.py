"""Twenty mixed reports, decided on in one inbox by keyboard and by mouse: each act is counted.

Run by hand with the figures: ``pytest -s -m alles tests/browser/test_twenty.py``.
"""

from __future__ import annotations

import statistics
import sys
from typing import Final

import pytest
from playwright.sync_api import Locator, Page, expect

from stopintimidatie.core.security import Role
from tests.browser.conftest import Enter, SignIn, post_from_app
from tests.support.installation import Installation
from tests.support.twenty import MEDIAN, MOST_ACTS, Act, Kind, assert_became, receive_twenty

pytestmark = pytest.mark.alles
OFFICER = "oov@dordrecht.example"
INBOX: Final = "/gemeenten/dordrecht/postvak?toestand=nieuw&melding="
QUESTION: Final = "Is er nu iemand in gevaar?"
PANEL: Final = "#werkbank-paneel"
IN_HAND: Final = ".wb-head .si-meta"
READ: Final = "[data-na-lezen]:not([aria-disabled])"
# What an answer changes: the address, the panel, the head of the report in hand, the bar.
SEEN: Final = """() => [location.href, ...['#werkbank-paneel', '.wb-head', '#werkbank-gedaan'].map(
    (part) => document.querySelector(part)?.innerHTML)].join()"""


class Mouse:
    """Decides with the mouse, and types; counts its acts, and each time it had to scroll."""

    name = "muis"

    def __init__(self, page: Page, numbers: dict[str, str]) -> None:
        self.page, self.numbers = page, numbers
        self.acts = self.scrolls = 0

    def do(self, act: Act) -> None:
        """Do one act, and wait for what it brings."""
        before = self.page.evaluate(SEEN)
        ticks = act.does == "key" and self.page.locator(f"{PANEL} [type=radio]").count() > 0
        getattr(self, act.does)(act)
        if act.does in {"key", "best", "send"} and not ticks:
            self.page.wait_for_function(f"was => ({SEEN})() !== was", arg=before)
            self.page.wait_for_function("() => !document.querySelector('.htmx-request')")
            self.page.wait_for_timeout(50)

    def field(self, act: Act) -> Locator:
        """Find the field of an act."""
        return self.page.locator(f"{PANEL} [name='{act.name}']").first

    def key(self, act: Act) -> None:
        """Press the button that a key stands on, of the panel first."""
        wanted = f"[data-key='{act.name}']"
        asked = self.page.locator(f"{PANEL} {wanted}")
        self.click(asked if asked.count() else self.page.locator(f".wb-keys {wanted}"))

    def best(self, act: Act) -> None:
        """Choose the line that has the focus."""
        self.click(self.page.locator(f"{PANEL} [data-eerst]"))

    def send(self, act: Act) -> None:
        """Send what was filled in."""
        self.click(self.page.locator(f"{PANEL} .si-buttons button"))

    def ticked(self, act: Act) -> None:
        """Tick the first box."""
        self.click(self.field(act))

    def typed(self, act: Act) -> None:
        """Type in a field."""
        self.click(self.field(act))
        self.acts -= 1
        self.write(act)

    def write(self, act: Act) -> None:
        """Type in the field that has the focus: one act."""
        self.acts += 1
        self.page.keyboard.type(act.value.format(**self.numbers))

    def chosen(self, act: Act) -> None:
        """Choose the first ready text, and wait until it is filled in."""
        ready = self.page.locator(f"{PANEL} [name='{act.name}.sjabloon']")
        self.choose(ready)
        expect(self.field(act)).not_to_have_value("")

    def choose(self, ready: Locator) -> None:
        """Choose in a list: one act."""
        self.see(ready)
        self.acts += 1
        ready.select_option(index=1)

    def click(self, target: Locator) -> None:
        """Click on something: one act."""
        self.see(target)
        self.acts += 1
        target.click()

    def see(self, target: Locator) -> None:
        """Scroll to what one doesn't see, which is an act too."""
        expect(target).to_be_visible()
        hidden = """(element) => {
            const { x, y, width, height } = element.getBoundingClientRect();
            const there = document.elementFromPoint(x + width / 2, y + height / 2);
            return !element.contains(there) && !there?.closest("label")?.contains(element);
        }"""
        if target.evaluate(hidden):
            self.acts += 1
            self.scrolls += 1
            target.scroll_into_view_if_needed()


class Keyboard(Mouse):
    """Decides with the keyboard alone; each Tab is an act as well."""

    name = "toetsenbord"

    def press(self, name: str) -> None:
        """Press a key: one act."""
        self.acts += 1
        self.page.keyboard.press(name)

    def key(self, act: Act) -> None:
        self.press(act.name)

    def best(self, act: Act) -> None:
        self.press("Enter")

    def send(self, act: Act) -> None:
        self.press("Control+Enter")

    def ticked(self, act: Act) -> None:
        self.go_to(self.field(act))
        self.press("Space")

    def typed(self, act: Act) -> None:
        self.go_to(self.field(act))
        self.write(act)

    def choose(self, ready: Locator) -> None:
        if not ready.evaluate("(element) => element === document.activeElement"):
            self.press("t")
        expect(ready).to_be_focused()
        self.press("ArrowDown")

    def go_to(self, wanted: Locator) -> None:
        """Press Tab until a field has the focus."""
        while not wanted.evaluate("(element) => element === document.activeElement"):
            self.press("Tab")


def decide(hand: Mouse, kind: Kind) -> None:
    """Decide on the report in hand; a signal of danger is asked about, and nothing else is."""
    asked = False
    for act in kind.acts:
        hand.do(act)
        panel = hand.page.locator(PANEL)
        asked |= panel.count() > 0 and QUESTION in panel.inner_text()
    assert asked is kind.signal, kind.story


@pytest.mark.parametrize("way", [Keyboard, Mouse])
def test_twenty_mixed_reports_take_at_most_fifty_acts_with_a_median_of_two(
    way: type[Mouse],
    enter: Enter,
    dordrecht: Installation,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kinds, numbers = receive_twenty(dordrecht)
    page = enter(Role.OFFICER, path="/gemeenten/dordrecht/postvak?toestand=nieuw")
    whole: list[str] = []
    page.on("load", lambda opened: whole.append(opened.url))
    hand, taken = way(page, numbers), list[int]()
    for left in range(len(kinds), 0, -1):
        page.wait_for_selector(READ)
        assert page.locator("[data-rij]").count() == left
        reference = page.inner_text(IN_HAND)
        before = hand.acts
        decide(hand, kinds[reference])
        taken.append(hand.acts - before)
        page.wait_for_selector(f"{IN_HAND}:has-text('{reference}')", state="detached")
        assert_became(dordrecht, reference, kinds.pop(reference), numbers)
    assert not kinds
    assert whole == []
    figures = (
        f"twintig meldingen, {hand.name}: {sum(taken)} handelingen, mediaan"
        f" {statistics.median(taken)}, hoogstens {max(taken)}; {hand.scrolls} keer rollen\n"
    )
    with capsys.disabled():
        sys.stdout.write(f"\n{figures}")
    assert sum(taken) <= MOST_ACTS
    assert statistics.median(taken) <= MEDIAN


def state_of(page: Page, reference: str) -> str:
    """The state as the page of the report shows it."""
    page.goto(f"/m/{reference}")
    return str(page.get_attribute("h1 ~ .si-badges [data-status]", "data-status"))


def test_the_row_in_hand_stays_in_sight_and_the_next_one_opens(sign_in: SignIn) -> None:
    page = sign_in(OFFICER)
    page.goto("/gemeenten/dordrecht/postvak")
    inside = """() => {
        const [list, row] = ['.wb-list', '[data-rij] [aria-current]'].map(
            (selector) => document.querySelector(selector).getBoundingClientRect());
        return row.top >= list.top - 1 && row.bottom <= Math.min(list.bottom, innerHeight) + 1;
    }"""
    for _ in range(14):
        before = page.url
        page.keyboard.press("j")
        page.wait_for_function("url => location.href !== url", arg=before)
        page.wait_for_timeout(50)
        assert page.evaluate(inside)


def test_a_question_is_saved_from_the_panel_and_the_row_stays_above_the_bar(
    sign_in: SignIn, demo_address: str
) -> None:
    page, other = sign_in(OFFICER), sign_in(OFFICER)
    reference = post_from_app(demo_address, "Vraag vanuit het paneel")
    page.goto(f"{INBOX}{reference}")
    page.keyboard.press("5")
    # A mistake is named in the panel; what is typed then is kept.
    page.click("#besluit .si-buttons button")
    page.wait_for_selector("#werkbank-paneel .si-error-summary")
    page.fill("#besluit textarea", "Hoe laat was het?")
    page.click("#besluit .si-buttons button")
    page.wait_for_selector(f"#werkbank-gedaan:has-text('{reference}')")
    for _ in range(8):
        before = page.url
        page.keyboard.press("j")
        page.wait_for_timeout(300)
        if page.url == before:
            break
        assert page.evaluate("""() => {
            const [row, bar] = ['[data-rij] [aria-current]', '#werkbank-gedaan'].map(
                (selector) => document.querySelector(selector).getBoundingClientRect());
            return row.bottom <= bar.top + 1;
        }""")
    assert state_of(other, reference) == "wacht_op_melder"


def test_on_a_phone_the_bar_is_in_sight_and_the_next_report_begins_at_its_top(
    sign_in: SignIn, demo_address: str
) -> None:
    page = sign_in(OFFICER, width=390)
    reference = post_from_app(demo_address, "Op de telefoon " + "woord " * 300)
    page.goto(f"{INBOX}{reference}")
    page.evaluate("document.querySelector('[data-verhaal-einde]').scrollIntoView()")
    assert page.evaluate("scrollY") > 0
    page.wait_for_selector("[data-na-lezen]:not([aria-disabled])")
    page.keyboard.press("1")
    page.wait_for_selector(f"#werkbank-gedaan:has-text('{reference}')")
    page.wait_for_function("() => scrollY === 0")
    bar, rail = (page.locator(css).bounding_box() for css in (".wb-done", ".wb-decide"))
    assert bar is not None
    assert rail is not None
    assert bar["y"] >= 0
    assert bar["y"] + bar["height"] <= rail["y"] + 1


def test_escape_gives_the_focus_back_to_the_decision_that_opened_the_panel(
    sign_in: SignIn, demo_address: str
) -> None:
    reference = post_from_app(demo_address, "Weg met Escape")
    page = sign_in(OFFICER)
    for address in (f"{INBOX}{reference}", f"/m/{reference}"):
        page.goto(address)
        page.locator(".wb-keys [data-key='4']").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("#werkbank-paneel :focus")
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.dataset.key") == "4"
