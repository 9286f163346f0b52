"""Twenty reports of every kind, decided in the inbox: keys, clicks and pages are counted.

Run by hand with the figures: ``pytest -s -m alles tests/browser/test_triage_counts.py``.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import SignIn, post_from_app

pytestmark = pytest.mark.alles
OFFICER = "oov@dordrecht.example"
INBOX: Final = "/gemeenten/dordrecht/postvak?toestand=nieuw&melding="
QUESTION: Final = "Is er nu iemand in gevaar?"


@dataclass(frozen=True)
class Kind:
    """A kind of report, and the keys that decide about it."""

    words: str
    keys: Sequence[str]
    state: str
    signal: bool = False
    changes: dict[str, Any] = field(default_factory=dict)


PLAIN: Final = [
    Kind("Naroepen op straat", "1", "in_behandeling"),
    Kind("Nafluiten bij de halte", "1", "in_behandeling", changes={"vormen": ["nafluiten"]}),
    Kind("Nastaren in de bus", "1", "in_behandeling", changes={"vormen": ["nastaren"]}),
    Kind("Seksuele opmerking", "1", "in_behandeling", changes={"vormen": ["seksuele_opmerking"]}),
    Kind(
        "Schelden op het plein", "1", "in_behandeling", changes={"vormen": ["beledigen_schelden"]}
    ),
    Kind("Filmen op straat", "1", "in_behandeling", changes={"vormen": ["filmen_fotograferen"]}),
    Kind("Gebaar bij het park", "1", "in_behandeling", changes={"vormen": ["seksueel_gebaar"]}),
    Kind("Getuige van naroepen", "1", "in_behandeling", changes={"hoedanigheid": "getuige"}),
    Kind("Een test van de app", ["4", "2"], "niet_in_behandeling"),
    Kind("Er staat niets in", ["4", "3"], "niet_in_behandeling"),
    Kind("Dit ging over een hond", ["4", "1"], "niet_in_behandeling"),
    Kind("Bij het dossier van de wijk", ["2", "1"], "in_dossier"),
    Kind("Nog een keer bij het dossier", ["2", "1"], "in_dossier"),
    Kind("Dit is dubbel", ["3", "Enter"], "niet_in_behandeling"),
    Kind("Dit is ook dubbel", ["3", "Enter"], "niet_in_behandeling"),
]
GRAVE: Final = [
    Kind("Gevolgd", ["1", "n"], "in_behandeling", True, {"vormen": ["hinderlijk_volgen"]}),
    Kind("Betast in de tram", ["1", "n"], "in_behandeling", True, {"vormen": ["betasten"]}),
    Kind("Bedreigd", ["1", "n"], "in_behandeling", True, {"vormen": ["bedreigen"]}),
    Kind("Minderjarig, en niets aan de hand", ["4", "1", "n"], "in_behandeling", True,
         {"melder": {"leeftijdsgroep": "onder_16"}}),
    Kind("Vastgepakt, in het dossier", ["2", "1", "n"], "in_dossier", True,
         {"vormen": ["vastpakken_duwen"]}),
]  # fmt: skip


def post_report(address: str, kind: Kind) -> str:
    """Send a report of this kind as the app does; return its reference."""
    return post_from_app(address, kind.words, **kind.changes)


class Counter:
    """Presses keys in the inbox and counts them, and the pages that were loaded whole."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.keys = self.pages = self.asked = 0
        page.on("load", lambda _: self._loaded())

    def _loaded(self) -> None:
        self.pages += 1

    def decide(self, kind: Kind) -> int:
        """Decide about the report in hand; return how many keys it took."""
        for key in kind.keys:
            before = self.page.url, self.page.inner_html("#werkbank-paneel")
            self.page.keyboard.press(key)
            self.page.wait_for_function(
                "([url, panel]) => location.href !== url ||"
                " document.querySelector('#werkbank-paneel').innerHTML !== panel",
                arg=list(before),
            )
            self.page.wait_for_function("() => !document.querySelector('.htmx-request')")
            self.page.wait_for_timeout(50)
            self.asked += QUESTION in self.page.inner_text("#werkbank-paneel")
        return len(kind.keys)


def state_of(page: Page, reference: str) -> str:
    """The state as the page of the report shows it."""
    page.goto(f"/m/{reference}")
    return str(page.get_attribute("h1 ~ .si-badges [data-status]", "data-status"))


def test_twenty_reports_take_few_keys_and_no_signal_passes_unasked(
    sign_in: SignIn, demo_address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = [*PLAIN, *GRAVE]
    assert len(kinds) == 20
    references = [post_report(demo_address, kind) for kind in kinds]
    page, other = sign_in(OFFICER), sign_in(OFFICER)
    counter = Counter(page)
    taken: list[int] = []
    for kind, reference in zip(kinds, references, strict=True):
        page.goto(f"{INBOX}{reference}")
        page.wait_for_selector("[data-na-lezen]:not([aria-disabled])")
        asked, pages = counter.asked, counter.pages
        taken.append(counter.decide(kind))
        assert counter.pages == pages, "a decision loads no page"
        assert (counter.asked > asked) is kind.signal, kind.words
        assert state_of(other, reference) == kind.state, kind.words
    plain, grave = taken[: len(PLAIN)], taken[len(PLAIN) :]
    assert max(plain) <= 2
    assert max(grave) <= 3
    assert statistics.median(taken) <= 3
    figures = (
        f"twintig meldingen: {sum(taken)} toetsen, geen klik, geen pagina; mediaan"
        f" {statistics.median(taken)}; gewoon hoogstens {max(plain)}, met signaal {max(grave)}\n"
    )
    with capsys.disabled():
        sys.stdout.write(f"\n{figures}")


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
    reference = post_report(demo_address, Kind("Vraag vanuit het paneel", "5", "wacht_op_melder"))
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
    reference = post_report(demo_address, Kind("Op de telefoon " + "woord " * 300, "1", ""))
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
    reference = post_report(demo_address, Kind("Weg met Escape", "1", "nieuw"))
    page = sign_in(OFFICER)
    for address in (f"{INBOX}{reference}", f"/m/{reference}"):
        page.goto(address)
        page.locator(".wb-keys [data-key='4']").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("#werkbank-paneel :focus")
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.dataset.key") == "4"
